/** The faces by their types, as the documents use them: compiled, not run. */
import type { Readable } from 'node:stream'
import { describe, expectTypeOf, it } from 'vitest'
import type { Warmed } from '../../src/automate/index.js'
import {
  CacheAsidePattern,
  cacheKeyManager,
  type CacheOptions as DistributedOptions,
  distributedCache,
  RefreshAheadPattern,
  WriteBehindPattern,
  WriteThroughPattern,
} from '../../src/facades/distributed/index.js'
import {
  CACHE_CONFIG,
  cacheGet,
  cacheGetOrSet,
  configureDataAccess,
  executeRedisWithCircuitBreaker,
  getCachedJobsByUser,
  getCachedUser,
} from '../../src/facades/functions/index.js'
import {
  type CacheConfig,
  CacheManagerFactory,
  cacheManager,
  createCacheHealthCheck,
  type CacheOptions as ManagerOptions,
  type RedisConfig,
} from '../../src/facades/manager/index.js'
import {
  CacheService,
  CacheWarmer,
  ConversationCacheService,
  cacheService,
  OpenAICacheService,
  SessionCacheService,
  UserCacheService,
} from '../../src/facades/service/index.js'
import {
  Cached,
  CacheNamespace,
  type CacheStats,
  cacheQuery,
  cacheTool,
  getCache,
  UnifiedCacheManager,
} from '../../src/facades/unified/index.js'

interface User {
  id: string
  name: string
}

declare const ann: User
declare function findUser(id: string): Promise<User | null>

describe('unified', () => {
  it('is typed as its document has it', () => {
    const judge = async (cache: UnifiedCacheManager, userId: string) => {
      expectTypeOf(getCache()).toEqualTypeOf<UnifiedCacheManager>()
      const user = cache.get<User>(CacheNamespace.USER_DATA, userId)
      expectTypeOf(user).resolves.toEqualTypeOf<User | null>()
      expectTypeOf(cache.get('mine', 'k')).resolves.toBeUnknown()
      expectTypeOf(cache.set('mine', 'k', ann, 1_800)).resolves.toBeBoolean()
      expectTypeOf(cache.deleteNamespace(CacheNamespace.SESSION)).resolves.toBeNumber()
      expectTypeOf(cache.cached('n', 'k', async () => ann, 900)).resolves.toEqualTypeOf<User>()
      const complete = async (prompt: string, model: string) => `${model} ${prompt}`
      const memoized = cache.memoize('n', complete, (prompt, model) => `${model}:${prompt}`, 60)
      expectTypeOf(memoized).toEqualTypeOf<typeof complete>()
      const first = cache.memoize('n', complete, (...args) => `key-${args[0]}`)
      expectTypeOf(first).toEqualTypeOf<typeof complete>()
      expectTypeOf(cache.getStats()).toEqualTypeOf<CacheStats>()
      expectTypeOf(cache.getStats().provider).toEqualTypeOf<'redis' | 'memory'>()
      expectTypeOf(cacheQuery('k', () => findUser('1'), 900)).resolves.toEqualTypeOf<User | null>()
      expectTypeOf(cacheTool('t', { q: 1 }, async () => 1)).resolves.toBeNumber()
      const namespace: CacheNamespace = CacheNamespace.LLM_RESPONSE
      expectTypeOf(namespace).toExtend<string>()
      new UnifiedCacheManager({
        redis: { url: 'redis://h', host: 'h', port: 1, password: 'p', db: 0, keyPrefix: 'a' },
        memory: { ttl: 600, checkPeriod: 120, maxKeys: 10_000 },
        defaultTTL: 600,
      })
      // @ts-expect-error: no such option
      new UnifiedCacheManager({ ttl: 600 })
      // @ts-expect-error: a key is a text
      await cache.get('n', 7)
      // @ts-expect-error: a namespace is needed
      Cached({ ttl: 60 })
    }
    expectTypeOf(judge).toBeFunction()
  })
})

describe('service', () => {
  it('is typed as its document has it', () => {
    const judge = async (cache: CacheService) => {
      expectTypeOf(cacheService).toEqualTypeOf<CacheService>()
      expectTypeOf(cache.get<User>('k')).resolves.toEqualTypeOf<User | null>()
      const loaded = cache.getOrSet('k', async () => await findUser('1'), { ttl: 3_600 })
      expectTypeOf(loaded).resolves.toEqualTypeOf<User | null>()
      const users = new UserCacheService({
        cache,
        source: { findUser, updateUser: async (_: string, changes: Partial<User>) => changes },
      })
      expectTypeOf(users.getUser('1')).resolves.toEqualTypeOf<User | null>()
      await users.updateUser('1', { name: 'New Name' })
      const rows = new Map<number, User>()
      const byNumber = new UserCacheService<User>({
        source: { findUser: async (id) => rows.get(id), updateUser: async () => {} },
      })
      expectTypeOf(byNumber.getUser(1)).resolves.toEqualTypeOf<User | null>()
      const expiresAt = new Date()
      await new SessionCacheService({ cache }).setSession('token', { userId: 1 }, { expiresAt })
      const session = new SessionCacheService().getSession<{ userId: number }>('token')
      expectTypeOf(session).resolves.toEqualTypeOf<{ userId: number } | null>()
      const conversations = new ConversationCacheService({ cache })
      await conversations.setConversation({ id: 'a', status: 'active', messages: [] })
      await conversations.setConversation('a', { status: 'active' })
      // @ts-expect-error: of which?
      await conversations.setConversation({ status: 'active' })
      const analysis = new OpenAICacheService({ cache }).getAnalysis<string[]>('hash')
      expectTypeOf(analysis).resolves.toEqualTypeOf<string[] | null>()
      const warmer = new CacheWarmer({
        cache,
        warmUser: async (id) => ({ [`user:${id}`]: await findUser(id) }),
        recentlyActiveUsers: async () => ['1'],
        popular: { top: 1 },
      })
      expectTypeOf(warmer.warmUserSession('1')).resolves.toEqualTypeOf<Warmed>()
      new CacheService({ url: 'redis://h' })
      // @ts-expect-error: seconds
      await cache.set('k', 1, { ttl: '5m' })
    }
    expectTypeOf(judge).toBeFunction()
  })
})

describe('functions', () => {
  it('are typed as their document has them', () => {
    const judge = async () => {
      expectTypeOf(cacheGet<User>('k')).resolves.toEqualTypeOf<User | null>()
      const loaded = cacheGetOrSet('k', CACHE_CONFIG.users.ttl, () => findUser('1'))
      expectTypeOf(loaded).resolves.toEqualTypeOf<User | null>()
      const byNumber = async (id: number) => ({ id, name: '' })
      configureDataAccess({ findUser: byNumber, findJob: async (id) => ({ id }) })
      expectTypeOf(getCachedUser<User>(1)).resolves.toEqualTypeOf<User | null>()
      expectTypeOf(getCachedJobsByUser<User>(1, 10)).resolves.toEqualTypeOf<User[]>()
      const called = executeRedisWithCircuitBreaker(
        async () => 'text',
        async () => null,
      )
      expectTypeOf(called).resolves.toEqualTypeOf<string | null>()
      // @ts-expect-error: no such source
      configureDataAccess({ findUsers: async () => [] })
    }
    expectTypeOf(judge).toBeFunction()
  })
})

describe('manager', () => {
  it('is typed as its document has it', () => {
    const judge = async () => {
      const cache = cacheManager
      expectTypeOf(cache.get<User>('k')).resolves.toEqualTypeOf<User | null>()
      const options: ManagerOptions = { ttl: 1, tags: ['t'], compress: true, serialize: true }
      const loaded = cache.get('k', async () => ann, { ...options, namespace: 'n' })
      expectTypeOf(loaded).resolves.toEqualTypeOf<User | null>()
      expectTypeOf(cache.set('k', ann, options)).resolves.toBeBoolean()
      expectTypeOf(cache.increment('k', 2)).resolves.toBeNumber()
      // biome-ignore lint/suspicious/noExplicitAny: as the document types it
      expectTypeOf(cache.mget(['k'])).resolves.toEqualTypeOf<Map<string, any>>()
      expectTypeOf(cache.invalidateByTag('t')).resolves.toBeNumber()
      expectTypeOf(cache.getAdapterType()).toEqualTypeOf<'redis' | 'database' | 'unknown'>()
      const aside = cache.cacheAside('k', () => findUser('1'), options)
      expectTypeOf(aside.get()).resolves.toEqualTypeOf<User | null>()
      const redis: RedisConfig = { host: 'redis.example.com', port: 6_379, password: 'secret' }
      const config: Partial<CacheConfig> = { adapter: 'redis', defaultTTL: 7_200, redis }
      CacheManagerFactory.createWithConfig({ ...config, enableCompression: true })
      const health = await createCacheHealthCheck(CacheManagerFactory.createForTesting())()
      expectTypeOf(health.stats.hitRate).toBeNumber()
      const stats = await cache.getStats()
      expectTypeOf(stats.combined.hitRate).toBeNumber()
      // @ts-expect-error: no such adapter
      CacheManagerFactory.createWithConfig({ adapter: 'mysql' })
      await cache.l2Adapter.mset([{ key: 'k', value: ann, options: { ttl: 3_600 } }])
    }
    expectTypeOf(judge).toBeFunction()
  })
})

describe('distributed', () => {
  it('is typed as its document has it', () => {
    const judge = async () => {
      const options: DistributedOptions = { ttl: 1, namespace: 'n', compress: true, tags: ['t'] }
      await distributedCache.set('key', 'value', options)
      expectTypeOf(distributedCache.get<User>('k')).resolves.toEqualTypeOf<User | null>()
      const many = distributedCache.getMultiple<User>(['a', 'b'])
      expectTypeOf(many).resolves.toEqualTypeOf<Record<string, User | null>>()
      expectTypeOf(distributedCache.getTTL('k')).resolves.toBeNumber()
      expectTypeOf(distributedCache.scanStream({ match: '*' })).toEqualTypeOf<Readable>()
      await distributedCache.pipeline().set('key1', 'value1').get('key1').exec()
      const aside = new CacheAsidePattern({ namespace: 'users', compressionEnabled: true })
      const loaded = aside.get('profile:123', () => findUser('123'))
      expectTypeOf(loaded).resolves.toEqualTypeOf<User | null>()
      await new WriteThroughPattern().set('user:123', ann, async (key, user) => {
        expectTypeOf(key).toBeString()
        expectTypeOf(user).toEqualTypeOf<User>()
      })
      const ahead = new RefreshAheadPattern({ defaultTTL: 60 })
      await ahead.configure({ refreshThreshold: 0.8, refreshCallback: (key) => findUser(key) })
      const behind = new WriteBehindPattern({
        writer: async (batch) => {
          for (const { key, value } of batch) expectTypeOf([key, value]).toBeArray()
        },
        flushInterval: 5_000,
        batchSize: 10,
      })
      expectTypeOf(behind.get<User>('k')).resolves.toEqualTypeOf<User | null>()
      const hot = cacheKeyManager.getHotKeys('users', 10).map(({ key }) => key)
      expectTypeOf(hot).toEqualTypeOf<string[]>()
      const { accessPatterns } = cacheKeyManager.getKeyAnalytics('users')
      expectTypeOf(accessPatterns[0].avgAccessFrequency).toBeNumber()
      // @ts-expect-error: a writer is needed
      new WriteBehindPattern({})
    }
    expectTypeOf(judge).toBeFunction()
  })
})
