/**
 * How many runs, from which seed. A failing run prints its seed and its shortest script; MODEL_SEED
 * repeats it and MODEL_RUNS says how long to look.
 */
import type { Parameters } from 'fast-check'

export function modelRuns(numRuns: number): Pick<Parameters<unknown>, 'numRuns' | 'seed'> {
  const { MODEL_RUNS, MODEL_SEED } = process.env
  return {
    numRuns: MODEL_RUNS === undefined ? numRuns : Number(MODEL_RUNS),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
  }
}
