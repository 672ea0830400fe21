/** What is softly invalidated is stale: handed out while few loads at a time refresh it. */
import { describe, expect, it } from 'vitest'
import { RefreshSpread } from '../../src/core/refresh-spread.js'
import type { CacheOptions } from '../../src/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import {
  gate,
  stateOf,
  type TrackedWithStore,
  trackedCache,
  trackedPair,
  trackedWithStore,
} from './tracked-cache.js'

type Process = TrackedWithStore<Record<never, never>>

const pair = (options: CacheOptions = {}) => trackedPair(options)

const soft = { mode: 'soft' } as const

describe('an entry that was softly invalidated', () => {
  const invalidations: [string, (process: Process) => Promise<unknown>][] = [
    ['by tag', ({ cache }) => cache.invalidateTags(['t'], soft)],
    ['by prefix', ({ cache }) => cache.invalidatePattern('k*', soft)],
  ]

  it.each(invalidations)('is stale in every tier and process: %s', async (_, invalidate) => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old', { tags: ['t'] })
    expect(await b.cache.get('k')).toBe('old')
    await invalidate(a)
    for (const { cache } of [a, b]) {
      expect(cache.peek('k')).toBeUndefined()
      expect(await cache.get('k')).toBeUndefined()
      expect(await cache.ttl('k')).toBeUndefined()
    }
    const slow = gate<string>()
    let loads = 0
    const load = () => {
      loads++
      return slow.promise
    }
    for (const { cache } of [a, b, a, b]) {
      expect(await cache.getOrSet('k', load, { tags: ['t'] })).toBe('old')
    }
    await clock.settle()
    expect(loads).toBe(1)
    slow.open('new')
    await clock.advance(500)
    for (const { cache } of [a, b]) expect(await cache.get('k')).toBe('new')
    expect(loads).toBe(1)
  })

  it('is handed out from the store too, and then by a loader that fails', async () => {
    const { a, b, clock } = await pair({ memory: false })
    await a.cache.set('k', 'old', { tags: ['t'] })
    await a.cache.invalidateTags(['t'], soft)
    const failing = () => Promise.reject(new Error('own'))
    expect(await b.cache.getOrSet('k', failing)).toBe('old')
    await clock.settle()
    expect(b.cache.stats().total.loadFailures).toBe(1)
    expect(await b.cache.getOrSet('k', () => 'new')).toBe('old')
    await clock.advance(1_000)
    expect(await b.cache.getOrSet('k', () => 'new')).toBe('old')
    await clock.settle()
    expect(await a.cache.get('k')).toBe('new')
  })

  it('is gone once it is invalidated in earnest, also where a refresh is under way', async () => {
    const { a, clock } = await pair()
    await a.cache.set('k', 'old', { tags: ['t'] })
    await a.cache.invalidateTags(['t'], soft)
    const slow = gate<string>()
    expect(await a.cache.getOrSet('k', () => slow.promise, { tags: ['t'] })).toBe('old')
    await clock.settle()
    await a.cache.invalidateTags(['t'])
    const answer = a.cache.getOrSet('k', () => 'new', { tags: ['t'] })
    await clock.advance(1_000)
    expect(await stateOf(answer)).toBe('pending')
    slow.open('of the first load')
    expect(await answer).toBe('new')
  })

  it('is gone at the end of its grace', async () => {
    const { a, clock } = await pair({ ttl: '10s', grace: '5s' })
    await a.cache.set('k', 'old', { tags: ['t'] })
    await a.cache.invalidateTags(['t'], soft)
    await clock.advance(14_000)
    expect(await a.cache.getOrSet('k', () => new Promise(() => {}))).toBe('old')
    await clock.advance(1_001)
    expect(await stateOf(a.cache.getOrSet('k', () => 'x', { softTimeout: 0 }))).toBe('pending')
  })

  it('is known to a process that comes later', async () => {
    const { a, clock } = await pair()
    await a.cache.set('k', 'old', { tags: ['t'] })
    await a.cache.invalidateTags(['t'], soft)
    const late = trackedWithStore({ ttl: '1h' }, clock, a.data)
    await clock.settle()
    expect(await late.cache.get('k')).toBeUndefined()
    expect(await late.cache.getOrSet('k', () => 'new', { tags: ['t'] })).toBe('old')
  })

  it('is the same in memory alone', async () => {
    const { cache, clock } = trackedCache({ ttl: '1h' })
    await cache.set('k', 'old', { tags: ['t'] })
    await cache.invalidateTags(['t'], soft)
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.getOrSet('k', () => 'new', { tags: ['t'] })).toBe('old')
    await clock.settle()
    expect(await cache.get('k')).toBe('new')
  })

  it('is refused for patterns that are no prefix, and other verbs', async () => {
    const { a } = await pair()
    const invalid = { code: 'OPTION_INVALID' }
    await expect(a.cache.invalidatePattern('a*b', soft)).rejects.toMatchObject(invalid)
    const unknown = { code: 'OPTION_UNKNOWN' }
    await expect(a.cache.delete('k', soft as never)).rejects.toMatchObject(unknown)
    await expect(a.cache.clear(soft as never)).rejects.toMatchObject(unknown)
  })
})

describe('refreshes in the background', () => {
  it('are few at a time, and everybody has a value meanwhile', async () => {
    const { a, clock } = await pair({ maxRefreshes: 3 })
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
    await a.cache.setMany(
      keys.map((key) => [key, 'old']),
      { tags: ['t'] },
    )
    await a.cache.invalidateTags(['t'], soft)
    let [running, most, loads] = [0, 0, 0]
    const load = async () => {
      loads++
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => clock.setTimer(resolve, 10, false))
      running--
      return 'new'
    }
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        keys.map((key) => a.cache.getOrSet(key, load, { tags: ['t'] })),
      )
      expect(answers).toHaveLength(20)
      await clock.advance(20)
    }
    expect([most, loads]).toEqual([3, 20])
    expect(await a.cache.getMany(keys)).toEqual(Array(20).fill('new'))
  })

  it('give their place back when they fail or run out of time', async () => {
    const { a, clock } = await pair({ maxRefreshes: 1, hardTimeout: '1s' })
    await a.cache.setMany(
      ['a', 'b', 'c'].map((key) => [key, 'old']),
      { tags: ['t'] },
    )
    await a.cache.invalidateTags(['t'], soft)
    const slow = gate<string>()
    await a.cache.getOrSet('a', () => Promise.reject(new Error('own')))
    await clock.settle()
    await a.cache.getOrSet('b', () => slow.promise)
    await clock.advance(2_000)
    // Late, and still at work.
    await a.cache.getOrSet('c', () => 'new')
    await clock.settle()
    expect(await a.cache.get('c')).toBeUndefined()
    slow.open('late')
    await clock.settle()
    await a.cache.getOrSet('c', () => 'new')
    await clock.settle()
    expect(await a.cache.get('c')).toBe('new')
  })
})

describe('refreshes that are spread', () => {
  const keys = Array.from({ length: 100 }, (_, i) => `k${i}`)
  const tags = ['t']

  it.each<[string, CacheOptions]>([
    ['of what memory has', {}],
    ['of what the store has', { memory: false }],
  ])('begin at different moments, all within the spread: %s', async (_, options) => {
    const spread = { refreshSpread: '10s', maxRefreshes: 1_000, random: seededRandom(1) }
    const { a, clock } = await pair({ ...options, ...spread })
    await a.cache.setMany(
      keys.map((key) => [key, 'old']),
      { tags },
    )
    await a.cache.invalidateTags(tags, soft)
    const loadsBySecond: number[] = []
    for (let second = 0; second <= 10; second++) {
      let loads = 0
      const load = () => {
        loads++
        return 'new'
      }
      for (const key of keys) await a.cache.getOrSet(key, load, { tags })
      await clock.advance(1_000)
      loadsBySecond.push(loads)
    }
    expect(loadsBySecond.reduce((sum, each) => sum + each)).toBe(100)
    expect(loadsBySecond[0]).toBe(0)
    // At ten a second on average: a herd would be a hundred.
    expect(Math.max(...loadsBySecond)).toBeLessThan(35)
    expect(await a.cache.getMany(keys)).toEqual(Array(100).fill('new'))
  })

  it('are few of an entry that is invalidated again and again', async () => {
    const { a, clock } = await pair({ refreshSpread: '10s', random: seededRandom(2) })
    await a.cache.set('k', 'old', { tags })
    let loads = 0
    for (let i = 0; i < 600; i++) {
      await a.cache.invalidateTags(tags, soft)
      expect(await a.cache.getOrSet('k', () => `load ${++loads}`, { tags })).toBeDefined()
      await clock.advance(100)
    }
    expect(loads).toBeGreaterThan(5)
    expect(loads).toBeLessThan(40)
  })

  it('of a time that nobody asked in are chosen anew', async () => {
    const { a, clock } = await pair({ refreshSpread: '1m' })
    await a.cache.set('k', 'old', { tags, ttl: '1d' })
    const ask = () => a.cache.getOrSet('k', () => 'new', { tags })
    await a.cache.invalidateTags(tags, soft)
    expect(await ask()).toBe('old')
    await a.cache.set('k', 'set', { tags, ttl: '1d' })
    await clock.advance(3_600_000)
    await a.cache.invalidateTags(tags, soft)
    expect(await ask()).toBe('set')
    await clock.settle()
    expect(await ask()).toBe('set')
    await clock.advance(60_000)
    expect(await ask()).toBe('set')
    await clock.settle()
    expect(await ask()).toBe('new')
  })

  it('are chosen for a bounded number of keys', () => {
    const spread = new RefreshSpread(() => 0.5)
    for (let i = 0; i < 20_000; i++) expect(spread.isDue(`k${i}`, 0, 1_000)).toBe(false)
    expect(spread.isDue('k19999', 500, 1_000)).toBe(true)
    expect(spread.isDue('k19999', 500, 1_000)).toBe(false)
    // Forgotten, and so chosen anew.
    expect(spread.isDue('k0', 500, 1_000)).toBe(false)
    expect(spread.isDue('k0', 999, 1_000)).toBe(false)
    expect(spread.isDue('k0', 1_000, 1_000)).toBe(true)
  })
})

describe('a stale entry that stands in', () => {
  it('is not handed out once the lease has ended, to those who join a load', async () => {
    const { a, b, clock } = await pair({ ttl: '1s', grace: '1h', softTimeout: '100ms' })
    await a.cache.set('k', 'old')
    await b.cache.get('k')
    await clock.advance(1_001)
    b.store.inject({ kind: 'throw' })
    await clock.advance(1_000)
    const slow = gate<string>()
    const first = b.cache.getOrSet('k', () => slow.promise)
    await clock.advance(100)
    expect(await first).toBe('old')
    await a.cache.delete('k')
    await clock.advance(1_500)
    expect(b.cache.stats().coherence.state).toBe('lapsed')
    const second = b.cache.getOrSet('k', () => 'own')
    await clock.advance(150)
    expect(await stateOf(second)).toBe('pending')
    slow.open('of the first load')
    await second
  })

  it('is not handed out to those who came after its tag was invalidated', async () => {
    const { a, clock } = await pair({ ttl: '1s', grace: '1h', softTimeout: '100ms' })
    await a.cache.set('k', 'old', { tags: ['t'] })
    await clock.advance(1_001)
    const slow = gate<string>()
    const first = a.cache.getOrSet('k', () => slow.promise, { tags: ['t'] })
    await clock.advance(100)
    expect(await first).toBe('old')
    await a.cache.invalidateTags(['t'])
    const second = a.cache.getOrSet('k', () => 'new', { tags: ['t'] })
    await clock.advance(200)
    expect(await stateOf(second)).toBe('pending')
    slow.open('of the first load')
    expect(await second).toBe('new')
  })
})
