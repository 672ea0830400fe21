/**
 * Stores under bentocache, on real servers: its own suite for drivers, which is written for japa
 * and gets vitest's tests in that shape; and whole caches, also while the server is away.
 */

import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { registerCacheDriverTestSuite } from 'bentocache/test_suite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type BentocacheDriverOptions,
  bentocacheDriver,
} from '../../src/integrations/bentocache/index.js'
import { japaOnVitest } from '../support/japa-on-vitest.js'
import { PATIENT } from '../support/patient.js'
import { KINDS_OF_PLACES, PLACES, type PlaceServer } from '../support/places.js'
import { sideBySide } from '../support/side-by-side.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until } from '../support/watched-store.js'

const unhandled = collectUnhandled()

/** One cache with both layers, one with the store alone, over one connection. */
function cachesOver(
  server: Pick<PlaceServer, 'store'>,
  options: Partial<BentocacheDriverOptions> = {},
) {
  const driver = bentocacheDriver({ store: server.store(), ...options })
  return new BentoCache({
    default: 'both',
    ttl: '1h',
    stores: {
      both: bentostore()
        .useL1Layer(memoryDriver({ maxSize: '1mb' }))
        .useL2Layer(driver),
      storeAlone: bentostore().useL2Layer(driver),
    },
  })
}

type Caches = ReturnType<typeof cachesOver>

sideBySide(KINDS_OF_PLACES, 'bentocache over $name', ({ start }) => {
  let server: Pick<PlaceServer, 'store' | 'stop'>
  const opened: Caches[] = []
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.disconnectAll()
    expect(unhandled.take()).toEqual([])
  })

  function open(): Caches {
    const made = cachesOver(server, PATIENT)
    opened.push(made)
    return made
  }

  describe('bentocache/test_suite', () => {
    registerCacheDriverTestSuite({
      ...(japaOnVitest() as unknown as Pick<
        Parameters<typeof registerCacheDriverTestSuite>[0],
        'test' | 'group'
      >),
      supportsMilliseconds: true,
      createDriver: (options) =>
        bentocacheDriver({ store: server.store(), ...PATIENT }).factory(options),
    })
  })

  it('two caches share what the store holds', async () => {
    const [here, there] = [open(), open()]
    await here.set({ key: 'a', value: { n: 1 } })
    expect(await there.get({ key: 'a' })).toEqual({ n: 1 })
    expect(await there.use('storeAlone').get({ key: 'a' })).toEqual({ n: 1 })
    expect(await there.has({ key: 'a' })).toBe(true)
    const loaded = { key: 'b', ttl: '1m', factory: async () => [2] } as const
    expect(await here.getOrSet(loaded)).toEqual([2])
    expect(await there.getOrSet({ ...loaded, factory: () => expect.unreachable() })).toEqual([2])
  })

  it('namespaces and tags are emptied by themselves', async () => {
    const root = open().use('storeAlone')
    const users = root.namespace('users')
    await root.set({ key: 'usersabc', value: 'root' })
    await users.set({ key: 'k'.repeat(3_000), value: 'long' })
    await users.namespace('{odd}').set({ key: '\ud800', value: 'odd' })
    await root.set({ key: 'tagged', value: 1, tags: ['t'] })
    await users.clear()
    expect(await users.get({ key: 'k'.repeat(3_000) })).toBeUndefined()
    expect(await users.namespace('{odd}').get({ key: '\ud800' })).toBeUndefined()
    expect(await root.get({ key: 'usersabc' })).toBe('root')
    await root.deleteByTag({ tags: ['t'] })
    expect(await root.get({ key: 'tagged' })).toBeUndefined()
  })
})

sideBySide(PLACES, 'bentocache while $name is away', ({ start }) => {
  let server: PlaceServer
  let caches: Caches
  beforeEach(async () => {
    server = await start()
    caches = cachesOver(server)
    const stores = async () => {
      await caches.set({ key: 'held', value: 'in memory' })
      return (await alone().catch(() => undefined)) === 'in memory'
    }
    await until(stores, 'a value is stored')
  })
  afterEach(async () => {
    server.thaw()
    await caches.disconnectAll()
    await server.stop()
    expect(unhandled.take()).toEqual([])
  })

  const alone = (): Promise<unknown> => caches.use('storeAlone').get({ key: 'held' })

  /** Each settles, with default deadlines; bentocache itself has none. */
  async function goesOnWithMemory(): Promise<void> {
    const failed = { code: 'E_L2_CACHE_ERROR', cause: { name: 'CacheError', retryable: true } }
    await expect(alone()).rejects.toMatchObject(failed)
    expect(await caches.get({ key: 'held' })).toBe('in memory')
    expect(await caches.get({ key: 'absent' })).toBeUndefined()
    expect(await caches.getOrSet({ key: 'new', factory: async () => 'loaded' })).toBe('loaded')
    expect(await caches.get({ key: 'new' })).toBe('loaded')
    expect(await caches.delete({ key: 'held' })).toBe(true)
    await caches.clear()
    await expect(alone()).rejects.toMatchObject(failed)
  }

  async function comesBack(): Promise<void> {
    const both = async () => {
      await caches.set({ key: 'held', value: 'again' })
      return (await alone().catch(() => undefined)) === 'again'
    }
    await until(both, 'it is back')
  }

  it('killed: memory goes on, and the store is used again when it is back', async () => {
    await server.kill()
    await goesOnWithMemory()
    await server.restart()
    await comesBack()
  })

  it('frozen: memory goes on, no call hangs, and the store is used again', async () => {
    server.freeze()
    await goesOnWithMemory()
    server.thaw()
    await comesBack()
  })

  it('a stale value stands in for what cannot be loaded', async () => {
    const graced = { key: 'g', ttl: 1, grace: '1h', factory: async () => 'old' }
    await caches.getOrSet(graced)
    await server.kill()
    const failing = { ...graced, factory: () => Promise.reject(new Error('no source')) }
    expect(await caches.getOrSet(failing)).toBe('old')
  })
})
