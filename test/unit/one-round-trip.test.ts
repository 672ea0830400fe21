/** What changes something and tells the others waits for the network once. */
import { describe, expect, it } from 'vitest'
import type { Cache } from '../../src/index.js'
import { stateOf, trackedPair } from './tracked-cache.js'

describe('one round trip', () => {
  it.each<[string, (cache: Cache) => Promise<unknown>]>([
    ['set', (cache) => cache.set('k', 1)],
    ['setMany', (cache) => cache.setMany([['k', 1]])],
    ['delete', (cache) => cache.delete('k')],
    ['invalidateTags', (cache) => cache.invalidateTags(['t'])],
    ['invalidatePattern', (cache) => cache.invalidatePattern('k*')],
    ['clear', (cache) => cache.clear()],
  ])('is what %s takes: its record does not wait for the store', async (_, call) => {
    const { a, clock } = await trackedPair()
    a.store.inject({ kind: 'delay', delayMs: 5 })
    const done = call(a.cache)
    await clock.advance(4)
    expect(await stateOf(done)).toBe('pending')
    await clock.advance(1)
    expect(await stateOf(done)).toBe('settled')
  })
})
