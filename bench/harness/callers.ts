/**
 * The callers of bench/outage: they ask from their start to their stop, and report by phase.
 *
 * Round 0 and 1 answer with what happened since the report before; round 2 first waits until the
 * store serves a hit, and tells how long that took.
 */
import { createCache } from '../../src/index.js'
import { type RedisDriver, redis } from '../../src/stores/redis/index.js'
import type { Round, Setting, StartSubject } from './bench.js'
import { adminClient } from './clients.js'
import { plainCodec } from './plain-codec.js'

const CALLERS = 16
const LOAD_MS = 5
const LOOP_TICK_MS = 5
const RECOVERY_LIMIT_MS = 15_000
const PREFIX = 'bench'
/** The last number that an envelope holds: no restart of the log makes the probe out of date. */
const NEWER_THAN_ANY = 2 ** 42 - 1
const PROBE_VALUE = 'here'
/** A string or bytes, as the codec likes; either will do. */
const PROBE_ENTRY = Buffer.from(
  plainCodec().encode('', {
    ...{ value: PROBE_VALUE, form: 'tree', weightBytes: 24 },
    ...{ born: NEWER_THAN_ANY, freshUntilWallMs: Number.POSITIVE_INFINITY },
    ...{ graceMs: 0, loadMs: 0, tags: [] },
  }) as string,
)

type Cache = ReturnType<typeof createCache>

/** What happened since the last report. */
class Tally {
  calls = 0
  totalMs = 0
  blockedMs = 0
  worstMs = 0
  wrong = 0
  lateMs = 0
}

class Crowd {
  readonly #cache: Cache
  /** Those of one fault must be new to the server in the next: it knows the keys of the first. */
  readonly #keyPrefix = `row:${Date.now()}`
  #tally = new Tally()
  #key = 0
  #isStopped = false
  #callers: Promise<unknown> | undefined
  #ticker: NodeJS.Timeout | undefined

  constructor(cache: Cache) {
    this.#cache = cache
  }

  start(): void {
    this.#callers = Promise.all(Array.from({ length: CALLERS }, () => this.#caller()))
    let lastMs = performance.now()
    this.#ticker = setInterval(() => {
      const nowMs = performance.now()
      this.#tally.lateMs = Math.max(this.#tally.lateMs, nowMs - lastMs - LOOP_TICK_MS)
      lastMs = nowMs
    }, LOOP_TICK_MS)
    process.on('unhandledRejection', () => this.#tally.wrong++)
  }

  report(): Round {
    const { calls, totalMs, blockedMs, worstMs, wrong, lateMs } = this.#tally
    this.#tally = new Tally()
    return {
      operations: calls,
      elapsedMs: totalMs,
      cpuMs: 0,
      answers: wrong === 0 && calls > 0 ? 'right' : `${wrong} of ${calls} wrong`,
      figures: {
        calls,
        'blocked, %': (100 * blockedMs) / totalMs,
        'worst, ms': worstMs,
        'event loop late, ms': lateMs,
      },
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#ticker)
    await this.#callers
  }

  async #caller(): Promise<void> {
    while (!this.#isStopped) await this.#call(this.#key++)
  }

  async #call(id: number): Promise<void> {
    let loadMs = 0
    const load = async () => {
      const startMs = performance.now()
      await new Promise((resolve) => setTimeout(resolve, LOAD_MS))
      loadMs = performance.now() - startMs
      return { id }
    }
    const startMs = performance.now()
    const isRight = await this.#cache.getOrSet(`${this.#keyPrefix}:${id}`, load).then(
      (value) => value.id === id,
      () => false,
    )
    const elapsedMs = performance.now() - startMs
    const tally = this.#tally
    tally.calls++
    tally.totalMs += elapsedMs
    tally.blockedMs += elapsedMs - loadMs
    tally.worstMs = Math.max(tally.worstMs, elapsedMs - loadMs)
    if (!isRight) tally.wrong++
  }
}

/** How long from now until the store answers a get that memory cannot. */
async function recovery(cache: Cache, setting: Setting): Promise<number> {
  const startMs = performance.now()
  const admin = await adminClient(setting)
  // Written past the cache, under names that memory never saw: only a store hit can find them.
  try {
    for (let probe = 0; performance.now() - startMs < RECOVERY_LIMIT_MS; probe++) {
      await admin.set(`${PREFIX}::probe:${probe}`, PROBE_ENTRY)
      if ((await cache.get(`probe:${probe}`)) === PROBE_VALUE) return performance.now() - startMs
      await new Promise((resolve) => setTimeout(resolve, LOOP_TICK_MS))
    }
    return RECOVERY_LIMIT_MS
  } finally {
    admin.destroy()
  }
}

function subject(driver: RedisDriver): StartSubject {
  return async (setting) => {
    const { cachePort, isAwayAtStart } = setting.params
    const store = redis({ url: `redis://127.0.0.1:${cachePort}`, driver })
    const cache = createCache({ store, prefix: PREFIX })
    while (isAwayAtStart !== true && (await cache.health()).status !== 'ok')
      await new Promise((resolve) => setTimeout(resolve, 10))
    const crowd = new Crowd(cache)
    crowd.start()
    const run = async (round: number): Promise<Round> => {
      if (round < 2) return crowd.report()
      const recoveryMs = await recovery(cache, setting)
      const { figures, ...rest } = crowd.report()
      return { ...rest, figures: { ...figures, 'recovery, ms': recoveryMs } }
    }
    const stop = async () => {
      await crowd.stop()
      await cache.close()
    }
    return { run, stop }
  }
}

export const subjects = { 'node-redis': subject('node-redis'), ioredis: subject('ioredis') }
