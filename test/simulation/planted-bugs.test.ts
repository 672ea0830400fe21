/** Each planted bug is found; prints after how many seeds. */
import { expect, it } from 'vitest'
import { FIRST_SEED, LIMIT_MS } from './many-seeds.js'
import { PLANTED_BUGS } from './planted-bugs.js'
import { simulate } from './simulate.js'

const MAX_SEEDS_PER_BUG = 3_000

async function everyBugIsFound(): Promise<void> {
  const found = new Map<string, number | undefined>()
  for (const bug of PLANTED_BUGS) {
    found.set(bug.name, undefined)
    for (let tries = 1; tries <= MAX_SEEDS_PER_BUG; tries++) {
      const { history } = await simulate(FIRST_SEED + tries, bug)
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

it('every bug that is planted is found', everyBugIsFound, LIMIT_MS)
