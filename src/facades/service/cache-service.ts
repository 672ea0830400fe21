/** A cache with tags and patterns that compresses what is large and goes on without Redis. */
import type { Cache, SetOptions } from '../../index.js'
import { countedRemoval } from '../../patterns/index.js'
import {
  countsOf,
  type FaceCounts,
  invalidateTagsIn,
  loadInCache,
  orNull,
  setInCache,
} from '../face-answers.js'
import { type CoreCache, FaceCore, type FaceOptions, isStoreThere } from '../face-core.js'
import { FaceOptionCheck } from '../face-options.js'

export interface CacheServiceOptions extends FaceOptions {
  /** Seconds for entries that do not say. Default: 3 600. */
  defaultTTL?: number | undefined
}

export interface CacheSetOptions {
  /** Seconds, `Infinity` for ever. */
  ttl?: number | undefined
  tags?: string[] | undefined
  /** Default: values over 1 KiB are, with gzip. */
  compress?: boolean | undefined
}

export interface CacheServiceStats extends FaceCounts {
  /** In memory. */
  keys: number
  /** Bytes of memory, estimated. */
  memoryUsage: number
  connected: boolean
}

const WHERE = 'CacheService'
const check = new FaceOptionCheck(WHERE)

export class CacheService {
  readonly #face: FaceCore

  /** Throws OPTION_UNKNOWN, OPTION_INVALID or ENVIRONMENT_INVALID, without options at first use. */
  constructor(options?: CacheServiceOptions) {
    this.#face = new FaceCore(WHERE, options, () => {
      check.known(options ?? {}, ['url', 'redis', 'core', 'defaultTTL'])
      const ttl = check.ttl('defaultTTL', options?.defaultTTL)
      const compress = { algorithm: 'gzip', threshold: 1_024 } as const
      return { presets: { ttl: 3_600, compress }, given: { ttl } }
    })
  }

  /** The cache underneath, with all of its verbs. */
  get core(): CoreCache {
    return this.#face.cache
  }

  /** `null` for a miss. */
  async get<T = unknown>(key: string): Promise<T | null> {
    return orNull(await this.#cache.get<T>(key))
  }

  /** Whether a tier has it now. */
  async set(key: string, value: unknown, options?: CacheSetOptions): Promise<boolean> {
    return setInCache(this.#cache, key, value, lifeOf(options))
  }

  /** What `load` throws reaches the caller; a `null` of it is not kept. */
  async getOrSet<T>(key: string, load: () => Promise<T>, options?: CacheSetOptions): Promise<T> {
    return loadInCache(this.#cache, key, load, lifeOf(options))
  }

  /** `false`: the store has not confirmed; this process has forgotten it all the same. */
  async delete(key: string): Promise<boolean> {
    return (await this.#cache.delete(key)) !== false
  }

  async exists(key: string): Promise<boolean> {
    return this.#cache.has(key)
  }

  /** How many keys matched, `*` standing for any text. They are listed first. */
  async invalidate(pattern: string): Promise<number> {
    return (await countedRemoval(this.#cache, pattern)).count
  }

  /** How many entries with the tag this process had in memory; all are out of date, everywhere. */
  async invalidateByTag(tag: string): Promise<number> {
    return this.invalidateByTags([tag])
  }

  async invalidateByTags(tags: string[]): Promise<number> {
    return invalidateTagsIn(this.core, tags)
  }

  async clear(): Promise<void> {
    await this.#cache.clear()
  }

  getStats(): CacheServiceStats {
    const stats = this.core.stats()
    const { entries: keys, bytes: memoryUsage } = stats.memory
    return { ...countsOf(stats.total), keys, memoryUsage, connected: isStoreThere(stats) }
  }

  /** Waits for writes under way, then ends connections; later reads are misses. Never rejects. */
  close(): Promise<void> {
    return this.#face.close()
  }

  get #cache(): Cache {
    return this.#face.cache
  }
}

/** The service of the process, by the environment; made when it is first used. */
export const cacheService = new CacheService()

function lifeOf(options: CacheSetOptions = {}): SetOptions {
  check.known(options, ['ttl', 'tags', 'compress'])
  const { ttl, tags, compress } = options
  return { ttl, tags, compress }
}
