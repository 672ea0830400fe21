/** How stale memory may be while the other processes are not heard of. */
import { describe, expect, it } from 'vitest'
import type { CacheOptions } from '../../src/index.js'
import { trackedPair } from './tracked-cache.js'

async function pair(options: CacheOptions) {
  const { a, b, clock } = await trackedPair(options, { joinedAgoMs: 2_500 })
  await a.cache.set('k', 'old')
  await b.cache.get('k')
  b.store.inject({ kind: 'throw' })
  return { a, b, clock }
}

describe('a process that is cut off', () => {
  it.each<[CacheOptions['staleIfDown'], number, number]>([
    ['2s', 1_400, 2_000],
    ['10s', 9_300, 10_000],
    [0, 1_400, 2_000],
  ])('serves its memory for %s, and not for longer', async (staleIfDown, untilMs, afterMs) => {
    const { b, clock } = await pair({ staleIfDown })
    await clock.advance(untilMs)
    expect(b.cache.peek('k')).toBe('old')
    await clock.advance(afterMs - untilMs)
    expect(b.cache.peek('k')).toBeUndefined()
    expect(b.cache.stats().coherence.state).toBe('lapsed')
  })

  it('serves it for ever where that is wished, and catches up when it is back', async () => {
    const { a, b, clock } = await pair({ staleIfDown: Number.POSITIVE_INFINITY })
    await a.cache.delete('k')
    await clock.advance(3_000_000)
    expect(b.cache.peek('k')).toBe('old')
    b.store.heal()
    await clock.advance(1_000)
    expect(b.cache.peek('k')).toBeUndefined()
  })

  it('serves nothing of its own loads either where it must be strict', async () => {
    const loads = async (staleIfDown: CacheOptions['staleIfDown']) => {
      const { b, clock } = await pair({ staleIfDown })
      await clock.advance(3_000)
      let count = 0
      const load = async () => ++count
      await Promise.all([b.cache.getOrSet('own', load), b.cache.getOrSet('own', load)])
      await clock.advance(100)
      await b.cache.getOrSet('own', load)
      return count
    }
    expect(await loads('2s')).toBe(1)
    // Callers at the same time share a load all the same.
    expect(await loads(0)).toBe(2)
  })

  it('is waited for as long as it may be stale', async () => {
    const { a, b, clock } = await pair({ staleIfDown: '5s' })
    let isDone = false
    const done = a.cache.delete('k', { until: 'applied' }).then(() => {
      isDone = true
    })
    await clock.advance(4_500)
    expect([isDone, b.cache.peek('k')]).toEqual([false, 'old'])
    await clock.advance(500)
    expect([isDone, b.cache.peek('k')]).toEqual([true, undefined])
    await done
  })
})
