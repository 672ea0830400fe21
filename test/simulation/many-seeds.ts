/**
 * Many seeds, no violation. SIM_SEEDS says how many, from SIM_FIRST on; SIM_SEED runs one and
 * prints its story. Odd and even ones are in files of their own: two processes share them.
 */
import { expect, it } from 'vitest'
import { simulate } from './simulate.js'

const { SIM_SEED, SIM_SEEDS = '150', SIM_FIRST = '1' } = process.env
export const FIRST_SEED = Number(SIM_FIRST)
export const LIMIT_MS = 1_800_000
const LAST_SEED = FIRST_SEED + Number(SIM_SEEDS) - 1

/** The test of the seeds that leave this remainder by two. */
export function testSeeds(remainder: 0 | 1): void {
  const which = remainder === 0 ? 'even' : 'odd'
  const first = FIRST_SEED + ((FIRST_SEED + remainder) % 2)
  const title = `what was invalidated is not served again: ${which} seeds`
  if (SIM_SEED === undefined) it(title, () => runSeeds(first, which), LIMIT_MS)
  else it(`seed ${SIM_SEED} and its story`, () => tellStory(Number(SIM_SEED)))
}

/** Calls fail by the thousand: their stacks, of which none is read, take a tenth of the time. */
export async function simulateWithoutStacks(...call: Parameters<typeof simulate>) {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return await simulate(...call)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

async function runSeeds(first: number, which: string): Promise<void> {
  let [seeds, gets, invalidations, worstMs] = [0, 0, 0, 0]
  for (let seed = first; seed <= LAST_SEED; seed += 2) {
    const { history } = await simulateWithoutStacks(seed)
    const [violation] = history.violations
    const again = `SIM_SEED=${seed} npx vitest run test/simulation/${which}`
    expect(history.violations, `${again}: ${JSON.stringify(violation)}`).toEqual([])
    seeds++
    gets += history.gets
    invalidations += history.invalidations
    worstMs = Math.max(worstMs, history.worstStalenessMs)
  }
  const stale = `the stalest answer elsewhere ${Math.ceil(worstMs)} ms old`
  console.log(`${seeds} ${which} seeds, ${gets} gets, ${invalidations} invalidations, ${stale}`)
  expect(gets).toBeGreaterThan(seeds * 50)
  expect(invalidations).toBeGreaterThan(seeds * 5)
}

async function tellStory(seed: number): Promise<void> {
  const { history, log } = await simulate(seed)
  console.log(log.join('\n'), history.violations.slice(0, 5))
  expect(history.violations).toEqual([])
}
