/** Closing: what was written is written, and nothing is left behind. */
import { describe, expect, it } from 'vitest'
import { record, stateOf, trackedCache, trackedWithStore } from './tracked-cache.js'

describe('close', () => {
  it('waits for writes that are gathered or on their way', async () => {
    const { cache, clock, data, store } = trackedWithStore()
    await clock.settle()
    store.inject({ kind: 'delay', delayMs: 50 })
    const load = cache.getOrSet('b', () => 2)
    await clock.advance(50)
    await load
    void cache.set('a', 1)
    const closed = cache.close()
    expect(await stateOf(closed)).toBe('pending')
    await clock.advance(300)
    await closed
    expect(data.entryCount).toBe(2)
  })

  it('waits no longer than the deadline of a write', async () => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    store.inject({ kind: 'hang' })
    void cache.set('a', 1)
    const closed = cache.close()
    await clock.advance(250)
    expect(await stateOf(closed)).toBe('settled')
  })

  it('may be called again, and by any namespace', async () => {
    const { cache } = trackedWithStore()
    await Promise.all([cache.close(), cache.namespace('a').close(), cache.close()])
    await cache.close()
  })

  it('empties memory, and a call after it is a miss', async () => {
    const { cache } = trackedWithStore()
    await cache.set('k', 1)
    await cache.close()
    expect([await cache.get('k'), cache.peek('k')]).toEqual([undefined, undefined])
    expect(cache.stats().memory.entries).toBe(0)
    expect(await cache.set('k', 1)).toBe(false)
    expect(await cache.delete('k')).toBe(false)
    expect(await cache.getOrSet('l', () => 'loaded')).toBe('loaded')
    expect(await cache.health()).toMatchObject({ status: 'degraded' })
  })

  it('tells its listeners nothing more', async () => {
    const { cache } = trackedCache()
    await cache.close()
    const events = record(cache, 'set', 'miss')
    await cache.set('k', 1)
    expect(events.length).toBeLessThanOrEqual(1)
  })

  it('leaves no timer that would keep the process alive', async () => {
    const { cache, clock } = trackedWithStore()
    await cache.set('k', 1)
    await cache.get('absent')
    const stuck = cache.getOrSet('stuck', () => new Promise(() => {})).catch(() => {})
    await clock.settle()
    await cache.close()
    // What a stuck load has left of its hard timeout; its callers still get their answer.
    expect(clock.foregroundTimers).toBe(1)
    await clock.advance(60_000)
    expect(clock.foregroundTimers).toBe(0)
    await stuck
  })

  it('leaves no timer at all, in memory alone', async () => {
    const { cache, clock } = trackedCache()
    await cache.set('k', 1)
    expect([clock.pendingTimers, clock.foregroundTimers]).toEqual([1, 0])
    await cache.close()
    expect(clock.pendingTimers).toBe(0)
    await cache.set('k', 1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('an idle cache has no timer once memory is empty', async () => {
    const { cache, clock } = trackedCache({ ttl: 1 })
    expect(clock.pendingTimers).toBe(0)
    await cache.set('k', 1)
    await clock.advance(5_000)
    expect([cache.stats().memory.entries, clock.pendingTimers]).toEqual([0, 0])
  })
})
