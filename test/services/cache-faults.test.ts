/**
 * A cache whose server is refused, killed, frozen, slow, mute or reset, with default options.
 *
 * What must hold in each: every call settles, a read is a miss, `getOrSet` has its loader's value,
 * memory goes on serving, the outage is told and counted, and the store is used again without a
 * restart. Times are hard caps against hangs, no measurements.
 */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { PLACES, type PlaceServer } from '../support/places.js'
import { sideBySide } from '../support/side-by-side.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until } from '../support/watched-store.js'

/** No call may take longer: its deadline is 250 ms at the most. */
const HANG_MS = 2_000
/** How long the way back may take. */
const RETURN_MS = 3_000

interface Watched {
  readonly cache: Cache
  downs: number
  ups: number
  errors: number
}

interface Outage {
  readonly name: string
  /** What goes wrong, and what ends it. */
  readonly begin: (server: PlaceServer, proxy: FaultProxy) => unknown
  readonly end: (server: PlaceServer, proxy: FaultProxy) => unknown
  /** What was stored before is gone. */
  readonly forgets?: boolean
  /** Answers come, after the deadline: how long after is up to the machine. */
  readonly answers?: boolean
  /** The connection ends. Where that is known before the first call, no call is sent or fails. */
  readonly isTold?: boolean
}

const OUTAGES: readonly Outage[] = [
  {
    name: 'killed and restarted empty',
    begin: (server) => server.kill(),
    end: (server) => server.restart(),
    forgets: true,
    isTold: true,
  },
  {
    name: 'frozen and thawed',
    begin: (server) => server.freeze(),
    end: (server) => server.thaw(),
  },
  {
    name: '300 ms late',
    begin: (_, proxy) => proxy.set({ kind: 'delay', delayMs: 300 }),
    end: (_, proxy) => proxy.set({ kind: 'pass' }),
    answers: true,
  },
  {
    name: 'replies dropped',
    begin: (_, proxy) => proxy.set({ kind: 'silence' }),
    end: (_, proxy) => proxy.set({ kind: 'pass' }),
  },
  {
    name: 'connections reset and refused',
    begin: (_, proxy) => {
      proxy.set({ kind: 'refuse' })
      proxy.reset()
    },
    end: (_, proxy) => proxy.set({ kind: 'pass' }),
    isTold: true,
  },
]

sideBySide(PLACES, 'cache and outages: $name', ({ start }) => {
  let server: PlaceServer
  let proxy: FaultProxy
  let caches: Cache[] = []
  const unhandled = collectUnhandled()
  beforeEach(async () => {
    server = await start()
    proxy = await startFaultProxy(server.port, 7)
  })
  afterEach(async () => {
    server.thaw()
    proxy.set({ kind: 'pass' })
    for (const cache of caches) await within('close', cache.close())
    caches = []
    await proxy.close()
    await server.stop()
    expect(unhandled.take()).toEqual([])
  })

  function open(): Watched {
    const cache = createCache({ store: server.store(proxy.port) })
    caches.push(cache)
    const watched = { cache, downs: 0, ups: 0, errors: 0 }
    cache.on('store-down', () => {
      watched.downs += 1
    })
    cache.on('store-up', () => {
      watched.ups += 1
    })
    cache.on('store-error', () => {
      watched.errors += 1
    })
    return watched
  }

  /** What this process writes another one reads, past every proxy: the store is in use again. */
  async function comesBack({ cache }: Watched): Promise<void> {
    const other = openBeside(server, caches)
    let writes = 0
    await until(
      async () => {
        writes += 1
        const isWritten = await within('set', cache.set(`back${writes}`, writes))
        return isWritten && (await within('get', other.get(`back${writes}`))) === writes
      },
      'a value goes through the store',
      RETURN_MS,
    )
    await until(() => cache.stats().store?.breaker === 'closed', 'the breaker closes', RETURN_MS)
    expect((await within('health', cache.health())).status).toBe('ok')
  }

  it.each(OUTAGES)('$name', async ({ begin, end, forgets, answers, isTold }) => {
    const watched = open()
    const { cache } = watched
    await until(() => cache.set('known', 'value'), 'connected')
    await cache.set('only stored', 'value')
    const { downs, ups } = watched
    const before = cache.stats()
    await begin(server, proxy)

    const reads = await serveWithoutStore(cache, answers)
    await until(() => watched.downs > downs, 'store-down')
    const during = cache.stats()
    expect(during.store?.breaker).toBe('open')
    expect(during.store!.outages).toBeGreaterThan(before.store!.outages)
    const away = (stats: typeof before) =>
      stats.total.missStoreTimeout + stats.total.missStoreUnavailable + stats.total.missStoreFailed
    expect(away(during) - away(before)).toBe(reads)
    const errors = during.total.storeErrors - before.total.storeErrors
    if (!isTold) expect(errors).toBeGreaterThan(0)
    expect(watched.errors).toBe(during.total.storeErrors)
    expect((await within('health', cache.health())).status).toBe('degraded')

    await end(server, proxy)
    await comesBack(watched)
    await until(() => watched.ups > ups, 'store-up', RETURN_MS)
    const beside = openBeside(server, caches)
    if (forgets) expect(await within('get', beside.get('only stored'))).toBeUndefined()
    else await until(async () => (await beside.get('only stored')) === 'value', 'what was stored')
  })

  it('refused at the start, then there', async () => {
    await server.kill()
    const watched = open()
    const { cache } = watched
    await cache.set('known', 'value')
    await serveWithoutStore(cache)
    await until(() => watched.downs > 0, 'store-down')
    expect(cache.stats().total.missStoreUnavailable).toBeGreaterThan(0)
    await server.restart()
    await comesBack(watched)
    expect(watched.ups).toBeGreaterThan(0)
  })

  it('comes back from many outages in a row', async () => {
    const watched = open()
    for (const outage of OUTAGES) {
      // A server that came back empty makes every process forget what it held.
      await until(() => watched.cache.set('known', 'value'), 'connected')
      await outage.begin(server, proxy)
      await serveWithoutStore(watched.cache, outage.answers)
      await outage.end(server, proxy)
      await comesBack(watched)
    }
    expect(watched.downs).toBeGreaterThanOrEqual(OUTAGES.length)
    expect(watched.ups).toBeGreaterThanOrEqual(OUTAGES.length)
  })

  it('closes in the middle of an outage', async () => {
    const { cache } = open()
    await until(() => cache.set('known', 'value'), 'connected')
    proxy.set({ kind: 'silence' })
    const calls = [cache.set('a', 1), cache.get('b'), cache.getOrSet('c', () => 3), cache.clear()]
    const closing = cache.close()
    expect(await within('calls', Promise.all(calls))).toEqual([false, undefined, 3, false])
    await within('close', closing)
  })
})

let keys = 0

/** Uses the cache as callers would while its store is away. Resolves to how many reads missed. */
async function serveWithoutStore(cache: Cache, answers = false): Promise<number> {
  let reads = 0
  const key = () => `cold${++keys}`
  for (let round = 0; round < 3; round++) {
    const [miss, many, loaded, isWritten, known] = await within(
      'a round of calls',
      Promise.all([
        cache.get(key()),
        cache.getMany([key(), key()]),
        cache.getOrSet(key(), () => `loaded in ${round}`),
        cache.set('during', round),
        cache.get('known'),
      ]),
    )
    reads += 4
    expect([miss, many, loaded]).toEqual([undefined, [undefined, undefined], `loaded in ${round}`])
    if (!answers) expect(isWritten).toBe(false)
    expect(known).toBe('value')
    expect(await cache.get('during')).toBe(round)
    const [bulk, isGone, sum, listed] = await within(
      'a round of other calls',
      Promise.all([
        cache.getOrSetMany([key(), key()], (asked) => asked.map(() => round)),
        cache.delete(key()),
        cache.increment('sum'),
        firstOf(cache.keys()),
      ]),
    )
    reads += 2
    expect(bulk).toEqual([round, round])
    if (!answers) expect([isGone, sum]).toEqual([false, undefined])
    expect(listed).toBeTypeOf('string')
    await expect(
      within(
        'a failing load',
        cache.getOrSet(key(), () => Promise.reject(new Error('own'))),
      ),
    ).rejects.toThrow('own')
    reads += 1
  }
  return reads
}

async function firstOf(keys: AsyncIterable<string>): Promise<string | undefined> {
  for await (const key of keys) return key
  return undefined
}

/** Another process, past every proxy. */
function openBeside(server: PlaceServer, caches: Cache[]): Cache {
  const cache = createCache({ store: server.store(), memory: false })
  caches.push(cache)
  return cache
}

/** Rejects if `call` has not settled within the cap: it hangs. */
async function within<T>(what: string, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANG_MS)
  })
  try {
    return await Promise.race([call, hang])
  } finally {
    clearTimeout(timer)
  }
}
