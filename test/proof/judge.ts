/**
 * What must hold, on real servers: after an invalidation was confirmed, no get that is called later
 * in that process returns a value whose load began before the invalidation was asked for, and no
 * get that is called more than the bound later in any other; none in any process where the
 * invalidation has waited for all of them.
 *
 * All doubt is for the accused, and it is small. A get is stamped before it is called, a
 * confirmation after it came, an invalidation before it is called, a load when it has begun. Each
 * stamp may lie off the truth in one direction only, so a process that is stopped beside a stamp
 * makes the judge milder for that one call, and never wrong. Judging is done when all evidence is
 * in, for a stopped process tells late.
 */
import type { Evidence, Invalidation, Sighting } from './messages.js'

/** The lease, and no more. */
export const BOUND_MS = 2_000

export interface Violation extends Sighting {
  readonly by: number
  readonly invalidatedBy: number
  readonly invalidation: Invalidation
  /** From the confirmation to the call of the last get that returned it. */
  readonly staleForMs: number
}

/** One invalidation as the others met it. */
export interface Correction {
  readonly confirmedMs: number
  /** For each other process: from the confirmation to its last stale get, 0 if there was none. */
  readonly staleForMs: readonly number[]
}

export interface Judgement {
  readonly violations: readonly Violation[]
  readonly corrections: readonly Correction[]
}

interface Judged extends Invalidation {
  readonly by: number
  /** For each process. */
  readonly staleForMs: number[]
}

/** `evidence`: of each process. */
export function judge(evidence: readonly (readonly Evidence[])[]): Judgement {
  const invalidations = evidence.flatMap((told, by) =>
    told.flatMap((each) =>
      each.invalidations.map((invalidation) => {
        return { ...invalidation, by, staleForMs: evidence.map(() => 0) }
      }),
    ),
  )
  invalidations.sort((a, b) => a.beganMs - b.beganMs)
  const byKey = new Map<string, Judged[]>()
  for (const each of invalidations) {
    for (const key of each.keys) {
      const list = byKey.get(key)
      if (list === undefined) byKey.set(key, [each])
      else list.push(each)
    }
  }
  const violations: Violation[] = []
  evidence.forEach((told, by) => {
    for (const { sightings } of told) {
      for (const each of sightings) judgeOne(each, by, byKey.get(each.key) ?? [], violations)
    }
  })
  const corrections = invalidations.map(({ by, confirmedMs, staleForMs }) => {
    return { confirmedMs, staleForMs: staleForMs.filter((_, other) => other !== by) }
  })
  return { violations, corrections }
}

/** `invalidations`: of the key, in the order in which they began. */
function judgeOne(
  sighting: Sighting,
  by: number,
  invalidations: readonly Judged[],
  violations: Violation[],
): void {
  const { loadedAtMs, lastBeganMs } = sighting
  for (let i = firstAfter(invalidations, loadedAtMs); i < invalidations.length; i++) {
    const invalidation = invalidations[i]!
    // It was confirmed later still, and so was all that follows.
    if (invalidation.beganMs >= lastBeganMs) return
    const staleForMs = lastBeganMs - invalidation.confirmedMs
    if (staleForMs <= 0) continue
    const longest = Math.max(invalidation.staleForMs[by]!, staleForMs)
    invalidation.staleForMs[by] = longest
    const isBound = invalidation.by === by || invalidation.isApplied
    if (!isBound && staleForMs <= BOUND_MS) continue
    const { keys, beganMs, confirmedMs, isApplied, by: invalidatedBy } = invalidation
    const told = { keys, beganMs, confirmedMs, isApplied }
    violations.push({ ...sighting, by, invalidatedBy, invalidation: told, staleForMs })
  }
}

/** The first that began after `atMs`. */
function firstAfter(invalidations: readonly Judged[], atMs: number): number {
  let [low, high] = [0, invalidations.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (invalidations[middle]!.beganMs > atMs) high = middle
    else low = middle + 1
  }
  return low
}
