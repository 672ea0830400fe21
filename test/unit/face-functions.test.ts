/** Every call of the fourth document, with its documented answer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import {
  CACHE_CONFIG,
  cacheClear,
  cacheCore,
  cacheDelete,
  cacheDeletePattern,
  cacheExists,
  cacheGet,
  cacheGetOrSet,
  cacheSet,
  cacheStats,
  cacheTTL,
  closeCache,
  configureCache,
  configureDataAccess,
  executeRedisWithCircuitBreaker,
  generateCacheKey,
  getCachedJob,
  getCachedJobResult,
  getCachedJobsByUser,
  getCachedUser,
  invalidateJobCache,
  invalidateJobResultCache,
  invalidateUserCache,
  invalidateUserJobsCache,
  warmCache,
} from '../../src/facades/functions/index.js'
import { createCache } from '../../src/index.js'
import type { FakeClock } from '../../src/testing/index.js'
import { optionInvalid } from '../support/option-invalid.js'
import { withEnvironment } from '../support/with-environment.js'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

let clock: FakeClock

beforeEach(() => {
  const tracked = trackedCache({ ...OF_ALL_FACES, ttl: 3_600 })
  clock = tracked.clock
  configureCache({ core: tracked.cache })
})
// One of the process, unless it is told otherwise.
afterEach(() => configureCache({ core: createCache({}) }))

describe('the cache', () => {
  it('keeps, finds and forgets', async () => {
    expect(await cacheGet('k')).toBeNull()
    expect(await cacheSet('k', { n: 1 }, 60)).toBe(true)
    expect(await cacheGet('k')).toEqual({ n: 1 })
    expect([await cacheExists('k'), await cacheExists('none')]).toEqual([true, false])
    expect([await cacheTTL('k'), await cacheTTL('none')]).toEqual([60, -2])
    await clock.advance(500)
    expect(await cacheTTL('k')).toBe(60)
    await cacheSet('ever', 1, Number.POSITIVE_INFINITY)
    expect(await cacheTTL('ever')).toBe(-1)
    await cacheSet('by default', 1)
    expect(await cacheTTL('by default')).toBe(3_600)
    await clock.advance(60_000)
    expect(await cacheGet('k')).toBeNull()
    expect(await cacheDelete('ever')).toBe(true)
    expect(await cacheGet('ever')).toBeNull()
    expect(await cacheClear()).toBeUndefined()
    expect(await cacheExists('by default')).toBe(false)
  })

  it('loads what is missing, once, and keeps no null and no error', async () => {
    const key = generateCacheKey(CACHE_CONFIG.users.keyPrefix, 7)
    expect(key).toBe('user:7')
    let loads = 0
    const load = () => cacheGetOrSet(key, CACHE_CONFIG.users.ttl, async () => ({ n: ++loads }))
    expect(await Promise.all([load(), load()])).toEqual([{ n: 1 }, { n: 1 }])
    expect(await cacheTTL(key)).toBe(3_600)
    const error = new Error('of the source')
    await expect(cacheGetOrSet('k', 60, () => Promise.reject(error))).rejects.toBe(error)
    expect(await cacheGetOrSet('k', 60, async () => null)).toBeNull()
    await clock.advance(1)
    expect(await cacheGetOrSet('k', 60, async () => undefined)).toBeUndefined()
    expect(await cacheGetOrSet('k', 60, async () => 'there')).toBe('there')
  })

  it('removes by pattern, and counts', async () => {
    for (const key of ['user:1', 'user:2', 'job:user:123:10']) await cacheSet(key, 1)
    expect(await cacheDeletePattern('user:*')).toBe(2)
    expect(await cacheDeletePattern('job:user:123:*')).toBe(1)
    await expect(cacheDeletePattern('')).rejects.toEqual(optionInvalid(/pattern/))
  })

  it('tells its figures', async () => {
    expect(cacheStats.getStats().hitRate).toBe(0)
    await cacheSet('k', 1)
    await cacheGet('k')
    await cacheGet('none')
    await cacheDelete('none')
    const stats = cacheStats.getStats()
    expect(stats).toEqual({ hits: 1, misses: 1, sets: 1, deletes: 1, errors: 0, hitRate: 50 })
    expect(stats.hitRate.toFixed(2)).toBe('50.00')
  })

  it('goes on in memory while the store is away', async () => {
    const { cache: core, store } = trackedWithStore(OF_ALL_FACES)
    configureCache({ core })
    store.inject({ kind: 'throw' })
    store.announceDown()
    expect(await cacheSet('k', 1, 60)).toBe(true)
    expect([await cacheGet('k'), await cacheGetOrSet('l', 60, async () => 2)]).toEqual([1, 2])
    expect(await cacheDelete('k')).toBe(false)
    expect(await cacheGet('k')).toBeNull()
    store.heal()
  })

  it('has its defaults, and what the environment says', () =>
    withEnvironment({ NODE_CACHE_MAX_KEYS: '50' }, async () => {
      configureCache({})
      await cacheSet('k', 1)
      expect(await cacheTTL('k')).toBe(3_600)
      expect(cacheCore().stats().memory.maxEntries).toBe(50)
      await closeCache()
      expect(await cacheGet('k')).toBeNull()
    }))

  it('is not replaced by one that cannot be', async () => {
    await cacheSet('k', 1)
    expect(() => configureCache({ redys: {} } as never)).toThrow(/configureCache: unknown option/)
    expect(() => configureCache({ url: 'http://a' })).toThrow(/url/)
    expect(() => configureCache({ redis: { port: 0 } })).toThrow(/port/)
    expect(await cacheGet('k')).toBe(1)
  })
})

describe('data access', () => {
  const asked: unknown[] = []
  const job = { id: 'a', status: 'done' }
  beforeEach(() => {
    asked.length = 0
    const told = <T>(name: string, answer: T) => {
      return async (...args: unknown[]) => {
        asked.push([name, ...args])
        return answer
      }
    }
    configureDataAccess({
      findUser: async (id: number) => {
        asked.push(['findUser', id])
        return id === 7 ? { id } : null
      },
      findJob: told('findJob', job),
      findJobsByUser: told('findJobsByUser', [job]),
      findJobResult: told('findJobResult', 'result'),
      recentUsers: told('recentUsers', [{ id: 1 }, { id: 2 }]),
      recentJobs: told('recentJobs', [job]),
    })
  })
  afterEach(() => configureDataAccess({}))

  it('caches what the sources answer, each for its time', async () => {
    for (let twice = 0; twice < 2; twice++) {
      expect(await getCachedUser(7)).toEqual({ id: 7 })
      expect(await getCachedJob(3)).toEqual(job)
      expect(await getCachedJobResult(3)).toBe('result')
      expect(await getCachedJobsByUser(7, 10)).toEqual([job])
      expect(await getCachedJobsByUser(7)).toEqual([job])
    }
    expect(asked).toEqual([
      ['findUser', 7],
      ['findJob', 3],
      ['findJobResult', 3],
      ['findJobsByUser', 7, 10],
      ['findJobsByUser', 7, undefined],
    ])
    const keys = ['user:7', 'job:3', 'job:result:3', 'job:user:7:10', 'job:user:7:all']
    expect(await Promise.all(keys.map(cacheTTL))).toEqual([3_600, 300, 600, 300, 300])
    expect(await getCachedUser(8)).toBeNull()
  })

  it('forgets what has changed', async () => {
    await Promise.all([getCachedUser(7), getCachedJob(3), getCachedJobResult(3)])
    await Promise.all([getCachedJobsByUser(7, 10), getCachedJobsByUser(7), getCachedJobsByUser(70)])
    const gone = [
      await invalidateUserCache(7),
      await invalidateJobCache(3),
      await invalidateJobResultCache(3),
      await invalidateUserJobsCache(7),
    ]
    expect(gone).toEqual([true, true, true, true])
    const left: string[] = []
    for await (const key of cacheCore().keys()) left.push(key)
    expect(left).toEqual(['job:user:70:all'])
  })

  it('keeps nothing that was loaded before it was forgotten', async () => {
    const row = gate<unknown>()
    configureDataAccess({ findUser: () => row.promise })
    const loading = getCachedUser(7)
    await invalidateUserCache(7)
    row.open('old')
    expect(await loading).toBe('old')
    expect(await cacheGet('user:7')).toBeNull()
  })

  it('warms the newest users and jobs', async () => {
    expect(await warmCache()).toEqual({
      users: { loaded: 2, kept: 2, refused: 0 },
      jobs: { loaded: 1, kept: 1, refused: 0 },
    })
    expect(asked).toEqual([
      ['recentUsers', 100],
      ['recentJobs', 200],
    ])
    expect([await cacheGet('user:2'), await cacheTTL('user:2')]).toEqual([{ id: 2 }, 3_600])
    expect([await cacheGet('job:a'), await cacheTTL('job:a')]).toEqual([job, 300])
  })

  it('rejects where a source is missing or fails, and refuses what is none', async () => {
    const error = new Error('of the source')
    configureDataAccess({ findUser: () => Promise.reject(error) })
    await expect(getCachedUser(7)).rejects.toBe(error)
    await expect(getCachedJob(3)).rejects.toEqual(optionInvalid(/'findJob' is needed/))
    await expect(warmCache()).rejects.toEqual(optionInvalid(/'recentUsers' is needed/))
    expect(() => configureDataAccess({ findUsr: async () => null } as never)).toThrow(/'findUsr'/)
    const text = { findUser: 'sql' as never }
    expect(() => configureDataAccess(text)).toThrow(optionInvalid(/'findUser' is no function/))
  })
})

describe('the circuit breaker', () => {
  it('answers what the call does, or the fallback', async () => {
    const none = async () => null
    expect(await executeRedisWithCircuitBreaker(async () => 'value', none)).toBe('value')
    expect(await executeRedisWithCircuitBreaker(() => Promise.reject(new Error()), none)).toBeNull()
    const error = new Error('of the fallback')
    const failing = executeRedisWithCircuitBreaker(
      () => Promise.reject(new Error()),
      () => Promise.reject(error),
    )
    await expect(failing).rejects.toBe(error)
  })

  it('makes no call after five that failed, for a while', async () => {
    let calls = 0
    const call = () =>
      executeRedisWithCircuitBreaker(
        async () => {
          calls++
          throw new Error('away')
        },
        async () => 'fallback',
      )
    await executeRedisWithCircuitBreaker(
      async () => 'closes the count',
      async () => null,
    )
    for (let at = 0; at < 8; at++) expect(await call()).toBe('fallback')
    expect(calls).toBe(5)
  })
})
