/**
 * The core and the five faces as one thing to test: flat keys in the cache itself, a miss is null.
 * What a document has no call for is left out.
 */
import { CacheAsidePattern, DistributedCacheService } from '../../src/facades/distributed/index.js'
import type { CoreCache, FaceOptions } from '../../src/facades/face-core.js'
import * as functions from '../../src/facades/functions/index.js'
import { CacheManager } from '../../src/facades/manager/index.js'
import { CacheService } from '../../src/facades/service/index.js'
import { UnifiedCacheManager } from '../../src/facades/unified/index.js'
import { countedRemoval } from '../../src/patterns/index.js'

export interface FaceSubject {
  readonly core: CoreCache
  get(key: string): Promise<unknown>
  set(key: string, value: unknown, ttl?: number): Promise<boolean>
  delete(key: string): Promise<boolean>
  load<T>(key: string, loader: () => Promise<T>): Promise<T | null>
  stats(): Promise<{ readonly hits: number; readonly misses: number }>
  close(): Promise<void>
  setTagged?(key: string, value: unknown, tag: string): Promise<boolean>
  invalidateTag?(tag: string): Promise<unknown>
  removeMatching?(pattern: string): Promise<number>
}

export interface FaceKind {
  readonly name: string
  /** `url` and `redis` where it is to make its own cache. */
  open(options: FaceOptions): FaceSubject
}

const TTL = 3_600

/** It is given its cache. */
const CORE: FaceKind = {
  name: 'core',
  open: ({ core: given }) => {
    const core = given!
    return {
      core,
      get: async (key) => (await core.get(key)) ?? null,
      set: (key, value, ttl = TTL) => core.set(key, value, { ttl }),
      delete: async (key) => (await core.delete(key)) !== false,
      load: (key, loader) => core.getOrSet(key, loader),
      stats: async () => {
        const { memoryHits, storeHits, misses } = core.stats().total
        return { hits: memoryHits + storeHits, misses }
      },
      close: async () => {},
      setTagged: (key, value, tag) => core.set(key, value, { tags: [tag] }),
      invalidateTag: (tag) => core.invalidateTags([tag]),
      removeMatching: async (pattern) => (await countedRemoval(core, pattern)).count,
    }
  },
}

const UNIFIED: FaceKind = {
  name: 'unified',
  open: (options) => {
    const cache = new UnifiedCacheManager(options)
    return {
      core: cache.core,
      get: (key) => cache.get('', key),
      set: (key, value, ttl = TTL) => cache.set('', key, value, ttl),
      delete: (key) => cache.delete('', key),
      load: (key, loader) => cache.cached('', key, loader),
      stats: async () => cache.getStats(),
      close: () => cache.close(),
    }
  },
}

const SERVICE: FaceKind = {
  name: 'service',
  open: (options) => {
    const cache = new CacheService(options)
    return {
      core: cache.core,
      get: (key) => cache.get(key),
      set: (key, value, ttl = TTL) => cache.set(key, value, { ttl }),
      delete: (key) => cache.delete(key),
      load: (key, loader) => cache.getOrSet(key, loader),
      stats: async () => cache.getStats(),
      close: () => cache.close(),
      setTagged: (key, value, tag) => cache.set(key, value, { tags: [tag] }),
      invalidateTag: (tag) => cache.invalidateByTag(tag),
      removeMatching: (pattern) => cache.invalidate(pattern),
    }
  },
}

/** Of a process there is one. */
const FUNCTIONS: FaceKind = {
  name: 'functions',
  open: (options) => {
    functions.configureCache(options)
    return {
      core: functions.cacheCore(),
      get: (key) => functions.cacheGet(key),
      set: (key, value, ttl = TTL) => functions.cacheSet(key, value, ttl),
      delete: (key) => functions.cacheDelete(key),
      load: (key, loader) => functions.cacheGetOrSet(key, TTL, loader),
      stats: async () => functions.cacheStats.getStats(),
      close: () => functions.closeCache(),
      removeMatching: (pattern) => functions.cacheDeletePattern(pattern),
    }
  },
}

const MANAGER: FaceKind = {
  name: 'manager',
  open: ({ core, ...own }) => {
    const cache = new CacheManager(core === undefined ? { ...own, adapter: 'redis' } : { core })
    return {
      core: cache.core,
      get: (key) => cache.get(key),
      set: (key, value, ttl = TTL) => cache.set(key, value, { ttl }),
      delete: (key) => cache.delete(key),
      load: (key, loader) => cache.get(key, loader),
      stats: async () => {
        const { hits, requests } = (await cache.getStats()).l1
        return { hits, misses: requests - hits }
      },
      close: () => cache.close(),
      setTagged: (key, value, tag) => cache.set(key, value, { tags: [tag] }),
      invalidateTag: (tag) => cache.invalidateByTag(tag),
    }
  },
}

const DISTRIBUTED: FaceKind = {
  name: 'distributed',
  open: (options) => {
    const cache = new DistributedCacheService(options)
    const aside = new CacheAsidePattern({ cache })
    return {
      core: cache.core,
      get: (key) => cache.get(key),
      set: (key, value, ttl = TTL) => cache.set(key, value, { ttl }),
      delete: (key) => cache.delete(key),
      load: (key, loader) => aside.get(key, loader),
      stats: () => cache.getMetrics(),
      close: () => cache.close(),
      setTagged: (key, value, tag) => cache.set(key, value, { tags: [tag] }),
      invalidateTag: (tag) => cache.invalidateByTags([tag]),
      removeMatching: (pattern) => cache.deleteByPattern(pattern),
    }
  },
}

export const FACES: readonly FaceKind[] = [UNIFIED, SERVICE, FUNCTIONS, MANAGER, DISTRIBUTED]

export const CORE_AND_FACES: readonly FaceKind[] = [CORE, ...FACES]
