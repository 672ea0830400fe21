/**
 * Slots on their way from node to node: what is asked of them meanwhile is answered right, in the
 * order in which it was asked, and what cannot be answered is said so.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { PartialFailure } from '../../src/core/partial-failure.js'
import { keySlot } from '../../src/stores/redis/cluster/key-slot.js'
import { type RedisDriver, redis } from '../../src/stores/redis/index.js'
import { command } from '../support/admin.js'
import {
  type ClusterMember,
  type RedisCluster,
  startRedisCluster,
} from '../support/redis-cluster.js'
import { watched } from '../support/watched-store.js'

const TTL_MS = 60_000
const HEAD = Uint8Array.of(1, 2)
const FRESH = { offset: 0, now: Buffer.from('\0') }

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster({ replicas: 0 })
})
afterAll(() => cluster?.stop())

describe('the slot of a key', () => {
  it('is what the server says, with tags and without, in any script', async () => {
    const names = [
      '',
      'a',
      'shop:users:42',
      '{tag}x',
      'x{tag}y{z}',
      '{}x',
      'a{b',
      '}{a}',
      'é{ü}🧊',
      'x'.repeat(3_000),
    ]
    for (const name of names) {
      const slot = await command(cluster.members[0]!.server.port, ['CLUSTER', 'KEYSLOT', name])
      expect(keySlot(name), name.slice(0, 20)).toBe(slot)
    }
  })
})

describe.each<RedisDriver>(['node-redis', 'ioredis'])('slots that move, over %s', (driver) => {
  const stores: Store[] = []
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
  })

  async function open(): Promise<Store> {
    const { store, up } = watched(redis({ cluster: cluster.seeds, driver }))
    stores.push(store)
    await up()
    return store
  }

  /**
   * Keys whose slots are elsewhere than on the first node, to which they are moved. Always to the
   * same: one that has not heard of another's newest epoch yet could not claim a slot against it.
   */
  async function* places(name: (i: number) => string, count: number) {
    const [to] = cluster.members as [ClusterMember]
    for (let i = 0, found = 0; found < count; i++) {
      const key = name(i)
      const slot = keySlot(key)
      const from = await cluster.ownerOf(slot)
      if (from === to) continue
      found += 1
      yield { key, slot, from, to }
    }
  }

  async function place(name: (i: number) => string) {
    for await (const found of places(name, 1)) return found
    throw new Error('there is always one')
  }

  const put = (store: Store, key: string, bytes: string) =>
    store.setMany([{ key, bytes, ttlMs: TTL_MS }])
  const read = async (store: Store, key: string) => {
    const [bytes] = await store.getMany([key])
    return bytes === undefined ? undefined : Buffer.from(bytes).toString()
  }

  it('never lets a read overtake the delete before it', async () => {
    const store = await open()
    for await (const { key, slot, to } of places((i) => `${driver}:overtaken:${i}`, 20)) {
      await put(store, key, 'old')
      // The store does not know yet: whatever it sends goes to the wrong node first.
      await cluster.moveSlot(slot, to)
      const deleted = store.deleteMany([key])
      const reads = [read(store, key)]
      for (let turn = 0; turn < 4; turn++) {
        await (turn < 2 ? undefined : new Promise((resolve) => setImmediate(resolve)))
        reads.push(read(store, key))
      }
      expect(await Promise.all(reads)).toEqual(reads.map(() => undefined))
      expect(await deleted).toBe(1)
    }
  })

  it('lets the last of several writes win', async () => {
    const store = await open()
    for await (const { key, slot, to } of places((i) => `${driver}:order:${i}`, 20)) {
      await cluster.moveSlot(slot, to)
      const writes: Promise<unknown>[] = []
      for (let value = 0; value < 5; value++) {
        writes.push(put(store, key, String(value)))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await Promise.all(writes)
      expect(await read(store, key)).toBe('4')
    }
  })

  it('serves both halves of a slot on its way: all that one key takes', async () => {
    const store = await open()
    const { key: tag, slot, from, to } = await place((i) => `{${driver} half ${i}}`)
    const keys = Array.from({ length: 20 }, (_, i) => `${i}:${tag}`)
    await store.setMany(keys.map((key) => ({ key, bytes: key, ttlMs: TTL_MS })))
    await cluster.beginMove(slot, from, to)
    await cluster.moveKeys(slot, from, to, keys.length / 2)
    for (const key of keys) expect(await read(store, key)).toBe(key)
    for (const key of keys.slice(10))
      expect(await store.patch(key, 0, Buffer.from('#'), TTL_MS)).toBe(true)
    for (const key of keys.slice(10)) expect((await read(store, key))![0]).toBe('#')
    expect(await store.increment(`n:${tag}`, 1, HEAD, TTL_MS)).toBe(1)
    for (const key of keys.slice(0, 10)) await store.deleteMany([key])
    for (const key of keys.slice(0, 10)) expect(await read(store, key)).toBeUndefined()
    await cluster.moveKeys(slot, from, to)
    await cluster.endMove(slot, from, to)
    const left = await Promise.all(keys.map((key) => read(store, key)))
    expect(left.filter((value) => value !== undefined)).toHaveLength(10)
    expect(await store.increment(`n:${tag}`, 1, HEAD, TTL_MS)).toBe(2)
  })

  it('says of each key by itself what it could not do while its slot is split', async () => {
    const store = await open()
    const { key: split, slot, from, to } = await place((i) => `${driver}:split:${i}`)
    const whole = `${driver}:whole`
    await put(store, split, 'old')
    await cluster.beginMove(slot, from, to)
    const writes = [split, whole].map((key) => ({ key, bytes: 'new', ttlMs: TTL_MS }))
    // Its right to fill is missing on both sides: no node takes a script with both names.
    const failure = await store.setMany(writes).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(PartialFailure)
    const { answers } = failure as PartialFailure
    expect(answers).toEqual([expect.objectContaining({ code: 'STORE_FAILED' }), undefined])
    expect(await read(store, whole)).toBe('new')
    expect(await read(store, split)).toBe('old')
    await cluster.moveKeys(slot, from, to)
    await cluster.endMove(slot, from, to)
    await put(store, split, 'newer')
    expect(await read(store, split)).toBe('newer')
  })

  it('moves rights to fill along with their keys', async () => {
    const store = await open()
    let isDeleted = false
    for await (const { key, slot, to } of places((i) => `${driver}:right:${i}`, 2)) {
      const request = { key, token: 'T', leaseMs: 5_000, how: 'ask' } as const
      expect(await store.leaseMany!([request], FRESH)).toMatchObject([{ isLeased: true }])
      await cluster.moveSlot(slot, to)
      if (isDeleted) await store.deleteMany([key])
      const write = { key, bytes: 'filled', ttlMs: TTL_MS }
      expect(await store.fillMany!([{ key, token: 'T', write }])).toEqual([!isDeleted])
      expect(await read(store, key)).toBe(isDeleted ? undefined : 'filled')
      isDeleted = true
    }
  })

  it('lists no keys while a slot moves, rather than some', async () => {
    const store = await open()
    const keys = Array.from({ length: 50 }, (_, i) => `${driver}:scan:${i}`)
    await store.setMany(keys.map((key) => ({ key, bytes: '', ttlMs: TTL_MS })))
    const scanned = async () => {
      const found: string[] = []
      for await (const page of store.scan(`${driver}:scan:`)) found.push(...page)
      return found.sort()
    }
    expect(await scanned()).toEqual([...keys].sort())
    const { slot, from, to } = await place((i) => keys[i]!)
    await cluster.beginMove(slot, from, to)
    await expect(scanned()).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await cluster.moveKeys(slot, from, to)
    await cluster.endMove(slot, from, to)
    await store.getMany(keys)
    expect(await scanned()).toEqual([...keys].sort())
  })
})
