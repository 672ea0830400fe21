/**
 * The proof of write-behind: rounds on several stands at once, over one Postgres, each round with
 * keys of its own and judged by itself. The seed chooses what is done; how it interleaves is the
 * machine's.
 *
 * Bounded by its plan. Whatever it starts it ends, also when it fails.
 */
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { compiled } from '../../support/compiled.js'
import { Postgres } from '../../support/postgres.js'
import { type Judgement, judge, type Violation } from './judge.js'
import type { Plant } from './messages.js'
import type { FaultKind } from './plan.js'
import { drawPlan } from './plan.js'
import { runRound } from './run-round.js'
import { createTables } from './source.js'
import { Stand } from './stand.js'

export interface BehindPlan {
  readonly seeds: number
  readonly firstSeed: number
  /** Rounds at once. They mostly wait. */
  readonly stands: number
  readonly plant?: Plant
  /** Ends with the first round in which one of these was found. */
  readonly until?: readonly Violation['kind'][]
}

export interface JudgedRound extends Judgement {
  readonly seed: number
  readonly faults: readonly FaultKind[]
  readonly troubles: readonly string[]
}

/** Those of the killed stay for a while: whoever serves them has to find out. */
const MAX_CONNECTIONS = 400

const MEMBER = fileURLToPath(new URL('./member.ts', import.meta.url))

export async function runBehindProof(plan: BehindPlan): Promise<readonly JudgedRound[]> {
  const file = compiled(MEMBER)
  const postgres = await Postgres.start({ max_connections: String(MAX_CONNECTIONS) })
  try {
    const pool = postgres.pool(plan.stands)
    await createTables(pool)
    const rounds: JudgedRound[] = []
    const stands = Array.from({ length: plan.stands }, (_, at) =>
      playOn(at, plan, { file, url: postgres.url, pool }, rounds),
    )
    const ends = await Promise.allSettled(stands)
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    return rounds.sort((a, b) => a.seed - b.seed)
  } finally {
    await postgres.stop()
  }
}

interface Ground {
  /** What runs in each process. */
  readonly file: string
  readonly url: string
  readonly pool: pg.Pool
}

/** Every so many seeds are those of a stand. */
async function playOn(
  at: number,
  plan: BehindPlan,
  { file, url, pool }: Ground,
  rounds: JudgedRound[],
): Promise<void> {
  const { seeds, firstSeed, stands, plant, until = [] } = plan
  const stand = await Stand.start(file, url, plant !== 'the queue is not durable')
  try {
    for (let seed = firstSeed + at; seed < firstSeed + seeds; seed += stands) {
      const found = rounds.flatMap(({ violations }) => violations.map(({ kind }) => kind))
      if (found.some((kind) => until.includes(kind))) break
      const history = await runRound(stand, pool, drawPlan(seed), plant).catch((cause: unknown) => {
        throw new Error(`seed ${seed} could not be played: ${cause}`, { cause })
      })
      const { faults, troubles } = history
      rounds.push({ ...judge(history), seed, faults, troubles })
    }
  } finally {
    await stand.end()
  }
}
