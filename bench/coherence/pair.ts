/**
 * Two processes over one server: one deletes, the other holds the values in its memory and looks
 * when they leave it.
 *
 * Steps of a round: the deleter sets its keys, the holder takes them into memory, and then both act
 * at once. Moments are compared between them: CLOCK_MONOTONIC is one clock for all processes.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { monotonicMs } from '../../test/proof/monotonic-ms.js'
import type { Round, Setting, StartSubject } from '../harness/bench.js'
import { cacheOn } from '../harness/clients.js'
import type { Host } from '../harness/lab.js'
import { makeRow } from '../harness/rows.js'
import { median, quantile } from '../harness/stats.js'

/** The deleter begins only when the holder surely looks. */
const HEAD_START_MS = 100
/** Between two deletes: nothing is under way when the next one begins. */
const REST_MS = 3
const TAKE_LIMIT_MS = 10_000
const WATCH_LIMIT_MS = 120_000
const WARM_UP_PINGS = 200

function keysOf(round: number, { params }: Setting): string[] {
  return Array.from({ length: params.keys as number }, (_, id) => `pair:${round}:${id}`)
}

function cacheIn(setting: Setting) {
  const { prefix, port } = setting.params as { prefix: string; port?: number }
  return cacheOn('node-redis', port === undefined ? setting : { ...setting, redisPort: port }, {
    prefix,
  })
}

function outcome(isRight: boolean, rest: Partial<Round> = {}): Round {
  return { operations: 0, elapsedMs: 0, cpuMs: 0, answers: isRight ? 'right' : 'wrong', ...rest }
}

const deleter: StartSubject = async (setting) => {
  const { cache, store } = await cacheIn(setting)
  const steps: Record<string, (keys: readonly string[]) => Promise<Round>> = {
    async set(keys) {
      return outcome(await cache.setMany(keys.map((key, id) => [key, makeRow('100 B', id)])))
    },
    async delete(keys) {
      await pause(HEAD_START_MS)
      const momentsMs: number[] = []
      const tookMs: number[] = []
      let isConfirmed = true
      for (const key of keys) {
        await pause(REST_MS)
        const startMs = monotonicMs()
        isConfirmed &&= (await cache.delete(key)) !== false
        tookMs.push(monotonicMs() - startMs)
        momentsMs.push(startMs)
      }
      return outcome(isConfirmed, { momentsMs, figures: { 'delete, ms': median(tookMs) } })
    },
    /** A PING before each: the unit must not be of another moment than what it measures. */
    async 'delete until applied'(keys) {
      for (let ping = 0; ping < WARM_UP_PINGS; ping++) await store.ping()
      const pingMs: number[] = []
      const sentMs: number[] = []
      const appliedMs: number[] = []
      let isConfirmed = true
      for (const [at, key] of keys.entries()) {
        pingMs.push(await timeOf(() => store.ping()))
        // What is confirmed at once is shown beside it: every other delete.
        const options = at % 2 === 0 ? ({ until: 'applied' } as const) : {}
        const times = at % 2 === 0 ? appliedMs : sentMs
        times.push(
          await timeOf(async () => {
            isConfirmed &&= (await cache.delete(key, options)) !== false
          }),
        )
      }
      const figures = {
        'PING p50, ms': median(pingMs),
        'PING p99, ms': quantile(pingMs, 0.99),
        'delete p50, ms': sentMs.length === 0 ? 0 : median(sentMs),
        'applied p50, ms': median(appliedMs),
        'applied p99, ms': quantile(appliedMs, 0.99),
        'applied worst, ms': Math.max(...appliedMs),
      }
      return outcome(isConfirmed, { figures })
    },
  }
  const run = (round: number, step: string) => steps[step]!(keysOf(round, setting))
  return { run, stop: () => cache.close() }
}

const holder: StartSubject = async (setting) => {
  const { cache } = await cacheIn(setting)
  const steps: Record<string, (keys: readonly string[]) => Promise<Round>> = {
    /** The news of a `set` may come after the read of what it has set, and take that away again. */
    async take(keys) {
      const limitMs = monotonicMs() + TAKE_LIMIT_MS
      const isMissing = () => keys.some((key) => cache.peek(key) === undefined)
      while (isMissing() && monotonicMs() < limitMs) {
        await cache.getMany(keys)
        await pause(HEAD_START_MS)
      }
      return outcome(!isMissing())
    },
    async watch(keys) {
      const limitMs = monotonicMs() + WATCH_LIMIT_MS
      const momentsMs: number[] = []
      for (const key of keys) {
        while (cache.peek(key) !== undefined && monotonicMs() < limitMs)
          await new Promise((resolve) => setImmediate(resolve))
        momentsMs.push(monotonicMs())
      }
      // Without its lease memory would have answered nothing, whatever it had heard.
      const isLeased = cache.stats().total.memoryLapsed === 0
      return outcome(isLeased && monotonicMs() < limitMs, { momentsMs })
    },
    async look(keys) {
      return outcome(keys.every((key) => cache.peek(key) === undefined))
    },
    async 'wait for the lease'() {
      const limitMs = monotonicMs() + WATCH_LIMIT_MS
      while (cache.stats().coherence.state !== 'leased' && monotonicMs() < limitMs) await pause(5)
      return outcome(monotonicMs() < limitMs)
    },
  }
  const run = (round: number, step: string) => steps[step]!(keysOf(round, setting))
  return { run, stop: () => cache.close() }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

export const pairSubjects = { deleter, holder }

/** The deleter's keys are in the store and in the memory of all holders. */
export async function deal(deleter: Host, holders: readonly Host[], round: number) {
  const rounds = [await deleter.run(round, 'set')]
  for (const each of holders) rounds.push(await each.run(round, 'take'))
  return rounds
}

export function areRight(rounds: readonly Round[]): boolean {
  return rounds.every(({ answers }) => answers === 'right')
}
