/** Cache-aside and read-through: one implementation of reads, two faces. */
import { describe, expect, it, vi } from 'vitest'
import { aside, readThrough } from '../../src/patterns/index.js'
import { gate, trackedCache, trackedPair, trackedWithStore } from './tracked-cache.js'

const KINDS = { 'memory alone': trackedCache, 'memory and store': trackedWithStore }
const PATTERNS = { aside, readThrough }
const row = (id: string) => ({ id })
const one = () => 1

describe.each(Object.entries(PATTERNS))('%s', (name, pattern) => {
  describe.each(Object.entries(KINDS))('over %s', (_, make) => {
    it('loads once for all who ask, and keeps it', async () => {
      const { cache } = make()
      const load = vi.fn(async (id: string) => row(id))
      const users = pattern(cache, { load })
      expect(await Promise.all([users.get('1'), users.get('1')])).toEqual([row('1'), row('1')])
      expect(await users.get('1')).toEqual(row('1'))
      expect(load.mock.calls.map(([id]) => id)).toEqual(['1'])
      expect(await cache.get('1')).toEqual(row('1'))
    })

    it('passes the very error of its loader on, and keeps nothing', async () => {
      const { cache } = make()
      const boom = new Error('boom')
      const users = pattern(cache, { load: (_id: string) => Promise.reject(boom) })
      await expect(users.get('1')).rejects.toBe(boom)
      await expect(users.getMany(['1', '2'])).rejects.toBe(boom)
      expect(await cache.get('1')).toBeUndefined()
    })

    it('does not keep what was loaded before its key was invalidated', async () => {
      const { cache, clock } = make()
      const slow = gate<string>()
      const users = pattern(cache, { load: (_id: string) => slow.promise })
      const before = users.get('1')
      await clock.settle()
      expect(await users.invalidate('1')).not.toBe(false)
      slow.open('old')
      expect(await before).toBe('old')
      await clock.settle()
      expect(await cache.get('1')).toBeUndefined()
    })

    it('loads many by one call where it can', async () => {
      const { cache } = make()
      const loadMany = vi.fn(async (ids: { n: number }[]) => ids.map(({ n }) => n * 10))
      const load = () => expect.fail('it loads many')
      const tens = pattern(cache, { key: ({ n }: { n: number }) => `n:${n}`, load, loadMany })
      await cache.set('n:2', 'had')
      const ids = [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 1 }]
      expect(await tens.getMany(ids)).toEqual([10, 'had', 30, 10])
      expect(loadMany.mock.calls.map(([asked]) => asked.map(({ n }) => n))).toEqual([[1, 3]])
      expect(await cache.getMany(['n:1', 'n:3'])).toEqual([10, 30])
    })

    it('loads each where it has no other way', async () => {
      const { cache } = make()
      const load = vi.fn((id: string) => id.toUpperCase())
      expect(await pattern(cache, { load }).getMany(['a', 'b', 'a'])).toEqual(['A', 'B', 'A'])
      expect(load).toHaveBeenCalledTimes(2)
    })
  })

  it('takes a Map by id, whatever an id is', async () => {
    const { cache } = trackedCache()
    const loadMany = (ids: number[]) => new Map(ids.filter((id) => id > 1).map((id) => [id, -id]))
    const load = (id: number) => -id
    const numbers = pattern(cache, { key: (id: number) => `n${id}`, load, loadMany })
    expect(await numbers.getMany([1, 2, 3])).toEqual([undefined, -2, -3])
    expect(await cache.has('n1')).toBe(false)
  })

  it.each([[[1]], [{}], [undefined]])('refuses %o from loadMany', async (answer) => {
    const { cache } = trackedCache()
    const numbers = pattern(cache, { load: (id: string) => id, loadMany: () => answer as never })
    await expect(numbers.getMany(['a', 'b'])).rejects.toMatchObject({ code: 'LOADER_RESULT' })
  })

  it('a list that its loader empties is its own', async () => {
    const { cache } = trackedCache()
    const loadMany = (ids: string[]) => new Map(ids.splice(0).map((id) => [id, id]))
    expect(await pattern(cache, { load: (id: string) => id, loadMany }).getMany(['a'])).toEqual([
      'a',
    ])
  })

  it('gives its loader the context of a load', async () => {
    const { cache, clock } = trackedCache({ ttl: 10, grace: 10 })
    const seen: unknown[] = []
    const users = pattern(cache, {
      load: (id: string, { key, stale, signal, tag }): number => {
        seen.push([id, key, stale, signal.aborted])
        tag('team:7')
        return seen.length
      },
      key: (id: string) => `user:${id}`,
    })
    await users.get('1')
    await clock.advance(10_000)
    await users.get('1')
    expect(seen).toEqual([
      ['1', 'user:1', undefined, false],
      ['1', 'user:1', 1, false],
    ])
    await cache.invalidateTags(['team:7'])
    expect(await cache.get('user:1')).toBeUndefined()
  })

  it('entries live as its options say, and changing those later changes nothing', async () => {
    const { cache } = trackedCache()
    const tags = ['users']
    const options = { load: (id: string) => id, ttl: 5, tags }
    const users = pattern(cache, Object.freeze(options))
    tags.push('late')
    await users.get('1')
    expect(await cache.ttl('1')).toBe(5)
    await cache.invalidateTags(['late'])
    expect(await cache.get('1')).toBe('1')
    await cache.invalidateTags(['users'])
    expect(await cache.get('1')).toBeUndefined()
  })

  it('a call takes signal and after, and nothing else', async () => {
    const { cache } = trackedCache()
    const users = pattern(cache, { load: () => new Promise<never>(() => {}) })
    const leaving = new AbortController()
    const call = users.get('1', { signal: leaving.signal })
    leaving.abort(new Error('gone'))
    await expect(call).rejects.toThrow('gone')
    const wrong = { ttl: 5 } as never
    await expect(users.get('1', wrong)).rejects.toThrow(`${name}: unknown option 'ttl'`)
    await expect(users.getMany(['1'], wrong)).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' })
  })

  it('with after hands out nothing older, in any process', async () => {
    const { a, b } = await trackedPair({ memory: {} })
    const of = (cache: typeof a.cache) => pattern(cache, { load: (_id: string) => 'new' })
    await a.cache.set('1', 'old')
    expect(await b.cache.get('1')).toBe('old')
    const token = await of(a.cache).invalidate('1')
    expect(await of(b.cache).get('1', { after: token as string })).toBe('new')
  })

  it('an id that is no string needs a key', async () => {
    const { cache } = trackedCache()
    const numbers = pattern(cache, { load: (id: number) => id })
    const says = { code: 'KEY_INVALID', message: expect.stringContaining("option 'key'") }
    await expect(numbers.get(1)).rejects.toMatchObject(says)
    await expect(numbers.getMany([1])).rejects.toMatchObject(says)
    await expect(numbers.invalidate(1)).rejects.toMatchObject(says)
    expect(() => numbers.keyOf(1)).toThrow('number')
    const empty = pattern(cache, { load: () => 1, key: () => undefined as never })
    await expect(empty.get('1')).rejects.toMatchObject({ code: 'KEY_INVALID' })
    const boom = new Error('boom')
    const throwing = pattern(cache, {
      load: () => 1,
      key: (_id: string) => {
        throw boom
      },
    })
    await expect(throwing.get('1')).rejects.toBe(boom)
  })

  it.each([
    [{ load: 42 }, "option 'load' is 42"],
    [{}, "option 'load' is undefined"],
    [{ load: one, loadMany: 42 }, "option 'loadMany' is 42"],
    [{ load: one, key: 'id' }, "option 'key' is 'id'"],
    [{ load: one, tll: 5 }, "unknown option 'tll'; known here: key, load, loadMany, ttl"],
    [{ load: one, fresh: true }, "unknown option 'fresh'"],
    [{ load: one, signal: undefined }, "unknown option 'signal'"],
    [{ load: one, ttl: -1 }, "option 'ttl' is -1"],
    [{ load: one, tags: 'users' }, "option 'tags' is 'users'"],
    [null, "option 'options' is null"],
  ])('refuses %o', (options, message) => {
    const { cache } = trackedCache()
    expect(() => pattern(cache, options as never)).toThrow(`${name}: ${message}`)
  })

  it.each([undefined, null, {}, new Map()])('refuses %o as a cache', (cache) => {
    expect(() => pattern(cache as never, { load: () => 1 })).toThrow("option 'cache'")
  })
})

describe('aside', () => {
  it('sets what the application has at hand, fencing older loads', async () => {
    const { cache, clock } = trackedWithStore()
    const slow = gate<string>()
    const users = aside(cache, { load: (_id: string) => slow.promise, ttl: 5 })
    const before = users.get('1')
    await clock.settle()
    expect(await users.set('1', 'new')).toBe(true)
    slow.open('old')
    await before
    await clock.settle()
    expect([await users.get('1'), await cache.ttl('1')]).toEqual(['new', 5])
  })

  it('sets with the options that set takes, and adds tags', async () => {
    const { cache } = trackedCache()
    const options = { ttl: 5, hardTimeout: 2, retryAfter: 1, softTimeout: 1, tags: ['users'] }
    const users = aside(cache, { load: (id: string) => id, ...options })
    for (const [tag, ttl] of [
      ['users', 5],
      ['team:7', 9],
    ] as const) {
      const call = ttl === 9 ? { ttl, tags: ['team:7'] } : undefined
      await users.set('1', 'v', call)
      expect(await cache.ttl('1')).toBe(ttl)
      await cache.invalidateTags([tag])
      expect(await cache.get('1')).toBeUndefined()
    }
    await users.set('1', 'v', { tags: ['team:7'] })
    await cache.invalidateTags(['users'])
    expect(await cache.get('1')).toBeUndefined()
    await expect(users.set('1', 'v', { tll: 1 } as never)).rejects.toThrow("option 'tll'")
    await expect(users.set('1', 'v', { ttl: -1 })).rejects.toThrow("option 'ttl' is -1")
  })

  it('refreshes on demand', async () => {
    const { cache } = trackedCache()
    let version = 0
    const users = aside(cache, { load: (_id: string) => ++version })
    expect([await users.get('1'), await users.refresh('1'), await users.get('1')]).toEqual([
      1, 2, 2,
    ])
    const wrong = users.refresh('1', { ttl: 1 } as never)
    await expect(wrong).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' })
  })
})
