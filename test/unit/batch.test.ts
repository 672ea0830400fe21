import { describe, expect, it, vi } from 'vitest'
import { batch } from '../../src/patterns/index.js'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

const KINDS = { 'memory alone': trackedCache, 'memory and store': trackedWithStore }
const upper = (ids: string[]) => ids.map((id) => id.toUpperCase())

describe.each(Object.entries(KINDS))('batch (%s)', (_, make) => {
  it('makes one load of what is asked for in one tick', async () => {
    const { cache, clock } = make()
    const loadMany = vi.fn(upper)
    const users = batch(cache, { loadMany })
    expect(await Promise.all([users.get('b'), users.get('a'), users.get('b')])).toEqual([
      ...['B', 'A', 'B'],
    ])
    expect(loadMany.mock.calls.map(([ids]) => ids)).toEqual([['b', 'a']])
    await clock.settle()
    expect(await users.getMany(['a', 'b'])).toEqual(['A', 'B'])
    expect(await cache.getMany(['a', 'b'])).toEqual(['A', 'B'])
    expect(loadMany).toHaveBeenCalledTimes(1)
  })

  it('takes in what the callbacks of the same tick ask for', async () => {
    const { cache } = make()
    const loadMany = vi.fn(upper)
    const users = batch(cache, { loadMany })
    const nested = async () => {
      for (let i = 0; i < 5; i++) await undefined
      return users.get('b')
    }
    expect(await Promise.all([users.get('a'), nested()])).toEqual(['A', 'B'])
    expect(loadMany).toHaveBeenCalledTimes(1)
  })

  it('a key that the source lacks is undefined, and is not kept', async () => {
    const { cache } = make()
    const users = batch(cache, { loadMany: (_: string[]) => new Map([['a', 'A']]) })
    expect(await users.getMany(['a', 'x'])).toEqual(['A', undefined])
    expect(await cache.has('x')).toBe(false)
  })

  it('splits what is more than maxBatch', async () => {
    const { cache } = make()
    const loadMany = vi.fn(upper)
    const users = batch(cache, { loadMany, maxBatch: 2 })
    expect(await users.getMany(['a', 'b', 'c', 'a', 'd', 'e'])).toEqual([
      ...['A', 'B', 'C', 'A', 'D', 'E'],
    ])
    const sizes = loadMany.mock.calls.map(([ids]) => ids.length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2)
    expect(loadMany.mock.calls.flatMap(([ids]) => ids)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('a failing loader rejects whom it was to serve, with its very error', async () => {
    const { cache } = make()
    await cache.set('cached', 'had')
    const boom = new Error('boom')
    const loadMany = (ids: string[]) => (ids.includes('bad') ? Promise.reject(boom) : upper(ids))
    const users = batch(cache, { loadMany, maxBatch: 3 })
    const ids = ['cached', 'bad', 'a', 'b', 'c']
    const outcomes = await Promise.allSettled(ids.map((id) => users.get(id)))
    expect(
      outcomes.map((outcome) => ('value' in outcome ? outcome.value : outcome.reason)),
    ).toEqual([...['had', boom, boom, 'B', 'C']])
    expect((outcomes[1] as PromiseRejectedResult).reason).toBe(boom)
    expect(await users.get('a')).toBe('A')
  })

  it('where its loader fails, what is stale stands in', async () => {
    const { cache, clock } = make({ ttl: 10, grace: 100 })
    await cache.set('a', 'stale')
    await clock.advance(10_000)
    const boom = new Error('boom')
    const loadMany = vi.fn((_: string[]): Promise<string[]> => Promise.reject(boom))
    const users = batch(cache, { loadMany })
    const [a, x] = await Promise.allSettled([users.get('a'), users.get('x')])
    expect([a, x]).toEqual([
      { status: 'fulfilled', value: 'stale' },
      { status: 'rejected', reason: boom },
    ])
    expect(loadMany).toHaveBeenCalledTimes(1)
  })

  it('a loader that throws at once is no different', async () => {
    const { cache } = make()
    const boom = new Error('boom')
    const users = batch(cache, {
      loadMany: (_: string[]) => {
        throw boom
      },
    })
    await expect(users.get('a')).rejects.toBe(boom)
  })

  it('does not bring back what was invalidated meanwhile', async () => {
    const { cache, clock } = make()
    const slow = gate<string[]>()
    const users = batch(cache, { loadMany: (_: string[]) => slow.promise })
    const before = users.getMany(['a', 'b'])
    await clock.settle()
    await users.invalidate('a')
    slow.open(['A', 'B'])
    expect(await before).toEqual(['A', 'B'])
    await clock.settle()
    expect(await cache.getMany(['a', 'b'])).toEqual([undefined, 'B'])
  })
})

it('ids of any type come back to the loader, each key once', async () => {
  const { cache } = trackedCache()
  const loadMany = vi.fn((ids: { n: number }[]) => ids.map(({ n }) => n * 10))
  const tens = batch(cache, { key: ({ n }: { n: number }) => `n:${n}`, loadMany, ttl: 5 })
  const first = { n: 1 }
  expect(await tens.getMany([first, { n: 1 }, { n: 2 }])).toEqual([10, 10, 20])
  expect(loadMany.mock.calls[0]![0][0]).toBe(first)
  expect([tens.keyOf({ n: 2 }), await cache.ttl('n:2')]).toEqual(['n:2', 5])
})

it('a bad id rejects its own caller alone', async () => {
  const { cache } = trackedCache({ longKeys: 'refuse' })
  const users = batch(cache, { loadMany: upper })
  const long = 'x'.repeat(2_000)
  const [bad, tooLong, good] = await Promise.allSettled([
    users.get(42 as never),
    users.get(long),
    users.get('a'),
  ])
  expect(bad).toMatchObject({ reason: { code: 'KEY_INVALID' } })
  expect(tooLong).toMatchObject({ reason: { code: 'KEY_TOO_LONG' } })
  expect(good).toEqual({ status: 'fulfilled', value: 'A' })
})

it('a loader that asks for its own keys is told so', async () => {
  const { cache } = trackedCache()
  const users = batch(cache, {
    loadMany: async (ids: string[]): Promise<unknown[]> =>
      Promise.all(ids.map((id) => cache.getOrSet(id, () => 1))),
  })
  const outcomes = await Promise.allSettled([users.get('a'), users.get('b')])
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ reason: { code: 'LOADER_RECURSION' } })
  }
})

it.each([
  [{}, "option 'loadMany' is undefined"],
  [{ loadMany: upper, maxBatch: 0 }, "option 'maxBatch' is 0; the range is a whole number from 1"],
  [{ loadMany: upper, maxBatch: 10_001 }, "option 'maxBatch' is 10001"],
  [{ loadMany: upper, load: upper }, "unknown option 'load'"],
  [{ loadMany: upper, ttl: 'soon' }, "option 'ttl' is 'soon'"],
])('refuses %o', (options, message) => {
  const { cache } = trackedCache()
  expect(() => batch(cache, options as never)).toThrow(`batch: ${message}`)
})
