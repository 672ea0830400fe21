/**
 * A store of several servers, one of which is away: its keys fail, and no others.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { CacheError } from '../../src/core/errors.js'
import { PartialFailure } from '../../src/core/partial-failure.js'
import { type Cache, createCache, isCacheError } from '../../src/index.js'
import { type InProcessStore, inProcessStore } from '../../src/testing/index.js'
import { until } from '../support/watched-store.js'

interface Split {
  readonly store: Store
  /** Whether the server of the keys that end with `!` is away. */
  isAway: boolean
  floor: number
}

const isThere = (key: string) => key.endsWith('%21') || key.endsWith('!')

/** Calls to it are cut in two, as a cluster cuts them. */
function split(inner: InProcessStore): Split {
  const state = { isAway: false, floor: 0 }
  const away = new CacheError('STORE_UNAVAILABLE', 'one server is away')
  async function each<I, A>(
    items: readonly I[],
    keyOf: (item: I) => string,
    send: (items: readonly I[]) => Promise<readonly A[]>,
  ): Promise<readonly A[]> {
    const isLost = (item: I) => state.isAway && isThere(keyOf(item))
    const got = await send(items.filter((item) => !isLost(item)))
    if (!items.some(isLost)) return got
    const rest = [...got]
    throw new PartialFailure(
      items.map((item) => (isLost(item) ? away : rest.shift())),
      away,
    )
  }
  const byKey = ({ key }: { readonly key: string }) => key
  const store: Store = {
    name: 'split',
    abilities: inner.abilities,
    open: (listener) => inner.open(listener),
    getMany: (keys) =>
      each(
        keys,
        (key) => key,
        (some) => inner.getMany(some),
      ),
    leaseMany: (requests, ...rest) =>
      each(requests, byKey, (some) => inner.leaseMany!(some, ...rest)),
    fillMany: (fills) => each(fills, byKey, (some) => inner.fillMany!(some)),
    setMany: async (writes, ...rest) => {
      await each(writes, byKey, async (some) => {
        await inner.setMany(some, ...rest)
        return some.map(() => undefined)
      })
    },
    deleteMany: async (keys, ...rest) => {
      const count = async (some: readonly string[]) => {
        await inner.deleteMany(some, ...rest)
        return some.map(() => 1)
      }
      return (await each(keys, (key) => key, count)).length
    },
    patch: (...call) => inner.patch(...call),
    increment: (...call) => inner.increment(...call),
    scan: (prefix) => inner.scan(prefix),
    bornFloor: () => state.floor,
    log: (name) => inner.log!(name),
    ping: () => inner.ping(),
    reconnect: () => inner.reconnect(),
    close: () => inner.close(),
  }
  return Object.assign(state, { store })
}

describe('a store of which a part is away', () => {
  const caches: Cache[] = []
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close()
  })

  async function open() {
    const data = inProcessStore({ log: true })
    const parts = split(data.peer())
    const cache = createCache({ store: parts.store, memory: false }) as Cache
    const other = createCache({ store: data.peer(), memory: false }) as Cache
    caches.push(cache, other)
    const seen: string[] = []
    cache.on('store-down', () => seen.push('down'))
    cache.on('store-error', ({ op, error }) => seen.push(`${op} ${error.code}`))
    await until(() => cache.stats().coherence.state === 'leased', 'leased')
    return { parts, cache, other, seen }
  }

  it('serves the rest, tells of each failed call once, and never goes down for it', async () => {
    const { parts, cache, seen } = await open()
    await cache.setMany([
      ['a', 1],
      ['b!', 2],
    ])
    parts.isAway = true
    for (let round = 0; round < 20; round++) {
      expect(await Promise.all([cache.get('a'), cache.get('b!')])).toEqual([1, undefined])
    }
    expect(seen).toEqual(Array.from({ length: 20 }, () => 'read STORE_UNAVAILABLE'))
    parts.isAway = false
    expect(await Promise.all([cache.get('a'), cache.get('b!')])).toEqual([1, 2])
  })

  it('answers each write by itself, and repeats those that failed', async () => {
    const { parts, cache, other } = await open()
    await cache.set('b!', 'old')
    parts.isAway = true
    const [kept, lost] = await Promise.all([cache.set('a', 'new'), cache.set('b!', 'new')])
    expect([kept !== false, lost]).toEqual([true, false])
    const [removed, left] = await Promise.all([cache.delete('c'), cache.delete('d!')])
    expect([removed !== false, left]).toEqual([true, false])
    expect(cache.stats().store?.unconfirmed).toBe(2)
    parts.isAway = false
    await until(() => cache.stats().store?.unconfirmed === 0, 'they are repeated')
    await until(async () => (await other.get('b!')) === undefined, 'what it replaced is gone')
    expect(await other.get('a')).toBe('new')
  })

  it('loads what it cannot ask for, and keeps what it can', async () => {
    const { parts, cache, other } = await open()
    parts.isAway = true
    const load = (key: string) => cache.getOrSet(key, async () => `of ${key}`)
    expect(await Promise.all([load('a'), load('b!')])).toEqual(['of a', 'of b!'])
    await until(async () => (await other.get('a')) === 'of a', 'the one is kept')
    expect(await other.get('b!')).toBeUndefined()
    parts.isAway = false
    expect(await load('b!')).toBe('of b!')
    await until(async () => (await other.get('b!')) === 'of b!', 'and now the other')
  })

  it('takes for out of date what a server may have brought back, numbers as well', async () => {
    const { parts, cache, other } = await open()
    await cache.set('a', 'before')
    expect(await cache.increment('n', 5)).toBe(5)
    parts.floor = Number.MAX_SAFE_INTEGER
    expect(await cache.get('a')).toBeUndefined()
    expect(cache.stats().total.missInvalidated).toBe(1)
    expect(await other.get('a')).toBe('before')
    expect(await cache.increment('n', 1)).toBe(1)
  })

  it('is an error like any other to whoever sees it', () => {
    const first = new CacheError('STORE_TIMEOUT', 'late', { op: 'getMany', key: 'k', cause: 'x' })
    const failure = new PartialFailure([1, first], first)
    expect(isCacheError(failure, 'STORE_TIMEOUT')).toBe(true)
    expect(failure).toMatchObject({ op: 'getMany', key: 'k', cause: 'x', retryable: true })
    expect(failure.answers).toEqual([1, first])
  })
})
