/**
 * Many seeds, no violation. SIM_SEEDS runs more of them, SIM_SEED one with its story.
 */
import { expect, it } from 'vitest'
import { simulate } from './simulate.js'

const ONE = process.env.SIM_SEED
const SEEDS = Number(process.env.SIM_SEEDS ?? 150)
const FIRST = Number(process.env.SIM_FIRST ?? 1)

it.skipIf(ONE !== undefined)(
  'what was invalidated is not served again',
  async () => {
    let [gets, invalidations, worstMs] = [0, 0, 0]
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { history } = await simulate(seed)
      const [first] = history.violations
      const story = `SIM_SEED=${seed} npx vitest run test/simulation: ${JSON.stringify(first)}`
      expect(history.violations, story).toEqual([])
      gets += history.gets
      invalidations += history.invalidations
      worstMs = Math.max(worstMs, history.worstStalenessMs)
    }
    console.log(`${SEEDS} seeds, ${gets} gets, ${invalidations} invalidations, stale ${worstMs} ms`)
    expect(gets).toBeGreaterThan(SEEDS * 50)
    expect(invalidations).toBeGreaterThan(SEEDS * 5)
  },
  600_000,
)

it.runIf(ONE !== undefined)('one seed and its story', async () => {
  const { history, log } = await simulate(Number(ONE))
  console.log(log.join('\n'), history.violations.slice(0, 5))
  expect(history.violations).toEqual([])
})
