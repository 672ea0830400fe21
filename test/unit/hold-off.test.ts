/** What is loaded within the hold-off after an invalidation may be old, and is not kept. */
import { describe, expect, it } from 'vitest'
import { AppliedHistory } from '../../src/coherence/applied-history.js'
import { HoldOffs } from '../../src/core/hold-offs.js'
import { type TrackedWithStore, trackedCache, trackedPair } from './tracked-cache.js'

type Process = TrackedWithStore<Record<never, never>>

const pair = () => trackedPair({ holdOff: '1s' }, { joinedAgoMs: 2_000 })

describe('after an invalidation', () => {
  const invalidations: [string, (process: Process) => Promise<unknown>][] = [
    ['delete', ({ cache }) => cache.delete('k')],
    ['tag', ({ cache }) => cache.invalidateTags(['t'])],
    ['prefix', ({ cache }) => cache.invalidatePattern('k*')],
    ['clear', ({ cache }) => cache.clear()],
  ]

  it.each(invalidations)('loads are not kept anywhere until its end: %s', async (_, invalidate) => {
    const { a, b, clock } = await pair()
    await invalidate(a)
    for (const { cache } of [a, b]) {
      await clock.advance(400)
      expect(await cache.getOrSet('k', () => 'lagging', { tags: ['t'] })).toBe('lagging')
      expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual([undefined, undefined])
    }
    expect(b.cache.stats().total.fillsFenced).toBe(1)
    await clock.advance(300)
    expect(await b.cache.getOrSet('k', () => 'new', { tags: ['t'] })).toBe('new')
    expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual(['new', 'new'])
  })

  it('loads are not kept where it was confirmed and could not be applied', async () => {
    const limits = { joinedAgoMs: 2_000, logLimits: { maxRead: 1 } }
    const { a, b, clock } = await trackedPair({ holdOff: '1s' }, limits)
    a.store.inject({ kind: 'throw' }, { ops: ['push', 'log'] })
    for (const key of ['x', 'y', 'z']) await b.cache.delete(key)
    expect(await a.cache.invalidateTags(['t'])).toEqual(expect.any(String))
    const load = (value: string) => a.cache.getOrSet('k', () => value, { tags: ['t'] })
    expect(await load('lagging')).toBe('lagging')
    expect(a.cache.peek('k')).toBeUndefined()
    await clock.advance(1_000)
    expect(await load('new')).toBe('new')
    expect(a.cache.peek('k')).toBe('new')
  })

  it('other keys are kept, and so is what is set', async () => {
    const { a, b } = await pair()
    await a.cache.delete('k')
    await a.cache.invalidateTags(['t'])
    expect(await b.cache.getOrSet('other', () => 1, { tags: ['u'] })).toBe(1)
    expect(await a.cache.get('other')).toBe(1)
    await b.cache.set('k', 'set')
    expect(await a.cache.get('k')).toBe('set')
  })

  it('is the same in memory alone', async () => {
    const { cache, clock } = trackedCache({ holdOff: '1s' })
    expect(await cache.getOrSet('k', () => 'first', { tags: ['t'] })).toBe('first')
    expect(cache.peek('k')).toBe('first')
    await cache.invalidateTags(['t'])
    await cache.getOrSet('k', () => 'lagging', { tags: ['t'] })
    expect(cache.peek('k')).toBeUndefined()
    await clock.advance(1_000)
    await cache.getOrSet('k', () => 'new', { tags: ['t'] })
    expect(cache.peek('k')).toBe('new')
  })
})

describe('hold-offs', () => {
  it('hold off all keys where there are too many', () => {
    const holdOffs = new HoldOffs()
    for (let i = 0; i < 10_000; i++) holdOffs.note(`k${i}`, 100)
    expect([holdOffs.isTooEarly('k5', 99), holdOffs.isTooEarly('x', 99)]).toEqual([true, false])
    holdOffs.note('one more', 200)
    expect([holdOffs.isTooEarly('x', 199), holdOffs.isTooEarly('x', 200)]).toEqual([true, false])
    holdOffs.noteAll(300)
    holdOffs.noteAll(250)
    expect([holdOffs.isTooEarly('x', 299), holdOffs.isTooEarly('x', 300)]).toEqual([true, false])
  })
})

describe('how far the log was applied a while ago', () => {
  it('is never said to be more than it was, and at rest it is right', () => {
    const history = new AppliedHistory()
    history.begin(0, 0)
    let state = 7
    const below = (limit: number) => {
      state = (state * 48_271) % 2_147_483_647
      return state % limit
    }
    const truth: [seq: number, atMs: number][] = [[0, 0]]
    let nowMs = 0
    for (let seq = 1; seq <= 2_000; seq++) {
      nowMs += below(10) === 0 ? below(2_000) : below(20)
      history.note(seq, nowMs)
      truth.push([seq, nowMs])
      const askedMs = nowMs - below(60_000)
      const real = truth.findLast(([, atMs]) => atMs <= askedMs)?.[0]
      const said = history.asOf(askedMs)
      if (said !== undefined) expect(said).toBeLessThanOrEqual(real!)
      // A twentieth of a second, and the sample before it.
      const before = truth.findLast(([, atMs]) => atMs <= askedMs - 100)?.[0]
      if (before !== undefined) expect(said).toBeGreaterThanOrEqual(before)
    }
    expect(history.asOf(nowMs)).toBe(2_000)
    expect(history.asOf(-1)).toBeUndefined()
  })
})
