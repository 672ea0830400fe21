/**
 * Many seeds, no violation; and each planted bug is found.
 *
 * SIM_SEEDS runs more of them, from SIM_FIRST on; SIM_SEED runs one and prints its story.
 */
import { expect, it } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs.js'
import { simulate } from './simulate.js'

const { SIM_SEED, SIM_SEEDS = '150', SIM_FIRST = '1' } = process.env
const FIRST = Number(SIM_FIRST)
const SEEDS = Number(SIM_SEEDS)
const MAX_SEEDS_PER_BUG = 1_000
const LIMIT_MS = 1_800_000

async function noViolation(): Promise<void> {
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
  const stale = `the stalest answer elsewhere ${Math.ceil(worstMs)} ms old`
  console.log(`${SEEDS} seeds, ${gets} gets, ${invalidations} invalidations, ${stale}`)
  expect(gets).toBeGreaterThan(SEEDS * 50)
  expect(invalidations).toBeGreaterThan(SEEDS * 5)
}

async function everyBugIsFound(): Promise<void> {
  const found = new Map<string, number | undefined>()
  for (const bug of PLANTED_BUGS) {
    found.set(bug.name, undefined)
    for (let tries = 1; tries <= MAX_SEEDS_PER_BUG; tries++) {
      const { history } = await simulate(FIRST + tries, bug)
      if (history.violations.length === 0) continue
      found.set(bug.name, tries)
      break
    }
  }
  const tries = [...found.values()].filter((seeds) => seeds !== undefined).sort((a, b) => a - b)
  const median = tries[Math.floor(tries.length / 2)]
  const lines = [...found].map(([name, seeds]) => `${String(seeds ?? '-').padStart(4)} ${name}`)
  const score = `${tries.length} of ${found.size} planted bugs found, median seed ${median}`
  console.log([score, ...lines].join('\n'))
  expect([...found].filter(([, seeds]) => seeds === undefined)).toEqual([])
}

async function oneSeed(seed: number): Promise<void> {
  const { history, log } = await simulate(seed)
  console.log(log.join('\n'), history.violations.slice(0, 5))
  expect(history.violations).toEqual([])
}

if (SIM_SEED === undefined) {
  it('what was invalidated is not served again', noViolation, LIMIT_MS)
  it('finds every bug that is planted', everyBugIsFound, LIMIT_MS)
} else it(`seed ${SIM_SEED} and its story`, () => oneSeed(Number(SIM_SEED)))
