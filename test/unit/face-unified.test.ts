/** Every call of the first document, with its documented answer. */
import { afterEach, describe, expect, it } from 'vitest'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import * as unified from '../../src/facades/unified/index.js'
import {
  type CacheConfig,
  CacheInvalidation,
  CacheNamespace,
  cacheLLM,
  cache as cacheOfProcess,
  cacheQuery,
  cacheSession,
  cacheTool,
  cacheWorkflow,
  getCache,
  UnifiedCacheManager,
} from '../../src/facades/unified/index.js'
import { type CacheOptions, createCache } from '../../src/index.js'
import { compiledDecorators, DECORATOR_FORMS } from '../support/compiled-decorators.js'
import { optionInvalid } from '../support/option-invalid.js'
import { withEnvironment } from '../support/with-environment.js'
import type { faceClasses } from './decorated/face-classes.js'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

const TTLS = {
  [CacheNamespace.SESSION]: 3_600,
  [CacheNamespace.TOOL_RESULT]: 300,
  [CacheNamespace.API_RESPONSE]: 600,
  [CacheNamespace.DATABASE_QUERY]: 900,
  [CacheNamespace.LLM_RESPONSE]: 3_600,
  [CacheNamespace.USER_DATA]: 1_800,
  [CacheNamespace.BOT_STATE]: 600,
  [CacheNamespace.WORKFLOW]: 3_600,
}

function tracked(options: CacheOptions = {}) {
  const { cache: core, clock } = trackedCache({ ...OF_ALL_FACES, ...options })
  return { cache: new UnifiedCacheManager({ core }), core, clock }
}

describe('values', () => {
  it('are kept by namespace and key, and are null where there are none', async () => {
    const { cache } = tracked()
    expect(await cache.get(CacheNamespace.USER_DATA, 'user:1')).toBeNull()
    const user = { id: 1, name: 'John' }
    expect(await cache.set(CacheNamespace.USER_DATA, 'user:1', user)).toBe(true)
    expect(await cache.get(CacheNamespace.USER_DATA, 'user:1')).toEqual(user)
    expect(await cache.get(CacheNamespace.SESSION, 'user:1')).toBeNull()
    expect(await cache.get('user_data', 'user:1')).toEqual(user)
    expect(await cache.delete(CacheNamespace.USER_DATA, 'user:1')).toBe(true)
    expect(await cache.get(CacheNamespace.USER_DATA, 'user:1')).toBeNull()
  })

  it('live as long as their namespace says, or the call', async () => {
    const { cache, core } = tracked({ ttl: 600 })
    for (const [namespace, ttl] of Object.entries(TTLS)) {
      await cache.set(namespace, 'k', 1)
      expect([namespace, await core.namespace(namespace).ttl('k')]).toEqual([namespace, ttl])
      await cache.cached(namespace, 'loaded', async () => 1)
      expect(await core.namespace(namespace).ttl('loaded')).toBe(ttl)
    }
    await cache.set('mine', 'k', 1)
    expect(await core.namespace('mine').ttl('k')).toBe(600)
    await cache.set(CacheNamespace.USER_DATA, 'k', 1, 60)
    expect(await core.namespace('user_data').ttl('k')).toBe(60)
  })

  it('end with their ttl', async () => {
    const { cache, clock } = tracked()
    await cache.set(CacheNamespace.DATABASE_QUERY, 'users:list', [1], 900)
    await clock.advance(899_000)
    expect(await cache.get(CacheNamespace.DATABASE_QUERY, 'users:list')).toEqual([1])
    await clock.advance(1_000)
    expect(await cache.get(CacheNamespace.DATABASE_QUERY, 'users:list')).toBeNull()
  })

  it('are false where they cannot be kept, and take the place of the one before', async () => {
    const { cache } = tracked()
    await cache.set('n', 'k', 'before')
    expect(await cache.set('n', 'k', () => 1)).toBe(false)
    expect(await cache.get('n', 'k')).toBeNull()
    expect(await cache.set('n', 'k', undefined)).toBe(false)
  })

  it('reject what is no key, namespace or ttl', async () => {
    const { cache } = tracked()
    await expect(cache.get('n', 7 as never)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    await expect(cache.get('a b', 'k')).rejects.toMatchObject({ code: 'NAMESPACE_INVALID' })
    await expect(cache.set('n', 'k', 1, -1)).rejects.toEqual(optionInvalid(/'ttl' is -1; the/))
    await expect(cache.deleteNamespace('')).rejects.toMatchObject({ code: 'NAMESPACE_INVALID' })
  })
})

describe('removal', () => {
  it('counts the keys of a namespace', async () => {
    const { cache } = tracked()
    await cache.set(CacheNamespace.DATABASE_QUERY, 'a', 1)
    await cache.set(CacheNamespace.DATABASE_QUERY, 'b', 1)
    await cache.set(CacheNamespace.SESSION, 'c', 1)
    expect(await cache.deleteNamespace(CacheNamespace.DATABASE_QUERY)).toBe(2)
    expect(await cache.deleteNamespace(CacheNamespace.DATABASE_QUERY)).toBe(0)
    expect(await cache.get(CacheNamespace.SESSION, 'c')).toBe(1)
    expect(await cache.clear()).toBeUndefined()
    expect(await cache.get(CacheNamespace.SESSION, 'c')).toBeNull()
  })

  it('is false where the store has not confirmed', async () => {
    const { cache: core, store, clock } = trackedWithStore({ ...OF_ALL_FACES })
    const cache = new UnifiedCacheManager({ core })
    await clock.settle()
    expect(await cache.set('n', 'k', 1)).toBe(true)
    store.inject({ kind: 'throw' })
    store.announceDown()
    expect(await cache.set('n', 'k', 2)).toBe(true)
    expect(await cache.get('n', 'k')).toBe(2)
    expect(cache.isRedisConnected()).toBe(false)
    expect(await cache.delete('n', 'k')).toBe(false)
    expect(await cache.get('n', 'k')).toBeNull()
    store.heal()
    store.announceUp()
  })
})

describe('cached and memoize', () => {
  it('load what is missing, once', async () => {
    const { cache } = tracked()
    let loads = 0
    const load = () => cache.cached(CacheNamespace.API_RESPONSE, 'k', async () => ++loads, 600)
    expect(await Promise.all([load(), load()])).toEqual([1, 1])
    expect(await load()).toBe(1)
  })

  it('let errors through, also those thrown at once, and keep neither them nor null', async () => {
    const { cache, clock } = tracked()
    const error = new Error('of the source')
    const throwing = () => {
      throw error
    }
    await expect(cache.cached('n', 'k', throwing)).rejects.toBe(error)
    await expect(cache.cached('n', 'k', () => Promise.reject(error))).rejects.toBe(error)
    expect(await cache.cached('n', 'k', async () => null)).toBeNull()
    await clock.advance(1)
    expect(await cache.cached('n', 'k', async () => 'there')).toBe('there')
  })

  it('keep no null where the cache is given and would keep it', async () => {
    const { cache: core, clock } = trackedCache({ negativeTtl: '1h' })
    const cache = new UnifiedCacheManager({ core })
    expect(await cache.cached('n', 'k', async () => null)).toBeNull()
    await clock.advance(1)
    expect(await cache.cached('n', 'k', async () => 'there')).toBe('there')
  })

  it('ask by the key that is made of the arguments', async () => {
    const { cache, core } = tracked()
    const asked: unknown[] = []
    const complete = async (prompt: string, model: string) => {
      asked.push([prompt, model])
      return `${model} on ${prompt}`
    }
    const keyOf = (prompt: string, model: string) => `${model}:${prompt}`
    const memoized = cache.memoize(CacheNamespace.LLM_RESPONSE, complete, keyOf, 60)
    expect(await memoized('hi', 'gpt')).toBe('gpt on hi')
    expect(await memoized('hi', 'gpt')).toBe('gpt on hi')
    expect(asked).toEqual([['hi', 'gpt']])
    expect(await core.namespace('llm_response').ttl('gpt:hi')).toBe(60)
  })

  it('take a function that caches itself under the same key', async () => {
    const { cache, core } = tracked()
    let completions = 0
    const generateCompletion = (prompt: string, model: string) =>
      cache.cached(CacheNamespace.LLM_RESPONSE, `${model}:${prompt}`, async () => {
        completions++
        return `${model} on ${prompt}`
      })
    const memoizedCompletion = cache.memoize(
      CacheNamespace.LLM_RESPONSE,
      generateCompletion,
      (prompt, model) => `${model}:${prompt}`,
      60,
    )
    const answers = await Promise.all([1, 2].map(() => memoizedCompletion('hi', 'gpt')))
    expect([answers, completions]).toEqual([['gpt on hi', 'gpt on hi'], 1])
    expect(await memoizedCompletion('hi', 'gpt')).toBe('gpt on hi')
    expect(completions).toBe(1)
    expect(await core.namespace('llm_response').ttl('gpt:hi')).toBe(60)
  })

  it('reject where no key can be made, and refuse what is no function', async () => {
    const { cache } = tracked()
    const error = new Error('no key')
    const memoized = cache.memoize(
      'n',
      async () => 1,
      () => {
        throw error
      },
    )
    await expect(memoized()).rejects.toBe(error)
    const notOne = () => cache.memoize('n', async () => 1, 'key' as never)
    expect(notOne).toThrow(optionInvalid(/'keyGenerator' is 'key'; the range is a function/))
    expect(() => cache.memoize('n', 5 as never, String)).toThrow(optionInvalid(/'fn' is 5;/))
  })
})

describe('getStats', () => {
  it('has the shape of the document', async () => {
    const { cache } = tracked()
    expect(cache.getStats().hitRate).toBe('0.00%')
    await cache.set('n', 'k', 1)
    await cache.get('n', 'k')
    await cache.get('n', 'k')
    await cache.get('n', 'none')
    await cache.delete('n', 'gone')
    expect(cache.getStats()).toEqual({
      hits: 2,
      misses: 1,
      sets: 1,
      deletes: 1,
      hitRate: '66.67%',
      provider: 'memory',
      redisConnected: false,
      keys: 1,
    })
    expect(Number.parseFloat(cache.getStats().hitRate)).toBe(66.67)
    expect(cache.isRedisConnected()).toBe(false)
  })
})

describe('shorthands', () => {
  afterEach(() => cacheOfProcess.clear())

  it('lie in the namespace that they are named for', () =>
    withEnvironment({}, async () => {
      expect(getCache()).toBe(cacheOfProcess)
      const { core } = cacheOfProcess
      expect(await cacheQuery('user:1', async () => 'row')).toBe('row')
      expect(await core.namespace('database_query').ttl('user:1')).toBeCloseTo(900, 0)
      await cacheLLM('m:p', async () => 'text')
      expect(await core.namespace('llm_response').ttl('m:p')).toBeCloseTo(3_600, 0)
      await cacheSession('7', async () => ({ at: 1 }))
      expect(await core.namespace('session').ttl('7')).toBeCloseTo(3_600, 0)
      await cacheWorkflow('w', async () => 1, 60)
      expect(await core.namespace('workflow').ttl('w')).toBeCloseTo(60, 0)
    }))

  it('know a tool by its name and its input, whatever the order of that', () =>
    withEnvironment({}, async () => {
      let runs = 0
      const run = (input: unknown) => cacheTool('search', input, async () => ++runs)
      expect([await run({ q: 'x', n: 1 }), await run({ n: 1, q: 'x' })]).toEqual([1, 1])
      expect(await run({ q: 'x', n: 2 })).toBe(2)
      expect(await CacheInvalidation.onToolExecution('search', { q: 'x', n: 1 })).toBe(true)
      expect([await run({ q: 'x', n: 1 }), await run({ q: 'x', n: 2 })]).toEqual([3, 2])
      const noKey = cacheTool(
        'search',
        () => 1,
        async () => 1,
      )
      await expect(noKey).rejects.toMatchObject({ code: 'KEY_INVALID' })
      const noKeyEither = CacheInvalidation.onToolExecution('search', Symbol('x'))
      await expect(noKeyEither).rejects.toMatchObject({ code: 'KEY_INVALID' })
    }))

  it('forget what has changed', () =>
    withEnvironment({}, async () => {
      await cacheSession('7', async () => 1)
      await cacheWorkflow('7', async () => 1)
      await cacheQuery('7', async () => 1)
      await cacheOfProcess.set(CacheNamespace.USER_DATA, '7', 1)
      const { onDatabaseUpdate, onSessionUpdate, ...others } = CacheInvalidation
      expect([await onSessionUpdate('7'), await onDatabaseUpdate()]).toEqual([true, true])
      expect(await others.onUserDataUpdate('7')).toBe(true)
      expect(await others.onWorkflowUpdate('7')).toBe(true)
      expect(cacheOfProcess.getStats().keys).toBe(0)
    }))
})

describe.each(Object.keys(DECORATOR_FORMS))('%s decorators', (form) => {
  const { faceClasses: classes } = compiledDecorators<{ faceClasses: typeof faceClasses }>(
    'test/unit/decorated/face-classes.ts',
    DECORATOR_FORMS[form]!,
    { 'unified/index.js': unified, 'manager/index.js': {} },
  )

  it('cache a method by instance and arguments', async () => {
    const { cache, core } = tracked()
    const users = new (classes.unifiedUsers(cache))('acme')
    expect(await users.getUserData('7')).toEqual({ userId: '7', calls: 1 })
    expect(await users.getUserData('7')).toEqual({ userId: '7', calls: 1 })
    expect(await users.getUserData('8')).toEqual({ userId: '8', calls: 2 })
    expect(await core.namespace('user_data').ttl('acme:7')).toBe(60)
    expect(await users.plain('7')).toBe('plain 7')
    expect(await users.plain('7')).toBe('plain 7')
    expect(users.calls).toBe(3)
    const { hits } = cache.getStats()
    expect(hits).toBe(2)
  })
})

describe('Cached', () => {
  it('refuses what it does not know, where the class is defined', () => {
    const wrong = { namespace: 'n', keygen: () => 'k' }
    expect(() => unified.Cached(wrong)).toThrow(/Cached: unknown option 'keygen'/)
    const noTtl = () => unified.Cached({ namespace: 'n', ttl: -5 })
    expect(noTtl).toThrow(optionInvalid(/Cached: option 'ttl' is -5/))
    const noKey = () => unified.Cached({ namespace: 'n', keyGenerator: 'k' as never })
    expect(noKey).toThrow(optionInvalid(/Cached: option 'keyGenerator' is 'k'/))
    const noSpace = () => unified.Cached({ namespace: 7 as never })
    expect(noSpace).toThrow(/namespace/)
  })
})

describe('configuration', () => {
  const open: UnifiedCacheManager[] = []
  const made = (config?: CacheConfig) => {
    const cache = new UnifiedCacheManager(config)
    open.push(cache)
    return cache
  }
  afterEach(() => Promise.all(open.splice(0).map((cache) => cache.close())))

  it('has the defaults of the document', () =>
    withEnvironment({}, async () => {
      const cache = made({})
      await cache.set('mine', 'k', 1)
      expect(await cache.core.namespace('mine').ttl('k')).toBeCloseTo(600, 0)
      expect(cache.core.stats().memory.maxEntries).toBe(10_000)
      expect(cache.getStats().provider).toBe('memory')
    }))

  it('takes options over variables over defaults', () =>
    withEnvironment({ NODE_CACHE_TTL: '60', NODE_CACHE_MAX_KEYS: '500' }, async () => {
      const byVariables = made()
      await byVariables.set('mine', 'k', 1)
      expect(await byVariables.core.namespace('mine').ttl('k')).toBeCloseTo(60, 0)
      expect(byVariables.core.stats().memory.maxEntries).toBe(500)
      const given = made({ memory: { ttl: 30, maxKeys: 1_000, checkPeriod: 120 } })
      await given.set('mine', 'k', 1)
      expect(await given.core.namespace('mine').ttl('k')).toBeCloseTo(30, 0)
      expect(given.core.stats().memory.maxEntries).toBe(1_000)
      const both = made({ memory: { ttl: 30 }, defaultTTL: 20 })
      await both.set('mine', 'k', 1)
      expect(await both.core.namespace('mine').ttl('k')).toBeCloseTo(20, 0)
      // What a namespace of the eight has is not the default's to change.
      await both.set(CacheNamespace.WORKFLOW, 'k', 1)
      expect(await both.core.namespace('workflow').ttl('k')).toBeCloseTo(3_600, 0)
    }))

  it('reads nothing until it is used, and then says which variable is wrong', () =>
    withEnvironment({ NODE_CACHE_MAX_KEYS: 'many' }, async () => {
      const cache = new UnifiedCacheManager()
      const wrong = { code: 'ENVIRONMENT_INVALID', message: /NODE_CACHE_MAX_KEYS is 'many'/ }
      await expect(cache.get('n', 'k')).rejects.toMatchObject({ code: wrong.code })
      expect(() => new UnifiedCacheManager({})).toThrow(wrong.message)
      await cache.close()
    }))

  it.each<[unknown, RegExp]>([
    [{ redys: {} }, /UnifiedCacheManager: unknown option 'redys'/],
    [{ memory: { max: 1 } }, /unknown option 'max'/],
    [{ memory: { maxKeys: 0 } }, /'memory.maxKeys' is 0; the range is a whole number from 1/],
    [{ memory: { ttl: '1 hour' } }, /'memory.ttl' is '1 hour'/],
    [{ memory: { checkPeriod: -1 } }, /'memory.checkPeriod' is -1/],
    [{ memory: null }, /'memory' is null; the range is/],
    [{ defaultTTL: 0 }, /'defaultTTL' is 0/],
    [{ url: 'redis://a', redis: { url: 'redis://b' } }, /'url' is 'given'; the range is not besi/],
    [{ redis: 'redis://a' }, /'redis' is 'redis:\/\/a'; the range is \{ url/],
    [{ redis: { hostname: 'a' } }, /unknown option 'hostname'/],
    [{ redis: { port: 99_999 } }, /'port' is 99999/],
    [{ redis: { keyPrefix: 'a:b' } }, /'(prefix|redis.keyPrefix)' is 'a:b'/],
    [{ core: {} }, /'core' is an object; the range is a cache of createCache/],
    [{ core: null }, /'core' is null/],
    [{ core: createCache({}), defaultTTL: 5 }, /'core' excludes 'defaultTTL'/],
    [{ core: createCache({}), redys: {} }, /'core' excludes 'redys'/],
    [null, /is null/],
  ])('refuses %j', (config, message) =>
    withEnvironment({}, () => {
      expect(() => new UnifiedCacheManager(config as CacheConfig)).toThrow(message)
    }),
  )

  it('closes what it has made, and leaves what it was given', async () => {
    const { cache, core } = tracked()
    const load = gate<number>()
    const loading = cache.cached('n', 'k', () => load.promise)
    await cache.close()
    load.open(1)
    expect(await loading).toBe(1)
    await core.set('k', 1)
    expect(await core.get('k')).toBe(1)
    const own = await withEnvironment({}, () => made({}))
    await own.set('n', 'k', 1)
    await own.close()
    await own.close()
    expect(await own.get('n', 'k')).toBeNull()
    expect(await new UnifiedCacheManager().close()).toBeUndefined()
  })
})
