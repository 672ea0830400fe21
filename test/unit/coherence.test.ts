/** Two processes over one store with a log: what one invalidates the other no longer serves. */
import { describe, expect, it } from 'vitest'
import type { CacheOptions } from '../../src/index.js'
import { fakeClock, inProcessStore } from '../../src/testing/index.js'
import { gate, type TrackedWithStore, trackedPair, trackedWithStore } from './tracked-cache.js'

type Process = TrackedWithStore<Record<never, never>>

const pair = (options: CacheOptions = {}) => trackedPair(options)

const hits = ({ cache }: Process) => cache.stats().total.memoryHits

describe('another process', () => {
  it('no longer serves what was set, deleted, counted or given another life', async () => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 1)
    expect([await b.cache.get('k'), await b.cache.get('k')]).toEqual([1, 1])
    expect(hits(b)).toBe(1)
    await a.cache.set('k', 2)
    expect(await b.cache.get('k')).toBe(2)
    await a.cache.increment('k', 5)
    expect(await b.cache.get('k')).toBe(7)
    await a.cache.delete('k')
    expect(await b.cache.get('k')).toBeUndefined()
    await a.cache.set('life', 'long')
    expect(await b.cache.get('life')).toBe('long')
    await a.cache.expire('life', '1s')
    await clock.advance(1_001)
    expect(await b.cache.get('life')).toBeUndefined()
  })

  it('no longer serves what was invalidated by tag, whatever namespace and age', async () => {
    const { a, b } = await pair()
    const users = [a.cache.namespace('users'), b.cache.namespace('users')] as const
    await users[0].set('1', 'ann', { tags: ['team:7', 'all'] })
    await a.cache.set('page', 'with ann', { tags: ['team:7'] })
    await a.cache.set('other', 'untagged')
    const read = async () => [
      await users[1].get('1'),
      await b.cache.get('page'),
      await b.cache.get('other'),
    ]
    expect(await read()).toEqual(['ann', 'with ann', 'untagged'])
    expect(await a.cache.invalidateTags(['team:7', 'unheard of'])).toEqual(expect.any(String))
    expect(await read()).toEqual([undefined, undefined, 'untagged'])
    expect(await users[0].get('1')).toBeUndefined()
    await users[0].set('1', 'anna', { tags: ['team:7'] })
    expect(await read()).toEqual(['anna', undefined, 'untagged'])
    expect(b.cache.stats().total).toMatchObject({ memoryInvalidated: 2, missInvalidated: 3 })
  })

  it('no longer serves what was invalidated by prefix or pattern, or cleared', async () => {
    const { a, b } = await pair()
    const keys = ['user:1', 'user:2:posts', 'post:1', 'us']
    const read = async () => (await b.cache.getMany(keys)).map((value) => value !== undefined)
    const fill = () => a.cache.setMany(keys.map((key) => [key, key]))
    await fill()
    expect(await read()).toEqual([true, true, true, true])
    expect(await a.cache.invalidatePattern('user:*')).toEqual(expect.any(String))
    expect(await read()).toEqual([false, false, true, true])
    await fill()
    expect(await read()).toEqual([true, true, true, true])
    expect(await a.cache.invalidatePattern('*:?')).toEqual(expect.any(String))
    expect(await read()).toEqual([false, true, false, true])
    await fill()
    await read()
    expect(await a.cache.clear()).toEqual(expect.any(String))
    expect(await read()).toEqual([false, false, false, false])
  })

  it('does not keep a read that was on its way when its key was deleted elsewhere', async () => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old')
    b.store.inject({ kind: 'delay', delayMs: 50 }, { ops: ['getMany'], times: 1 })
    const read = b.cache.get('k')
    await clock.settle()
    await a.cache.delete('k')
    await clock.advance(50)
    await read
    expect(await b.cache.get('k')).toBeUndefined()
  })

  it('does not keep a load that was on its way when its tag went elsewhere', async () => {
    const { a, b, clock } = await pair()
    const slow = gate<string>()
    const load = b.cache.getOrSet('k', () => slow.promise, { tags: ['t'] })
    await clock.settle()
    await a.cache.invalidateTags(['t'])
    slow.open('old')
    expect(await load).toBe('old')
    expect(await b.cache.get('k')).toBeUndefined()
    expect(b.cache.stats().total.fillsFenced).toBe(1)
  })

  it('counts anew where its counter was invalidated by prefix, by tag, or with all', async () => {
    const { a, b } = await pair({ namespaces: { tagged: { tags: ['t'] } } })
    const tagged = [a, b].map(({ cache }) => cache.namespace('tagged'))
    const count = async () => [await b.cache.increment('n:1'), await tagged[1]!.increment('m')]
    expect([await count(), await count()]).toEqual([
      [1, 1],
      [2, 2],
    ])
    await a.cache.invalidatePattern('n:*')
    expect(await count()).toEqual([1, 3])
    await a.cache.invalidateTags(['t'])
    expect(await count()).toEqual([2, 1])
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    await a.cache.clear()
    expect(await a.cache.increment('n:1')).toBe(1)
    expect(await tagged[0]!.increment('m')).toBe(1)
  })

  it('knows of tags that were invalidated before it came', async () => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old', { tags: ['t'] })
    await a.cache.set('other', 'fine', { tags: ['u'] })
    b.store.inject({ kind: 'throw' }, { ops: ['append'] })
    await a.cache.invalidateTags(['t'])
    const late = trackedWithStore({ ttl: '1h' }, clock, a.data)
    await clock.settle()
    const { count } = late.cache.stats().latencies.other
    expect(await late.cache.getMany(['k', 'other'])).toEqual([undefined, 'fine'])
    // One question for the tags of both, and none where they are known.
    expect(late.cache.stats().latencies.other.count).toBe(count + 1)
    expect(await late.cache.get('k')).toBeUndefined()
    expect(late.cache.stats().latencies.other.count).toBe(count + 1)
  })
})

describe('a load that began before its key was invalidated elsewhere', () => {
  const invalidations: [string, (other: Process) => Promise<unknown>][] = [
    ['deleted', ({ cache }) => cache.delete('k')],
    ['set', ({ cache }) => cache.set('k', 'newer')],
    ['counted', ({ cache }) => cache.increment('k')],
    ['invalidated by tag', ({ cache }) => cache.invalidateTags(['t'])],
    ['invalidated by prefix', ({ cache }) => cache.invalidatePattern('k*')],
    ['cleared', ({ cache }) => cache.clear()],
  ]

  it.each(invalidations)('is not kept anywhere: %s', async (_, invalidate) => {
    for (const kind of ['getOrSet', 'refresh'] as const) {
      const { a, b, clock } = await pair()
      // What is pushed comes too late to be of help.
      b.store.inject({ kind: 'throw' }, { ops: ['push'] })
      const slow = gate<string>()
      const load = b.cache[kind]('k', () => slow.promise, { tags: ['t'] })
      await clock.settle()
      await invalidate(a)
      slow.open('old')
      expect(await load).toBe('old')
      b.store.heal()
      await clock.advance(500)
      expect(await a.cache.get('k')).not.toBe('old')
      expect(await b.cache.get('k')).not.toBe('old')
    }
  })

  it('is not kept where the other one loads anew and is done first', async () => {
    const { a, b, clock } = await pair()
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    const slow = gate<string>()
    const load = b.cache.getOrSet('k', () => slow.promise)
    await clock.settle()
    await a.cache.delete('k')
    expect(await a.cache.getOrSet('k', () => 'new')).toBe('new')
    slow.open('old')
    await load
    await clock.settle()
    expect(await a.cache.get('k')).toBe('new')
    // Refused by the store, so memory has let go of it as well.
    expect(await b.cache.get('k')).toBe('new')
    expect(b.cache.stats().total.fillsFenced).toBe(1)
  })

  it('gives the right to fill back when it fails or brings nothing', async () => {
    const { a, b } = await pair()
    await expect(b.cache.getOrSet('k', () => Promise.reject(new Error('own')))).rejects.toThrow()
    expect(await a.cache.getOrSet('k', () => undefined)).toBeUndefined()
    const skipped = b.cache.getOrSet('k', ({ skip }) => {
      skip()
      return 'not kept'
    })
    expect(await skipped).toBe('not kept')
    expect(await a.cache.getOrSet('k', () => 'kept')).toBe('kept')
    expect(await b.cache.get('k')).toBe('kept')
  })

  it('is kept when it is late, if nothing was invalidated', async () => {
    const { a, b, clock } = await pair({ hardTimeout: '1s' })
    const slow = gate<string>()
    const load = b.cache.getOrSet('k', () => slow.promise)
    const outcome = load.then(String, (error: { code: string }) => error.code)
    await clock.advance(1_000)
    expect(await outcome).toBe('LOADER_TIMEOUT')
    slow.open('late')
    await clock.settle()
    expect(await a.cache.get('k')).toBe('late')
  })
})

describe('a caller', () => {
  it('does not share a load that was out of date when it came', async () => {
    const { a, clock } = await pair()
    const first = gate<string>()
    const before = a.cache.getOrSet('k', () => first.promise, { tags: ['t'] })
    await clock.settle()
    await a.cache.invalidateTags(['t'])
    const after = a.cache.getOrSet('k', () => 'new', { tags: ['t'] })
    await clock.settle()
    first.open('old')
    expect(await Promise.all([before, after])).toEqual(['old', 'new'])
    expect(await a.cache.get('k')).toBe('new')
  })

  it('gets nothing by a tag that is being invalidated, and others are told the truth', async () => {
    const { a, clock } = await pair()
    await a.cache.set('k', 'old', { tags: ['t'] })
    a.store.inject({ kind: 'delay', delayMs: 20 }, { ops: ['append'] })
    const done = a.cache.invalidateTags(['t'])
    expect(a.cache.peek('k')).toBeUndefined()
    expect(await a.cache.get('k')).toBeUndefined()
    await clock.advance(20)
    expect(await done).toEqual(expect.any(String))
    a.store.inject({ kind: 'throw' }, { ops: ['append'] })
    expect(await a.cache.invalidateTags(['t'])).toBe(false)
    expect(await a.cache.delete('k')).toBe(false)
  })

  it('is told what is wrong with tags and patterns', async () => {
    const { a } = await pair()
    for (const tags of [['x'.repeat(1_025)], [5], 'tag', Array(1_001).fill('t')]) {
      await expect(a.cache.invalidateTags(tags as string[])).rejects.toMatchObject({
        code: 'OPTION_INVALID',
      })
    }
    await expect(a.cache.invalidatePattern('[')).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(await a.cache.invalidateTags([])).toEqual(expect.any(String))
  })
})

describe('an entry that was invalidated by tag', () => {
  it('is not brought back by another life', async () => {
    const { a, b } = await pair()
    await a.cache.set('k', 'old', { tags: ['t'] })
    await b.cache.get('k')
    await a.cache.invalidateTags(['t'])
    expect(await b.cache.expire('k', '2h')).toBe(false)
    expect(await b.cache.ttl('k')).toBeUndefined()
    expect(await b.cache.get('k')).toBeUndefined()
  })
})

describe('pushes that are lost', () => {
  it('are made up for by the next one, before anything is served', async () => {
    const { a, b, clock } = await pair()
    await a.cache.setMany(['k', 'l'].map((key) => [key, 'old']))
    await b.cache.getMany(['k', 'l'])
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    await a.cache.delete('k')
    expect(await b.cache.get('k')).toBe('old')
    b.store.heal()
    await a.cache.delete('l')
    expect(await b.cache.getMany(['k', 'l'])).toEqual([undefined, undefined])
    expect(b.cache.stats().coherence.gapsRepaired).toBe(1)
    await clock.settle()
  })

  it('are made up for by the heartbeat', async () => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old')
    await b.cache.get('k')
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    await a.cache.delete('k')
    expect(await b.cache.get('k')).toBe('old')
    await clock.advance(500)
    expect(await b.cache.get('k')).toBeUndefined()
  })
})

describe('a process that hears nothing', () => {
  it('trusts its memory for as long as its lease, then what it loads itself', async () => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old')
    await b.cache.get('k')
    await clock.advance(1_000)
    b.store.inject({ kind: 'throw' })
    await a.cache.set('k', 'new')
    expect(await b.cache.get('k')).toBe('old')
    await clock.advance(2_000)
    expect(await b.cache.get('k')).toBeUndefined()
    expect(b.cache.stats().coherence.state).toBe('lapsed')
    expect(b.cache.stats().total.memoryLapsed).toBeGreaterThan(0)
    expect(await b.cache.getOrSet('k', () => 'loaded')).toBe('loaded')
    expect(await b.cache.get('k')).toBe('loaded')
    await clock.advance(1_000)
    expect(await b.cache.get('k')).toBe('loaded')
    await clock.advance(1_000)
    expect(await b.cache.get('k')).toBeUndefined()
    b.store.heal()
    await clock.advance(1_000)
    expect(b.cache.stats().coherence.state).toBe('leased')
    expect(await b.cache.get('k')).toBe('new')
  })

  it('shares a load for as long as a lease, so that an outage is no stampede', async () => {
    const { b, clock } = await pair()
    b.store.inject({ kind: 'throw' })
    await clock.advance(5_000)
    const slow = gate<string>()
    let loads = 0
    const load = () => {
      loads++
      return slow.promise
    }
    const calls = [b.cache.getOrSet('k', load), b.cache.getOrSet('k', load)]
    await clock.advance(1_000)
    calls.push(b.cache.getOrSet('k', load))
    await clock.settle()
    expect(loads).toBe(1)
    await clock.advance(1_500)
    calls.push(b.cache.getOrSet('k', load))
    await clock.settle()
    expect(loads).toBe(2)
    slow.open('v')
    expect(await Promise.all(calls)).toEqual(['v', 'v', 'v', 'v'])
  })

  it('writes nothing before it has joined, and says so', async () => {
    const clock = fakeClock()
    const data = inProcessStore({ clock, log: true })
    data.open({ onUp: () => {}, onDown: () => {} })
    const { cache, store } = trackedWithStore({ ttl: '1h' }, clock, data)
    store.inject({ kind: 'throw' }, { ops: ['log'] })
    expect(await cache.set('k', 1)).toBe(false)
    expect(await cache.increment('n')).toBeUndefined()
    expect(await cache.get('k')).toBe(1)
    expect(data.entryCount).toBe(0)
    store.heal()
    await clock.advance(1_000)
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.set('k', 2)).toBe(true)
    expect(await cache.get('k')).toBe(2)
  })
})

describe('a server that lost its data', () => {
  it('begins another epoch: nothing that was held before is served', async () => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old')
    await b.cache.get('k')
    a.data.flush()
    await clock.advance(500)
    expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual([undefined, undefined])
    expect(a.cache.stats().coherence).toMatchObject({ state: 'leased', resets: 1 })
    await a.cache.set('k', 'new')
    expect(await b.cache.get('k')).toBe('new')
  })

  it('does not take what was loaded under the epoch before', async () => {
    const { a, clock } = await pair()
    const slow = gate<string>()
    const load = a.cache.getOrSet('k', () => slow.promise)
    await clock.settle()
    a.data.flush()
    await clock.advance(500)
    slow.open('of another epoch')
    expect(await load).toBe('of another epoch')
    expect(await a.cache.get('k')).toBeUndefined()
  })
})

describe('keys over 1 KiB', () => {
  it('are left to the store, so that no record grows with them', async () => {
    const { a, b } = await pair()
    const long = 'x'.repeat(2_000)
    await a.cache.set(long, 1)
    expect([await b.cache.get(long), await b.cache.get(long)]).toEqual([1, 1])
    await a.cache.set(long, 2)
    expect(await b.cache.get(long)).toBe(2)
    expect([hits(a), hits(b)]).toEqual([0, 0])
    await a.cache.delete(long)
    expect(await b.cache.get(long)).toBeUndefined()
  })
})
