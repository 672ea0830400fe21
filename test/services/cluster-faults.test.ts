/**
 * Caches on a real cluster whose masters are killed, frozen, replaced and set back.
 *
 * What must hold: every call settles and none throws, the keys of other nodes are served meanwhile,
 * and what was invalidated stays so, whatever a server brings back. Times are caps against hangs.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import { keySlot } from '../../src/stores/redis/cluster/key-slot.js'
import { SlotFloors } from '../../src/stores/redis/cluster/slot-floors.js'
import { type RedisDriver, redis } from '../../src/stores/redis/index.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import {
  type ClusterMember,
  type RedisCluster,
  type RedisClusterOptions,
  startRedisCluster,
} from '../support/redis-cluster.js'
import { startRedisServer } from '../support/redis-server.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until } from '../support/watched-store.js'

const DRIVERS: readonly RedisDriver[] = ['node-redis', 'ioredis']
const HANG_MS = 2_000
const RETURN_MS = 15_000

const storeKey = (prefix: string, key: string) => `${prefix}::${key}`

/** A cluster, and the caches of the test that runs on it. */
class Stage {
  cluster!: RedisCluster
  readonly #caches: Cache[] = []

  async open(
    driver: RedisDriver,
    prefix: string,
    hasMemory = true,
    addressMap?: Record<string, string>,
  ): Promise<Cache> {
    const store = redis({ cluster: this.cluster.seeds, driver, addressMap })
    const memory = hasMemory ? {} : { memory: false as const }
    const cache = createCache({ store, prefix, ttl: '1h', ...memory }) as Cache
    this.#caches.push(cache)
    await until(() => cache.stats().coherence.state === 'leased', 'leased')
    return cache
  }

  async closeAll(): Promise<void> {
    for (const cache of this.#caches.splice(0)) await cache.close()
  }

  /** Where the log of the prefix is, and a master without it. */
  async masters(prefix: string): Promise<[log: ClusterMember, values: ClusterMember]> {
    const log = await this.cluster.ownerOf(keySlot(`{${prefix}}!state`))
    const addresses = await this.cluster.mastersSeenBy(log)
    return [log, this.cluster.memberAt(addresses.find((address) => address !== log.address)!)]
  }

  /** Keys that lie there. */
  async keysAt(prefix: string, at: ClusterMember, count: number): Promise<string[]> {
    const keys: string[] = []
    for (let i = 0; keys.length < count; i++) {
      const key = `key${i}`
      if ((await this.cluster.ownerOf(keySlot(storeKey(prefix, key)))) === at) keys.push(key)
    }
    return keys
  }

  /** A proxy before each node, and where they are. */
  async proxied() {
    const proxies = new Map<string, FaultProxy>()
    for (const { address, server } of this.cluster.members) {
      proxies.set(address, await startFaultProxy(server.port))
    }
    const addressMap = Object.fromEntries(
      [...proxies].map(([address, { port }]) => [address, `127.0.0.1:${port}`]),
    )
    const end = async () => {
      await this.closeAll()
      for (const proxy of proxies.values()) await proxy.close()
    }
    return { proxies, addressMap, end }
  }
}

function stageOf(options?: RedisClusterOptions): Stage {
  const stage = new Stage()
  beforeAll(async () => {
    stage.cluster = await startRedisCluster(options)
  })
  afterAll(() => stage.cluster?.stop())
  afterEach(() => stage.closeAll())
  return stage
}

async function withinHang<T>(calls: readonly Promise<T>[]): Promise<readonly T[]> {
  const timer = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('a call hangs')), HANG_MS).unref()
  })
  return Promise.race([Promise.all(calls), timer])
}

describe.each(DRIVERS)('a cluster with replicas, over %s', (driver) => {
  const stage = stageOf()

  it('fails no call when a master is killed, and writes again once another is there', async () => {
    const prefix = 'killed'
    const unhandled = collectUnhandled()
    const [a, b] = [await stage.open(driver, prefix), await stage.open(driver, prefix)]
    const [, victim] = await stage.masters(prefix)
    const [lost] = (await stage.keysAt(prefix, victim, 1)) as [string]
    const replica = await stage.cluster.replicaOf(victim)
    await victim.server.kill()
    for (let round = 0; round < 20; round++) {
      const keys = Array.from({ length: 32 }, (_, i) => `key${i}`)
      const loaded = await withinHang(keys.map((key) => a.getOrSet(key, async () => `of ${key}`)))
      expect(loaded).toEqual(keys.map((key) => `of ${key}`))
      await withinHang(keys.slice(0, 3).map((key) => b.delete(key)))
      await withinHang<unknown>([
        b.getMany(keys),
        a.setMany(keys.slice(4, 9).map((key) => [key, `of ${key}`])),
      ])
    }
    await until(async () => (await a.set(lost, 'new')) !== false, 'a write is taken', RETURN_MS)
    expect(await stage.cluster.mastersSeenBy(replica)).toContain(replica.address)
    // Those that were not taken are deleted when the server is there, perhaps this one with them.
    const isRead = async () => {
      await a.set(lost, 'new')
      return (await b.get(lost)) === 'new'
    }
    await until(isRead, 'the other reads it')
    expect(unhandled.take()).toEqual([])
    await victim.server.restart()
    await until(() => stage.cluster.isHealthy(3).catch(() => false), 'whole again', 30_000)
  }, 60_000)

  it.each([true, false])(
    'does not serve what was deleted where the replica has not heard of it (fenced: %s)',
    async (isFenced) => {
      const prefix = `lost${isFenced}`
      const cache = await stage.open(driver, prefix, false)
      const [, victim] = await stage.masters(prefix)
      const [key] = (await stage.keysAt(prefix, victim, 1)) as [string]
      await cache.set(key, 'deleted later')
      const replica = await stage.cluster.replicaOf(victim)
      const heard = () => stage.cluster.has(replica, storeKey(prefix, key))
      await until(heard, 'the replica has the value')
      await stage.cluster.cutReplication(replica)
      expect(await cache.delete(key)).not.toBe(false)
      const { at } = SlotFloors.prototype
      try {
        if (!isFenced) SlotFloors.prototype.at = () => 0
        await victim.server.kill()
        // A write says that the new master is in use; the first may fall into the election.
        const [other] = (await stage.keysAt(prefix, victim, 2)).slice(1) as [string]
        await until(
          async () => (await cache.set(other, 1)) !== false,
          'a write is taken',
          RETURN_MS,
        )
        const late = await stage.open(driver, prefix, false)
        const seen = await Promise.all([cache.get(key), late.get(key)])
        const expected = isFenced ? undefined : 'deleted later'
        expect(seen).toEqual([expected, expected])
        expect(await late.get(other)).toBe(1)
      } finally {
        SlotFloors.prototype.at = at
        await stage.cluster.mendReplication(replica)
        await victim.server.restart()
      }
      await until(() => stage.cluster.isHealthy(3).catch(() => false), 'whole again', 30_000)
    },
    60_000,
  )
})

describe.each(DRIVERS)('a cluster without replicas, over %s', (driver) => {
  const stage = stageOf({ replicas: 0 })

  it('believes no server that comes back with older data', async () => {
    const prefix = `back-${driver}`
    const cache = await stage.open(driver, prefix, false)
    const [, victim] = await stage.masters(prefix)
    const [key, kept] = (await stage.keysAt(prefix, victim, 2)) as [string, string]
    await cache.set(key, 'deleted later')
    await victim.server.save()
    expect(await cache.delete(key)).not.toBe(false)
    await victim.server.kill()
    await victim.server.restart('last save')
    expect(await stage.cluster.has(victim, storeKey(prefix, key))).toBe(true)
    await until(async () => (await cache.set(kept, 1)) !== false, 'a write is taken', RETURN_MS)
    const late = await stage.open(driver, prefix, false)
    expect(await Promise.all([cache.get(key), late.get(key)])).toEqual([undefined, undefined])
    // What is written now is believed; the others may still take the node for failed for a while.
    await until(async () => (await cache.set(key, 'anew')) !== false, 'it is taken', RETURN_MS)
    await until(async () => (await late.get(key)) === 'anew', 'it is read', RETURN_MS)
    await until(() => stage.cluster.isHealthy(0).catch(() => false), 'whole again')
  })

  it('serves the keys of other nodes while one is frozen', async () => {
    const prefix = `frozen-${driver}`
    const cache = await stage.open(driver, prefix, false)
    const downs: unknown[] = []
    cache.on('store-down', (event) => downs.push(event))
    const [log, victim] = await stage.masters(prefix)
    const [mute] = (await stage.keysAt(prefix, victim, 1)) as [string]
    const heard = await stage.keysAt(prefix, log, 8)
    await cache.setMany([mute, ...heard].map((key) => [key, `of ${key}`]))
    victim.server.freeze()
    const misses = { heard: 0, mute: 0 }
    for (let n = 0; n < 60; n++) {
      const [silent, ...found] = await withinHang([mute, ...heard].map((key) => cache.get(key)))
      if (silent === undefined) misses.mute++
      misses.heard += found.filter((value) => value === undefined).length
      expect(await cache.getOrSet(mute, async () => 'loaded')).toBe('loaded')
    }
    expect(misses).toEqual({ heard: 0, mute: 60 })
    expect(downs).toEqual([])
    victim.server.thaw()
    await until(async () => (await cache.set(mute, 'again')) !== false, 'it is used again')
    expect(await cache.get(mute)).toBe('again')
  })

  it('trusts nothing while the node of the log is frozen, and fails nothing', async () => {
    const prefix = `log-${driver}`
    const cache = await stage.open(driver, prefix)
    const [log, other] = await stage.masters(prefix)
    const [key] = (await stage.keysAt(prefix, other, 1)) as [string]
    await cache.set(key, 'known')
    log.server.freeze()
    const isLapsed = () => cache.stats().coherence.state === 'lapsed'
    await until(isLapsed, 'the lease on memory ends')
    expect(await withinHang([cache.get(key), cache.getOrSet(key, async () => 'loaded')])).toEqual([
      undefined,
      'loaded',
    ])
    expect(await withinHang([cache.delete(key)])).toEqual([false])
    log.server.thaw()
    await until(() => !isLapsed(), 'it is heard again')
    await until(async () => (await cache.set(key, 'again')) !== false, 'a write is taken')
    expect(await cache.get(key)).toBe('again')
  })

  it('goes down and comes up as a whole', async () => {
    const prefix = `whole-${driver}`
    const cache = await stage.open(driver, prefix)
    const told: string[] = []
    cache.on('store-down', () => told.push('down'))
    cache.on('store-up', () => told.push('up'))
    await cache.set('key', 'kept')
    for (const { server } of stage.cluster.members) server.freeze()
    await until(() => told.includes('down'), 'down')
    expect(await withinHang([cache.getOrSet('other', async () => 'loaded')])).toEqual(['loaded'])
    for (const { server } of stage.cluster.members) server.thaw()
    await until(() => told.includes('up'), 'up', RETURN_MS)
    await until(async () => (await cache.get('key')) === 'kept', 'what was there')
  })

  it('goes where the map says, and gives up on a node whose replies vanish', async () => {
    const prefix = `mapped-${driver}`
    const { proxies, addressMap, end } = await stage.proxied()
    const cache = await stage.open(driver, prefix, false, addressMap)
    for (const { accepted } of proxies.values()) expect(accepted).toBeGreaterThan(0)
    const [log, victim] = await stage.masters(prefix)
    const [mute] = (await stage.keysAt(prefix, victim, 1)) as [string]
    const [heard] = (await stage.keysAt(prefix, log, 1)) as [string]
    await cache.setMany([mute, heard].map((key) => [key, `of ${key}`]))
    const proxy = proxies.get(victim.address)!
    proxy.set({ kind: 'silence' })
    for (let n = 0; n < 30; n++) {
      const found = await withinHang([mute, heard].map((key) => cache.get(key)))
      expect(found).toEqual([undefined, `of ${heard}`])
    }
    // A connection that lost replies is no TCP any more.
    proxy.reset()
    proxy.set({ kind: 'pass' })
    await until(async () => (await cache.get(mute)) === `of ${mute}`, 'it is heard again')
    await end()
  })

  it('uses no node for long that no other one vouches for', async () => {
    const prefix = `alone-${driver}`
    const { proxies, addressMap, end } = await stage.proxied()
    const cache = await stage.open(driver, prefix, false, addressMap)
    const [log] = await stage.masters(prefix)
    const [key] = (await stage.keysAt(prefix, log, 1)) as [string]
    await cache.set(key, 'there')
    const others = [...proxies].filter(([address]) => address !== log.address)
    for (const [, proxy] of others) proxy.set({ kind: 'silence' })
    // It answers still, and has the log as well; but it may have been deposed, for all we know.
    await until(async () => (await cache.get(key)) === undefined, 'it is not trusted any more')
    expect(await stage.cluster.has(log, storeKey(prefix, key))).toBe(true)
    for (const [, proxy] of others) {
      proxy.reset()
      proxy.set({ kind: 'pass' })
    }
    await until(async () => (await cache.get(key)) === 'there', 'it is trusted again')
    await end()
  })

  it('says so where the server is no cluster', async () => {
    const server = await startRedisServer()
    const store = redis({ cluster: [`127.0.0.1:${server.port}`], driver })
    const causes: unknown[] = []
    const cache = createCache({ store }) as Cache
    cache.on('store-down', ({ cause }) => causes.push(cause))
    await until(() => causes.length > 0, 'it is told')
    expect(String((causes[0] as Error).cause)).toMatch(/cluster support disabled/)
    expect(await cache.getOrSet('a', async () => 1)).toBe(1)
    await cache.close()
    await server.stop()
  })
})
