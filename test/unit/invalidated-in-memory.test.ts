/** What was invalidated is gone for every verb, also where nothing but memory is there. */
import { describe, expect, it } from 'vitest'
import type { Cache } from '../../src/index.js'
import { trackedCache } from './tracked-cache.js'

describe('what was invalidated by tag or prefix, in memory alone', () => {
  const invalidations: [string, (cache: Cache) => Promise<unknown>][] = [
    ['tag', (cache) => cache.invalidateTags(['t'])],
    ['prefix', (cache) => cache.invalidatePattern('n*')],
  ]

  it.each(invalidations)('is gone for every verb: %s', async (_, invalidate) => {
    const { cache } = trackedCache({ ttl: '1h' })
    const listed = async () => {
      const keys: string[] = []
      for await (const key of cache.keys()) keys.push(key)
      return keys
    }
    await cache.set('n', 5, { tags: ['t'] })
    await cache.set('other', 1)
    expect(await invalidate(cache as Cache)).toEqual(expect.any(String))
    expect(await listed()).toEqual(['other'])
    expect(await cache.ttl('n')).toBeUndefined()
    expect(await cache.expire('n', '2h')).toBe(false)
    expect(cache.peek('n')).toBeUndefined()
    expect(await cache.increment('n')).toBe(1)
    expect(await cache.get('n')).toBe(1)
  })
})
