/** Counts and events, exactly: who watches must be able to add up. */
import { describe, expect, it, vi } from 'vitest'
import type { CounterName } from '../../src/index.js'
import { gate, record, trackedCache, trackedWithStore, unhandled } from './tracked-cache.js'

type Tracked = ReturnType<typeof trackedCache>

/** The counters that are not zero. */
function counted({ cache }: Pick<Tracked, 'cache'>, namespace?: string): Record<string, number> {
  const { total, namespaces } = cache.stats()
  const counters = namespace === undefined ? total : namespaces[namespace]!
  const { hitRatio: _, bytesRead: __, bytesWritten: ___, ...rest } = counters
  return Object.fromEntries(Object.entries(rest).filter(([, count]) => count !== 0))
}

describe('counters', () => {
  it('are zero at first, all of them there', () => {
    const { cache } = trackedCache()
    const names: CounterName[] = ['memoryHits', 'storeHits', 'loads', 'evictions', 'deadlineHits']
    for (const name of names) expect(cache.stats().total[name]).toBe(0)
    expect(counted({ cache })).toEqual({})
    expect(cache.stats().total.hitRatio).toBe(0)
  })

  it('of lookups in memory', async () => {
    const tracked = trackedCache()
    const { cache } = tracked
    await cache.set('k', 1)
    await cache.get('k')
    await cache.get('absent')
    await cache.has('k')
    await cache.getMany(['k', 'absent', 'k'])
    await cache.getOrSet('k', () => 2)
    cache.peek('k')
    expect(counted(tracked)).toEqual({ sets: 1, memoryHits: 5, missAbsent: 2, misses: 2 })
    expect(cache.stats().total.hitRatio).toBeCloseTo(5 / 7)
  })

  it('of values that are copied, too', async () => {
    const tracked = trackedCache()
    await tracked.cache.set('k', new Date(1))
    await tracked.cache.get('k')
    await tracked.cache.getMany(['k'])
    await tracked.cache.getOrSet('k', () => 2)
    await tracked.cache.getOrSetMany(['k'], () => [2])
    expect(counted(tracked)).toEqual({ sets: 1, memoryHits: 4 })
  })

  it('of lookups in the store', async () => {
    const writer = trackedWithStore()
    await writer.cache.set('k', 1)
    const reader = trackedWithStore({}, writer.clock, writer.data)
    await Promise.all([reader.cache.get('k'), reader.cache.get('k'), reader.cache.get('absent')])
    await reader.cache.get('k')
    const counts = { storeHits: 2, memoryHits: 1, missAbsent: 1, misses: 1 }
    expect(counted(reader)).toEqual(counts)
    const { bytesRead } = reader.cache.stats().total
    expect(bytesRead).toBeGreaterThan(0)
    expect(bytesRead).toBe(writer.cache.stats().total.bytesWritten)
  })

  it('of bytes count bytes, whatever the text', async () => {
    const writer = trackedWithStore()
    await writer.cache.set('k', 'é🧊'.repeat(10), { tags: ['ü'] })
    const reader = trackedWithStore({}, writer.clock, writer.data)
    await reader.cache.get('k')
    expect(writer.cache.stats().total.bytesWritten).toBe(reader.cache.stats().total.bytesRead)
  })

  it('of loads: one miss and one load, however many share it', async () => {
    for (const make of [trackedCache, trackedWithStore]) {
      const tracked = make()
      const { cache, clock } = tracked
      const open = gate<number>()
      const calls = [1, 2, 3].map(() => cache.getOrSet('k', () => open.promise))
      await clock.settle()
      open.open(1)
      await Promise.all(calls)
      const counts = { missAbsent: 1, misses: 1, loads: 1, shared: 2, fills: 1 }
      expect(counted(tracked)).toEqual(counts)
    }
  })

  it('of refreshes', async () => {
    const tracked = trackedWithStore()
    await tracked.cache.refresh('k', () => 1)
    expect(counted(tracked)).toEqual({ missForced: 1, misses: 1, loads: 1, fills: 1 })
  })

  it('of what has expired and is still there: a miss with its reason, in each tier', async () => {
    for (const make of [trackedCache, trackedWithStore]) {
      const tracked = make({ ttl: 1, grace: 10 })
      await tracked.cache.set('k', 1)
      await tracked.clock.advance(1_500)
      await tracked.cache.get('k')
      expect(counted(tracked)).toEqual({ sets: 1, missExpired: 1, misses: 1 })
    }
  })

  it('of stale values that were handed out, by tier', async () => {
    const writer = trackedWithStore({ ttl: 1, grace: 100, retryAfter: 60 })
    await writer.cache.set('k', 1)
    await writer.clock.advance(2_000)
    const fail = () => Promise.reject(new Error('boom'))
    const reader = trackedWithStore({ ttl: 1, grace: 100 }, writer.clock, writer.data)
    await reader.cache.getOrSet('k', fail)
    expect(reader.cache.stats().total).toMatchObject({ storeStaleHits: 1, loadFailures: 1 })
    const alone = trackedCache({ ttl: 1, grace: 100, retryAfter: 60 })
    await alone.cache.set('k', 1)
    await alone.clock.advance(2_000)
    await alone.cache.getOrSet('k', fail)
    await alone.cache.getOrSet('k', fail)
    expect(alone.cache.stats().total).toMatchObject({ memoryStaleHits: 2, loads: 1 })
  })

  it('of evictions and expirations', async () => {
    const { cache, clock } = trackedCache({ ttl: 1, memory: { maxEntries: 2 } })
    const events = record(cache, 'removed')
    for (const key of ['a', 'b', 'c']) await cache.set(key, 1)
    await clock.advance(5_000)
    expect(cache.stats().total).toMatchObject({ evictions: 1, expirations: 2 })
    expect(cache.stats().memory.entries).toBe(0)
    const removed = events.map(([, event]) => event)
    expect(removed).toHaveLength(3)
    const evicted = removed.filter((event) => 'reason' in event && event.reason === 'evicted')
    expect(evicted).toHaveLength(1)
    const keys = removed.map((event) => ('key' in event ? event.key : ''))
    expect(keys.sort()).toEqual(['a', 'b', 'c'])
  })

  it('by namespace, and their sum', async () => {
    const tracked = trackedCache({ namespaces: { users: {} } })
    const { cache } = tracked
    await cache.namespace('users').get('k')
    await cache.namespace('users.vip').set('k', 1)
    await cache.namespace('__proto__').set('k', 1)
    await cache.get('k')
    expect(counted(tracked, 'users')).toEqual({ missAbsent: 1, misses: 1 })
    expect(counted(tracked, 'users.vip')).toEqual({ sets: 1 })
    expect(counted(tracked, '')).toEqual({ missAbsent: 1, misses: 1 })
    expect(counted(tracked)).toEqual({ missAbsent: 2, misses: 2, sets: 2 })
    expect(Object.keys(cache.stats().namespaces).sort()).toEqual([
      '',
      '__proto__',
      'users',
      'users.vip',
    ])
    expect(cache.namespace('users').stats()).toEqual(cache.stats())
  })

  it('are a copy, taken then', async () => {
    const { cache } = trackedCache()
    const before = cache.stats()
    await cache.set('k', 1)
    expect([before.total.sets, cache.stats().total.sets]).toEqual([0, 1])
  })
})

describe('stats and health', () => {
  it('have one shape, memory alone', async () => {
    const { cache } = trackedCache({ memory: { maxBytes: '1mb', maxEntries: 100 } })
    await cache.set('k', 'value')
    const { memory, store, latencies } = cache.stats()
    expect(memory).toMatchObject({ entries: 1, maxEntries: 100, maxBytes: 1_048_576 })
    expect(memory.bytes).toBeGreaterThan(5)
    expect(store).toBeUndefined()
    expect(Object.keys(latencies).sort()).toEqual(['delete', 'load', 'other', 'read', 'write'])
    expect(await cache.health()).toMatchObject({ status: 'ok', store: undefined, memory })
  })

  it('have one shape, with a store', async () => {
    const { cache, clock } = trackedWithStore()
    await clock.settle()
    const store = { name: 'in-process', breaker: 'closed', outages: 0, unconfirmed: 0 }
    expect(cache.stats().store).toEqual(store)
    expect(await cache.health()).toMatchObject({ status: 'ok', store: { ...store, pingMs: 0 } })
  })

  it('time loads and calls to the store', async () => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    store.inject({ kind: 'delay', delayMs: 40 })
    const call = cache.getOrSet('k', async () => {
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 25, false))
      return 1
    })
    await clock.advance(200)
    await call
    const { read, load, write } = cache.stats().latencies
    expect(read).toMatchObject({ count: 1, failures: 0, maxMs: 40 })
    expect(load).toMatchObject({ count: 1, failures: 0, maxMs: 25 })
    expect(write).toMatchObject({ count: 1, failures: 0, maxMs: 40 })
  })
})

describe('events', () => {
  it('tell of a life in order', async () => {
    const { cache } = trackedWithStore()
    const events = record(cache, 'hit', 'miss', 'loaded', 'set', 'deleted', 'removed')
    await cache.getOrSet('k', () => 1)
    await cache.get('k')
    await cache.set('k', 2)
    await cache.delete('k')
    const subject = { namespace: '', key: 'k' }
    expect(events).toEqual([
      ['miss', { ...subject, reason: 'absent' }],
      ['loaded', { ...subject, elapsedMs: 0 }],
      ['hit', { ...subject, tier: 'memory', stale: false }],
      ['removed', { ...subject, reason: 'replaced' }],
      ['set', subject],
      ['removed', { ...subject, reason: 'removed' }],
      ['deleted', subject],
    ])
  })

  it('tell of every hit and miss, by whichever verb', async () => {
    const { cache } = trackedCache()
    await cache.set('k', 1)
    await cache.set('d', new Date(1))
    const events = record(cache, 'hit', 'miss')
    await cache.get('k')
    await cache.getOrSet('k', () => 2)
    await cache.has('k')
    await cache.getMany(['k', 'x'])
    await cache.getOrSetMany(['k', 'd'], () => [1, 2])
    const names = events.map(([name, event]) => `${name} ${'key' in event ? event.key : ''}`)
    expect(names).toEqual(['hit k', 'hit k', 'hit k', 'hit k', 'miss x', 'hit k', 'hit d'])
  })

  it('are heard from any namespace, and no longer once left', async () => {
    const { cache } = trackedCache()
    const heard: string[] = []
    const leave = cache.namespace('a').on('set', ({ namespace }) => heard.push(namespace))
    await cache.namespace('b').set('k', 1)
    await cache.set('k', 1)
    leave()
    await cache.set('k', 2)
    expect(heard).toEqual(['b', ''])
  })

  it('do not let a listener that throws harm a call', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const { cache } = trackedWithStore()
    for (const name of ['hit', 'miss', 'loaded', 'set', 'deleted', 'removed'] as const)
      cache.on(name, () => {
        throw new Error('boom')
      })
    expect(await cache.getOrSet('k', () => 1)).toBe(1)
    expect(await cache.get('k')).toBe(1)
    expect(await cache.set('k', 2)).toBe(true)
    expect(await cache.delete('k')).toEqual(expect.any(String))
    expect(warn.mock.calls.length).toBeGreaterThan(3)
    warn.mockRestore()
  })

  it('may be answered by calls to the cache', async () => {
    const { cache, clock } = trackedCache({ memory: { maxEntries: 3 } })
    cache.on('removed', ({ key }) => {
      if (!key.startsWith('again')) void cache.set(`again ${key}`, 1)
    })
    for (let i = 0; i < 10; i++) await cache.set(`k${i}`, i)
    await cache.clear()
    await clock.settle()
    expect(cache.stats().memory.entries).toBeLessThanOrEqual(3)
  })

  it('leave no rejection unhandled in any failure of the background', async () => {
    const { cache, clock, store } = trackedWithStore({ ttl: 10, grace: 10, eager: 0.5 })
    await cache.getOrSet('k', () => 1)
    await clock.advance(5_000)
    store.inject({ kind: 'throw' })
    await cache.getOrSet('k', () => Promise.reject(new Error('boom')))
    await cache.getOrSet('l', () => 1)
    void cache.getOrSet('m', () => new Promise(() => {}), { hardTimeout: '1s' }).catch(() => {})
    store.announceDown()
    await clock.advance(30_000)
    expect(unhandled).toEqual([])
  })
})
