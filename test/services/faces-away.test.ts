/**
 * Faces by their own options and by the environment: where their keys lie, and that they go on in
 * memory while Redis refuses, is killed or stands still. With their default deadlines.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WriteBehindPattern } from '../../src/facades/distributed/index.js'
import { cacheManager } from '../../src/facades/manager/index.js'
import { UnifiedCacheManager } from '../../src/facades/unified/index.js'
import { command, endCommands } from '../support/admin.js'
import { FACES, type FaceSubject } from '../support/face-subjects.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

let server: RedisServer
let open: { close(): Promise<unknown> }[] = []

beforeAll(async () => {
  server = await startRedisServer()
})
afterEach(async () => {
  server.thaw()
  await Promise.all(open.map((each) => each.close()))
  open = []
})
afterAll(async () => {
  endCommands([server])
  await server.stop()
})

async function leased({ core }: Pick<FaceSubject, 'core'>): Promise<void> {
  await until(() => core.stats().coherence.state === 'leased', 'leased')
}

describe.each(FACES)('$name', ({ name, open: openFace }) => {
  function opened(options: Parameters<typeof openFace>[0]): FaceSubject {
    const face = openFace(options)
    open.push(face)
    return face
  }

  it('has its keys on the server that its options name, under their prefix', async () => {
    const redis = { host: server.host, port: server.port, db: 0, keyPrefix: `own-${name}` }
    const face = opened({ redis })
    await leased(face)
    await until(() => face.set('user:1', { n: 1 }), 'set')
    await until(async () => {
      return (await command(server.port, ['EXISTS', `own-${name}::user:1`])) === 1
    }, 'stored')
    expect(await face.get('user:1')).toEqual({ n: 1 })
  })

  it('works in memory where Redis refuses from the start', async () => {
    const nobody = await startRedisServer({ start: false })
    const face = opened({ url: nobody.url })
    await worksInMemory(face)
    await nobody.stop()
  })

  it('goes on in memory when Redis dies or stands still, and takes it up again', async () => {
    const face = opened({ url: server.url, redis: { keyPrefix: `away-${name}` } })
    await leased(face)
    await face.set('before', 'kept')
    for (const end of ['kill', 'freeze'] as const) {
      await server[end]()
      await until(() => face.core.stats().store?.breaker === 'open', 'away')
      await worksInMemory(face)
      expect(await face.delete('k')).toBe(false)
      expect(await face.get('k')).toBeNull()
      if (end === 'kill') {
        expect(await face.get('before')).toBe('kept')
        await server.restart()
      } else server.thaw()
      await until(() => face.core.stats().store?.breaker === 'closed', 'back')
      await leased(face)
      await until(
        async () => (await face.set('after', end)) && face.core.stats().store?.unconfirmed === 0,
        'told',
      )
      await until(async () => {
        return (await command(server.port, ['EXISTS', `away-${name}::after`])) === 1
      }, 'stored')
    }
  })

  it('closes while Redis stands still', async () => {
    const face = openFace({ url: server.url, redis: { keyPrefix: `still-${name}` } })
    await leased(face)
    server.freeze()
    const set = face.set('k', 1)
    await face.close()
    expect(typeof (await set)).toBe('boolean')
    expect(await face.get('k')).toBeNull()
  })
})

async function worksInMemory(face: FaceSubject): Promise<void> {
  expect(await face.set('k', { n: 1 })).toBe(true)
  expect(await face.get('k')).toEqual({ n: 1 })
  let loads = 0
  const load = async () => `loaded ${++loads}`
  const key = `load:${Math.random()}`
  expect([await face.load(key, load), await face.load(key, load)]).toEqual(['loaded 1', 'loaded 1'])
}

describe('the environment', () => {
  const before = { ...process.env }
  afterEach(() => {
    for (const name of ['REDIS_URL', 'REDIS_KEY_PREFIX', 'CACHE_ADAPTER', 'NODE_ENV']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  })

  it('names server and prefix of what has no options, when that is first used', async () => {
    const cache = new UnifiedCacheManager()
    open.push(cache)
    process.env.REDIS_URL = server.url
    process.env.REDIS_KEY_PREFIX = 'from-env'
    await leased(cache)
    expect(cache.getStats()).toMatchObject({ provider: 'redis', redisConnected: true })
    await until(() => cache.set('user_data', '42', { n: 1 }), 'set')
    await until(async () => {
      return (await command(server.port, ['EXISTS', 'from-env:user_data:42'])) === 1
    }, 'stored')
  })

  it('chooses Redis for a manager in production', async () => {
    process.env.REDIS_URL = server.url
    process.env.NODE_ENV = 'production'
    open.push(cacheManager)
    await leased(cacheManager)
    expect(cacheManager.getAdapterType()).toBe('redis')
    expect(await cacheManager.isHealthy()).toBe(true)
  })
})

describe('write-behind as a class', () => {
  function patternOn(batches: unknown[][], keyPrefix: string): WriteBehindPattern {
    const redis = { url: server.url, keyPrefix }
    const pattern = new WriteBehindPattern({
      redis,
      flushInterval: 200,
      batchSize: 10,
      writer: async (batch) => {
        batches.push(batch.map(({ key, op, value }) => ({ key, op, value })))
        return batch
      },
    })
    open.push(pattern)
    return pattern
  }

  it('queues in Redis, gathers, and brings the newest to the writer', async () => {
    const batches: unknown[][] = []
    const pattern = patternOn(batches, 'behind')
    await until(() => pattern.set('a', 1), 'taken')
    await pattern.set('a', 2)
    await pattern.delete('b')
    expect([await pattern.get('a'), await pattern.get('b')]).toEqual([2, null])
    expect(await pattern.flush()).toBe(true)
    const written = batches.flat()
    expect(written).toContainEqual({ key: 'a', op: 'set', value: 2 })
    expect(written).toContainEqual({ key: 'b', op: 'delete', value: undefined })
  })

  it('writes at once while Redis is away, and rejects with what the writer throws', async () => {
    const batches: unknown[][] = []
    const pattern = patternOn(batches, 'behind-away')
    await until(() => pattern.set('a', 1), 'taken')
    await pattern.flush()
    await server.kill()
    expect(await pattern.set('a', 2)).toBe(true)
    expect(batches.flat().at(-1)).toEqual({ key: 'a', op: 'set', value: 2 })
    expect(await pattern.get('a')).toBe(2)
    await server.restart()
  })

  it('queues in its process where Redis may evict what waits', async () => {
    await command(server.port, ['CONFIG', 'SET', 'maxmemory', '100mb'])
    await command(server.port, ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'])
    const warnings: string[] = []
    const warned = (warning: Error) => warnings.push(warning.message)
    process.on('warning', warned)
    const batches: unknown[][] = []
    const pattern = patternOn(batches, 'behind-lru')
    await Promise.all([pattern.set('a', 1), pattern.set('b', 1)])
    expect(await pattern.flush()).toBe(true)
    expect(batches.flat()).toHaveLength(2)
    await until(() => warnings.some((text) => text.includes('queues in this process')), 'warned')
    process.off('warning', warned)
    await command(server.port, ['CONFIG', 'SET', 'maxmemory', '0'])
  })
})
