/** What servers tell of themselves, through `health()`, and what of it is a warning. */

import { afterEach, describe, expect, it } from 'vitest'
import { type Cache, type CacheOptions, createCache } from '../../src/index.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { sqlite } from '../../src/stores/sqlite/index.js'
import { PATIENT } from '../support/patient.js'
import { Postgres } from '../support/postgres.js'
import { startRedisCluster } from '../support/redis-cluster.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function healthOf(store: NonNullable<CacheOptions['store']>) {
  const cache = createCache({ ...PATIENT, store }) as Cache
  ends.push(() => cache.close())
  await until(async () => (await cache.health()).status === 'ok', 'it is connected')
  for (let i = 0; i < 20; i++) await cache.set(`k${i}`, 'x'.repeat(20_000))
  return (await cache.health()).store!
}

async function startRedis(...args: string[]): Promise<RedisServer> {
  const server = await startRedisServer({ args })
  ends.push(() => server.stop())
  return server
}

describe('the health of a store', () => {
  it('is what INFO tells of a Redis', async () => {
    const server = await startRedis('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru')
    const { servers, warnings } = await healthOf(redis({ url: server.url }))
    expect(warnings).toEqual([])
    expect(servers).toHaveLength(1)
    const [one] = servers
    expect(one).toMatchObject({ role: 'primary', maxBytes: 100 * 1_024 ** 2, replicas: 0 })
    expect(one!.keys).toBeGreaterThanOrEqual(20)
    expect(one!.clients).toBeGreaterThanOrEqual(2)
    expect(one!.usedBytes).toBeGreaterThan(400_000)
    expect(one!.latencyMs).toBeGreaterThan(0)
  })

  it('warns of a Redis that evicts nothing, and of one that is nearly full', async () => {
    const server = await startRedis('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction')
    const cache = createCache({ ...PATIENT, store: redis({ url: server.url }) })
    ends.push(() => cache.close())
    await until(() => cache.set('first', 1), 'it is connected')
    // Until it refuses to take more.
    let taken = 0
    while (taken < 200 && (await cache.set(`k${taken}`, 'x'.repeat(20_000)))) taken += 1
    expect(taken).toBeLessThan(200)
    const { warnings } = (await cache.health()).store!
    expect(warnings).toEqual([
      expect.stringMatching(/^the store: \d+ % of what it may use is used$/),
      expect.stringMatching(/^the store: maxmemory-policy is noeviction/),
    ])
  })

  it('is silent where the user may not ask', async () => {
    const server = await startRedis(
      '--user',
      'default',
      'on',
      'nopass',
      '~*',
      '&*',
      '+@all',
      '-info',
    )
    const { servers, warnings, pingMs } = await healthOf(redis({ url: server.url }))
    expect({ servers, warnings }).toEqual({ servers: [], warnings: [] })
    expect(pingMs).toBeGreaterThan(0)
  })

  it('names each master of a cluster, and its replicas', async () => {
    const cluster = await startRedisCluster()
    ends.push(() => cluster.stop())
    const { servers, warnings } = await healthOf(redis({ cluster: cluster.seeds }))
    expect(servers).toHaveLength(3)
    expect(new Set(servers.map(({ name }) => name)).size).toBe(3)
    for (const server of servers) {
      expect(server).toMatchObject({ role: 'primary', replicas: 1 })
      expect(server.replicationLagBytes).toBeGreaterThanOrEqual(0)
      expect(warnings.some((each) => each.startsWith(`${server.name}: maxmemory-policy`))).toBe(
        true,
      )
    }
  })

  it('is what Postgres tells, and warns of a table that is nearly full', async () => {
    const server = await Postgres.start()
    ends.push(() => server.stop())
    const options = { url: server.url, maxBytes: '1mb', sweepInterval: '1h' } as const
    const first = await healthOf(postgres(options))
    expect(first.servers).toEqual([
      expect.objectContaining({ role: 'primary', maxBytes: 1_024 ** 2, replicas: 0 }),
    ])
    expect(first.servers[0]!.usedBytes).toBeGreaterThan(400_000)
    expect(first.servers[0]!.clients).toBeGreaterThanOrEqual(2)
    expect(first.warnings).toEqual([])
    const cache = createCache({ ...PATIENT, store: postgres(options) })
    ends.push(() => cache.close())
    await until(() => cache.set('more', 'x'.repeat(1_000_000)), 'written')
    const { warnings } = (await cache.health()).store!
    expect(warnings).toEqual([
      expect.stringMatching(/^the store: \d+ % of what it may use is used$/),
    ])
  })

  it('is the size of a file of SQLite', async () => {
    const { servers, warnings } = await healthOf(sqlite())
    expect(warnings).toEqual([])
    expect(servers[0]!.usedBytes).toBeGreaterThan(400_000)
  })

  it('is empty while the store is away', async () => {
    const server = await startRedis()
    const cache = createCache({ store: redis({ url: server.url }) })
    ends.push(() => cache.close())
    await until(async () => (await cache.health()).status === 'ok', 'it is connected')
    await server.kill()
    await until(async () => (await cache.health()).status === 'degraded', 'it is away')
    expect((await cache.health()).store).toMatchObject({ servers: [], warnings: [] })
  })
})
