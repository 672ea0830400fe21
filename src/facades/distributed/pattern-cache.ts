/** What the pattern classes have in common: a service, a namespace, and how entries live. */
import type { SetOptions } from '../../index.js'
import { FlatKeys, type FlatPlace } from '../../patterns/index.js'
import { setInCache } from '../face-answers.js'
import { FaceOptionCheck } from '../face-options.js'
import type { CacheOptions, WhereOptions } from './cache-options.js'
import {
  type DistributedCacheOptions,
  DistributedCacheService,
  distributedCache,
} from './distributed-cache-service.js'

export interface CachePatternOptions extends DistributedCacheOptions {
  /** Default: by the first part of each key. */
  namespace?: string | undefined
  compressionEnabled?: boolean | undefined
  /** Default: one by `url`, `redis` or `core` where they are given, else that of the process. */
  cache?: DistributedCacheService | undefined
}

const NAMES: readonly string[] = [
  'url',
  'redis',
  'core',
  'defaultTTL',
  'namespace',
  'compressionEnabled',
  'cache',
]

export class PatternCache {
  readonly service: DistributedCacheService
  readonly check: FaceOptionCheck
  readonly #isOwn: boolean
  readonly #options: CachePatternOptions

  /** `own` are the names of the pattern. Throws OPTION_UNKNOWN or OPTION_INVALID. */
  constructor(where: string, options: CachePatternOptions, own: readonly string[] = []) {
    this.check = new FaceOptionCheck(where)
    this.check.known(options, [...NAMES, ...own])
    this.check.ttl('defaultTTL', options.defaultTTL)
    this.check.flag('compressionEnabled', options.compressionEnabled)
    const { url, redis, core, defaultTTL, cache } = options
    const hasOwn = [url, redis, core].some((each) => each !== undefined)
    if (hasOwn && cache !== undefined) {
      throw this.check.invalid('cache', 'given', "not beside 'url', 'redis' or 'core'")
    }
    if (cache !== undefined && !(cache?.keys instanceof FlatKeys)) {
      throw this.check.invalid('cache', cache, 'a DistributedCacheService')
    }
    this.#isOwn = hasOwn
    this.#options = Object.freeze({ ...options })
    const made = core === undefined ? { url, redis, defaultTTL } : { core }
    if (hasOwn) this.service = new DistributedCacheService(made)
    else this.service = cache ?? distributedCache
  }

  place(key: string): FlatPlace {
    return this.service.keys.place(key, this.#options.namespace)
  }

  /** Of a call, else of the pattern, else of the namespace. Throws OPTION_UNKNOWN. */
  lifeOf(place: FlatPlace, call: Omit<CacheOptions, 'namespace'> = {}): SetOptions {
    this.check.known(call, ['ttl', 'tags', 'compress'])
    const { defaultTTL, compressionEnabled } = this.#options
    const { ttl, compress } = this.service.lifeOf(place)
    return {
      ttl: call.ttl ?? defaultTTL ?? ttl,
      tags: call.tags,
      compress: call.compress ?? compressionEnabled ?? compress,
    }
  }

  get<T>(key: string): Promise<T | null> {
    return this.service.get<T>(key, this.#where)
  }

  async set(key: string, value: unknown, call?: Omit<CacheOptions, 'namespace'>): Promise<boolean> {
    const place = this.place(key)
    return setInCache(place.space, place.key, value, this.lifeOf(place, call))
  }

  delete(key: string): Promise<boolean> {
    return this.service.delete(key, this.#where)
  }

  get #where(): WhereOptions {
    return { namespace: this.#options.namespace }
  }

  /** Ends the service that the pattern has made. */
  async close(): Promise<void> {
    if (this.#isOwn) await this.service.close()
  }
}
