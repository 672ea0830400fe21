/** Locks over real stores, and a holder that is really frozen, or killed. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import { lock } from '../../src/patterns/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { compiled } from '../support/compiled.js'
import { endWithUs } from '../support/end-with-us.js'
import type { LockChildOrders } from '../support/lock-child.js'
import { PATIENT } from '../support/patient.js'
import { type FilePlace, QUIET_PLACES } from '../support/places.js'
import { startRedisCluster } from '../support/redis-cluster.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

const CHILD = 'test/support/lock-child.ts'

const CLUSTER: FilePlace = {
  name: 'Redis Cluster',
  start: async () => {
    const cluster = await startRedisCluster()
    return { store: () => redis({ cluster: cluster.seeds }), stop: () => cluster.stop() }
  },
}

const open: Cache[] = []
afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close()
})

function opened(options: Parameters<typeof createCache>[0]): Cache {
  const cache = createCache({ ...PATIENT, ...options })
  open.push(cache)
  return cache
}

describe.each([...QUIET_PLACES, CLUSTER])('locks over $name', ({ start }) => {
  let place: Awaited<ReturnType<FilePlace['start']>>
  beforeAll(async () => {
    place = await start()
  })
  afterAll(() => place.stop())

  it('let one in at a time, with rising numbers', async () => {
    const caches = [1, 2, 3, 4].map(() => opened({ prefix: 'one', store: place.store() }))
    const fences = new Map<string, number[]>()
    const inside = new Set<string>()
    const work = (key: string) => async (held: { readonly fence: number }) => {
      expect(inside.has(key)).toBe(false)
      inside.add(key)
      fences.set(key, [...(fences.get(key) ?? []), held.fence])
      await new Promise((resolve) => setImmediate(resolve))
      inside.delete(key)
    }
    const keys = ['a', 'b {odd}', 'x'.repeat(3_000)]
    const calls = caches.flatMap((cache) =>
      [1, 2, 3, 4, 5].flatMap(() => keys.map((key) => lock(cache, key, work(key), { wait: '1m' }))),
    )
    await Promise.all(calls)
    for (const key of keys) {
      const given = fences.get(key)!
      expect(given).toHaveLength(20)
      expect(given).toEqual([...given].sort((one, other) => one - other))
    }
    expect(new Set([...fences.values()].flat()).size).toBe(60)
  })

  it('are out of the way of keys, and are kept by a clear', async () => {
    const [a, b] = [1, 2].map(() => opened({ prefix: 'two', store: place.store() })) as [
      Cache,
      Cache,
    ]
    await lock(a, 'k', async () => {
      const listed: string[] = []
      for await (const key of a.keys()) listed.push(key)
      expect(listed).toEqual([])
      await b.set('k', 'a value')
      expect(await a.get('k')).toBe('a value')
      await b.clear()
      const refused = lock(b, 'k', () => expect.unreachable(), { wait: 0 })
      await expect(refused).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    })
    expect(await lock(b, 'k', () => 'free')).toBe('free')
  })
})

describe('a holder in another process', () => {
  let server: RedisServer
  let child: ChildProcess | undefined
  let said = ''
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterEach(() => child?.kill('SIGKILL'))
  afterAll(() => server.stop())

  async function holder(prefix: string, ttl: string): Promise<number> {
    const orders: LockChildOrders = { redisUrl: server.url, prefix, ttl }
    const args = [compiled(CHILD), JSON.stringify(orders)]
    child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    endWithUs(child)
    said = ''
    child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await until(() => said.includes('\n'), 'the child has the lock')
    return Number(/^held (\d+)/.exec(said)?.[1])
  }

  it('that is frozen loses it, hears of it, and has the lower number', async () => {
    const fence = await holder('frozen', '1s')
    const cache = opened({ prefix: 'frozen', store: redis({ url: server.url }) })
    const early = lock(cache, 'k', () => expect.unreachable(), { wait: '2s' })
    await expect(early).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    child!.kill('SIGSTOP')
    await lock(
      cache,
      'k',
      async (held) => {
        expect(held.fence).toBeGreaterThan(fence)
        child!.kill('SIGCONT')
        await until(() => said.endsWith('lost\n'), 'the child knows')
        expect(held.signal.aborted).toBe(false)
      },
      { wait: '20s' },
    )
  })

  it('that is killed keeps it no longer than its ttl', async () => {
    const fence = await holder('killed', '1s')
    const cache = opened({ prefix: 'killed', store: redis({ url: server.url }) })
    child!.kill('SIGKILL')
    await once(child!, 'exit')
    expect(await lock(cache, 'k', (held) => held.fence, { wait: '20s' })).toBeGreaterThan(fence)
  })
})
