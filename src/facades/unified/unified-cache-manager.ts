/** A cache whose every call names a namespace: Redis with memory in front, memory without it. */
import { countedRemoval } from '../../patterns/index.js'
import { countsOf, loadInCache, orNull, setInCache } from '../face-answers.js'
import {
  type CoreCache,
  FaceCore,
  type FaceOptions,
  type FacePreset,
  isStoreThere,
} from '../face-core.js'
import { FaceOptionCheck } from '../face-options.js'
import { type CacheNamespace, lifeIn } from './cache-namespace.js'

export interface CacheConfig extends FaceOptions {
  /** The tier in the process. Numbers of time are seconds. */
  memory?:
    | {
        /** Where `defaultTTL` is not given. */
        ttl?: number | undefined
        /** Accepted and not needed: dead entries give their room back within seconds. */
        checkPeriod?: number | undefined
        /** Default: 10 000. */
        maxKeys?: number | undefined
      }
    | undefined
  /** Seconds for namespaces that are none of the eight. Default: 600. */
  defaultTTL?: number | undefined
}

export interface CacheStats {
  hits: number
  misses: number
  sets: number
  deletes: number
  /** As `86.76%`. */
  hitRate: string
  /** Where values are kept now. */
  provider: 'redis' | 'memory'
  redisConnected: boolean
  /** In memory. */
  keys: number
}

const WHERE = 'UnifiedCacheManager'
const check = new FaceOptionCheck(WHERE)
const DAY_MS = 86_400_000

export class UnifiedCacheManager {
  readonly #face: FaceCore

  /** Throws OPTION_UNKNOWN, OPTION_INVALID or ENVIRONMENT_INVALID, without options at first use. */
  constructor(config?: CacheConfig) {
    this.#face = new FaceCore(WHERE, config, () => presetOf(config ?? {}))
  }

  /** The cache underneath, with all of its verbs. */
  get core(): CoreCache {
    return this.#face.cache
  }

  /** `null` for a miss. */
  async get<T = unknown>(namespace: CacheNamespace | string, key: string): Promise<T | null> {
    return orNull(await this.#face.space(namespace).get<T>(key))
  }

  /** Whether a tier has it now. `ttl` in seconds, that of the namespace where it is left out. */
  async set(
    namespace: CacheNamespace | string,
    key: string,
    value: unknown,
    ttl?: number,
  ): Promise<boolean> {
    return setInCache(this.#face.space(namespace), key, value, lifeIn(namespace, ttl))
  }

  /** `false`: the store has not confirmed; this process has forgotten it all the same. */
  async delete(namespace: CacheNamespace | string, key: string): Promise<boolean> {
    return (await this.#face.space(namespace).delete(key)) !== false
  }

  /** How many keys were there. They are listed first, which costs with their number. */
  async deleteNamespace(namespace: CacheNamespace | string): Promise<number> {
    return (await countedRemoval(this.core.namespace(namespace))).count
  }

  async clear(): Promise<void> {
    await this.core.clear()
  }

  /** What `fn` throws reaches the caller; a `null` of it is not kept. */
  async cached<T>(
    namespace: CacheNamespace | string,
    key: string,
    fn: () => Promise<T>,
    ttl?: number,
  ): Promise<T> {
    return loadInCache(this.#face.space(namespace), key, fn, lifeIn(namespace, ttl))
  }

  /** Rejects with what `fn` or `keyGenerator` throws. Throws OPTION_INVALID for no function. */
  // biome-ignore lint/suspicious/noExplicitAny: any function, as the document types it
  memoize<T extends (...args: any[]) => Promise<any>>(
    namespace: CacheNamespace | string,
    fn: T,
    keyGenerator: (...args: Parameters<T>) => string,
    ttl?: number,
  ): T {
    checkFunction('fn', fn)
    checkFunction('keyGenerator', keyGenerator)
    const memoized = async (...args: Parameters<T>) =>
      this.cached(namespace, keyGenerator(...args), () => fn(...args), ttl)
    return memoized as T
  }

  getStats(): CacheStats {
    const { total, memory } = this.core.stats()
    const { hits, misses, sets, deletes, hitRate: percent } = countsOf(total)
    const redisConnected = this.isRedisConnected()
    const hitRate = `${percent.toFixed(2)}%`
    const provider = redisConnected ? 'redis' : 'memory'
    return { hits, misses, sets, deletes, hitRate, provider, redisConnected, keys: memory.entries }
  }

  isRedisConnected(): boolean {
    const stats = this.core.stats()
    return stats.store?.name.startsWith('redis') === true && isStoreThere(stats)
  }

  /** Waits for writes under way, then ends connections; later reads are misses. Never rejects. */
  close(): Promise<void> {
    return this.#face.close()
  }
}

function checkFunction(name: string, given: unknown): void {
  if (typeof given !== 'function') throw check.invalid(name, given, 'a function')
}

function presetOf(config: CacheConfig): FacePreset {
  check.known(config, ['url', 'redis', 'core', 'memory', 'defaultTTL'])
  const { memory = {}, defaultTTL } = config
  if (typeof memory !== 'object' || memory === null) {
    throw check.invalid('memory', memory, '{ ttl, checkPeriod, maxKeys }')
  }
  check.known(memory, ['ttl', 'checkPeriod', 'maxKeys'])
  check.duration('memory.checkPeriod', memory.checkPeriod, 0, DAY_MS)
  const ttl = check.ttl('defaultTTL', defaultTTL) ?? check.ttl('memory.ttl', memory.ttl)
  const maxEntries = check.entries('memory.maxKeys', memory.maxKeys)
  return {
    presets: { prefix: 'ulf', ttl: 600, memory: { maxEntries: 10_000 } },
    given: { ttl, memory: { maxEntries } },
  }
}
