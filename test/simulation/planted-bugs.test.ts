/** Each planted bug is found; prints after how many seeds. */
import { expect, it } from 'vitest'
import { FIRST_SEED, LIMIT_MS, simulateWithoutStacks } from './many-seeds.js'
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.js'

const MAX_SEEDS_PER_BUG = 3_000

/** How many seeds it takes, if any of those that are tried finds it. */
async function seedsUntilFound(bug: PlantedBug): Promise<number | undefined> {
  const isFoundBy = async (seed: number) => {
    return (await simulateWithoutStacks(seed, bug)).history.violations.length > 0
  }
  const known = FIRST_SEED === 1 ? bug.seed : undefined
  if (known !== undefined) {
    if (await isFoundBy(known)) return known - FIRST_SEED
    console.log(`${bug.name}: seed ${known} finds it no more`)
  }
  for (let tries = 1; tries <= MAX_SEEDS_PER_BUG; tries++) {
    if (await isFoundBy(FIRST_SEED + tries)) return tries
  }
  return undefined
}

async function everyBugIsFound(): Promise<void> {
  const found = new Map<string, number | undefined>()
  for (const bug of PLANTED_BUGS) found.set(bug.name, await seedsUntilFound(bug))
  const tries = [...found.values()].filter((seeds) => seeds !== undefined).sort((a, b) => a - b)
  const median = tries[Math.floor(tries.length / 2)]
  const lines = [...found].map(([name, seeds]) => `${String(seeds ?? '-').padStart(4)} ${name}`)
  const score = `${tries.length} of ${found.size} planted bugs found, median seed ${median}`
  console.log([score, ...lines].join('\n'))
  expect([...found].filter(([, seeds]) => seeds === undefined)).toEqual([])
}

it('every bug that is planted is found', everyBugIsFound, LIMIT_MS)
