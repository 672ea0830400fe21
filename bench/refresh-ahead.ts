/**
 * Keys that expire all the time, read with refresh-ahead and without: which share of the reads
 * waits for a load?
 *
 * Reads come at a rate of their own, a batch a millisecond, whatever became of those before. What
 * memory has is answered in the microtasks after the batch; a read that is not answered by then
 * waits for a load, its own or another's. The first two seconds of a round are not counted.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createCache } from '../src/index.js'
import { type ReadThrough, readThrough, refreshAhead } from '../src/patterns/index.js'
import type { Bench, Round, Row, StartSubject } from './harness/bench.js'
import { zipf } from './harness/demand.js'
import { agree, atMost } from './harness/lab.js'
import { makeRow, type Row as User } from './harness/rows.js'
import { medianFigures, spread } from './harness/stats.js'
import { digest } from './harness/timed.js'

const KEYS = 500
const READS_PER_SECOND = 50_000
const WARM_UP_READS = 2 * READS_PER_SECOND
const READS = 5 * READS_PER_SECOND
const TINY_KEYS = 10
const TINY_READS = 2_000
const LOAD_MS = 5
const TTL = '1s'
const MAX_WAITS_PERCENT = 0.1
/** For those that wait at the end. */
const PATIENCE_MS = 5_000

type Users = ReadThrough<number, User>
type Load = (id: number) => Promise<User>

/** Asks at a steady rate, and knows how many had to wait. */
class Visitors {
  waits = 0
  idSum = 0
  #unanswered = 0
  #failure: unknown
  readonly #users: Users

  constructor(users: Users) {
    this.#users = users
  }

  async read(ids: readonly number[]): Promise<void> {
    const startMs = performance.now()
    for (let at = 0; at < ids.length; ) {
      await pause(1)
      const dueReads = Math.floor(((performance.now() - startMs) / 1_000) * READS_PER_SECOND)
      await this.#readNow(ids.slice(at, dueReads))
      at = Math.max(at, Math.min(dueReads, ids.length))
    }
  }

  /** Throws what a read has thrown. */
  async end(): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS
    while (this.#unanswered > 0 && performance.now() < untilMs) await pause(1)
    if (this.#failure !== undefined) throw this.#failure
    if (this.#unanswered > 0) throw new Error(`${this.#unanswered} reads were never answered`)
  }

  /** Between two immediates nothing runs but microtasks: no load ends there. */
  #readNow(ids: readonly number[]): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#unanswered
      setImmediate(() => {
        for (const id of ids) this.#read(id)
      })
      setImmediate(() => {
        this.waits += this.#unanswered - before
        resolve()
      })
    })
  }

  #read(id: number): void {
    this.#unanswered++
    const answered = (user: User) => {
      this.#unanswered--
      this.idSum += user.id
    }
    const failed = (error: unknown) => {
      this.#unanswered--
      this.#failure ??= error
    }
    this.#users.get(id).then(answered, failed)
  }
}

function subject(usersBy: (load: Load) => { users: Users; close: () => Promise<void> }) {
  const start: StartSubject = async ({ tiny }) => {
    let loads = 0
    const { users, close } = usersBy(async (id) => {
      loads++
      await pause(LOAD_MS)
      return makeRow('400 B', id)
    })
    const run = async (round: number): Promise<Round> => {
      const [warmUp, counted] = tiny ? [0, TINY_READS] : [WARM_UP_READS, READS]
      const ids = zipf(tiny ? TINY_KEYS : KEYS, warmUp + counted, round + 1)
      const visitors = new Visitors(users)
      await visitors.read(ids.slice(0, warmUp))
      visitors.waits = 0
      loads = 0
      const startMs = performance.now()
      await visitors.read(ids.slice(warmUp))
      const elapsedMs = performance.now() - startMs
      await visitors.end()
      const figures = {
        'reads that wait, %': (visitors.waits / counted) * 100,
        'reads a second': (counted / elapsedMs) * 1_000,
        'loads a second': (loads / elapsedMs) * 1_000,
      }
      const answers = digest([visitors.idSum])
      return { operations: counted, elapsedMs, cpuMs: 0, answers, figures }
    }
    return { run, stop: close }
  }
  return start
}

const options = (load: Load) => ({ load, key: (id: number) => `user:${id}`, ttl: TTL })

export const subjects = {
  refreshAhead: subject((load) => {
    const cache = createCache()
    return { users: refreshAhead(cache, options(load)), close: () => cache.close() }
  }),
  readThrough: subject((load) => {
    const cache = createCache()
    return { users: readThrough(cache, options(load)), close: () => cache.close() }
  }),
}

export const bench: Bench = {
  name: 'refresh-ahead',
  says:
    'The share of reads that wait for a load, by `refreshAhead` with its default threshold of ' +
    '0.8 and by `readThrough`: 50 000 reads a second, Zipf over 500 keys with a `ttl` of 1 s, ' +
    'whose loads take 5 ms. The rarest key is read about 15 times a second.',
  columns: ['reads a second', 'loads a second'],
  async run(lab) {
    const rounds = await lab.takeTurns(Object.keys(subjects), {}, 0)
    const isRight = agree([...rounds.values()])
    return [...rounds].map(([name, own]): Row => {
      const row = {
        ...{ case: 'reads that wait', subject: name, against: '', unit: '%' },
        ...spread(own.map(({ figures }) => figures!['reads that wait, %']!)),
        figures: medianFigures(own),
        answers: own[0]!.answers,
        isRight,
      }
      const isOurs = name === 'refreshAhead'
      return lab.report(isOurs ? { ...row, target: atMost(MAX_WAITS_PERCENT) } : row)
    })
  },
}
