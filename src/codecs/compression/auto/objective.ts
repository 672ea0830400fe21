/**
 * What "best" means, in numbers: the one place where estimates become a preference.
 *
 * The cost of a candidate is that of one write and of the reads that follow it. How many follow is
 * not known where bytes are written. One is what each entry sees that was worth writing, and keeps
 * a slow decoder from hiding behind a quick encoder.
 */
import type { CostEstimate } from './cost-estimate.js'

/**
 * `rate`: the most bytes saved per microsecond. `budget`: the most bytes saved by what takes no
 * longer for a value than `maxMicroseconds`, to compress it and to get it back.
 */
export type Objective =
  | { readonly kind: 'rate' }
  | { readonly kind: 'budget'; readonly maxMicroseconds: number }

export const READS_PER_WRITE = 1

/** What saves less shrinks nothing: the reader's work would be in vain. */
const MIN_SAVED_RATIO = 1 / 16
/** A clock too coarse to see a call says 0. */
const MIN_MICROSECONDS_PER_BYTE = 1e-6

/**
 * The preference for a candidate, greater is better; 0 for one that may not be chosen.
 *
 * A budget is entered by what most values cost and left by what the mean costs: a few slow moments
 * do not unseat what was chosen.
 */
export function scoreOf(objective: Objective, estimate: CostEstimate, isChosen: boolean): number {
  const { savedRatio, meanBytes } = estimate
  if (meanBytes === 0 || savedRatio < MIN_SAVED_RATIO) return 0
  if (objective.kind === 'rate') return savedRatio / visible(estimate.microsecondsPerByte)
  return reachBytes(objective, estimate, isChosen) >= meanBytes ? savedRatio : 0
}

/** Up to which size a candidate may be chosen. */
export function reachBytes(
  objective: Objective,
  estimate: CostEstimate,
  isChosen: boolean,
): number {
  if (objective.kind === 'rate') return Number.POSITIVE_INFINITY
  const { microsecondsPerByte, highMicrosecondsPerByte } = estimate
  const cost = isChosen
    ? microsecondsPerByte
    : Math.max(microsecondsPerByte, highMicrosecondsPerByte)
  return objective.maxMicroseconds / visible(cost)
}

/**
 * How near a candidate is to being the best, on the scale of `scoreOf` but without its edges: one a
 * little too slow is near. `savedRatio` may be hoped for instead of seen, and so may the cost.
 */
export function promiseOf(
  objective: Objective,
  savedRatio: number,
  microsecondsPerByte: number,
  rawBytes: number,
): number {
  const cost = visible(microsecondsPerByte)
  if (objective.kind === 'rate') return savedRatio / cost
  return savedRatio * Math.min(1, objective.maxMicroseconds / (cost * rawBytes))
}

function visible(cost: number): number {
  return Math.max(cost, MIN_MICROSECONDS_PER_BYTE)
}
