/** What users say of the memory tier: options, weights, and what they change at run time. */
import { describe, expect, it } from 'vitest'
import { autoMaxBytes } from '../../src/core/auto-max-bytes.js'
import { type CacheOptions, createCache, type EvictionPolicy } from '../../src/index.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

const GIB = 1_024 ** 3
const reasonsOf = (cache: { on: ReturnType<typeof createCache>['on'] }) => {
  const reasons: string[] = []
  cache.on('removed', ({ namespace, key, reason }) => reasons.push(`${namespace}/${key} ${reason}`))
  return reasons
}

describe('options of memory', () => {
  it.each<[string, object, string]>([
    [
      'a policy that is none',
      { policy: 'mru' },
      "option 'policy' is 'mru'; the range is 'adaptive'",
    ],
    ['a policy that is null', { policy: null }, "option 'policy' is null"],
    ['a weigh that is none', { weigh: 5 }, "option 'weigh' is 5; the range is a function"],
    ['bytes that are no size', { maxBytes: 'automatic' }, "option 'maxBytes' is 'automatic'"],
  ])('refuses %s', (_, memory, says) => {
    expect(() => createCache({ memory } as CacheOptions)).toThrow(says)
  })

  it.each<[unknown, string]>([
    [
      { min: 0.5, max: 0.2 },
      "'memoryShare' is '{ min: 0.5, max: 0.2 }'; the range is { min, max }",
    ],
    [{ max: 0 }, "'memoryShare' is '{ min: 0, max: 0 }'"],
    [{ min: -1 }, "'memoryShare' is '{ min: -1, max: 1 }'"],
    [{ max: Number.NaN }, "'memoryShare' is '{ min: 0, max: NaN }'"],
    [{ most: 1 }, "memoryShare: unknown option 'most'; known here: min, max"],
    [5, "'memoryShare' is 5"],
  ])('refuses the share %o', (memoryShare, says) => {
    const namespaces = { users: { memoryShare } }
    expect(() => createCache({ namespaces } as CacheOptions)).toThrow(says)
  })

  it('refuses floors of more than all, and more shares than it can keep', () => {
    const { cache } = trackedCache({ namespaces: { a: { memoryShare: { min: 0.6 } } } })
    expect(() => cache.namespace('b', { memoryShare: { min: 0.5 } })).toThrow(
      "namespace 'b': option 'memoryShare' is '{ min: 0.5 }'; the range is floors of at most 1",
    )
    for (let n = 1; n < 64; n++) cache.namespace(`n${n}`, { memoryShare: { max: 0.5 } })
    expect(() => cache.namespace('n64', { memoryShare: { max: 0.5 } })).toThrow('at most 64')
  })

  it('takes tenths that add up to all', () => {
    const { cache } = trackedCache()
    for (let n = 0; n < 10; n++) cache.namespace(`n${n}`, { memoryShare: { min: 0.1 } })
    expect(() => cache.namespace('one', { memoryShare: { min: 0.01 } })).toThrow('memoryShare')
  })

  it('mean nothing without memory', async () => {
    const { cache } = trackedCache({ memory: false })
    const users = cache.namespace('users', { memoryShare: { min: 0.5 } })
    await users.set('k', 1)
    cache.memory.resize({ maxEntries: 5 })
    expect([cache.memory.hottest(5), cache.stats().memory.maxEntries]).toEqual([[], 0])
  })
})

describe("maxBytes: 'auto'", () => {
  it.each([
    ['an eighth of the container', { machineBytes: 64 * GIB, containerBytes: 2 * GIB }, GIB / 4],
    ['of the machine without one', { machineBytes: 8 * GIB, containerBytes: 0 }, GIB],
    ['where a limit says nothing', { machineBytes: 8 * GIB, containerBytes: 2 ** 63 }, GIB],
    ['and no more of the heap', { machineBytes: 640 * GIB, containerBytes: 0 }, GIB],
    ['and no less than this', { machineBytes: 1_024, containerBytes: 0 }, 1_024 ** 2],
  ])('%s', (_, limits, bytes) => {
    expect(autoMaxBytes({ heapBytes: 4 * GIB, ...limits })).toBe(bytes)
  })

  it('is what a cache gets, also by resize', () => {
    const { cache } = trackedCache({ memory: { maxBytes: 'auto' } })
    const { maxBytes } = cache.stats().memory
    expect(maxBytes).toBe(autoMaxBytes())
    cache.memory.resize({ maxBytes: 5_000 })
    cache.memory.resize({ maxBytes: 'auto' })
    expect(cache.stats().memory.maxBytes).toBe(maxBytes)
  })
})

describe('weigh', () => {
  it('says what a value weighs, and again what replaces it', async () => {
    const weigh = (value: unknown, key: string) => (value as number) + key.length
    const { cache } = trackedCache({ memory: { weigh, maxBytes: '1mb' } })
    await cache.set('k', 0)
    const { bytes } = cache.stats().memory
    await cache.set('k', 5_000)
    expect(cache.stats().memory.bytes).toBe(bytes + 5_000)
    await cache.set('k', 0.5)
    expect(cache.stats().memory.bytes).toBe(bytes + 1)
  })

  it.each([
    ['throws', () => JSON.parse('')],
    ['is not a number', () => 'heavy'],
    ['is negative', () => -1],
    ['has no end', () => Number.POSITIVE_INFINITY],
  ])('counts as not said where it %s', async (_, weigh) => {
    const said = trackedCache({ memory: { weigh: weigh as () => number } }).cache
    const estimated = trackedCache().cache
    for (const cache of [said, estimated]) await cache.set('k', { a: 'text' })
    expect(said.stats().memory.bytes).toBe(estimated.stats().memory.bytes)
  })

  it('is told of what the store brings; what is too heavy stays there, with an event', async () => {
    const memory = { weigh: (value: unknown) => (value === 'heavy' ? 900 : 10), maxBytes: 1_024 }
    const { cache, clock } = trackedWithStore({ memory })
    const refused: unknown[] = []
    cache.on('fill-refused', ({ key, reason }) => refused.push([key, reason]))
    const written = cache.set('k', 'heavy')
    await clock.settle()
    await written
    const read = cache.get('k')
    await clock.settle()
    expect([await read, cache.peek('k')]).toEqual(['heavy', undefined])
    expect(refused).toEqual([
      ['k', 'too-heavy'],
      ['k', 'too-heavy'],
    ])
  })
})

describe('a policy of your own', () => {
  it('decides who leaves', async () => {
    const slots: number[] = []
    const newestFirst = (): EvictionPolicy => ({
      grow() {},
      add: (slot) => void slots.push(slot),
      touch() {},
      remove: (slot) => void slots.splice(slots.indexOf(slot), 1),
      // The one before the newest: that is just being written.
      victim: () => slots.at(-2) ?? slots[0]!,
      fromColdest: () => [...slots].reverse(),
    })
    const { cache } = trackedCache({ memory: { maxEntries: 3, policy: newestFirst } })
    for (const key of ['a', 'b', 'c', 'd', 'e']) await cache.set(key, 1)
    expect(cache.memory.coldest(9).map(({ key }) => key)).toEqual(['e', 'b', 'a'])
  })

  it('that names what is not there stops nothing', async () => {
    const broken = (): EvictionPolicy => ({
      grow() {},
      add() {},
      touch() {},
      remove() {},
      victim: () => 4_711,
      fromColdest: () => [],
    })
    const cache = createCache({ memory: { maxEntries: 3, policy: broken } })
    for (const key of ['a', 'b', 'c', 'd', 'e']) await cache.set(key, key)
    expect([cache.stats().memory.entries, await cache.get('e')]).toEqual([3, 'e'])
    await cache.close()
  })
})

describe('memory at run time', () => {
  it('names the hottest and the coldest, of all or of one namespace', async () => {
    const { cache } = trackedCache({ memory: { policy: 'lru' } })
    const users = cache.namespace('users')
    for (const key of ['a', 'b', 'c']) await cache.set(key, 1)
    await users.set('u', 1)
    await cache.get('a')
    expect(cache.memory.hottest(2)).toEqual([
      { namespace: '', key: 'a' },
      { namespace: 'users', key: 'u' },
    ])
    expect(cache.memory.coldest(1)).toEqual([{ namespace: '', key: 'b' }])
    expect(cache.memory.coldest(9, 'users')).toEqual([{ namespace: 'users', key: 'u' }])
    expect([cache.memory.hottest(9, 'none'), cache.memory.hottest(0)]).toEqual([[], []])
    expect(() => cache.memory.hottest(-1)).toThrow("memory.hottest: option 'limit' is -1")
  })

  it('takes other bounds, and gives back bit by bit what is too much', async () => {
    const { cache, clock } = trackedCache({ memory: { maxEntries: 20_000, maxBytes: '1gb' } })
    for (let n = 0; n < 20_000; n++) void cache.set(`k${n}`, n)
    cache.memory.resize({ maxEntries: 100 })
    expect(cache.stats().memory.entries).toBeGreaterThan(100)
    await cache.set('new', 1)
    await clock.advance(50)
    expect(cache.stats().memory).toMatchObject({ entries: 100, maxEntries: 100 })
    cache.memory.resize({ maxEntries: 200 })
    for (let n = 0; n < 500; n++) await cache.set(`k${n}`, n)
    expect(cache.stats().memory.entries).toBe(200)
    cache.memory.resize({ maxBytes: 2_000 })
    await clock.advance(50)
    expect(cache.stats().memory.bytes).toBeLessThanOrEqual(2_000)
    expect(cache.stats().memory.entries).toBeGreaterThan(5)
  })

  it.each<[unknown, string]>([
    [{ maxEntries: 0 }, "memory.resize: option 'maxEntries' is 0"],
    [{ maxBytes: 'x' }, "memory.resize: option 'maxBytes' is 'x'"],
    [{ entries: 5 }, "memory.resize: unknown option 'entries'"],
    [null, "memory.resize: option 'bounds' is null"],
  ])('refuses to resize to %o', (bounds, says) => {
    const { cache } = trackedCache()
    expect(() => cache.memory.resize(bounds as object)).toThrow(says)
  })

  it('tells why each entry left', async () => {
    const { cache, clock } = trackedCache({ memory: { maxEntries: 2 } })
    const reasons = reasonsOf(cache)
    await cache.set('a', 1)
    await cache.set('a', 2)
    await cache.delete('a')
    await cache.set('b', 1, { ttl: 1 })
    await clock.advance(2_000)
    for (const key of ['c', 'd', 'e']) await cache.set(key, 1)
    await cache.clear()
    const [victim] = reasons.filter((each) => each.endsWith('evicted'))
    expect(reasons.slice(0, 3)).toEqual(['/a replaced', '/a removed', '/b expired'])
    expect(reasons).toHaveLength(6)
    expect(victim).toMatch(/^\/[cde] evicted$/)
    expect(reasons.filter((each) => each.endsWith('cleared'))).toHaveLength(2)
  })
})

describe('shares of memory', () => {
  it('keep one namespace from being pushed out, and another from growing', async () => {
    const { cache } = trackedCache({
      memory: { maxEntries: 100 },
      namespaces: { users: { memoryShare: { min: 0.3 } }, logs: { memoryShare: { max: 0.1 } } },
    })
    const count = (name: string) => cache.memory.coldest(1_000, name).length
    for (let n = 0; n < 30; n++) await cache.namespace('users').set(`u${n}`, n)
    for (let n = 0; n < 500; n++) {
      await cache.set(`k${n}`, n)
      await cache.namespace('logs').set(`l${n}`, n)
    }
    expect([count('users'), count('logs'), cache.stats().memory.entries]).toEqual([30, 10, 100])
    for (let n = 0; n < 500; n++) await cache.namespace('users').set(`v${n}`, n)
    expect(count('users')).toBeGreaterThan(40)
  })
})
