/** Refreshing before expiry: at a fraction of the ttl, or by XFetch. */
import { describe, expect, it, vi } from 'vitest'
import { gate, stateOf, trackedCache, trackedWithStore } from './tracked-cache.js'

const KINDS = { 'memory alone': trackedCache, 'memory and store': trackedWithStore }

describe.each(Object.entries(KINDS))('eager refresh (%s)', (_, make) => {
  it('begins at its fraction of the ttl, in the background, once', async () => {
    const { cache, clock } = make({ ttl: 10, eager: 0.8 })
    let version = 0
    const load = vi.fn(async () => ++version)
    await cache.getOrSet('k', load)
    await clock.advance(7_999)
    expect(await cache.getOrSet('k', load)).toBe(1)
    await clock.advance(1)
    expect(load).toHaveBeenCalledTimes(1)
    expect(await Promise.all([cache.getOrSet('k', load), cache.getOrSet('k', load)])).toEqual([
      1, 1,
    ])
    await clock.settle()
    expect(load).toHaveBeenCalledTimes(2)
    expect(await cache.getOrSet('k', load)).toBe(2)
    expect(cache.stats().total).toMatchObject({ eagerRefreshes: 1, loads: 2, misses: 1 })
  })

  it('gives the entry its whole ttl anew', async () => {
    const { cache, clock } = make({ ttl: 10, eager: 0.5 })
    await cache.getOrSet('k', () => 1)
    await clock.advance(5_000)
    await cache.getOrSet('k', () => 2)
    await clock.settle()
    expect(await cache.ttl('k')).toBeCloseTo(10)
  })

  it('that fails leaves the entry as it is, and tries again after retryAfter', async () => {
    const { cache, clock } = make({ ttl: 100, eager: 0.5, retryAfter: 5 })
    await cache.getOrSet('k', () => 'v')
    await clock.advance(50_000)
    const fail = vi.fn(() => Promise.reject(new Error('boom')))
    expect(await cache.getOrSet('k', fail)).toBe('v')
    await clock.advance(4_999)
    expect(await cache.getOrSet('k', fail)).toBe('v')
    expect(fail).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    expect(await cache.getOrSet('k', fail)).toBe('v')
    await clock.settle()
    expect(fail).toHaveBeenCalledTimes(2)
    await clock.advance(45_000)
    await expect(cache.getOrSet('k', fail)).rejects.toThrow('boom')
  })

  it('is not begun by a plain get, a peek or without the option', async () => {
    const { cache, clock } = make({ ttl: 10, eager: 0.5 })
    await cache.getOrSet('k', () => 1)
    await clock.advance(5_000)
    await cache.get('k')
    cache.peek('k')
    const load = vi.fn(() => 2)
    await cache.getOrSet('k', load, { eager: false })
    await clock.settle()
    expect(load).not.toHaveBeenCalled()
  })

  it('never hands out what is dead, though the refresh is slow and fails', async () => {
    const { cache, clock } = make({ ttl: 10, eager: 0.9 })
    await cache.getOrSet('k', () => 'old')
    await clock.advance(9_000)
    const slow = gate<string>()
    expect(await cache.getOrSet('k', () => slow.promise)).toBe('old')
    await clock.advance(2_000)
    const late = cache.getOrSet('k', () => 'unused').catch((error) => error)
    expect(await stateOf(late)).toBe('pending')
    slow.fail(new Error('boom'))
    expect(await late).toMatchObject({ message: 'boom' })
  })

  it('that is slow keeps nobody past the soft timeout once the entry is stale', async () => {
    const { cache, clock } = make({ ttl: 10, grace: 100, eager: 0.9, softTimeout: '200ms' })
    await cache.getOrSet('k', () => 'old')
    await clock.advance(9_000)
    const slow = gate<string>()
    expect(await cache.getOrSet('k', () => slow.promise)).toBe('old')
    await clock.advance(2_000)
    const late = cache.getOrSet('k', () => 'unused')
    await clock.advance(200)
    expect(await stateOf(late)).toBe('settled')
    expect(await late).toBe('old')
    slow.open('new')
    await clock.settle()
  })

  it('is fenced by a delete', async () => {
    const { cache, clock } = make({ ttl: 10, eager: 0.5 })
    await cache.getOrSet('k', () => 'old')
    await clock.advance(5_000)
    const slow = gate<string>()
    await cache.getOrSet('k', () => slow.promise)
    await cache.delete('k')
    slow.open('late')
    await clock.settle()
    expect(await cache.get('k')).toBeUndefined()
  })

  it('is begun for values that are copied, too', async () => {
    const { cache, clock } = make({ ttl: 10, eager: 0.5 })
    await cache.getOrSet('k', () => new Date(1))
    await clock.advance(5_000)
    expect(await cache.getOrSet('k', () => new Date(2))).toEqual(new Date(1))
    await clock.settle()
    expect(await cache.getOrSet('k', () => new Date(3))).toEqual(new Date(2))
  })

  it('is begun in bulk', async () => {
    const { cache, clock } = make({ ttl: 10, eager: 0.5 })
    await cache.getOrSetMany(['a', 'b'], (keys) => keys.map((key) => `${key}1`))
    await clock.advance(5_000)
    const load = vi.fn((keys: string[]) => keys.map((key) => `${key}2`))
    expect(await cache.getOrSetMany(['a', 'b'], load)).toEqual(['a1', 'b1'])
    await clock.settle()
    expect(load.mock.calls.map(([keys]) => keys)).toEqual([['a', 'b']])
    expect(await cache.getMany(['a', 'b'])).toEqual(['a2', 'b2'])
  })
})

describe('XFetch', () => {
  /** The moment is expiry − loadTime · β · −ln(1 − random). */
  it.each([
    [0, 1, 100_000],
    [1 - Math.exp(-1), 1, 99_000],
    [1 - Math.exp(-1), 3, 97_000],
    [1 - Math.exp(-5), 1, 95_000],
  ])('with random %d and beta %d begins at %d ms', async (random, beta, atMs) => {
    const { cache, clock } = trackedCache({ ttl: 100, eager: { beta }, random: () => random })
    const first = cache.getOrSet('k', async () => {
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 1_000, false))
      return 'v'
    })
    await clock.advance(1_000)
    await first
    const load = vi.fn(() => 'v2')
    await clock.advance(atMs - 1)
    await cache.getOrSet('k', load)
    expect(load).toHaveBeenCalledTimes(0)
    await clock.advance(1.001)
    await cache.getOrSet('k', load)
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('weighs the load time that came with an entry from the store', async () => {
    const random = () => 1 - Math.exp(-1)
    const { cache, clock, data } = trackedWithStore({ ttl: 100, eager: { beta: 1 }, random })
    const first = cache.getOrSet('k', async () => {
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 2_000, false))
      return 'v'
    })
    await clock.advance(2_000)
    await first
    await clock.settle()
    const other = trackedWithStore({ ttl: 100, eager: { beta: 1 }, random }, clock, data)
    expect(await other.cache.get('k')).toBe('v')
    await clock.advance(97_900)
    const load = vi.fn(() => 'v2')
    await other.cache.getOrSet('k', load)
    expect(load).toHaveBeenCalledTimes(0)
    await clock.advance(200)
    await other.cache.getOrSet('k', load)
    await clock.settle()
    expect(load).toHaveBeenCalledTimes(1)
  })
})
