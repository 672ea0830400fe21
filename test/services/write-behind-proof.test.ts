/**
 * The short form of what `npm run prove -- behind` does at length: applications, workers and Redis
 * are killed while writes are acknowledged, and none of them is missing in Postgres. And what
 * proves nothing unless it can fail, fails.
 */
import { expect, it } from 'vitest'
import { printBehind } from '../proof/behind/behind-report.js'
import type { Plant } from '../proof/behind/messages.js'
import { type BehindPlan, runBehindProof } from '../proof/behind/run-behind-proof.js'

const SEEDS = 50
/** Most are found within ten. */
const MOST_SEEDS = 150
/** Most of a round is waiting: for leases that end, and for what is started again. */
const STANDS = 3
const LIMIT_MS = 240_000

async function prove(plan: Omit<BehindPlan, 'stands'>) {
  const rounds = await runBehindProof({ ...plan, stands: STANDS })
  console.log(printBehind(rounds))
  return rounds
}

it(
  'write-behind loses nothing that was acknowledged, whoever is killed',
  async () => {
    const rounds = await prove({ seeds: SEEDS, firstSeed: 1 })
    expect(rounds.flatMap(({ violations }) => violations)).toEqual([])
    expect(rounds).toHaveLength(SEEDS)
    const acknowledged = rounds.reduce((sum, each) => sum + each.acknowledged, 0)
    expect(acknowledged).toBeGreaterThan(1_000)
    const faults = new Set(rounds.flatMap((each) => each.faults))
    expect(faults.size).toBe(4)
  },
  LIMIT_MS,
)

const PLANTS: readonly [Plant, NonNullable<BehindPlan['until']>][] = [
  ['settled before it is written', ['lost']],
  ['answered before it is queued', ['lost']],
  ['versions are not compared', ['lost', 'wrong value']],
  ['the queue is not durable', ['lost']],
]

// Each takes ten seconds to be found: `BEHIND_PLANTS=4` looks for all of them.
it.each(PLANTS.slice(0, Number(process.env.BEHIND_PLANTS ?? 1)))(
  'write-behind is found out where this is so: %s',
  async (plant, kinds) => {
    const rounds = await prove({ seeds: MOST_SEEDS, firstSeed: 1, plant, until: kinds })
    const found = rounds.flatMap(({ violations }) => violations.map(({ kind }) => kind))
    expect(found.some((kind) => kinds.includes(kind))).toBe(true)
  },
  LIMIT_MS,
)
