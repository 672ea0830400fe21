/** Every call of the second document, with its documented answer; write-behind has its own file. */
import { afterEach, describe, expect, it } from 'vitest'
import {
  CacheAsidePattern,
  CacheKeyManager,
  cacheTTL,
  DistributedCacheService,
  distributedCache,
  RefreshAheadPattern,
  WriteThroughPattern,
} from '../../src/facades/distributed/index.js'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import { optionInvalid } from '../support/option-invalid.js'
import { withEnvironment } from '../support/with-environment.js'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

const OPTIONS = { ...OF_ALL_FACES, ttl: 3_600, hotKeys: true }

function tracked() {
  const { cache: core, clock } = trackedCache(OPTIONS)
  const cache = new DistributedCacheService({ core })
  return { cache, core, clock, keys: new CacheKeyManager({ cache }) }
}

describe('the service', () => {
  it('keeps, finds, expires and forgets', async () => {
    const { cache, core, clock } = tracked()
    expect(await cache.get('user:123')).toBeNull()
    expect(await cache.set('user:123', { n: 1 }, { ttl: 60 })).toBe(true)
    expect(await cache.get('user:123')).toEqual({ n: 1 })
    expect([await cache.exists('user:123'), await cache.exists('none')]).toEqual([true, false])
    expect(await cache.getTTL('user:123')).toBe(60)
    await clock.advance(30_500)
    expect(await cache.getTTL('user:123')).toBe(30)
    expect(await cache.expire('user:123', 100)).toBe(true)
    expect(await cache.getTTL('user:123')).toBe(100)
    expect([await cache.getTTL('none'), await cache.expire('none', 1)]).toEqual([-2, false])
    await cache.set('ever', 1, { ttl: Number.POSITIVE_INFINITY })
    expect(await cache.getTTL('ever')).toBe(-1)
    expect(await cache.delete('user:123')).toBe(true)
    expect(await cache.get('user:123')).toBeNull()
    await cache.set('plain', 1)
    expect(await core.ttl('plain')).toBe(3_600)
    await cache.clear()
    expect(await cache.get('plain')).toBeNull()
  })

  it('sets and gets many, by key', async () => {
    const { cache } = tracked()
    expect(await cache.setMultiple({ 'user:1': 'a', 'user:2': 'b' }, { ttl: 60 })).toBe(true)
    const found = await cache.getMultiple(['user:1', 'user:2', 'user:3', '__proto__'])
    expect(Object.entries(found)).toEqual([
      ['user:1', 'a'],
      ['user:2', 'b'],
      ['user:3', null],
      ['__proto__', null],
    ])
    expect(await cache.getTTL('user:2')).toBe(60)
  })

  it('removes by pattern and by tags, and counts', async () => {
    const { cache } = tracked()
    await cache.setMultiple({ 'user:1': 1, 'user:2': 1, 'sess:1': 1, other: 1 })
    expect(await cache.deleteByPattern('user:*')).toBe(2)
    expect(await cache.deleteByPattern('sess:*')).toBe(1)
    await cache.setMultiple({ 'user:1': 1, 'sess:1': 1, 'content:1': 1 })
    expect(await cache.deleteByPattern('*1')).toBe(3)
    expect(await cache.get('other')).toBe(1)
    await cache.set('tagged', 1, { tags: ['t'] })
    expect(await cache.invalidateByTags(['t'])).toBe(1)
    expect(await cache.get('tagged')).toBeNull()
    await cache.set('1', 1, { namespace: 'mine' })
    expect(await cache.deleteByPattern('*', { namespace: 'mine' })).toBe(1)
  })

  it('makes calls together, and in their order', async () => {
    const { cache } = tracked()
    const pipeline = cache.pipeline().set('key1', 'value1').set('key2', 2, { ttl: 60 })
    pipeline.get('key1').exists('key3').expire('key2', 30).delete('key1').get('key1')
    expect(pipeline.length).toBe(7)
    expect(await pipeline.exec()).toEqual([true, true, 'value1', false, true, true, null])
    expect([pipeline.length, await pipeline.exec()]).toEqual([0, []])
    const mistake = cache.pipeline().get('key2').set('key4', 1, { ttl: -1 }).exec()
    await expect(mistake).rejects.toEqual(optionInvalid(/'ttl' is -1/))
  })

  it('makes calls in their order also over a store', async () => {
    const { cache: core, clock } = trackedWithStore(OPTIONS)
    const cache = new DistributedCacheService({ core })
    await clock.settle()
    const first = cache.pipeline().set('k', 1).get('k').delete('k').get('k').set('k', 2).get('k')
    expect(await first.exec()).toEqual([true, 1, true, null, true, 2])
  })

  it('refuses one call too many of a pipeline', () => {
    const pipeline = tracked().cache.pipeline()
    for (let at = 0; at < 10_000; at++) pipeline.get('k')
    expect(() => pipeline.get('k')).toThrow(/at most 10000 calls before exec/)
  })

  it('streams keys in arrays', async () => {
    const { cache } = tracked()
    for (let at = 0; at < 5; at++) await cache.set(`user:${at}`, at)
    await cache.set('sess:1', 1)
    const pages: string[][] = []
    const stream = cache.scanStream({ match: 'user:*', count: 2 })
    stream.on('data', (keys: string[]) => pages.push(keys))
    await new Promise((resolve) => stream.on('end', resolve))
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1])
    expect(pages.flat().sort()).toEqual(['user:0', 'user:1', 'user:2', 'user:3', 'user:4'])
    const all: string[] = []
    for await (const keys of cache.scanStream()) all.push(...(keys as string[]))
    expect(all).toHaveLength(6)
    expect(all).toContain('sess:1')
    expect(() => cache.scanStream({ count: 0 })).toThrow(optionInvalid(/'count' is 0/))
    const failing = cache.scanStream({ match: '' }).toArray()
    await expect(failing).rejects.toEqual(optionInvalid(/pattern/))
  })

  it('tells health and figures', async () => {
    const { cache } = tracked()
    await cache.set('k', 1)
    await cache.get('k')
    await cache.get('none')
    expect(await cache.getHealthStatus()).toMatchObject({
      status: 'healthy',
      cluster: { status: 'none', nodes: [] },
      memory: { entries: 1 },
      latency: null,
      warnings: [],
    })
    expect(await cache.getMetrics()).toMatchObject({
      hits: 1,
      misses: 1,
      sets: 1,
      errors: 0,
      hitRate: 50,
      errorRate: 0,
      connections: { active: 0, breaker: 'none' },
      memory: { redisUsed: 0 },
    })
  })

  it('tells that its store is away, and goes on in memory', async () => {
    const { cache: core, store, clock } = trackedWithStore(OPTIONS)
    const cache = new DistributedCacheService({ core })
    await clock.settle()
    expect((await cache.getHealthStatus()).cluster.status).toBe('connected')
    store.inject({ kind: 'throw' })
    store.announceDown()
    const { status, cluster } = await cache.getHealthStatus()
    expect([status, cluster.status]).toEqual(['degraded', 'disconnected'])
    expect((await cache.getMetrics()).connections.breaker).toBe('open')
    expect(await cache.setMultiple({ a: 1 })).toBe(true)
    expect(await cache.getMultiple(['a', 'b'])).toEqual({ a: 1, b: null })
    expect(await cache.deleteByPattern('a*')).toBe(1)
    store.heal()
  })

  it('can be wrapped, as a profiler does', async () => {
    const { cache } = tracked()
    await cache.set('k', 1)
    const seen: unknown[] = []
    const originalGet = cache.get
    cache.get = async function profiled<T>(this: DistributedCacheService, key: string) {
      const result = await originalGet.call(this, key)
      seen.push([key, result !== null])
      return result as T
    }
    expect([await cache.get('k'), await cache.get('none')]).toEqual([1, null])
    expect(seen).toEqual([
      ['k', true],
      ['none', false],
    ])
  })

  it('refuses what it does not know', async () => {
    const { cache } = tracked()
    const wrong = cache.set('k', 1, { tll: 1 } as never)
    await expect(wrong).rejects.toThrow(/DistributedCacheService: unknown option 'tll'/)
    await expect(cache.expire('k', 0)).rejects.toEqual(optionInvalid(/ttl/))
    await expect(cache.deleteByPattern('')).rejects.toEqual(optionInvalid(/pattern/))
    await expect(cache.get(7 as never)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    expect(() => new DistributedCacheService({ ttl: 1 } as never)).toThrow(/unknown option 'ttl'/)
  })
})

describe('the patterns', () => {
  it('cache-aside loads what is missing', async () => {
    const { cache, clock } = tracked()
    const aside = new CacheAsidePattern({ cache, namespace: 'users', defaultTTL: 60 })
    expect(await aside.get('profile:123', async () => 'loaded')).toBe('loaded')
    expect(await cache.getTTL('profile:123', { namespace: 'users' })).toBe(60)
    expect(await aside.set('profile:123', 'set', { tags: ['user'], ttl: 7_200 })).toBe(true)
    expect(await aside.get('profile:123', async () => 'loaded')).toBe('set')
    expect(await cache.getTTL('profile:123', { namespace: 'users' })).toBe(7_200)
    await cache.invalidateByTags(['user'])
    expect(await aside.get('profile:123', async () => 'again')).toBe('again')
    expect(await aside.delete('profile:123')).toBe(true)
    expect(await aside.get<unknown>('profile:123', async () => null)).toBeNull()
    await clock.advance(1)
    expect(await aside.get('profile:123', async () => 'there')).toBe('there')
    const error = new Error('of the source')
    await expect(aside.get('bad', () => Promise.reject(error))).rejects.toBe(error)
    const wrong = aside.get('k', async () => 1, { namespace: 'x' } as never)
    await expect(wrong).rejects.toThrow(/unknown option 'namespace'/)
  })

  it('write-through writes to the source first, one write of a key after another', async () => {
    const { cache } = tracked()
    const through = new WriteThroughPattern({ cache })
    const rows: unknown[] = []
    const slow = gate<void>()
    const first = through.set('user:1', 'a', async (key, value) => {
      await slow.promise
      rows.push([key, value])
    })
    const second = through.set('user:1', 'b', async (key, value) => void rows.push([key, value]))
    slow.open()
    expect(await Promise.all([first, second])).toEqual([true, true])
    expect([rows, await through.get('user:1')]).toEqual([
      [
        ['user:1', 'a'],
        ['user:1', 'b'],
      ],
      'b',
    ])
    expect(await cache.get('user:1')).toBe('b')
    const error = new Error('of the source')
    await expect(through.set('user:1', 'c', () => Promise.reject(error))).rejects.toBe(error)
    expect(await through.get('user:1')).toBeNull()
    await cache.set('user:1', 'd')
    expect(await through.delete('user:1', async (key) => void rows.push(key))).toBe(true)
    expect([rows.at(-1), await through.get('user:1')]).toEqual(['user:1', null])
    await expect(through.delete('user:1', () => Promise.reject(error))).rejects.toBe(error)
    expect(await through.delete('user:1')).toBe(true)
  })

  it('refresh-ahead loads before the end', async () => {
    const { cache, clock } = tracked()
    const ahead = new RefreshAheadPattern({ cache, defaultTTL: 100 })
    expect(await ahead.get('user:1')).toBeNull()
    let loads = 0
    await ahead.configure({ refreshThreshold: 0.8, refreshCallback: async () => ++loads })
    expect(await ahead.get('user:1')).toBe(1)
    await clock.advance(79_000)
    expect([await ahead.get('user:1'), loads]).toEqual([1, 1])
    await clock.advance(20_000)
    expect(await ahead.get('user:1')).toBe(1)
    await clock.settle()
    expect([await ahead.get('user:1'), loads]).toEqual([2, 2])
    expect(await ahead.set('user:1', 'set')).toBe(true)
    expect(await ahead.get('user:1')).toBe('set')
    expect(await ahead.delete('user:1')).toBe(true)
    const error = new Error('of the source')
    await ahead.configure({ refreshCallback: () => Promise.reject(error) })
    await expect(ahead.get('user:1')).rejects.toBe(error)
  })

  it('refuse what they do not know', async () => {
    const { cache } = tracked()
    const ahead = new RefreshAheadPattern({ cache })
    const refreshCallback = async () => 1
    const part = ahead.configure({ refreshThreshold: 1, refreshCallback })
    await expect(part).rejects.toEqual(
      optionInvalid(/RefreshAheadPattern: option 'refreshThreshold' is 1; .*\(0, 1\)/),
    )
    const none = ahead.configure({} as never)
    await expect(none).rejects.toEqual(optionInvalid(/'refreshCallback' is undefined/))
    const unknown = { ttl: 60 } as never
    expect(() => new CacheAsidePattern(unknown)).toThrow(/CacheAsidePattern: unknown option 'ttl'/)
    const both = { cache, url: 'redis://a' }
    expect(() => new WriteThroughPattern(both)).toThrow(optionInvalid(/'cache' is 'given'/))
    const notOne = { cache: {} as never }
    expect(() => new WriteThroughPattern(notOne)).toThrow(optionInvalid(/'cache' is an object/))
  })
})

describe('configuration', () => {
  const open: DistributedCacheService[] = []
  const made = (options: ConstructorParameters<typeof DistributedCacheService>[0]) => {
    const cache = new DistributedCacheService(options)
    open.push(cache)
    return cache
  }
  afterEach(() => Promise.all(open.splice(0).map((cache) => cache.close())))

  it('has its defaults, and what the environment says', () =>
    withEnvironment({ CACHE_TTL_DEFAULT: '300', CACHE_TTL_SHORT: '9' }, async () => {
      const byVariables = made({})
      await byVariables.set('k', 1)
      expect(await byVariables.getTTL('k')).toBe(300)
      const given = made({ defaultTTL: 60 })
      await given.set('k', 1)
      expect(await given.getTTL('k')).toBe(60)
      expect({ ...cacheTTL }).toEqual({ default: 300, short: 9, medium: 1_800, long: 7_200 })
      await withEnvironment({}, async () => {
        const byDefault = made({})
        await byDefault.set('k', 1)
        expect(await byDefault.getTTL('k')).toBe(3_600)
        expect({ ...cacheTTL }).toEqual({ default: 3_600, short: 300, medium: 1_800, long: 7_200 })
      })
    }))

  it('compresses as its namespaces say, unless the environment turns all of it off', async () => {
    const bytesWhere = async (variables: Readonly<Record<string, string>>) => {
      const { cache: core, data, clock } = trackedWithStore(OPTIONS)
      const cache = await withEnvironment(variables, () => new DistributedCacheService({ core }))
      await clock.settle()
      await cache.set('content:1', 'x'.repeat(5_000))
      await new CacheAsidePattern({ cache }).set('content:2', 'x'.repeat(5_000))
      await cache.set('content:3', 'x'.repeat(5_000), { compress: true })
      const stored = await data.getMany(['cw:content:1', 'cw:content:2', 'cw:content:3'])
      return stored.map((bytes) => (bytes as Uint8Array).length < 2_500)
    }
    expect(await bytesWhere({})).toEqual([true, true, true])
    expect(await bytesWhere({ CACHE_COMPRESSION_ENABLED: 'false' })).toEqual([false, false, true])
  })

  it('closes what a pattern has made, and leaves what it was given', async () => {
    const { cache, core } = tracked()
    await new CacheAsidePattern({ cache }).close()
    await new CacheAsidePattern({ core }).close()
    await cache.set('k', 1)
    expect(await cache.get('k')).toBe(1)
    const own = await withEnvironment({}, () => made({}))
    const aside = new CacheAsidePattern({ cache: own })
    await own.close()
    expect(await aside.get('k', async () => 'loaded')).toBe('loaded')
    expect(await new DistributedCacheService().close()).toBeUndefined()
  })

  it('reads nothing until it is used', () =>
    withEnvironment({ CACHE_TTL_DEFAULT: 'x' }, async () => {
      const cache = new DistributedCacheService()
      const aside = new CacheAsidePattern({ cache })
      await expect(aside.get('k', async () => 1)).rejects.toMatchObject({
        code: 'ENVIRONMENT_INVALID',
      })
      await expect(cache.getMetrics()).rejects.toMatchObject({ code: 'ENVIRONMENT_INVALID' })
      await expect(cache.getHealthStatus()).rejects.toMatchObject({ code: 'ENVIRONMENT_INVALID' })
      expect(() => cacheTTL.default).toThrow(/CACHE_TTL_DEFAULT is 'x'/)
      expect(distributedCache).toBeInstanceOf(DistributedCacheService)
    }))
})
