/** Memory in front of Redis or a database, by flat keys; a namespace is an option of a call. */

import type { Cache, SetOptions } from '../../index.js'
import { countedRemoval } from '../../patterns/index.js'
import { invalidateTagsIn, loadInCache, orNull, setInCache } from '../face-answers.js'
import { type CoreCache, FaceCore } from '../face-core.js'
import {
  type CacheConfig,
  type CacheOptions,
  check,
  checkConfig,
  connectionOf,
  createCacheConfig,
  presetOf,
  WHERE,
} from './cache-manager-config.js'
import { adapterOf, type CacheManagerStats, managerStats } from './cache-manager-stats.js'
import { countInMemory, isAway } from './count-in-memory.js'
import { debugLine } from './debug-line.js'
import { L2Adapter } from './l2-adapter.js'

/** One key with its loader. */
export interface CacheAside<T> {
  get(): Promise<T | null>
  /** Loads now, whatever is cached. */
  refresh(): Promise<T | null>
  /** Forgets it, everywhere. */
  invalidate(): Promise<boolean>
}

const OPTION_NAMES: readonly (keyof CacheOptions)[] = [
  'ttl',
  'tags',
  'compress',
  'serialize',
  'namespace',
]

export class CacheManager {
  /** The same cache, in the words of a store: it has bulk writes. */
  readonly l2Adapter: L2Adapter
  readonly #config: Partial<CacheConfig>
  readonly #face: FaceCore

  /** Throws OPTION_UNKNOWN, OPTION_INVALID or ENVIRONMENT_INVALID, without options at first use. */
  constructor(config?: Partial<CacheConfig>, isTest = false) {
    this.#config = config ?? {}
    if (config !== undefined) checkConfig(config)
    const isLazy = config === undefined && !isTest
    const preset = () => presetOf(this.#config, isTest)
    this.#face = new FaceCore(
      WHERE,
      isLazy ? undefined : connectionOf(this.#config, isTest),
      preset,
    )
    this.l2Adapter = new L2Adapter(this)
  }

  /** The cache underneath, with all of its verbs. */
  get core(): CoreCache {
    return this.#face.cache
  }

  /** What was given, over the environment, over the defaults. */
  get config(): CacheConfig {
    return createCacheConfig(this.#config)
  }

  /** `null` for a miss. What `fallback` throws reaches the caller; a `null` of it is not kept. */
  async get<T>(
    key: string,
    fallback?: () => Promise<T>,
    options?: CacheOptions,
  ): Promise<T | null> {
    const { space, life } = this.#place(options)
    if (fallback === undefined) return orNull(await space.get<T>(key))
    return orNull(await loadInCache<T>(space, key, () => load(key, fallback), life))
  }

  /** Whether a tier has it now. */
  async set<T>(key: string, value: T, options?: CacheOptions): Promise<boolean> {
    const { space, life } = this.#place(options)
    debugLine('set', () => ({ key, ttl: life.ttl ?? this.config.defaultTTL }))
    return setInCache(space, key, value, life)
  }

  /** `false`: the store has not confirmed; this process has forgotten it all the same. */
  async delete(key: string, options?: Pick<CacheOptions, 'namespace'>): Promise<boolean> {
    debugLine('delete', () => ({ key }))
    return (await this.#place(options).space.delete(key)) !== false
  }

  async exists(key: string, options?: Pick<CacheOptions, 'namespace'>): Promise<boolean> {
    return this.#place(options).space.has(key)
  }

  /** A new ttl from now. `false` if there is no entry. */
  async expire(
    key: string,
    seconds: number,
    options?: Pick<CacheOptions, 'namespace'>,
  ): Promise<boolean> {
    return this.#place(options).space.expire(key, seconds)
  }

  /** The sum. With the store away it counts in memory; NaN where nobody knows. */
  async increment(key: string, by = 1, options?: CacheOptions): Promise<number> {
    const { space, life } = this.#place(options)
    const { ttl } = life
    const held = space.peek(key)
    const sum = isAway(space) ? undefined : await space.increment(key, by, { ttl })
    return sum ?? countInMemory(space, key, { by, ttl: options?.ttl, held })
  }

  async decrement(key: string, by = 1, options?: CacheOptions): Promise<number> {
    return this.increment(key, -by, options)
  }

  /** Those that are there. */
  // biome-ignore lint/suspicious/noExplicitAny: as the document types it
  async mget(keys: string[], options?: CacheOptions): Promise<Map<string, any>> {
    const values = await this.#place(options).space.getMany(keys)
    const pairs = keys.map((key, at) => [key, values[at]] as const)
    return new Map(pairs.filter(([, value]) => value !== undefined && value !== null))
  }

  /** How many entries with the tag this process had in memory; all are out of date, everywhere. */
  invalidateByTag(tag: string): Promise<number> {
    return this.invalidateByTags([tag])
  }

  async invalidateByTags(tags: string[]): Promise<number> {
    debugLine('invalidate', () => ({ tags }))
    return invalidateTagsIn(this.core, tags)
  }

  /** Those of `invalidationPatterns`; how many entries there were. */
  async invalidateConfigured(): Promise<number> {
    const patterns = this.#config.invalidationPatterns ?? []
    const removals = await Promise.all(patterns.map((each) => countedRemoval(this.core, each)))
    return removals.reduce((sum, { count }) => sum + count, 0)
  }

  async clear(): Promise<void> {
    debugLine('clear', () => ({}))
    await this.core.clear()
  }

  async getStats(): Promise<CacheManagerStats> {
    return managerStats(this.core)
  }

  async isHealthy(): Promise<boolean> {
    return (await this.core.health()).status === 'ok'
  }

  getAdapterType(): 'redis' | 'database' | 'unknown' {
    return adapterOf(this.core)
  }

  /** Loads now, whatever is cached. */
  async refresh<T>(
    key: string,
    fallback: () => Promise<T>,
    options?: CacheOptions,
  ): Promise<T | null> {
    const { space, life } = this.#place(options)
    const anew = { ...life, fresh: true }
    return orNull(await loadInCache<T>(space, key, () => load(key, fallback), anew))
  }

  cacheAside<T>(key: string, fallback: () => Promise<T>, options?: CacheOptions): CacheAside<T> {
    return {
      get: () => this.get(key, fallback, options),
      refresh: () => this.refresh(key, fallback, options),
      invalidate: () => this.delete(key, options),
    }
  }

  /** Waits for writes under way, then ends connections; later reads are misses. Never rejects. */
  close(): Promise<void> {
    return this.#face.close()
  }

  #place(options: CacheOptions = {}): { space: Cache; life: SetOptions } {
    check.known(options, OPTION_NAMES)
    const { namespace, ttl, tags, compress, serialize } = options
    check.flag('serialize', serialize)
    return { space: this.#face.space(namespace), life: { ttl, tags, compress } }
  }
}

function load<T>(key: string, fallback: () => Promise<T>): Promise<T> {
  debugLine('miss', () => ({ key }))
  return fallback()
}
