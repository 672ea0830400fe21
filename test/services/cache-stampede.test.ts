/**
 * Many callers at once, over a real server: one load, and everybody gets its outcome.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import { PATIENT } from '../support/patient.js'
import { type FilePlace, QUIET_PLACES } from '../support/places.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until } from '../support/watched-store.js'

describe.each(QUIET_PLACES)('stampede: $name', ({ start }) => {
  let server: Awaited<ReturnType<FilePlace['start']>>
  let caches: Cache[] = []
  let runs = 0
  const unhandled = collectUnhandled()
  beforeAll(async () => {
    server = await start()
  })
  afterEach(async () => {
    for (const cache of caches) await cache.close()
    caches = []
    expect(unhandled.take()).toEqual([])
  })
  afterAll(() => server?.stop())

  /** One that is connected, with nothing in the store. */
  async function open(prefix = `s${++runs}`): Promise<Cache> {
    const cache = createCache({ ...PATIENT, prefix, store: server.store() })
    caches.push(cache)
    await until(async () => (await cache.health()).status === 'ok', 'connected')
    return cache
  }

  it('loads a cold key once for a thousand callers', async () => {
    const cache = await open()
    let loads = 0
    const load = async () => {
      loads += 1
      await turn()
      return { loads }
    }
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => cache.getOrSet('cold', load)),
    )
    expect(loads).toBe(1)
    expect(new Set(answers.map((answer) => answer.loads))).toEqual(new Set([1]))
    const { total } = cache.stats()
    expect(total).toMatchObject({ loads: 1, fills: 1, shared: 999, loadFailures: 0 })
  })

  it('asks the store once for a thousand readers of a key that it has', async () => {
    const prefix = `s${++runs}`
    const [writer, reader] = [await open(prefix), await open(prefix)]
    await writer.set('warm', 'value')
    const bytesBefore = reader.stats().total.bytesRead
    const reads = Array.from({ length: 1_000 }, (_, i) =>
      i % 2 === 0 ? reader.get('warm') : reader.getOrSet('warm', () => 'loaded'),
    )
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['value']))
    const { bytesRead, loads } = reader.stats().total
    expect(loads).toBe(0)
    expect(bytesRead - bytesBefore).toBeLessThan(200)
  })

  it('runs a failing loader once and rejects a hundred callers with its error', async () => {
    const cache = await open()
    const error = new Error('the database is away')
    let loads = 0
    const load = async (): Promise<never> => {
      loads += 1
      await turn()
      throw error
    }
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => cache.getOrSet('bad', load)),
    )
    expect(loads).toBe(1)
    for (const outcome of outcomes) expect(outcome).toEqual({ status: 'rejected', reason: error })
    // An error is not cached.
    expect(await cache.getOrSet('bad', () => 'well again')).toBe('well again')
  })

  it('loads each of many keys once, however the bulk calls overlap', async () => {
    const cache = await open()
    const loaded = new Map<string, number>()
    let calls = 0
    const loadMany = async (keys: string[]) => {
      calls += 1
      for (const key of keys) loaded.set(key, (loaded.get(key) ?? 0) + 1)
      await turn()
      return keys.map((key) => `value of ${key}`)
    }
    // Each asks for a hundred keys, shifted by ten against the one before it.
    const windows = Array.from({ length: 50 }, (_, i) =>
      Array.from({ length: 100 }, (_, k) => `k${i * 10 + k}`),
    )
    const answers = await Promise.all(windows.map((keys) => cache.getOrSetMany(keys, loadMany)))
    expect(answers).toEqual(windows.map((keys) => keys.map((key) => `value of ${key}`)))
    expect(loaded.size).toBe(590)
    expect([...loaded.values()].every((times) => times === 1)).toBe(true)
    expect(calls).toBeLessThanOrEqual(50)
  })

  it('shares loads between bulk calls and single ones', async () => {
    const cache = await open()
    const seen: string[] = []
    const single = (key: string) =>
      cache.getOrSet(key, async () => {
        seen.push(key)
        await turn()
        return `one ${key}`
      })
    const many = cache.getOrSetMany(['a', 'b', 'c'], async (keys) => {
      seen.push(...keys)
      await turn()
      return new Map(keys.map((key) => [key, `many ${key}`]))
    })
    const [b, values, d, again] = await Promise.all([single('b'), many, single('d'), single('a')])
    expect(seen.sort()).toEqual(['a', 'b', 'c', 'd'])
    expect(values[1]).toBe(b)
    expect(values[0]).toBe(again)
    expect([values[2], d]).toEqual(['many c', 'one d'])
  })

  it('fails a bulk load for all who wait for it, once', async () => {
    const cache = await open()
    const error = new Error('no rows')
    let calls = 0
    const load = async (): Promise<never> => {
      calls += 1
      await turn()
      throw error
    }
    const keys = ['x', 'y']
    const outcomes = await Promise.allSettled([
      cache.getOrSetMany(keys, load),
      ...Array.from({ length: 20 }, () => cache.getOrSetMany(keys, load)),
      cache.getOrSet('x', load),
    ])
    expect(calls).toBe(1)
    for (const outcome of outcomes) expect(outcome).toEqual({ status: 'rejected', reason: error })
  })
})

/** A few turns of the loop, so that whoever could join has come. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}
