/** Many keys, one load: each key is joined, fenced and answered on its own. */
import { describe, expect, it, vi } from 'vitest'
import { gate, stateOf, trackedCache, trackedWithStore } from './tracked-cache.js'

const KINDS = { 'memory alone': trackedCache, 'memory and store': trackedWithStore }
const upper = (keys: string[]) => keys.map((key) => key.toUpperCase())

describe.each(Object.entries(KINDS))('getOrSetMany (%s)', (_, make) => {
  it('loads what is missing in one call, in the order of the keys', async () => {
    const { cache, clock } = make()
    await cache.set('b', 'had')
    const load = vi.fn(upper)
    expect(await cache.getOrSetMany(['c', 'b', 'a', 'c'], load)).toEqual(['C', 'had', 'A', 'C'])
    expect(load.mock.calls.map(([keys]) => keys)).toEqual([['c', 'a']])
    await clock.settle()
    expect(await cache.getMany(['a', 'c'])).toEqual(['A', 'C'])
    expect(await cache.getOrSetMany(['a', 'c'], load)).toEqual(['A', 'C'])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('does not call its loader for nothing', async () => {
    const { cache } = make()
    const load = vi.fn(upper)
    expect(await cache.getOrSetMany([], load)).toEqual([])
    expect(load).not.toHaveBeenCalled()
  })

  it('takes a Map, and what it lacks is a miss that is not kept', async () => {
    const { cache } = make()
    const answer = new Map<string, unknown>([
      ['a', 1],
      ['b', null],
      ['not asked for', 3],
    ])
    expect(await cache.getOrSetMany(['a', 'b', 'c'], () => answer)).toEqual([1, null, undefined])
    expect(await cache.getMany(['b', 'c', 'not asked for'])).toEqual([null, undefined, undefined])
  })

  it('takes undefined in an array for none', async () => {
    const { cache } = make()
    expect(await cache.getOrSetMany(['a', 'b'], () => [undefined, 2])).toEqual([undefined, 2])
    expect(await cache.has('a')).toBe(false)
  })

  it.each([[[1]], [[1, 2, 3]], ['ab'], [{ a: 1, b: 2 }], [null], [undefined], [5]])(
    'refuses the answer %o by a named error',
    async (answer) => {
      const { cache } = make()
      const call = cache.getOrSetMany(['a', 'b'], () => answer as never)
      await expect(call).rejects.toMatchObject({ code: 'LOADER_RESULT' })
      expect(await cache.getMany(['a', 'b'])).toEqual([undefined, undefined])
    },
  )

  it('passes the very error of its loader on to all', async () => {
    const { cache } = make()
    const boom = new Error('boom')
    const calls = [
      cache.getOrSetMany(['a', 'b'], () => Promise.reject(boom)),
      cache.getOrSet('b', () => expect.fail('it shares')),
    ]
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome.status === 'rejected' && outcome.reason).toBe(boom)
    expect(await cache.getOrSetMany(['a', 'b'], upper)).toEqual(['A', 'B'])
  })

  it('shares loads with single callers and with other bulk loads, both ways', async () => {
    const { cache, clock } = make()
    const single = gate<string>()
    const first = cache.getOrSet('a', () => single.promise)
    await clock.settle()
    const [one, two] = [vi.fn(upper), vi.fn(upper)]
    const bulk = cache.getOrSetMany(['a', 'b'], one)
    const other = cache.getOrSetMany(['b', 'a', 'c'], two)
    const after = cache.getOrSet('c', () => expect.fail('it shares'))
    await clock.settle()
    single.open('single')
    expect(await first).toBe('single')
    expect(await bulk).toEqual(['single', 'B'])
    expect(await other).toEqual(['B', 'single', 'C'])
    expect(await after).toBe('C')
    expect([one.mock.calls[0]![0], two.mock.calls[0]![0]]).toEqual([['b'], ['c']])
  })

  it('two bulk loads over the same keys, crosswise, do not block each other', async () => {
    const { cache } = make()
    const calls = [
      cache.getOrSetMany(['a', 'b'], async (keys) => upper(keys)),
      cache.getOrSetMany(['b', 'a'], async (keys) => upper(keys)),
      cache.getOrSetMany(['b', 'c'], async (keys) => upper(keys)),
    ]
    expect(await Promise.all(calls)).toEqual([
      ['A', 'B'],
      ['B', 'A'],
      ['B', 'C'],
    ])
  })

  it('a delete meanwhile fences its key alone', async () => {
    const { cache, clock } = make()
    const open = gate<string[]>()
    const bulk = cache.getOrSetMany(['a', 'b'], () => open.promise)
    await clock.settle()
    await cache.delete('a')
    open.open(['A', 'B'])
    expect(await bulk).toEqual(['A', 'B'])
    await clock.settle()
    expect(await cache.getMany(['a', 'b'])).toEqual([undefined, 'B'])
  })

  it('with fresh: true loads all', async () => {
    const { cache } = make()
    await cache.set('a', 'old')
    expect(await cache.getOrSetMany(['a', 'b'], upper, { fresh: true })).toEqual(['A', 'B'])
    expect(await cache.get('a')).toBe('A')
  })

  it('takes ttl and tags for all', async () => {
    const { cache } = make({ ttl: 100 })
    await cache.getOrSetMany(['a', 'b'], upper, { ttl: 5 })
    expect([await cache.ttl('a'), await cache.ttl('b')]).toEqual([5, 5])
  })

  it('ends at the hard timeout, and frees its keys', async () => {
    const { cache, clock } = make({ hardTimeout: '1s' })
    let signal: AbortSignal | undefined
    const bulk = cache
      .getOrSetMany(['a', 'b'], (_keys, context) => {
        signal = context.signal
        return new Promise<never>(() => {})
      })
      .catch((error) => error)
    await clock.advance(1_000)
    expect(await bulk).toMatchObject({ code: 'LOADER_TIMEOUT' })
    expect(signal!.aborted).toBe(true)
    expect(await cache.getOrSetMany(['a', 'b'], upper)).toEqual(['A', 'B'])
  })

  it('stale values stand in, key by key', async () => {
    const { cache, clock } = make({ ttl: 10, grace: 100 })
    await cache.setMany([
      ['a', 'stale a'],
      ['b', 'stale b'],
    ])
    await clock.advance(10_000)
    const fail = () => Promise.reject(new Error('boom'))
    expect(await cache.getOrSetMany(['a', 'b'], fail)).toEqual(['stale a', 'stale b'])
    await clock.advance(1_000)
    await expect(cache.getOrSetMany(['a', 'x'], fail)).rejects.toThrow('boom')
  })

  it('a caller that leaves does not keep the load from running', async () => {
    const { cache, clock } = make()
    const leaving = new AbortController()
    const open = gate<string[]>()
    const call = cache
      .getOrSetMany(['a', 'b'], () => open.promise, { signal: leaving.signal })
      .catch((error) => error)
    await clock.settle()
    leaving.abort(new Error('gone'))
    expect(await call).toMatchObject({ message: 'gone' })
    open.open(['A', 'B'])
    await clock.settle()
    expect(await cache.getMany(['a', 'b'])).toEqual(['A', 'B'])
  })

  it('takes thousands of keys', async () => {
    const { cache } = make()
    const keys = Array.from({ length: 3_000 }, (_, i) => `k${i}`)
    const load = vi.fn(upper)
    expect(await cache.getOrSetMany(keys, load)).toEqual(upper(keys))
    expect(load).toHaveBeenCalledTimes(1)
    expect(await cache.getMany(keys)).toEqual(upper(keys))
  })

  it('a bad key among good ones rejects the call and hangs nobody', async () => {
    const { cache } = make()
    const bad = [42 as never, 'a']
    await expect(cache.getOrSetMany(bad, upper)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    expect(await stateOf(cache.getOrSet('a', () => 'A'))).toBe('settled')
  })

  it('the keys that its loader gets are its own', async () => {
    const { cache } = make()
    const answer = await cache.getOrSetMany(['a', 'b'], (keys) => {
      const answers = upper(keys)
      keys.length = 0
      return answers
    })
    expect(answer).toEqual(['A', 'B'])
  })
})
