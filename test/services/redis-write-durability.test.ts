/**
 * Writes that wait on a Redis: what a server must be to keep them, and what is there once it is
 * lost. Servers whose version knows WAITAOF confirm by it; others by their settings alone.
 */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import {
  type Durability,
  type NewWrite,
  type PutLimits,
  partitionOf,
  type WriteQueue,
} from '../../src/core/write-queue.js'
import { keySlot } from '../../src/stores/redis/cluster/key-slot.js'
import { redis } from '../../src/stores/redis/index.js'
import { command, endCommands } from '../support/admin.js'
import { optionInvalid } from '../support/option-invalid.js'
import { GIVEN_CLIENTS, OWN_CLIENTS } from '../support/redis-clients.js'
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.js'
import { startRedisSentinels } from '../support/redis-sentinels.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { sideBySide } from '../support/side-by-side.js'
import { until, watched } from '../support/watched-store.js'

const PARTITIONS = 8
const KEYS = Array.from({ length: 40 }, (_, i) => `key ${i}`)
const READS = 10
const ALWAYS = ['--appendonly', 'yes', '--appendfsync', 'always']
const EVERYSEC = ['--appendonly', 'yes', '--appendfsync', 'everysec']
const LIMITED = ['--maxmemory', '50mb', '--maxmemory-policy']

const set = (key: string): NewWrite => ({ key, op: 'set', bytes: Buffer.from(key) })
const limits = (durability: Durability, withinMs?: number): PutLimits => ({
  ...{ delayMs: 0, maxPending: 1_000, maxAgeMs: Number.POSITIVE_INFINITY, durability },
  notAfterWallMs: withinMs === undefined ? undefined : Date.now() + withinMs,
})
const putAll = (queue: WriteQueue, durability: Durability, keys = KEYS) =>
  Promise.all(keys.map((key) => queue.put([set(key)], limits(durability))))
const found = async (queue: WriteQueue, keys = KEYS) =>
  (await queue.waiting(keys)).map((write) => write && Buffer.from(write.bytes).toString())

const ends: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

async function serverWith(...args: readonly string[]): Promise<RedisServer> {
  const server = await startRedisServer({ args: ['--repl-diskless-sync-delay', '0', ...args] })
  ends.push(async () => {
    endCommands([server])
    await server.stop()
  })
  return server
}

function opened(store: Store) {
  ends.push(() => store.close())
  return watched(store)
}

async function replicated(): Promise<{ master: RedisServer; replica: RedisServer }> {
  const master = await serverWith()
  const replica = await serverWith('--replicaof', '127.0.0.1', String(master.port))
  await until(() => hasReplicas(master, 1), 'the replica is in step')
  return { master, replica }
}

async function hasReplicas({ port }: RedisServer, count: number): Promise<boolean> {
  const info = String(await command(port, ['INFO', 'replication']))
  return (info.match(/state=online/g)?.length ?? 0) >= count
}

async function queueOn(store: Store): Promise<WriteQueue> {
  await opened(store).up()
  return store.writeQueue!('q', PARTITIONS)
}

const queueAt = ({ url }: RedisServer, options = {}) => queueOn(redis({ url, ...options }))

async function knowsWaitAof({ port }: RedisServer): Promise<boolean> {
  return (await command(port, ['COMMAND', 'INFO', 'WAITAOF']).then(String)) !== ''
}

describe('a queue of writes is prepared', () => {
  it.each([
    ['disk', ALWAYS],
    ['memory', [...LIMITED, 'volatile-lru']],
    ['memory', [...LIMITED, 'noeviction']],
    ['memory', ['--maxmemory-policy', 'allkeys-lru']],
    ['disk', [...ALWAYS, ...LIMITED, 'volatile-lru']],
  ] as const)('for %s with %s', async (durability, args) => {
    const queue = await queueAt(await serverWith(...args))
    await queue.prepare(durability)
    await putAll(queue, durability)
    expect(await found(queue)).toEqual(KEYS)
  })

  it.each([
    ['memory', [...LIMITED, 'allkeys-lru'], /'maxmemory-policy' is 'allkeys-lru'.*noeviction/],
    ['disk', [...ALWAYS, ...LIMITED, 'allkeys-lfu'], /'maxmemory-policy' is 'allkeys-lfu'/],
    ['disk', [], /'durability' is 'disk'.*appendfsync always.*here: .*appendonly no/],
    ['disk', ['--appendonly', 'yes', '--appendfsync', 'no'], /here: .*appendfsync no/],
    ['replica', [], /'durability' is 'replica'.*without a replica/],
  ] as const)('not for %s with %s', async (durability, args, message) => {
    const queue = await queueAt(await serverWith(...args))
    await expect(queue.prepare(durability)).rejects.toEqual(optionInvalid(message))
  })

  it.each([
    ['appendfsync everysec', EVERYSEC],
    ['no-appendfsync-on-rewrite yes', [...ALWAYS, '--no-appendfsync-on-rewrite', 'yes']],
  ])('for disk with %s where the server knows WAITAOF', async (told, args) => {
    const server = await serverWith(...args)
    const queue = await queueAt(server)
    const prepared = queue.prepare('disk')
    if (!(await knowsWaitAof(server))) {
      await expect(prepared).rejects.toEqual(optionInvalid(new RegExp(`here: .*${told}`)))
      return
    }
    await prepared
    await putAll(queue, 'disk')
    const stats = String(await command(server.port, ['INFO', 'commandstats']))
    expect(stats).toContain('cmdstat_waitaof:')
  })

  it('as a server tells, where its user may ask', async () => {
    const may = ['on', '>p', '~*', '&*', '+@all']
    const server = await serverWith(
      ...[...ALWAYS, ...LIMITED, 'allkeys-lru', '--user', 'ann', ...may, '-info'],
      ...['--user', 'bob', ...may, '-info', '-config'],
    )
    const ofAnn = await queueAt(server, { username: 'ann', password: 'p' })
    await ofAnn.prepare('memory')
    await ofAnn.prepare('replica')
    await ofAnn.prepare('disk')
    const ofBob = await queueAt(server, { username: 'bob', password: 'p' })
    const message = /here: version \(could not be asked\), .*appendfsync \(could not be asked\)/
    await expect(ofBob.prepare('disk')).rejects.toEqual(optionInvalid(message))
  })

  it('for memory alone by a store that makes no second connection', async () => {
    const { master } = await replicated()
    const { make } = OWN_CLIENTS.find(({ name }) => name.startsWith('ioredis 5'))!
    const queue = await queueOn(make({ url: master.url }))
    await queue.prepare('memory')
    const message = /'durability' is 'replica'.*'memory'/
    await expect(queue.prepare('replica')).rejects.toEqual(optionInvalid(message))
  })
})

const CLIENTS = [
  ...OWN_CLIENTS.slice(0, 2).map(({ name, make }) => ({
    name,
    open: (server: RedisServer) => queueOnStore(make({ url: server.url })),
  })),
  ...GIVEN_CLIENTS.map(({ name, make }) => ({
    name,
    open: async ({ port }: RedisServer) => {
      const { store, end } = await make(port)
      ends.push(end)
      return queueOnStore(store)
    },
  })),
]

async function queueOnStore(store: Store) {
  return { store, queue: await queueOn(store) }
}

sideBySide(CLIENTS, 'what a queue of writes has acknowledged: $name', ({ open }) => {
  it('is on the disk of a server that was killed', async () => {
    const server = await serverWith(...ALWAYS)
    const { store, queue } = await open(server)
    await queue.prepare('disk')
    await putAll(queue, 'disk')
    await server.restart('last save')
    await until(() => store.ping().then(yes, no), 'the store is back')
    expect(await found(queue)).toEqual(KEYS)
  })

  it('is on a replica, and waits for it without the reads', async () => {
    const { master, replica } = await replicated()
    const { store, queue } = await open(master)
    await queue.prepare('replica')
    await putAll(queue, 'replica')
    replica.freeze()
    const order: string[] = []
    const late = queue.put([set('late')], limits('replica', 2_000)).catch((error: unknown) => {
      order.push('refused')
      return error
    })
    for (let i = 0; i < READS; i++) await store.getMany(['any'])
    order.push('read')
    expect(String(await late)).toContain('no replica has confirmed the write')
    const put = queue.put([set('waits')], limits('replica')).then(() => order.push('put'))
    for (let i = 0; i < READS; i++) await store.getMany(['any'])
    order.push('read again')
    replica.thaw()
    await put
    await master.kill()
    expect(order).toEqual(['read', 'refused', 'read again', 'put'])
    await command(replica.port, ['REPLICAOF', 'NO', 'ONE'])
    const after = (await open(replica)).queue
    expect(await found(after, [...KEYS, 'waits'])).toEqual([...KEYS, 'waits'])
  })
})

const yes = () => true
const no = () => false

describe('what confirms a write', () => {
  it('is shared by those that wait at once', async () => {
    const { master } = await replicated()
    const queue = await queueAt(master)
    await queue.prepare('replica')
    const keys = Array.from({ length: 400 }, (_, i) => `k${i}`)
    await putAll(queue, 'replica', keys)
    const stats = String(await command(master.port, ['INFO', 'commandstats']))
    const waits = Number(/cmdstat_wait:calls=(\d+)/.exec(stats)?.[1])
    expect(waits).toBeGreaterThan(0)
    expect(waits).toBeLessThan(keys.length / 2)
  })

  it('is asked of a server that has taken the place of another', async () => {
    const server = await serverWith(...ALWAYS)
    const store = redis({ url: server.url })
    const watch = opened(store)
    await watch.up()
    const queue = store.writeQueue!('q', PARTITIONS)
    await queue.prepare('disk')
    await server.kill()
    const other = await startRedisServer({ port: server.port })
    ends.push(() => other.stop())
    await watch.up(1)
    await expect(putAll(queue, 'disk')).rejects.toEqual(optionInvalid(/here: .*appendonly no/))
  })

  it('is no other server, though it answers where the same was dialed', async () => {
    const [{ master }, { master: other }] = await Promise.all([replicated(), replicated()])
    const client = new Redis({ port: master.port, autoResendUnfulfilledCommands: false })
    ends.push(async () => client.disconnect())
    const toOther = new Redis({ port: other.port, lazyConnect: true })
    client.duplicate = (overrides) => toOther.duplicate(overrides)
    const queue = await queueOn(redis({ client }))
    await expect(queue.prepare('replica')).rejects.toThrow(/another server/)
    await expect(putAll(queue, 'replica')).rejects.toThrow(/another server/)
    await putAll(queue, 'memory')
  })

  it('ends with the store', async () => {
    const { master, replica } = await replicated()
    const store = redis({ url: master.url })
    const queue = await queueOn(store)
    await queue.prepare('replica')
    replica.freeze()
    const put = expect(queue.put([set('a')], limits('replica'))).rejects.toThrow(/closed/)
    await until(async () => (await queue.state()).pending === 1, 'it is queued')
    await store.close()
    await put
  })
})

describe('a queue of writes with Sentinel', () => {
  it('asks a replica of whichever server is the master', async () => {
    const sentinels = await startRedisSentinels()
    ends.push(() => sentinels.stop())
    const { name, nodes } = sentinels
    const store = redis({ sentinel: { name, nodes } })
    const queue = await queueOn(store)
    await queue.prepare('replica')
    await putAll(queue, 'replica')
    const before = await sentinels.master()
    await before.kill()
    await until(
      async () => (await sentinels.master()) !== before,
      'there is another master',
      20_000,
    )
    const confirmed = () => queue.put([set('after')], limits('replica', 1_000)).then(yes, no)
    await until(confirmed, 'a replica confirms again', 20_000)
    expect(await found(queue, [...KEYS, 'after'])).toEqual([...KEYS, 'after'])
  }, 60_000)
})

describe('a queue of writes on a cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
    ends.push(() => cluster.stop())
  })

  const masterOf = (key: string) =>
    cluster.ownerOf(keySlot(`{q:${partitionOf(key, PARTITIONS)}}!state`))

  it('is refused where one master may evict it', async () => {
    const queue = await queueOn(redis({ cluster: cluster.seeds }))
    await queue.prepare('replica')
    const { port } = cluster.members[1]!.server
    const limit = (bytes: string, policy: string) =>
      command(port, ['CONFIG', 'SET', 'maxmemory', bytes, 'maxmemory-policy', policy])
    await limit('50mb', 'allkeys-lru')
    await expect(queue.prepare('memory')).rejects.toEqual(optionInvalid(/'maxmemory-policy'/))
    await limit('0', 'noeviction')
    await queue.prepare('memory')
  })

  it('waits for the replica of its part, and is there when the master is lost', async () => {
    const store = redis({ cluster: cluster.seeds })
    const queue = await queueOn(store)
    await queue.prepare('replica')
    await putAll(queue, 'replica')
    const master = await masterOf('key 0')
    const replica = await cluster.replicaOf(master)
    const elsewhere: string[] = []
    for (const key of KEYS) if ((await masterOf(key)) !== master) elsewhere.push(key)
    replica.server.freeze()
    const order: string[] = []
    const put = putAll(queue, 'replica', ['key 0']).then(() => order.push('here'))
    await putAll(queue, 'replica', elsewhere)
    for (let i = 0; i < READS; i++) await store.getMany(KEYS)
    order.push('elsewhere')
    replica.server.thaw()
    await put
    expect(order).toEqual(['elsewhere', 'here'])
    await master.server.kill()
    const isBack = () => found(queue).then(yes, no)
    await until(isBack, 'the replica has taken over', 20_000)
    expect(await found(queue)).toEqual(KEYS)
  }, 60_000)
})
