/** Every call of the fifth document, with its documented answer. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import * as manager from '../../src/facades/manager/index.js'
import {
  type CacheConfig,
  CacheManager,
  CacheManagerFactory,
  CachePatterns,
  cacheManager,
  createCacheConfig,
  createCacheHealthCheck,
} from '../../src/facades/manager/index.js'
import { createCache } from '../../src/index.js'
import { compiledDecorators, DECORATOR_FORMS } from '../support/compiled-decorators.js'
import { optionInvalid } from '../support/option-invalid.js'
import { withEnvironment } from '../support/with-environment.js'
import type { faceClasses } from './decorated/face-classes.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

function tracked() {
  const { cache: core, clock } = trackedCache({ ...OF_ALL_FACES, ttl: 3_600 })
  return { cache: new CacheManager({ core }), core, clock }
}

function trackedAway() {
  const { cache: core, store, clock } = trackedWithStore({ ...OF_ALL_FACES, ttl: 3_600 })
  return { cache: new CacheManager({ core }), core, store, clock }
}

describe('the core methods', () => {
  it('keep no null at all, and no value that a null replaces', async () => {
    const { cache, clock } = tracked()
    const answers: (string | null)[] = [null, 'there', null]
    const find = async () => answers.shift()!
    expect([await cache.get('k', find), await cache.get('k', find)]).toEqual([null, 'there'])
    expect(await cache.refresh('k', find)).toBeNull()
    await clock.advance(1)
    expect(await cache.get('k')).toBeNull()
  })

  it('keep, find and forget', async () => {
    const { cache, core, clock } = tracked()
    expect(await cache.get('user:123')).toBeNull()
    expect(await cache.set('user:123', { name: 'John Doe' }, { ttl: 30 })).toBe(true)
    expect(await cache.get('user:123')).toEqual({ name: 'John Doe' })
    expect([await cache.exists('user:123'), await cache.exists('none')]).toEqual([true, false])
    expect(await cache.expire('user:123', 60)).toBe(true)
    expect(await core.ttl('user:123')).toBe(60)
    expect(await cache.expire('none', 60)).toBe(false)
    await clock.advance(60_000)
    expect(await cache.get('user:123')).toBeNull()
    await cache.set('app:config', 1, { serialize: true, compress: true })
    expect(await core.ttl('app:config')).toBe(3_600)
    expect(await cache.delete('app:config')).toBe(true)
    expect(await cache.clear()).toBeUndefined()
  })

  it('load by a fallback, whose errors pass and whose null is not kept', async () => {
    const { cache, core, clock } = tracked()
    let loads = 0
    const load = () => cache.get('k', async () => ++loads, { ttl: 60, tags: ['users'] })
    expect([await load(), await load(), loads]).toEqual([1, 1, 1])
    expect(await core.ttl('k')).toBe(60)
    expect(await cache.invalidateByTag('users')).toBe(1)
    expect(await load()).toBe(2)
    const error = new Error('of the source')
    await expect(cache.get('bad', () => Promise.reject(error))).rejects.toBe(error)
    expect(await cache.get('null', async () => null)).toBeNull()
    await clock.advance(1)
    expect(await cache.get('null', async () => 'there')).toBe('there')
    expect(await cache.get('nothing', async () => undefined)).toBeNull()
  })

  it('refresh whatever is cached', async () => {
    const { cache, core } = tracked()
    await cache.set('k', 'old')
    expect(await cache.refresh('k', async () => 'new', { ttl: 60 })).toBe('new')
    expect(await cache.get('k')).toBe('new')
    expect(await core.ttl('k')).toBe(60)
    const aside = cache.cacheAside('a', async () => 'loaded', { ttl: 30, tags: ['t'] })
    expect([await aside.get(), await core.ttl('a')]).toEqual(['loaded', 30])
    await cache.set('a', 'set')
    expect([await aside.get(), await aside.refresh(), await aside.get()]).toEqual([
      'set',
      'loaded',
      'loaded',
    ])
    expect(await aside.invalidate()).toBe(true)
    expect(await cache.exists('a')).toBe(false)
  })

  it('count', async () => {
    const { cache, core } = tracked()
    expect(await cache.increment('n')).toBe(1)
    expect(await cache.increment('n', 4, { ttl: 60 })).toBe(5)
    expect(await cache.decrement('n', 2)).toBe(3)
    expect(await cache.decrement('n')).toBe(2)
    expect(await cache.increment('fresh', 1, { ttl: 60 })).toBe(1)
    expect(await core.ttl('fresh')).toBe(60)
    await cache.set('text', 'x')
    await expect(cache.increment('text')).rejects.toMatchObject({ code: 'VALUE_NOT_A_NUMBER' })
  })

  it('count on in memory while the store is away, each call of its own', async () => {
    const { cache, store, clock } = trackedAway()
    await clock.settle()
    expect(await cache.increment('n')).toBe(1)
    await cache.get('n')
    store.inject({ kind: 'throw' })
    store.announceDown()
    const sums = await Promise.all([1, 2, 3].map(() => cache.increment('n')))
    expect(sums).toEqual([2, 3, 4])
    expect(await cache.get('n')).toBe(4)
    expect(await cache.decrement('other', 2, { ttl: 60 })).toBe(-2)
    await clock.advance(59_000)
    expect(await cache.decrement('other', 2, { ttl: 60 })).toBe(-4)
    await clock.advance(1_000)
    expect(await cache.decrement('other', 2, { ttl: 60 })).toBe(-2)
    await cache.set('text', 'x')
    expect(await cache.increment('text')).toBeNaN()
    store.heal()
  })

  it('lie in a namespace where one is given', async () => {
    const { cache, core } = tracked()
    const options = { namespace: 'posts' }
    await cache.set('1', 'post', options)
    expect([await cache.get('1'), await core.namespace('posts').get('1')]).toEqual([null, 'post'])
    expect(await cache.get('1', undefined, options)).toBe('post')
    expect(await cache.exists('1', options)).toBe(true)
    expect(await cache.delete('1', options)).toBe(true)
    expect(await cache.exists('1', options)).toBe(false)
  })

  it('refuse what they do not know', async () => {
    const { cache } = tracked()
    const unknown = { tll: 1 } as never
    for (const call of [
      cache.set('k', 1, unknown),
      cache.get('k', undefined, unknown),
      cache.mget(['k'], unknown),
      cache.increment('k', 1, unknown),
      cache.refresh('k', async () => 1, unknown),
    ]) {
      await expect(call).rejects.toThrow(/CacheManager: unknown option 'tll'/)
    }
    const text = cache.set('k', 1, { serialize: 'json' as never })
    await expect(text).rejects.toEqual(optionInvalid(/'serialize' is 'json'/))
    await expect(cache.expire('k', 0)).rejects.toEqual(optionInvalid(/ttl/))
    await expect(cache.invalidateByTag(7 as never)).rejects.toEqual(optionInvalid(/tag/))
  })
})

describe('bulk calls', () => {
  it('set many, and answer a Map of what is there', async () => {
    const { cache, core } = tracked()
    const entries = [
      { key: 'user:1', value: { name: 'John' }, options: { ttl: 60 } },
      { key: 'user:2', value: { name: 'Jane' } },
    ]
    expect(await cache.l2Adapter.mset(entries)).toBe(true)
    const found = await cache.mget(['user:1', 'user:2', 'user:3'])
    expect(found).toBeInstanceOf(Map)
    expect([...found]).toEqual([
      ['user:1', { name: 'John' }],
      ['user:2', { name: 'Jane' }],
    ])
    expect(await core.ttl('user:1')).toBe(60)
    const { l2Adapter } = cache
    expect(await l2Adapter.get('user:1')).toEqual({ name: 'John' })
    expect(await l2Adapter.mget(['user:2'])).toHaveLength
    expect(await l2Adapter.set('user:3', 3)).toBe(true)
    expect(await l2Adapter.exists('user:3')).toBe(true)
    expect(await l2Adapter.delete('user:3')).toBe(true)
    expect(await l2Adapter.isHealthy()).toBe(true)
  })

  it('invalidate by tags, and by the configured patterns', async () => {
    const { cache, core } = tracked()
    await cache.set('post:1', 1, { tags: ['posts', 'user:456'] })
    await cache.set('post:2', 2, { tags: ['posts', 'category:tech'] })
    expect(await cache.invalidateByTags(['user:456', 'category:tech'])).toBe(2)
    expect(await cache.get('post:1')).toBeNull()
    expect(await cache.invalidateConfigured()).toBe(0)
    const own = new CacheManager({ core, invalidationPatterns: ['post:*', 'x:*'] })
    await own.set('post:1', 1)
    await own.set('user:1', 1)
    expect(await own.invalidateConfigured()).toBe(1)
    expect([await own.exists('post:1'), await own.exists('user:1')]).toEqual([false, true])
  })

  it('have the patterns of the package', async () => {
    const { cache } = tracked()
    const aside = CachePatterns.cacheAside('k', async () => 1, { ttl: 60 }, cache)
    expect(await aside.get()).toBe(1)
    const rows = new Map<string, number>()
    const write = async (id: string, value: number) => void rows.set(id, value)
    await CachePatterns.writeThrough({ write, key: (id: string) => id }, cache).set('w', 2)
    expect([rows.get('w'), await cache.get('w')]).toEqual([2, 2])
    const load = async (id: string) => `loaded ${id}`
    expect(await CachePatterns.refreshAhead({ load, ttl: 60 }, cache).get('r')).toBe('loaded r')
  })
})

describe('figures', () => {
  it('have the shape of the document', async () => {
    const { cache } = tracked()
    await cache.set('k', 1)
    await cache.get('k')
    await cache.get('none')
    const { combined, ...stats } = await cache.getStats()
    expect(stats).toEqual({
      adapter: 'unknown',
      l1: { entries: 1, hits: 1, requests: 2, hitRate: 50 },
      l2: {
        healthy: false,
        latency: 0,
        stats: { hits: 0, misses: 1, sets: 1, deletes: 0, errors: 0, hitRate: 0 },
      },
    })
    expect(combined).toMatchObject({ totalEntries: 1, hitRate: 50 })
    expect(combined.memoryUsage).toBeGreaterThan(0)
    expect([await cache.isHealthy(), cache.getAdapterType()]).toEqual([true, 'unknown'])
  })

  it('tell health for an endpoint', async () => {
    const { cache, store, clock } = trackedAway()
    await clock.settle()
    await cache.set('k', 1)
    await cache.get('k')
    const check = createCacheHealthCheck(cache)
    expect(await check()).toEqual({
      status: 'healthy',
      adapter: 'unknown',
      stats: { hits: 1, misses: 0, hitRate: 100 },
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    })
    store.inject({ kind: 'throw' })
    expect((await check()).status).toBe('degraded')
    expect(await cache.isHealthy()).toBe(false)
    store.heal()
  })

  it('are printed in development', async () => {
    const { cache } = tracked()
    const debug = vi.spyOn(console, 'debug').mockImplementation(() => {})
    await withEnvironment({ NODE_ENV: 'development' }, () => cache.set('debug', 1))
    await withEnvironment({ NODE_ENV: 'production' }, () => cache.set('debug', 1))
    const calls = debug.mock.calls
    debug.mockRestore()
    expect(calls).toEqual([['Cache set', { key: 'debug', ttl: 3_600 }]])
  })
})

describe.each(Object.keys(DECORATOR_FORMS))('%s decorators', (form) => {
  const { faceClasses: classes } = compiledDecorators<{ faceClasses: typeof faceClasses }>(
    'test/unit/decorated/face-classes.ts',
    DECORATOR_FORMS[form]!,
    { 'manager/index.js': manager, 'unified/index.js': { CacheNamespace: {}, Cached: () => {} } },
  )

  it('cache the methods of a class in its namespace', async () => {
    const { cache, core } = tracked()
    const service = new (classes.managedUsers(cache))()
    expect(await service.getUser('7')).toEqual({ id: '7', calls: 1 })
    expect(await service.getUser('7')).toEqual({ id: '7', calls: 1 })
    await service.searchUsers({ a: 1 }, 5)
    await service.searchUsers({ a: 1 }, 5)
    expect([await service.count(), await service.count()]).toEqual([3, 3])
    const users = core.namespace('userService')
    expect(await users.ttl('search:{"a":1}:5')).toBe(600)
    expect(await users.ttl('UserService.getUser("7")')).toBe(1_800)
    expect(await users.ttl('UserService.count()')).toBe(3_600)
    expect(await cache.invalidateByTag('search')).toBe(1)
    expect(await cache.invalidateByTag('users')).toBe(1)
    expect(await service.getUser('7')).toEqual({ id: '7', calls: 4 })
  })

  it('take the manager of the process without one of the class', async () => {
    const { core } = tracked()
    const ofProcess = vi.spyOn(cacheManager, 'core', 'get').mockReturnValue(core)
    const loose = new (classes.unmanaged())()
    expect([await loose.count(), await loose.count()]).toEqual([1, 1])
    ofProcess.mockRestore()
    expect(await core.get('loose')).toBe(1)
  })
})

describe('configuration', () => {
  const open: CacheManager[] = []
  const made = (config: Partial<CacheConfig>) => {
    const cache = CacheManagerFactory.createWithConfig(config)
    open.push(cache)
    return cache
  }
  afterEach(() => Promise.all(open.splice(0).map((cache) => cache.close())))

  const nobody = { host: '127.0.0.1', port: 1 }
  it.each<[Record<string, string>, Partial<CacheConfig>, string]>([
    [{ NODE_ENV: 'test', REDIS_URL: 'redis://127.0.0.1:1' }, {}, 'database'],
    [{ NODE_ENV: 'development', REDIS_URL: 'redis://127.0.0.1:1' }, {}, 'database'],
    [{ NODE_ENV: 'production', REDIS_URL: 'redis://127.0.0.1:1' }, {}, 'redis'],
    [{ NODE_ENV: 'test', CACHE_ADAPTER: 'redis', REDIS_HOST: '127.0.0.1' }, {}, 'redis'],
    [{ NODE_ENV: 'test' }, { url: 'redis://127.0.0.1:1' }, 'redis'],
    [{ NODE_ENV: 'test' }, { redis: nobody }, 'redis'],
    [{ NODE_ENV: 'test' }, { redis: nobody, adapter: 'auto' }, 'database'],
    [{ NODE_ENV: 'test', CACHE_ADAPTER: 'database' }, { redis: nobody }, 'database'],
    [{ NODE_ENV: 'test' }, { redis: { keyPrefix: 'mine' } }, 'database'],
    [{ NODE_ENV: 'production' }, { redis: nobody, adapter: 'database' }, 'database'],
    [{ NODE_ENV: 'test' }, { adapter: 'redis', redis: nobody }, 'redis'],
  ])('with %j and %j is over %s', (variables, config, adapter) =>
    withEnvironment({ CACHE_TABLE_NAME: 'of_a_test', ...variables }, () => {
      expect(made({ ...config, database: {} }).getAdapterType()).toBe(adapter)
    }),
  )

  it('is what is given, over the environment, over the defaults', () =>
    withEnvironment({ CACHE_DEFAULT_TTL: '60', CACHE_ENABLE_COMPRESSION: 'true' }, async () => {
      expect(createCacheConfig({ maxMemoryEntries: 5 })).toEqual({
        defaultTTL: 60,
        maxMemoryEntries: 5,
        enableCompression: true,
        enableSerialization: true,
        invalidationPatterns: [],
        adapter: 'auto',
      })
      const cache = made({ maxMemoryEntries: 500, adapter: 'auto' })
      expect(cache.config).toMatchObject({ defaultTTL: 60, maxMemoryEntries: 500 })
      expect(cache.core.stats().memory.maxEntries).toBe(500)
    }))

  it('has the defaults of the document', () =>
    withEnvironment({}, () => {
      expect(createCacheConfig()).toEqual({
        defaultTTL: 3_600,
        maxMemoryEntries: 10_000,
        enableCompression: false,
        enableSerialization: true,
        invalidationPatterns: [],
        adapter: 'auto',
      })
      const off = { CACHE_ENABLE_COMPRESSION: 'false', CACHE_COMPRESSION_ENABLED: 'true' }
      return withEnvironment(off, () => {
        expect(createCacheConfig().enableCompression).toBe(false)
      })
    }))

  // What it keeps is for the tests of stores: a starved SQLite may answer too late.
  it('for testing is a database of its own, whatever the environment says', () =>
    withEnvironment({ NODE_ENV: 'production', REDIS_HOST: '127.0.0.1' }, async () => {
      const [one, other] = [1, 2].map(() => CacheManagerFactory.createForTesting())
      open.push(one!, other!)
      expect([one!, other!].map((each) => each.getAdapterType())).toEqual(['database', 'database'])
      expect(one!.core).not.toBe(other!.core)
      const { core } = tracked()
      expect(CacheManagerFactory.createForTesting({ core }).core).toBe(core)
      await one!.clear()
      await one!.close()
      expect(await one!.get('test')).toBeNull()
    }))

  it.each<[unknown, RegExp]>([
    [{ adaptor: 'redis' }, /CacheManager: unknown option 'adaptor'/],
    [{ adapter: 'mysql' }, /'adapter' is 'mysql'; the range is 'redis' \| 'database' \| 'auto'/],
    [{ defaultTTL: 0 }, /'defaultTTL' is 0/],
    [{ maxMemoryEntries: 1.5 }, /'maxMemoryEntries' is 1.5/],
    [{ enableCompression: 'yes' }, /'enableCompression' is 'yes'/],
    [{ enableSerialization: 1 }, /'enableSerialization' is 1/],
    [{ invalidationPatterns: 'user:*' }, /'invalidationPatterns' is 'user:\*'/],
    [{ database: { table: 'x' } }, /unknown option 'table'/],
    [{ database: { tableName: '1x' } }, /'database.tableName' is '1x'/],
    [{ database: { url: 'mysql://u:secret@h' } }, /'database.url' is 'a value that is not shown'/],
    [{ database: null }, /'database' is null/],
    [{ redis: 7 }, /'redis' is 7/],
    [{ core: createCache({}), defaultTTL: 5 }, /'core' excludes 'defaultTTL'/],
    [null, /'options' is null/],
  ])('refuses %j', (config, message) =>
    withEnvironment({}, () => {
      expect(() => new CacheManager(config as Partial<CacheConfig>)).toThrow(message)
    }),
  )

  it('reads nothing until it is used', () =>
    withEnvironment({ CACHE_DEFAULT_TTL: 'long' }, async () => {
      const cache = new CacheManager()
      await expect(cache.get('k')).rejects.toMatchObject({ code: 'ENVIRONMENT_INVALID' })
      await expect(cache.getStats()).rejects.toMatchObject({ code: 'ENVIRONMENT_INVALID' })
      expect(await cache.close()).toBeUndefined()
      expect(() => new CacheManager({})).toThrow(/CACHE_DEFAULT_TTL/)
    }))
})
