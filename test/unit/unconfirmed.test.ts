/** Invalidations that failed are repeated until the store has confirmed them. */
import { describe, expect, it } from 'vitest'
import type { Invalidation } from '../../src/core/log.js'
import { Unconfirmed } from '../../src/core/unconfirmed.js'
import { fakeClock } from '../../src/testing/index.js'
import { trackedPair } from './tracked-cache.js'

function bench() {
  const clock = fakeClock()
  const removed: string[] = []
  const told: Invalidation[] = []
  const state = { isAway: false }
  const unconfirmed = new Unconfirmed({
    clock,
    random: () => 0.5,
    isAway: () => state.isAway,
    remove: (storeKey) => removed.push(storeKey),
    tell: (invalidations) => told.push(...invalidations),
  })
  return { clock, removed, told, state, unconfirmed }
}

const tag = (name: string): Invalidation => ({ kind: 'tag', tag: name })

describe('what was not confirmed', () => {
  it('is repeated a second later, each once', async () => {
    const { clock, removed, told, unconfirmed } = bench()
    unconfirmed.addKey('a', undefined)
    unconfirmed.addKey('a', undefined)
    unconfirmed.addOthers([tag('t'), tag('t'), tag('u')])
    expect(unconfirmed.count).toBe(3)
    await clock.advance(1_000)
    expect([removed, told]).toEqual([['a'], [tag('t'), tag('u')]])
    expect(unconfirmed.count).toBe(0)
    await clock.advance(5_000)
    expect(removed).toEqual(['a'])
  })

  it('waits while the store is away, and not when it is back', async () => {
    const { clock, removed, state, unconfirmed } = bench()
    state.isAway = true
    unconfirmed.addKey('a', undefined)
    await clock.advance(10_000)
    expect(removed).toEqual([])
    unconfirmed.repeat()
    expect(removed).toEqual(['a'])
  })

  it('is not repeated where its key is written again', async () => {
    const { clock, removed, unconfirmed } = bench()
    unconfirmed.addKey('a', undefined)
    unconfirmed.addKey('b', undefined)
    unconfirmed.forget('a')
    await clock.advance(1_000)
    expect(removed).toEqual(['b'])
  })

  it('becomes one invalidation of everything when there is too much of it', async () => {
    const { clock, removed, told, unconfirmed } = bench()
    for (let i = 0; i < 10_001; i++) unconfirmed.addKey(`k${i}`, undefined)
    await clock.advance(1_000)
    expect([removed, told]).toEqual([[], [{ kind: 'all' }]])
    unconfirmed.addOthers(Array.from({ length: 1_001 }, (_, i) => tag(`t${i}`)))
    await clock.advance(1_000)
    expect(told).toEqual([{ kind: 'all' }, { kind: 'all' }])
  })

  it('is left alone when the cache has ended', async () => {
    const { clock, removed, unconfirmed } = bench()
    unconfirmed.addKey('a', undefined)
    unconfirmed.end()
    unconfirmed.addKey('b', undefined)
    await clock.advance(10_000)
    expect(removed).toEqual([])
  })
})

describe('a failed invalidation', () => {
  const pair = () => trackedPair()

  it.each<[string, (cache: Awaited<ReturnType<typeof pair>>['a']['cache']) => Promise<unknown>]>([
    ['delete', (cache) => cache.delete('k')],
    ['set', (cache) => cache.set('k', 'new')],
    ['invalidateTags', (cache) => cache.invalidateTags(['t'])],
    ['invalidatePattern', (cache) => cache.invalidatePattern('k*')],
    ['clear', (cache) => cache.clear()],
  ])('reaches the others once the store answers again: %s', async (_, invalidate) => {
    const { a, b, clock } = await pair()
    await a.cache.set('k', 'old', { tags: ['t'] })
    expect(await b.cache.get('k')).toBe('old')
    a.store.inject({ kind: 'throw' }, { ops: ['setMany', 'deleteMany', 'append'], times: 2 })
    expect(await invalidate(a.cache)).toBe(false)
    expect(a.cache.stats().store!.unconfirmed).toBe(1)
    expect(await b.cache.get('k')).toBe('old')
    await clock.advance(2_500)
    expect(await b.cache.get('k')).toBeUndefined()
    expect(a.cache.stats().store!.unconfirmed).toBe(0)
  })

  it('takes what was read meanwhile out of memory again, and not what was loaded', async () => {
    const { a, clock } = await pair()
    await a.cache.setMany([
      ['read', 'old'],
      ['loaded', 'old'],
    ])
    a.store.inject({ kind: 'throw' }, { ops: ['deleteMany'], times: 1 })
    expect(await a.cache.deleteMany(['read', 'loaded'])).toBe(false)
    expect(await a.cache.get('read')).toBe('old')
    expect(await a.cache.refresh('loaded', () => 'new')).toBe('new')
    await clock.advance(2_000)
    expect(a.cache.peek('read')).toBeUndefined()
    expect(a.cache.peek('loaded')).toBe('new')
  })

  it('is not repeated over what the process has set since', async () => {
    const { a, b, clock } = await pair()
    a.store.inject({ kind: 'throw' }, { ops: ['deleteMany'], times: 1 })
    expect(await a.cache.delete('k')).toBe(false)
    expect(await a.cache.set('k', 'new')).toBe(true)
    await clock.advance(5_000)
    expect(await b.cache.get('k')).toBe('new')
  })
})
