import { describe, expect, it, vi } from 'vitest'
import { refreshAhead } from '../../src/patterns/index.js'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

const KINDS = { 'memory alone': trackedCache, 'memory and store': trackedWithStore }

describe.each(Object.entries(KINDS))('refreshAhead (%s)', (_, make) => {
  it('loads in the background past 80 % of the ttl, if somebody asks', async () => {
    const { cache, clock } = make()
    let version = 0
    const load = vi.fn((_id: string) => ++version)
    const rates = refreshAhead(cache, { load, ttl: 10 })
    await rates.get('usd')
    await clock.advance(7_999)
    expect(await rates.get('usd')).toBe(1)
    await clock.settle()
    expect(load).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    expect(load).toHaveBeenCalledTimes(1)
    expect(await rates.get('usd')).toBe(1)
    await clock.settle()
    expect(load).toHaveBeenCalledTimes(2)
    expect(await rates.get('usd')).toBe(2)
    expect(cache.stats().total.eagerRefreshes).toBe(1)
  })

  it('takes a threshold of its own, also for many', async () => {
    const { cache, clock } = make({ ttl: 10 })
    const loadMany = vi.fn((ids: string[]) => ids.map((id) => `${id}!`))
    const load = () => expect.fail('it loads many')
    const rates = refreshAhead(cache, { load, loadMany, threshold: 0.5 })
    await rates.getMany(['a', 'b'])
    await clock.advance(5_000)
    await rates.getMany(['a', 'b'])
    await clock.settle()
    expect(loadMany).toHaveBeenCalledTimes(2)
  })

  it('refreshes no more at once than the cache allows', async () => {
    const { cache, clock } = make({ ttl: 10, maxRefreshes: 1 })
    const slow = gate<string>()
    const load = vi.fn((_id: string): string | Promise<string> => 'first')
    const rates = refreshAhead(cache, { load })
    await rates.getMany(['a', 'b'])
    await clock.advance(8_000)
    load.mockImplementation(() => slow.promise)
    expect(await rates.getMany(['a', 'b'])).toEqual(['first', 'first'])
    await clock.settle()
    expect(load).toHaveBeenCalledTimes(3)
    slow.open('second')
    await clock.settle()
    expect(await rates.get('a')).toBe('second')
  })

  it('a refresh that fails leaves the value as it is', async () => {
    const { cache, clock } = make()
    const load = vi.fn((_id: string): string | Promise<string> => 'first')
    const rates = refreshAhead(cache, { load, ttl: 10 })
    await rates.get('a')
    await clock.advance(9_000)
    load.mockImplementation(() => Promise.reject(new Error('boom')))
    expect(await rates.get('a')).toBe('first')
    await clock.settle()
    expect(load).toHaveBeenCalledTimes(2)
    expect(await rates.get('a')).toBe('first')
  })
})

it.each([0, 1, -0.5, 1.5, Number.NaN, '0.8', null])('refuses the threshold %o', (threshold) => {
  const { cache } = trackedCache()
  const options = { load: () => 1, threshold: threshold as number }
  expect(() => refreshAhead(cache, options)).toThrow("refreshAhead: option 'threshold' is")
})

it.each([
  [{ eager: 0.5 }, "option 'eager' is 0.5"],
  [{ ttl: Infinity }, "option 'ttl' is Infinity"],
  [{ treshold: 0.5 }, "unknown option 'treshold'; known here: key, load, loadMany, threshold"],
])('refuses %o', (wrong, message) => {
  const { cache } = trackedCache()
  const options = { load: () => 1, ...wrong } as never
  expect(() => refreshAhead(cache, options)).toThrow(`refreshAhead: ${message}`)
})
