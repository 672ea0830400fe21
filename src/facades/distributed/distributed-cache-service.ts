/**
 * One cache by flat keys, whose first part may name a namespace that is registered with the key
 * manager: then its entries live as that says.
 */
import { Readable } from 'node:stream'
import { readEnvironment, type SetOptions } from '../../index.js'
import {
  countedRemoval,
  FlatKeys,
  type FlatPlace,
  listFlatKeys,
  removeFlatKeys,
} from '../../patterns/index.js'
import { invalidateTagsIn, orNull, redisTtl, setInCache } from '../face-answers.js'
import { type CoreCache, FaceCore, type FaceOptions } from '../face-core.js'
import { FaceOptionCheck } from '../face-options.js'
import { known } from '../known.js'
import type { CacheOptions, WhereOptions } from './cache-options.js'
import { CachePipeline } from './cache-pipeline.js'
import { DEFAULT_NAMESPACES } from './default-namespaces.js'
import {
  type CacheHealthStatus,
  type CacheMetrics,
  healthStatusOf,
  metricsOf,
} from './distributed-metrics.js'

export interface DistributedCacheOptions extends FaceOptions {
  /** Seconds for entries that do not say. Default: 3 600. */
  defaultTTL?: number | undefined
}

export interface ScanOptions {
  /** Default: all keys. */
  match?: string | undefined
  /** Keys that come together. 1 to 10 000. Default: 100. */
  count?: number | undefined
}

const WHERE = 'DistributedCacheService'
const check = new FaceOptionCheck(WHERE)

export class DistributedCacheService {
  /** What the key manager registers, and where keys lie by it. */
  readonly keys: FlatKeys
  readonly #face: FaceCore
  /** The variable is a switch for all of it; code says which values are worth it. */
  #isCompressing = true

  /** Throws OPTION_UNKNOWN, OPTION_INVALID or ENVIRONMENT_INVALID, without options at first use. */
  constructor(options?: DistributedCacheOptions) {
    this.#face = new FaceCore(WHERE, options, () => {
      check.known(options ?? {}, ['url', 'redis', 'core', 'defaultTTL'])
      const ttl = check.ttl('defaultTTL', options?.defaultTTL)
      const { CACHE_ENABLE_COMPRESSION: first, CACHE_COMPRESSION_ENABLED: second } =
        readEnvironment()
      this.#isCompressing = (first ?? second) !== false
      const presets = { ttl: 3_600, hotKeys: true }
      return { presets, given: { ttl } }
    })
    this.keys = new FlatKeys(() => this.core, DEFAULT_NAMESPACES)
  }

  /** The cache underneath, with all of its verbs. */
  get core(): CoreCache {
    return this.#face.cache
  }

  /** `null` for a miss. */
  async get<T = unknown>(key: string, options?: WhereOptions): Promise<T | null> {
    const { space, key: own } = this.#place(key, options)
    return orNull(await space.get<T>(own))
  }

  /** Whether a tier has it now. */
  async set(key: string, value: unknown, options?: CacheOptions): Promise<boolean> {
    const place = this.#place(key, options)
    const { ttl, compress, tags } = { ...this.lifeOf(place), ...known(options ?? {}) }
    return setInCache(place.space, place.key, value, { ttl, compress, tags })
  }

  /** `false`: the store has not confirmed; this process has forgotten it all the same. */
  async delete(key: string, options?: WhereOptions): Promise<boolean> {
    const { space, key: own } = this.#place(key, options)
    return (await space.delete(own)) !== false
  }

  async exists(key: string, options?: WhereOptions): Promise<boolean> {
    const { space, key: own } = this.#place(key, options)
    return space.has(own)
  }

  /** Whether a tier has each of them. One round trip for those that go out together. */
  async setMultiple(
    keyValuePairs: Readonly<Record<string, unknown>>,
    options?: CacheOptions,
  ): Promise<boolean> {
    const sets = Object.entries(keyValuePairs).map(([key, value]) => this.set(key, value, options))
    return (await Promise.all(sets)).every((isSet) => isSet)
  }

  /** By key, `null` for a miss. One round trip for those that memory lacks. */
  async getMultiple<T = unknown>(
    keys: readonly string[],
    options?: WhereOptions,
  ): Promise<Record<string, T | null>> {
    const found = keys.map(async (key) => [key, await this.get<T>(key, options)] as const)
    return Object.fromEntries(await Promise.all(found))
  }

  /** How many keys matched, `*` standing for any text. They are listed first. */
  async deleteByPattern(pattern: string, options: WhereOptions = {}): Promise<number> {
    if (options.namespace === undefined) return removeFlatKeys(this.keys, pattern)
    const { space, key } = this.#place(pattern, options)
    return (await countedRemoval(space, key)).count
  }

  /** How many entries with these tags this process had in memory; all are out of date. */
  async invalidateByTags(tags: string[]): Promise<number> {
    return invalidateTagsIn(this.core, tags)
  }

  /** Whole seconds that are left; -2 for no entry, -1 for one without end, as Redis says it. */
  async getTTL(key: string, options?: WhereOptions): Promise<number> {
    const { space, key: own } = this.#place(key, options)
    return redisTtl(space, own)
  }

  /** A new ttl from now. `false` if there is no entry. */
  async expire(key: string, ttl: number, options?: WhereOptions): Promise<boolean> {
    const { space, key: own } = this.#place(key, options)
    return space.expire(own, ttl)
  }

  async clear(): Promise<void> {
    await this.core.clear()
  }

  /** Calls that are made together by `exec()`. */
  pipeline(): CachePipeline {
    return new CachePipeline(this)
  }

  /** Keys as they are listed, in arrays of `count`. A key may come twice. */
  scanStream(options: ScanOptions = {}): Readable {
    check.known(options, ['match', 'count'])
    const count = check.whole('count', options.count, 1, 10_000) ?? 100
    return Readable.from(listFlatKeys(this.keys, options.match ?? '*', count))
  }

  /** With one ping, and a question to each server. Never rejects. */
  async getHealthStatus(): Promise<CacheHealthStatus> {
    return healthStatusOf(this.core)
  }

  /** As `getHealthStatus`. */
  async getMetrics(): Promise<CacheMetrics> {
    return metricsOf(this.core)
  }

  /** Waits for writes under way, then ends connections; later reads are misses. Never rejects. */
  close(): Promise<void> {
    return this.#face.close()
  }

  /** How entries live there of which a call says nothing. */
  lifeOf({ namespace }: FlatPlace): Pick<SetOptions, 'ttl' | 'compress'> {
    const compress = this.#isCompressing ? namespace?.compress : false
    return { ttl: namespace?.ttl, compress }
  }

  #place(key: string, options: CacheOptions = {}): FlatPlace {
    check.known(options, ['ttl', 'namespace', 'compress', 'tags'])
    return this.keys.place(key, options.namespace)
  }
}

/** The service of the process, by the environment; made when it is first used. */
export const distributedCache = new DistributedCacheService()
