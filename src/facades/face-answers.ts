/** What the documents answer where the core says something else. */
import {
  type Cache,
  type CallOptions,
  type CounterSnapshot,
  isCacheError,
  type Loader,
  type SetOptions,
} from '../index.js'
import type { CoreCache } from './face-core.js'

/** A miss is `null`. */
export function orNull<T>(value: T | undefined): T | null {
  return value ?? null
}

/**
 * What takes a `null` for a miss asks again: it is not kept, whatever the cache does with it. For
 * what replaces a value, which must not stay; where nothing was, `noNull` keeps none at all.
 */
export const NO_NULL = { negativeTtl: '1ms' } as const

/** A loader whose `null`, where nothing was before, is handed out and not kept. */
function noNull<T>(load: () => T | PromiseLike<T>): Loader<T> {
  return async (context) => {
    const value = await load()
    if ((value === null || value === undefined) && context.stale === undefined) context.skip()
    return value
  }
}

/**
 * `getOrSet`, where a load that asks for its own key is answered by another one: the documents give
 * functions that cache themselves to calls that cache them under the same key.
 */
export async function loadInCache<T>(
  space: Cache,
  key: string,
  load: () => Promise<T>,
  options: CallOptions,
): Promise<T> {
  let isLoading = false
  const loader = noNull(() => {
    isLoading = true
    return load()
  })
  try {
    return await space.getOrSet<T>(key, loader, { ...NO_NULL, ...options })
  } catch (error) {
    if (isLoading || !isCacheError(error, 'LOADER_RECURSION')) throw error
    // What this answers is kept by whoever waits for it.
    return load()
  }
}

/**
 * `set`, where memory is enough while the store is away. `false` for what no tier has, also for a
 * value that cannot be kept: then the one before is deleted, since it was to be replaced.
 */
export async function setInCache(
  space: Cache,
  key: string,
  value: unknown,
  options: SetOptions,
): Promise<boolean> {
  try {
    return (await space.set(key, value, options)) || space.peek(key) !== undefined
  } catch (error) {
    if (!isCacheError(error, 'VALUE_UNSUPPORTED')) throw error
    await space.delete(key)
    return false
  }
}

/**
 * Invalidates by tag; how many entries with these tags memory held. What others hold nobody counts:
 * the invalidation is one round trip, whatever there is.
 */
export async function invalidateTagsIn(core: CoreCache, tags: readonly string[]): Promise<number> {
  const { length } = core.memory.tagged(tags)
  await core.invalidateTags(tags)
  return length
}

/** Whole seconds that are left; -2 for no entry, -1 for one without end, as Redis says it. */
export async function redisTtl(space: Cache, key: string): Promise<number> {
  const seconds = await space.ttl(key)
  if (seconds === undefined) return -2
  return seconds === Number.POSITIVE_INFINITY ? -1 : Math.ceil(seconds)
}

/** Answers that were handed out, fresh or stale. */
export function hitsOf(counters: CounterSnapshot): number {
  const { memoryHits, storeHits, memoryStaleHits, storeStaleHits } = counters
  return memoryHits + storeHits + memoryStaleHits + storeStaleHits
}

/** 0 to 100, with two digits. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((10_000 * part) / whole) / 100
}

/** Figures that several documents have, under the same names; since the start. */
export interface FaceCounts {
  hits: number
  misses: number
  sets: number
  deletes: number
  /** Calls of the store that failed, or took too long. */
  errors: number
  /** Percent. */
  hitRate: number
}

export function countsOf(total: CounterSnapshot): FaceCounts {
  const { misses, sets, deletes, storeErrors: errors } = total
  const hits = hitsOf(total)
  return { hits, misses, sets, deletes, errors, hitRate: percentOf(hits, hits + misses) }
}
