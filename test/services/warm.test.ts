/** Warming over a real Redis, as two processes see it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { warm } from '../../src/automate/index.js'
import { type Cache, createCache } from '../../src/index.js'
import { PATIENT } from '../support/patient.js'
import { REDIS_PLACES } from '../support/places.js'
import { until } from '../support/watched-store.js'

const [{ start }] = REDIS_PLACES as [(typeof REDIS_PLACES)[number]]

describe('warming over Redis', () => {
  let server: Awaited<ReturnType<typeof start>>
  let caches: Cache[] = []
  beforeAll(async () => {
    server = await start()
  })
  afterEach(async () => {
    for (const cache of caches) await cache.close()
    caches = []
  })
  afterAll(() => server?.stop())

  async function open() {
    const deadlines = { ...PATIENT, writeDeadline: '500ms' }
    const cache = createCache({ prefix: 'warm', store: server.store(), ttl: '1h', ...deadlines })
    caches.push(cache)
    await until(() => cache.stats().coherence.state === 'leased', 'leased')
    return cache as Cache
  }

  it('keeps what stands, and nothing that another process invalidates meanwhile', async () => {
    const [ours, theirs] = [await open(), await open()]
    const keys = Array.from({ length: 3_000 }, (_, i) => `k${i}`)
    const warmed = await warm(ours, async () => {
      const record = keys.map((key) => [key, 'old'] as const)
      await theirs.delete('k1')
      await theirs.set('k2', 'new')
      await theirs.invalidatePattern('k29*')
      return record
    })
    const left = keys.filter((key) => key !== 'k1' && key !== 'k2' && !key.startsWith('k29'))
    expect(warmed).toEqual({ loaded: 3_000, kept: left.length, refused: 3_000 - left.length })
    for (const cache of [ours, theirs]) {
      expect(await cache.getMany(['k1', 'k2', 'k29', 'k2999'])).toEqual([
        undefined,
        'new',
        undefined,
        undefined,
      ])
      expect(await cache.getMany(left)).toEqual(left.map(() => 'old'))
    }
  })
})
