/**
 * Three caches over one real server, each behind a proxy of its own that resets, refuses and
 * swallows, while the server is frozen: what was invalidated is not
 * served again, by the same judge as in the simulation.
 *
 * They live in one process, so nothing here freezes one of them: the simulation does.
 */

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Cache, type CacheOptions, createCache } from '../../src/index.js'
import { History } from '../simulation/history.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { PATIENT } from '../support/patient.js'
import { PLACES, type PlaceServer } from '../support/places.js'
import { sideBySide } from '../support/side-by-side.js'
import { until } from '../support/watched-store.js'

const CACHES = 3
const RUN_MS = 4_000
const KEYS = ['a:1', 'a:2', 'b:1', 'b:2']
const TAGS = ['odd', 'even']

interface Fault {
  readonly name: string
  readonly begin: (server: PlaceServer, proxy: FaultProxy) => unknown
  readonly end?: (server: PlaceServer, proxy: FaultProxy) => unknown
}

const FAULTS: readonly Fault[] = [
  { name: 'reset', begin: (_, proxy) => proxy.reset() },
  {
    name: 'replies swallowed',
    begin: (_, proxy) => proxy.set({ kind: 'silence' }),
    end: (_, proxy) => proxy.set({ kind: 'pass' }),
  },
  {
    name: 'refused',
    begin: (_, proxy) => {
      proxy.set({ kind: 'refuse' })
      proxy.reset()
    },
    end: (_, proxy) => proxy.set({ kind: 'pass' }),
  },
  {
    name: 'late',
    begin: (_, proxy) => proxy.set({ kind: 'delay', delayMs: 60 }),
    end: (_, proxy) => proxy.set({ kind: 'pass' }),
  },
  { name: 'server frozen', begin: (server) => server.freeze(), end: (server) => server.thaw() },
]

sideBySide(PLACES, 'coherence over $name', ({ start }) => {
  let server: PlaceServer
  let proxies: FaultProxy[] = []
  let caches: Cache[] = []
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())
  afterEach(async () => {
    server.thaw()
    for (const cache of caches) await cache.close()
    for (const proxy of proxies) await proxy.close()
    caches = []
    proxies = []
  })

  async function open(prefix: string, options: CacheOptions = {}): Promise<void> {
    for (let i = 0; i < CACHES; i++) {
      const proxy = await startFaultProxy(server.port, i)
      proxies.push(proxy)
      const store = server.store(proxy.port, { connectTimeout: '1s' })
      caches.push(createCache({ store, prefix, ttl: '1h', ...options }) as Cache)
    }
    for (const cache of caches) {
      await until(() => cache.stats().coherence.state === 'leased', 'leased')
    }
  }

  it('tells the others, who then ask the store', async () => {
    await open('push', PATIENT)
    const [a, b, c] = caches as [Cache, Cache, Cache]
    for (let round = 0; round < 20; round++) {
      await a.set('k', round, { tags: ['t'] })
      await until(async () => {
        await b.get('k')
        return b.peek('k') === round
      }, 'the value, in memory')
      if (round % 2 === 0) await c.delete('k')
      else await c.invalidateTags(['t'])
      // All of them: what one sets before it has heard is older than the news.
      await until(() => {
        const applied = caches.map((cache) => cache.stats().coherence.applied)
        return b.peek('k') === undefined && new Set(applied).size === 1
      }, 'the news')
    }
    expect(b.stats().coherence.resets).toBe(0)
  })

  it('loads a cold key once, also where its tag was invalidated, and tells who waits', async () => {
    // Whoever the machine keeps from its answer for too long loads by itself, as it should.
    await open('cold', PATIENT)
    const [a] = caches as [Cache, Cache, Cache]
    let loads = 0
    const load = async () => {
      loads++
      await pause(60)
      return `load ${loads}`
    }
    for (let round = 1; round <= 10; round++) {
      const calls = caches.flatMap((cache) =>
        Array.from({ length: 30 }, () => cache.getOrSet('k', load, { tags: ['t'] })),
      )
      expect(new Set(await Promise.all(calls))).toEqual(new Set([`load ${round}`]))
      expect(loads).toBe(round)
      if (round % 2 === 0) await a.delete('k', { until: 'applied' })
      else await a.invalidateTags(['t'], { until: 'applied' })
    }
    const awaited = caches.map((cache) => cache.stats().total.loadsAwaited)
    expect(awaited.reduce((sum, count) => sum + count)).toBe(10 * (CACHES - 1))
  })

  it('waits until nobody can serve it, and takes tokens', async () => {
    await open('applied', PATIENT)
    const [a, b, c] = caches as [Cache, Cache, Cache]
    await until(() => a.stats().coherence.members === CACHES, 'all members')
    for (let round = 0; round < 50; round++) {
      await a.set('k', round, { tags: ['t'] })
      await until(async () => (await b.get('k')) === round, 'the value')
      const options = { until: 'applied' } as const
      const isEven = round % 2 === 0
      await (isEven ? a.delete('k', options) : c.invalidateTags(['t'], options))
      expect([a.peek('k'), b.peek('k'), c.peek('k')]).toEqual([undefined, undefined, undefined])
      await a.set('k', 'newer')
      await until(async () => (await b.get('k')) === 'newer', 'the newer value')
      const after = await c.delete('k')
      expect(after).not.toBe(false)
      expect(await b.get('k', { after: after as string })).toBeUndefined()
    }
  })

  it('never serves what was invalidated, whatever the network does', async () => {
    await open('faults')
    const history = new History(2_000)
    const endMs = performance.now() + RUN_MS
    const callers = caches.flatMap((cache, by) => [
      callFor(cache, by, history, endMs, 2),
      callFor(cache, by, history, endMs, 3),
    ])
    const faults: string[] = []
    for (let turn = 0; performance.now() < endMs; turn++) {
      const { name, begin, end } = FAULTS[turn % FAULTS.length]!
      const proxy = proxies[turn % CACHES]!
      faults.push(name)
      begin(server, proxy)
      await pause(turn % 3 === 0 ? 700 : 150)
      end?.(server, proxy)
      await pause(150)
    }
    await Promise.all(callers)
    expect(history.violations.slice(0, 3), faults.join(', ')).toEqual([])
    expect(history.gets).toBeGreaterThan(500)
    expect(history.invalidations).toBeGreaterThan(50)
  })
})

async function callFor(
  cache: Cache,
  by: number,
  history: History,
  endMs: number,
  pauseMs: number,
): Promise<void> {
  for (let turn = by; performance.now() < endMs; turn++) {
    const at = Math.floor(Math.random() * KEYS.length)
    if (turn % 11 === 0) await invalidate(cache, by, history, at, turn)
    else await read(cache, by, history, at, turn)
    await pause(pauseMs)
  }
}

async function read(
  cache: Cache,
  by: number,
  history: History,
  at: number,
  turn: number,
): Promise<void> {
  const key = KEYS[at]!
  const beganAtMs = performance.now()
  const load = async () => {
    const value = history.make(performance.now())
    await pause(turn % 4 === 0 ? 40 : 1)
    return value
  }
  const value =
    turn % 2 === 0
      ? await cache.get<number>(key)
      : await cache.getOrSet(key, load, { tags: [TAGS[at % 2]!] })
  const get = { by, beganAtMs, isPlain: turn % 2 === 0, isKnown: true, after: undefined }
  if (value !== undefined) history.got(key, value, get)
}

async function invalidate(
  cache: Cache,
  by: number,
  history: History,
  at: number,
  turn: number,
): Promise<void> {
  const key = KEYS[at]!
  const kinds: readonly (readonly [readonly string[], () => Promise<unknown>])[] = [
    [[key], () => cache.delete(key)],
    [KEYS.filter((_, i) => i % 2 === at % 2), () => cache.invalidateTags([TAGS[at % 2]!])],
    [KEYS.filter((each) => each[0] === key[0]), () => cache.invalidatePattern(`${key[0]}:*`)],
  ]
  const [keys, call] = kinds[turn % kinds.length]!
  const asked = history.invalidate(keys, by, performance.now())
  if ((await call()) !== false) history.confirm(asked, performance.now())
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
