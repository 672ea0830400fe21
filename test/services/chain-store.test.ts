/** The suite of all stores on chains of real ones, and what a chain adds to them. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { type Cache, createCache } from '../../src/index.js'
import { chain } from '../../src/stores/chain/index.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { sqlite } from '../../src/stores/sqlite/index.js'
import { inProcessStore, storeSuite } from '../../src/testing/index.js'
import { patientStore } from '../support/patient.js'
import { Postgres } from '../support/postgres.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until, watched } from '../support/watched-store.js'

let front: RedisServer
let back: Postgres
let runs = 0
const caches: Cache[] = []
beforeAll(async () => {
  ;[front, back] = await Promise.all([startRedisServer(), Postgres.start()])
})
afterAll(async () => {
  await front?.stop()
  await back?.stop()
})
afterEach(async () => {
  back.control.thaw()
  for (const cache of caches.splice(0)) await cache.close()
})

const two = () => chain(redis({ url: front.url }), postgres({ url: back.url }))
const three = () => chain(redis({ url: front.url }), postgres({ url: back.url }), sqlite())

storeSuite({
  name: 'a chain of Redis and Postgres',
  create: async () => {
    const store = withBoth(patientStore(two()))
    return { store, dispose: () => store.close() }
  },
  test: { describe, it: it.concurrent },
})

/** Up only when both are: all tests of the suite open theirs at once. */
function withBoth(store: Store): Store {
  const open = store.open.bind(store)
  const write = { key: 'both are there', bytes: 'yes', ttlMs: 60_000 }
  const areBoth = () =>
    store.setMany([write]).then(
      () => true,
      () => false,
    )
  store.open = (listener) => {
    const onUp = () =>
      void until(areBoth, 'both are there').then(
        () => listener.onUp(),
        () => {},
      )
    open({ ...listener, onUp })
  }
  return store
}

async function open(prefix: string, store: Store = two()): Promise<Cache> {
  // Short enough to wait for a second store that is silent, call by call.
  const options = { readDeadline: '2s', writeDeadline: '2s', ttl: '1h' } as const
  const cache = createCache({ ...options, prefix, store, memory: false }) as Cache
  caches.push(cache)
  await until(() => cache.stats().coherence.state === 'leased', 'leased')
  await until(() => cache.set('ready', 1), 'both are there')
  return cache
}

/** A cache on one of them alone. */
function openOn(prefix: string, store: Store): Promise<Cache> {
  return open(prefix, store)
}

async function evictAll(): Promise<void> {
  const { createClient } = await import('@redis/client')
  const admin = await createClient({ url: front.url }).connect()
  const keys = (await admin.sendCommand(['KEYS', '*::*'])) as string[]
  if (keys.length > 0) await admin.sendCommand(['DEL', ...keys])
  admin.destroy()
}

describe('a chain', () => {
  it('finds in the second what the first has lost, and brings it back', async () => {
    const prefix = `c${++runs}`
    const cache = await open(prefix)
    await cache.set('k', { a: 1 }, { tags: ['t'] })
    await evictAll()
    expect(await cache.get('k')).toEqual({ a: 1 })
    let loads = 0
    const load = () => {
      loads += 1
      return { a: 2 }
    }
    expect(await cache.getOrSet('k', load)).toEqual({ a: 1 })
    expect(loads).toBe(0)
    const alone = await openOn(prefix, redis({ url: front.url }))
    expect(await alone.get('k')).toEqual({ a: 1 })
  })

  it('of three finds in the last what the first two have lost', async () => {
    const cache = await open(`c${++runs}`, three())
    await cache.set('k', 'v')
    await evictAll()
    const admin = await back.client()
    await admin.query('DELETE FROM cachewright')
    expect(await cache.get('k')).toBe('v')
    await cache.delete('k')
    expect(await cache.get('k')).toBeUndefined()
  })

  it('serves from neither what was invalidated, by any process', async () => {
    const prefix = `c${++runs}`
    const [ours, theirs] = [await open(prefix), await open(prefix)]
    for (const invalidate of [
      () => theirs.delete('k'),
      () => theirs.invalidateTags(['t']),
      () => theirs.invalidatePattern('k*'),
      () => theirs.set('k', 'newer'),
    ]) {
      await ours.set('k', 'old', { tags: ['t'] })
      await evictAll()
      expect(await ours.get('k')).toBe('old')
      expect(await invalidate()).not.toBe(false)
      expect(await theirs.get('k')).not.toBe('old')
      await until(async () => (await ours.get('k')) !== 'old', 'it has heard')
      await evictAll()
      expect(await ours.get('k')).not.toBe('old')
    }
  })

  it('keeps nothing of a load that began before an invalidation, in either', async () => {
    const prefix = `c${++runs}`
    const cache = await open(prefix)
    let release = () => {}
    const loading = cache.getOrSet(
      'k',
      () =>
        new Promise<string>((resolve) => {
          release = () => resolve('old')
        }),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    await cache.delete('k')
    release()
    await loading
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.getOrSet('k', () => 'new')).toBe('new')
    await evictAll()
    expect(await cache.get('k')).toBe('new')
  })

  it('takes what another life of the second has brought back for absent', async () => {
    const prefix = `c${++runs}`
    const cache = await open(prefix)
    await cache.set('kept', 1)
    await evictAll()
    expect(await cache.get('kept')).toBe(1)
    await back.control.shutDown()
    await back.control.restart()
    await until(() => cache.set('ready', 2), 'it is back')
    expect(await cache.get('kept')).toBeUndefined()
    expect(await cache.get('ready')).toBe(2)
    await evictAll()
    expect(await cache.get('ready')).toBe(2)
  })

  it('goes on with the first while the second is silent, and confirms no write', async () => {
    const prefix = `c${++runs}`
    const cache = await open(prefix)
    await cache.set('k', 1)
    back.control.freeze()
    expect(await cache.get('k')).toBe(1)
    expect(await cache.get('absent')).toBeUndefined()
    expect(await cache.getOrSet('loaded', () => 'value')).toBe('value')
    expect(await cache.set('during', 1)).toBe(false)
    for (let i = 0; i < 20; i++) expect(await cache.set(`during${i}`, 1)).toBe(false)
    for (let i = 0; i < 5; i++) expect(await cache.delete(`during${i}`)).toBe(false)
    expect(cache.stats().store?.breaker).toBe('closed')
    await until(async () => {
      return (await cache.health()).store!.warnings.includes('second (postgres): it is away')
    }, 'it is told')
    back.control.thaw()
    await until(() => cache.set('k', 2), 'it is written to again')
    await evictAll()
    expect(await cache.get('k')).toBe(2)
    // What was not confirmed is deleted once more, in both.
    await until(async () => (await cache.get('during')) === undefined, 'it is gone')
  })

  it('is refused where a store keeps no log, or a later one is a cluster', () => {
    const cluster = redis({ cluster: ['127.0.0.1:1'] })
    const plain = inProcessStore()
    expect(() => chain(redis(), plain)).toThrow(/'stores\[1\]' is .*keeps a log/)
    expect(() => chain(undefined as never, redis())).toThrow(/'stores\[0\]' is undefined/)
    expect(() => chain(redis(), cluster)).toThrow(/'stores\[1\]' is .*one server/)
    expect(chain(cluster, redis()).bornFloor?.('k')).toBe(cluster.bornFloor?.('k'))
    expect(() => chain(redis(), chain(redis(), redis()))).not.toThrow()
    expect(() => chain(redis(), chain(cluster, redis()))).toThrow(/one server/)
  })

  it('is up when both are, or when the second has had its time', async () => {
    await back.control.kill()
    const store = two()
    await watched(store).up()
    await store.close()
    await back.control.restart()
  })
})
