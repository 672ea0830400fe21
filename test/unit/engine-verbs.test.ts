/** What every verb does, in memory alone, before a store, and with a store alone. */
import { describe, expect, it } from 'vitest'
import type { CacheOptions } from '../../src/index.js'
import type { FakeClock } from '../../src/testing/index.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

const KINDS = {
  'memory alone': (options: CacheOptions = {}, clock?: FakeClock) => trackedCache(options, clock),
  'memory and store': (options: CacheOptions = {}, clock?: FakeClock) =>
    trackedWithStore(options, clock),
  'store alone': (options: CacheOptions = {}, clock?: FakeClock) =>
    trackedWithStore({ ...options, memory: false }, clock),
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list.sort()
}

describe.each(Object.entries(KINDS))('%s', (_, make) => {
  it('get finds what was set, undefined is a miss and null a value', async () => {
    const { cache } = make()
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.set('k', { a: 1 })).toBe(true)
    expect(await cache.get('k')).toEqual({ a: 1 })
    await cache.set('k', null)
    expect([await cache.get('k'), await cache.has('k'), await cache.has('other')]).toEqual([
      null,
      true,
      false,
    ])
  })

  it.each([0, '', false, null, [], {}, Number.NaN])('keeps %o', async (value) => {
    const { cache } = make()
    await cache.set('k', value)
    expect(await cache.get('k')).toEqual(value)
    expect(await cache.getOrSet('k', () => expect.fail('it was there'))).toEqual(value)
  })

  it('set replaces value, life and all', async () => {
    const { cache, clock } = make({ ttl: 100 })
    await cache.set('k', 1, { ttl: 5 })
    await cache.set('k', 2)
    await clock.advance(50_000)
    expect(await cache.get('k')).toBe(2)
  })

  it('delete removes, also what is not there', async () => {
    const { cache } = make()
    await cache.set('k', 1)
    expect(await cache.delete('k')).toEqual(expect.any(String))
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.delete('k')).toEqual(expect.any(String))
  })

  it('getMany answers in the order of the keys, each as often as it is named', async () => {
    const { cache } = make()
    await cache.setMany([
      ['a', 1],
      ['b', null],
    ])
    expect(await cache.getMany(['b', 'x', 'a', 'b'])).toEqual([null, undefined, 1, null])
    expect(await cache.getMany([])).toEqual([])
  })

  it('setMany takes any iterable, the last of equal keys wins', async () => {
    const { cache } = make()
    expect(await cache.setMany(new Map([['a', 1]]))).toBe(true)
    expect(await cache.setMany([])).toBe(true)
    const pairs = [
      ['a', 2],
      ['b', 3],
      ['a', 4],
    ] as const
    await cache.setMany(pairs, { ttl: 7 })
    expect(await cache.getMany(['a', 'b'])).toEqual([4, 3])
    expect(await cache.ttl('b')).toBeCloseTo(7)
  })

  it('deleteMany removes all', async () => {
    const { cache } = make()
    await cache.setMany(new Map([...'abc'].map((key) => [key, key])))
    expect(await cache.deleteMany(['a', 'c', 'x'])).toEqual(expect.any(String))
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([undefined, 'b', undefined])
  })

  it('getOrSet loads what is missing, once, and keeps it', async () => {
    const { cache } = make()
    let loads = 0
    const load = () => ++loads
    expect([await cache.getOrSet('k', load), await cache.getOrSet('k', load)]).toEqual([1, 1])
    expect(await cache.get('k')).toBe(1)
  })

  it('refresh loads anew and replaces', async () => {
    const { cache } = make()
    await cache.set('k', 1)
    expect(await cache.refresh('k', () => 2)).toBe(2)
    expect(await cache.get('k')).toBe(2)
    expect(await cache.getOrSet('k', () => 3, { fresh: true })).toBe(3)
  })

  it('expire gives a new life from now, and revives nothing', async () => {
    const { cache, clock } = make({ ttl: 10, grace: 100 })
    expect(await cache.expire('k', 5)).toBe(false)
    await cache.set('k', 1)
    await clock.advance(9_000)
    expect(await cache.expire('k', 10)).toBe(true)
    await clock.advance(9_000)
    expect(await cache.get('k')).toBe(1)
    await clock.advance(1_001)
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.expire('k', 10)).toBe(false)
    expect(await cache.get('k')).toBeUndefined()
  })

  it('expire shortens a life too', async () => {
    const { cache, clock } = make({ ttl: 100 })
    await cache.set('k', 1)
    expect(await cache.expire('k', '500ms')).toBe(true)
    await clock.advance(499)
    expect(await cache.get('k')).toBe(1)
    await clock.advance(1)
    expect(await cache.get('k')).toBeUndefined()
  })

  it('ttl tells how long an entry is fresh', async () => {
    const { cache, clock } = make({ ttl: 10, grace: 10 })
    expect(await cache.ttl('k')).toBeUndefined()
    await cache.set('k', 1)
    await clock.advance(4_000)
    expect(await cache.ttl('k')).toBeCloseTo(6)
    await clock.advance(6_000)
    expect(await cache.ttl('k')).toBeUndefined()
    await cache.set('ever', 1, { ttl: Number.POSITIVE_INFINITY })
    expect(await cache.ttl('ever')).toBe(Number.POSITIVE_INFINITY)
  })

  it('increment counts, an absent key from 0, and keeps the life of a present one', async () => {
    const { cache, clock } = make({ ttl: 10 })
    expect(await cache.increment('n')).toBe(1)
    await clock.advance(6_000)
    expect(await cache.increment('n', 5)).toBe(6)
    expect(await cache.decrement('n', 2)).toBe(4)
    expect(await cache.get('n')).toBe(4)
    await clock.advance(4_000)
    expect(await cache.get('n')).toBeUndefined()
    expect(await cache.decrement('n')).toBe(-1)
    expect(await cache.increment('m', 1.5, { ttl: 60 })).toBe(1.5)
    expect(await cache.ttl('m')).toBeCloseTo(60)
  })

  it('increment goes on from a number that was set or loaded', async () => {
    const { cache, clock } = make()
    await cache.set('n', 41)
    expect(await cache.increment('n')).toBe(42)
    await cache.getOrSet('m', () => 5)
    expect(await cache.increment('m', 2)).toBe(7)
    await clock.advance(1_000)
    expect(await cache.getMany(['n', 'm'])).toEqual([42, 7])
  })

  it('increments of one tick all count', async () => {
    const { cache } = make()
    await Promise.all(Array.from({ length: 100 }, () => cache.increment('n')))
    expect(await cache.get('n')).toBe(100)
  })

  it('a set of the same tick comes before an increment', async () => {
    const { cache, clock } = make()
    const set = cache.set('n', 10)
    expect(await cache.increment('n')).toBe(11)
    await set
    await clock.settle()
    expect(await cache.get('n')).toBe(11)
  })

  it('expire after a load reaches every tier', async () => {
    const { cache, clock } = make({ ttl: 100 })
    await cache.getOrSet('k', () => 1)
    expect(await cache.expire('k', 5)).toBe(true)
    await clock.advance(5_000)
    expect(await cache.get('k')).toBeUndefined()
  })

  it.each(['text', {}, [1], null, true])('increment refuses %o, and leaves it', async (value) => {
    const { cache } = make()
    await cache.set('k', value)
    await expect(cache.increment('k')).rejects.toMatchObject({ code: 'VALUE_NOT_A_NUMBER' })
    expect(await cache.get('k')).toEqual(value)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '1', null])('refuses to add %s', async (by) => {
    const { cache } = make()
    const counted = cache.increment('k', by as number)
    await expect(counted).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(await cache.has('k')).toBe(false)
  })

  it('increment refuses a sum that is no number, and leaves what was there', async () => {
    const { cache } = make()
    await cache.set('n', 1.7e308)
    const counted = cache.increment('n', 1.7e308)
    await expect(counted).rejects.toMatchObject({ code: 'VALUE_NOT_A_NUMBER' })
    expect(await cache.get('n')).toBe(1.7e308)
  })

  it('adding nothing to nothing is zero, without a sign', async () => {
    const { cache } = make()
    expect(await cache.increment('a', 0)).toBe(0)
    expect(await cache.decrement('b', 0)).toBe(0)
  })

  it('keys lists this namespace alone', async () => {
    const { cache } = make()
    const users = cache.namespace('users')
    const odd = ['', 'a', '__proto__', '{b}', '~c', 'd*']
    await cache.setMany(odd.map((key) => [key, 1] as const))
    await users.set('u', 1)
    await cache.namespace('users.vip').set('v', 1)
    expect(await all(cache.keys())).toEqual([...odd].sort())
    expect(await all(users.keys())).toEqual(['u'])
  })

  it('keys lists what was just loaded, and nothing that is dead', async () => {
    const { cache, clock } = make({ ttl: 5 })
    await cache.set('old', 1)
    await clock.advance(5_000)
    await cache.getOrSet('new', () => 1)
    expect(await all(cache.keys())).toEqual(['new'])
  })

  it('clear empties its namespace; on the cache itself, all', async () => {
    const { cache } = make()
    const [users, other] = [cache.namespace('users'), cache.namespace('other')]
    for (const each of [cache, users, other]) await each.set('k', 1)
    expect(await users.clear()).toEqual(expect.any(String))
    expect([await users.get('k'), await other.get('k'), await cache.get('k')]).toEqual([
      undefined,
      1,
      1,
    ])
    expect(await cache.clear()).toEqual(expect.any(String))
    expect([await other.get('k'), await cache.get('k')]).toEqual([undefined, undefined])
  })

  it('odd keys do not collide', async () => {
    const { cache } = make()
    const keys = ['', ' ', '\n', '\0', '🧊', '\ud800', '\ud801', '__proto__', '*', '?', '{', '~e{']
    keys.push('~', '~h', 'a:b', ':', 'constructor', 'x'.repeat(2_000), `${'x'.repeat(2_000)}y`)
    await cache.setMany(keys.map((key, i) => [key, i] as const))
    expect(await cache.getMany(keys)).toEqual(keys.map((_, i) => i))
    for (const [i, key] of keys.entries()) expect(await cache.get(key)).toBe(i)
    await cache.deleteMany(keys.slice(1))
    expect(await cache.get('')).toBe(0)
  })
})

describe('every verb', () => {
  const verbs = (key: unknown) => {
    const { cache } = trackedCache()
    const name = key as string
    return [
      cache.get(name),
      cache.has(name),
      cache.getMany([name]),
      cache.set(name, 1),
      cache.setMany([[name, 1]]),
      cache.delete(name),
      cache.deleteMany([name]),
      cache.getOrSet(name, () => 1),
      cache.getOrSetMany([name], () => [1]),
      cache.refresh(name, () => 1),
      cache.expire(name, 1),
      cache.ttl(name),
      cache.increment(name),
      cache.decrement(name),
    ]
  }
  it.each([undefined, null, 42, {}, Symbol('k')])('rejects the key %s', async (key) => {
    for (const outcome of await Promise.allSettled(verbs(key))) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'KEY_INVALID' } })
    }
  })

  it('rejects a long key where these are refused', async () => {
    const { cache } = trackedCache({ longKeys: 'refuse' })
    const key = 'x'.repeat(1_025)
    for (const call of [cache.get(key), cache.set(key, 1), cache.delete(key)])
      await expect(call).rejects.toMatchObject({ code: 'KEY_TOO_LONG' })
    expect(cache.peek(key)).toBeUndefined()
  })

  it.each([
    ['get', { fresh: true }],
    ['get', { ttl: 5 }],
    ['set', { fresh: true }],
    ['set', { signal: AbortSignal.abort() }],
    ['set', { ttl: -1 }],
    ['getOrSet', { tll: 5 }],
    ['getOrSet', { schema: {} }],
    ['getOrSet', { fresh: 'yes' }],
    ['getOrSet', { signal: 'stop' }],
    ['getOrSetMany', { tll: 5 }],
    ['refresh', { ttl: Number.NaN }],
  ] as const)('%s refuses the options %o', async (verb, options) => {
    const { cache } = trackedCache()
    const calls: Record<string, () => Promise<unknown>> = {
      get: () => cache.get('k', options as object),
      set: () => cache.set('k', 1, options as object),
      getOrSet: () => cache.getOrSet('k', () => 1, options as object),
      getOrSetMany: () => cache.getOrSetMany(['k'], () => [1], options as object),
      refresh: () => cache.refresh('k', () => 1, options as object),
    }
    await expect(calls[verb]!()).rejects.toMatchObject({
      code: expect.stringMatching(/^OPTION_/),
    })
    expect(await cache.has('k')).toBe(false)
  })

  it.each([null, 42, 'load', {}])('refuses the loader %o', async (loader) => {
    const { cache } = trackedCache()
    for (const call of [
      cache.getOrSet('k', loader as never),
      cache.refresh('k', loader as never),
      cache.getOrSetMany(['k'], loader as never),
    ])
      await expect(call).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
