/**
 * How many runs, from which seed. A failing run prints its seed and its shortest script; MODEL_SEED
 * repeats it and MODEL_RUNS says how long to look.
 */
import type { Parameters } from 'fast-check'

const { MODEL_RUNS, MODEL_SEED } = process.env
/** Far more than a run takes; shrinking a failure takes thousands of runs more. */
const RUN_LIMIT_MS = 20
const SHRINK_LIMIT_MS = 100_000

export function modelRuns(usual: number): Pick<Parameters<unknown>, 'numRuns' | 'seed'> {
  return {
    numRuns: howMany(usual),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
  }
}

/** For the test in which they run. */
export function timeLimitMs(usual: number): number {
  return SHRINK_LIMIT_MS + RUN_LIMIT_MS * howMany(usual)
}

function howMany(usual: number): number {
  return MODEL_RUNS === undefined ? usual : Number(MODEL_RUNS)
}
