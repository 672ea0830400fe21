/**
 * Each planted bug is found; prints after how many seeds. With SIM_UPDATE=1 it writes down which
 * seeds found them, for the next time.
 */
import { expect, it } from 'vitest'
import { readKnownSeeds, writeKnownSeeds } from './known-seeds.js'
import { FIRST_SEED, LIMIT_MS, simulateWithoutStacks } from './many-seeds.js'
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.js'

const MAX_SEEDS_PER_BUG = 3_000
const RENEW = 'SIM_UPDATE=1 npx vitest run test/simulation/planted-bugs'

/** The seed that finds it, if any of those that are tried does. */
async function findSeed(bug: PlantedBug, known: number | undefined): Promise<number | undefined> {
  const isFoundBy = async (seed: number) => {
    return (await simulateWithoutStacks(seed, bug)).history.violations.length > 0
  }
  if (known !== undefined) {
    if (await isFoundBy(known)) return known
    console.log(`${bug.name}: seed ${known} finds it no more; others: ${RENEW}`)
  }
  for (let tries = 1; tries <= MAX_SEEDS_PER_BUG; tries++) {
    if (await isFoundBy(FIRST_SEED + tries)) return FIRST_SEED + tries
  }
  return undefined
}

/** Whoever begins at another seed wants others than those that are known. */
async function everyBugIsFound(): Promise<void> {
  const known = FIRST_SEED === 1 ? readKnownSeeds() : {}
  const found = new Map<string, number>()
  for (const bug of PLANTED_BUGS) {
    const seed = await findSeed(bug, known[bug.name])
    if (seed !== undefined) found.set(bug.name, seed)
  }
  if (process.env.SIM_UPDATE !== undefined) writeKnownSeeds(found)
  show(found)
  const missed = PLANTED_BUGS.filter(({ name }) => !found.has(name))
  expect(missed.map(({ name }) => name)).toEqual([])
}

function show(found: ReadonlyMap<string, number>): void {
  const tries = [...found.values()].map((seed) => seed - FIRST_SEED).sort((a, b) => a - b)
  const median = tries[Math.floor(tries.length / 2)]
  const score = `${found.size} of ${PLANTED_BUGS.length} planted bugs found, median seed ${median}`
  const lines = PLANTED_BUGS.map(({ name }) => {
    const seed = found.get(name)
    return `${String(seed === undefined ? '-' : seed - FIRST_SEED).padStart(4)} ${name}`
  })
  console.log([score, ...lines].join('\n'))
}

it('every bug that is planted is found', everyBugIsFound, LIMIT_MS)
