/**
 * Two versions of the package on one Redis, as during a rolling upgrade: neither ever throws at the
 * other, and each goes on as if what the other wrote were not there.
 */

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CacheOptions, createCache, type RootCache } from '../../src/index.js'
import { otherVersion } from '../support/other-version.js'
import { PATIENT } from '../support/patient.js'
import { type PlaceServer, REDIS_PLACES } from '../support/places.js'
import { until } from '../support/watched-store.js'

const VALUES: Readonly<Record<string, unknown>> = {
  small: { id: 1 },
  large: { rows: Array.from({ length: 60 }, (_, id) => ({ id, name: `row ${id}` })) },
  builtins: { at: new Date(5), map: new Map([['a', 2n]]) },
}

describe.each(REDIS_PLACES)('two versions: $name', ({ start }) => {
  let server: PlaceServer
  const open: RootCache<Record<never, never>>[] = []
  beforeAll(async () => {
    server = await start()
  })
  afterAll(async () => {
    await Promise.all(open.map((cache) => cache.close()))
    await server?.stop()
  })

  async function cacheOf(options: CacheOptions<Record<never, never>>) {
    const cache = createCache<Record<never, never>>({ ...PATIENT, memory: false, ...options })
    open.push(cache)
    await until(async () => (await cache.health()).status === 'ok', 'connected')
    return cache
  }

  async function pair(prefix: string) {
    const ours = await cacheOf({ prefix, store: server.store() })
    const other = await cacheOf({ prefix, store: otherVersion(server.store()) })
    return [ours, other] as const
  }

  it('take what the other wrote for a miss, and write theirs', async () => {
    const [ours, other] = await pair('versions')
    for (const [key, value] of Object.entries(VALUES)) {
      for (const [writer, reader] of [
        [ours, other],
        [other, ours],
      ] as const) {
        expect(await writer.set(key, value, { tags: ['t'] })).toBe(true)
        expect(await writer.get(key)).toEqual(value)
        expect(await reader.get(key)).toBeUndefined()
        expect(await reader.ttl(key)).toBeUndefined()
        expect(await reader.getOrSet(key, () => 'its own')).toBe('its own')
        await until(async () => (await reader.get(key)) === 'its own', 'filled')
        expect(await writer.get(key)).toBeUndefined()
      }
    }
    const { missUndecodable } = ours.stats().total
    expect(missUndecodable).toBeGreaterThan(0)
  })

  it('hear what the other invalidates', async () => {
    const [ours, other] = await pair('hear')
    await ours.set('k', 1, { tags: ['t'] })
    await other.invalidateTags(['t'])
    await until(async () => (await ours.get('k')) === undefined, 'invalidated')
    await other.set('l', 1)
    await ours.delete('l')
    expect(await other.get('l')).toBeUndefined()
    await other.set('m', 1)
    await ours.clear()
    await until(async () => (await other.get('m')) === undefined, 'cleared')
  })

  it('do not count on with what the other has counted, and do not fail', async () => {
    const [ours, other] = await pair('count')
    expect(await ours.increment('n', 5)).toBe(5)
    expect(await other.increment('n')).toBeUndefined()
    expect(await other.get('n')).toBeUndefined()
    expect(await ours.increment('n')).toBe(6)
    await ours.set('text', 'no number')
    await expect(ours.increment('text')).rejects.toMatchObject({ code: 'VALUE_NOT_A_NUMBER' })
  })

  it('with and without keys, algorithms and codecs: the same', async () => {
    const key = { id: 'a', key: randomBytes(32) }
    const plain = await cacheOf({ prefix: 'formats', store: server.store() })
    const formats: CacheOptions<Record<never, never>>[] = [
      { encrypt: true, encryptionKeys: [key] },
      { encrypt: true, encryptionKeys: [{ id: 'b', key: randomBytes(32) }] },
      { compress: { algorithm: 'zstd', threshold: 64 } },
      { codec: { name: 'own', encode: JSON.stringify, decode: (b) => JSON.parse(String(b)) } },
      { codec: 'json' },
    ]
    for (const format of formats) {
      const cache = await cacheOf({ prefix: 'formats', store: server.store(), ...format })
      expect(await cache.set('k', VALUES.large)).toBe(true)
      expect(await cache.get('k')).toEqual(VALUES.large)
      const read = await plain.get('k')
      const isReadable = format.compress !== undefined || format.codec === 'json'
      expect(read).toEqual(isReadable ? VALUES.large : undefined)
      expect(await plain.set('k', VALUES.small)).toBe(true)
      expect(await cache.get('k')).toEqual(format.encrypt === true ? undefined : VALUES.small)
    }
  })
})
