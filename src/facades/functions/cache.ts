/** One cache of the process as functions over flat keys. */
import { type Circuit, circuit, countedRemoval } from '../../patterns/index.js'
import {
  countsOf,
  type FaceCounts,
  loadInCache,
  orNull,
  redisTtl,
  setInCache,
} from '../face-answers.js'
import { type CoreCache, FaceCore, type FaceOptions } from '../face-core.js'
import { FaceOptionCheck } from '../face-options.js'

export type CacheStats = FaceCounts

/** Seconds, and what keys begin with; an application may write to it before it caches. */
export const CACHE_CONFIG = {
  users: { ttl: 3_600, keyPrefix: 'user:' },
  jobs: { ttl: 300, keyPrefix: 'job:' },
  jobResults: { ttl: 600, keyPrefix: 'job:result:' },
  sessions: { ttl: 86_400, keyPrefix: 'session:' },
}

const WHERE = 'configureCache'
const check = new FaceOptionCheck(WHERE)
const redisCircuit: Circuit = circuit()
let face = new FaceCore(WHERE, undefined, () => ({ presets: { ttl: 3_600 } }))

/**
 * Gives the functions a cache by options in place of that of the environment. The one before is
 * closed. Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function configureCache(options: FaceOptions): void {
  check.known(options, ['url', 'redis', 'core'])
  const before = face
  face = new FaceCore(WHERE, options, () => ({ presets: { ttl: 3_600 } }))
  void before.close()
}

/** The cache underneath, with all of its verbs. */
export function cacheCore(): CoreCache {
  return face.cache
}

/** `prefix` and the parts, with colons between those. */
export function generateCacheKey(prefix: string, ...parts: readonly (string | number)[]): string {
  return prefix + parts.join(':')
}

/** `null` for a miss. */
export async function cacheGet<T = unknown>(key: string): Promise<T | null> {
  return orNull(await face.cache.get<T>(key))
}

/** Whether a tier has it now. Seconds; an hour where it is left out. */
export async function cacheSet(key: string, value: unknown, ttl?: number): Promise<boolean> {
  return setInCache(face.cache, key, value, { ttl })
}

/** What `fallback` throws reaches the caller; `null` and `undefined` of it are not kept. */
export async function cacheGetOrSet<T>(
  key: string,
  ttl: number,
  fallback: () => Promise<T>,
): Promise<T> {
  return loadInCache(face.cache, key, fallback, { ttl })
}

/** `false`: the store has not confirmed; this process has forgotten it all the same. */
export async function cacheDelete(key: string): Promise<boolean> {
  return (await face.cache.delete(key)) !== false
}

/** How many keys matched, `*` standing for any text. They are listed first. */
export async function cacheDeletePattern(pattern: string): Promise<number> {
  return (await countedRemoval(face.cache, pattern)).count
}

export async function cacheClear(): Promise<void> {
  await face.cache.clear()
}

export async function cacheExists(key: string): Promise<boolean> {
  return face.cache.has(key)
}

/** Whole seconds that are left; -2 for no entry, -1 for one without end, as Redis says it. */
export async function cacheTTL(key: string): Promise<number> {
  return redisTtl(face.cache, key)
}

/** Ends the connections of the cache. Never rejects. */
export function closeCache(): Promise<void> {
  return face.close()
}

export const cacheStats = {
  getStats(): CacheStats {
    return countsOf(face.cache.stats().total)
  },
}

/**
 * A call of Redis by the application's own client, or `fallback` where it fails, takes longer than
 * a second, or is not made since five in a row have failed within the last minute. Rejects with
 * what `fallback` throws.
 */
export function executeRedisWithCircuitBreaker<T, F = T>(
  operation: () => Promise<T>,
  fallback: () => Promise<F> | F,
): Promise<T | F> {
  return redisCircuit.run<T, F>(
    () => operation(),
    () => fallback(),
  )
}
