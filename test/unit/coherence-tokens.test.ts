/** Waiting until no process can serve what was invalidated, and gets that bring a token along. */
import { describe, expect, it } from 'vitest'
import type { CacheOptions } from '../../src/index.js'
import { gate, stateOf, type TrackedWithStore, trackedPair } from './tracked-cache.js'

type Process = TrackedWithStore<Record<never, never>>

/** Two processes and a log that has known them for a while. */
const pair = (options: CacheOptions = {}) => trackedPair(options, { joinedAgoMs: 3_000 })

/** From now on it hears nothing, and nobody hears of it. */
function cutOff({ store }: Process): void {
  store.inject({ kind: 'throw' })
}

describe('an invalidation that waits until it is applied', () => {
  const invalidations: [string, (process: Process) => Promise<unknown>][] = [
    ['delete', ({ cache }) => cache.delete('k', { until: 'applied' })],
    ['deleteMany', ({ cache }) => cache.deleteMany(['k', 'l'], { until: 'applied' })],
    ['invalidateTags', ({ cache }) => cache.invalidateTags(['t'], { until: 'applied' })],
    ['invalidatePattern', ({ cache }) => cache.invalidatePattern('k*', { until: 'applied' })],
    ['a scan', ({ cache }) => cache.invalidatePattern('?', { until: 'applied' })],
    ['clear', ({ cache }) => cache.clear({ until: 'applied' })],
  ]

  it.each(invalidations)('resolves once the others have said so: %s', async (_, invalidate) => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old', { tags: ['t'] })
    await b.cache.get('k')
    b.store.inject({ kind: 'delay', delayMs: 50 }, { ops: ['push'] })
    const done = invalidate(a)
    await clock.settle()
    expect(await stateOf(done)).toBe('pending')
    expect(b.cache.peek('k')).toBe('old')
    await clock.advance(50)
    expect(await done).toEqual(expect.any(String))
    expect(b.cache.peek('k')).toBeUndefined()
  })

  it.each(invalidations)(
    'resolves after a lease where one is silent: %s',
    async (_, invalidate) => {
      const { a, b, clock } = await pair()
      await a.cache.set('k', 'old', { tags: ['t'] })
      await b.cache.get('k')
      cutOff(b)
      const done = invalidate(a)
      await clock.advance(1_500)
      expect(await stateOf(done)).toBe('pending')
      await clock.advance(500)
      expect(await done).toEqual(expect.any(String))
      expect(b.cache.peek('k')).toBeUndefined()
    },
  )

  it('waits for nobody who has left', async () => {
    const { a, b } = await pair()
    await b.cache.close()
    expect(await a.cache.delete('k', { until: 'applied' })).toEqual(expect.any(String))
  })

  it('waits a lease where the log began a moment ago', async () => {
    const { a, clock } = await pair()
    a.data.restart()
    await clock.advance(1_000)
    const done = a.cache.delete('k', { until: 'applied' })
    await clock.settle()
    expect(await stateOf(done)).toBe('pending')
    await clock.advance(2_000)
    expect(await done).toEqual(expect.any(String))
  })

  it('is false at once where the store does not confirm', async () => {
    const { a } = await pair()
    a.store.inject({ kind: 'throw' }, { ops: ['append'] })
    expect(await a.cache.delete('k', { until: 'applied' })).toBe(false)
  })

  it('resolves at once in memory alone and when the cache is closed meanwhile', async () => {
    const { a, b } = await pair()
    cutOff(b)
    const done = a.cache.delete('k', { until: 'applied' })
    await a.clock.settle()
    await a.cache.close()
    expect(await done).toEqual(expect.any(String))
  })

  it('refuses what it does not know', async () => {
    const { a } = await pair()
    const wrong = { until: 'later' } as never
    await expect(a.cache.delete('k', wrong)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    const unknown = { untl: 'sent' } as never
    await expect(a.cache.clear(unknown)).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' })
  })
})

describe('a get with the token of an invalidation', () => {
  it('returns nothing older in a process that has not heard of it', async () => {
    const { a, b } = await pair()
    await a.cache.set('k', 'old')
    expect(await b.cache.get('k')).toBe('old')
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    const after = (await a.cache.delete('k')) as string
    expect(await b.cache.get('k')).toBe('old')
    expect(await b.cache.get('k', { after })).toBeUndefined()
    await a.cache.set('k', 'new')
    expect(await b.cache.get('k', { after })).toBe('new')
  })

  it('costs nothing once the process has heard of it', async () => {
    const { a, b, clock } = await pair()
    const after = (await a.cache.delete('k')) as string
    await a.cache.set('l', 1)
    await clock.settle()
    await b.cache.get('l')
    const { other, read } = b.cache.stats().latencies
    expect(await b.cache.get('l', { after })).toBe(1)
    const later = b.cache.stats().latencies
    expect([later.other.count, later.read.count]).toEqual([other.count, read.count])
  })

  it('is a miss, and a load of its own, in a process that cannot ask', async () => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old')
    expect(await b.cache.get('k')).toBe('old')
    const slow = gate<string>()
    const older = b.cache.getOrSet('slow', () => slow.promise)
    await clock.settle()
    cutOff(b)
    const after = (await a.cache.delete('k')) as string
    expect(await b.cache.get('k')).toBe('old')
    expect(await b.cache.get('k', { after })).toBeUndefined()
    expect(await b.cache.getOrSet('k', () => 'new', { after })).toBe('new')
    expect(await b.cache.getOrSet('slow', () => 'own', { after })).toBe('own')
    expect(await b.cache.getOrSetMany(['slow'], () => ['own too'], { after })).toEqual(['own too'])
    slow.open('shared')
    expect(await older).toBe('shared')
  })

  it('is given the newest of several', async () => {
    const { a, b } = await pair()
    const keys = Array.from({ length: 1_200 }, (_, i) => `k${i}`)
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    await a.cache.set('k1199', 'old')
    expect(await b.cache.get('k1199')).toBe('old')
    const after = (await a.cache.deleteMany(keys)) as string
    expect(await b.cache.get('k1199', { after })).toBeUndefined()
  })

  it('takes any text for a token, since it may come from a cookie', async () => {
    const { a, b } = await pair()
    await a.cache.set('k', 'value')
    for (const after of [
      '',
      '.',
      'epoch-1.',
      'epoch-1.1e999',
      'other.5',
      '../../x',
      'a'.repeat(9_999),
    ]) {
      expect(await b.cache.get('k', { after })).toBe('value')
    }
    const wrong = { after: 7 } as never
    await expect(b.cache.get('k', wrong)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    const load = b.cache.getOrSet('k', () => 'x', wrong)
    await expect(load).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
