/** Cache-aside, write-through and refresh-ahead as classes. Write-behind has a file of its own. */
import { SourceWriter } from '../../patterns/source-writer.js'
import { NO_NULL, noNull, orNull } from '../face-answers.js'
import type { CacheOptions } from './cache-options.js'
import { type CachePatternOptions, PatternCache } from './pattern-cache.js'

export class CacheAsidePattern {
  readonly #cache: PatternCache

  constructor(options: CachePatternOptions = {}) {
    this.#cache = new PatternCache('CacheAsidePattern', options)
  }

  /** What `loader` throws reaches the caller; a `null` of it is not kept. */
  async get<T>(
    key: string,
    loader: () => Promise<T>,
    options?: Omit<CacheOptions, 'namespace'>,
  ): Promise<T> {
    const place = this.#cache.place(key)
    const life = this.#cache.lifeOf(place, options)
    return place.space.getOrSet<T>(place.key, noNull(loader), { ...NO_NULL, ...life })
  }

  set(key: string, value: unknown, options?: Omit<CacheOptions, 'namespace'>): Promise<boolean> {
    return this.#cache.set(key, value, options)
  }

  delete(key: string): Promise<boolean> {
    return this.#cache.delete(key)
  }

  close(): Promise<void> {
    return this.#cache.close()
  }
}

const WRITE_TIMEOUT_MS = 60_000

export class WriteThroughPattern {
  readonly #cache: PatternCache
  readonly #writer: SourceWriter

  constructor(options: CachePatternOptions = {}) {
    this.#cache = new PatternCache('WriteThroughPattern', options)
    const forget = async (key: string) => {
      const place = this.#cache.place(key)
      return place.space.delete(place.key)
    }
    this.#writer = new SourceWriter({ delete: forget }, WRITE_TIMEOUT_MS)
  }

  /**
   * Writes to the source, then to the cache; writes of one key one after another. Rejects with what
   * `writer` throws, or WRITER_TIMEOUT after a minute: the key is forgotten then.
   */
  async set<T>(
    key: string,
    value: T,
    writer: (key: string, value: T) => Promise<unknown>,
    options?: Omit<CacheOptions, 'namespace'>,
  ): Promise<boolean> {
    const run = async () => void (await writer(key, value))
    await this.#writer.write({ key, run, settle: () => this.#cache.set(key, value, options) })
    return true
  }

  /** `null` for a miss. */
  get<T = unknown>(key: string): Promise<T | null> {
    return this.#cache.get<T>(key)
  }

  /** Removes it from the source, then from the cache. */
  async delete(key: string, deleter?: (key: string) => Promise<unknown>): Promise<boolean> {
    if (deleter === undefined) return this.#cache.delete(key)
    const run = async () => void (await deleter(key))
    await this.#writer.write({ key, run, settle: () => this.#cache.delete(key) })
    return true
  }

  close(): Promise<void> {
    return this.#cache.close()
  }
}

export interface RefreshAheadConfiguration {
  /** The part of the ttl after which a read starts a load, in (0, 1). Default 0.8. */
  refreshThreshold?: number | undefined
  refreshCallback: (key: string) => Promise<unknown>
}

export class RefreshAheadPattern {
  readonly #cache: PatternCache
  #threshold = 0.8
  #load: RefreshAheadConfiguration['refreshCallback'] | undefined

  constructor(options: CachePatternOptions = {}) {
    this.#cache = new PatternCache('RefreshAheadPattern', options)
  }

  /** Rejects with OPTION_UNKNOWN or OPTION_INVALID. */
  async configure(configuration: RefreshAheadConfiguration): Promise<void> {
    const { check } = this.#cache
    check.known(configuration, ['refreshThreshold', 'refreshCallback'])
    const { refreshThreshold = 0.8, refreshCallback } = configuration
    const isPart = typeof refreshThreshold === 'number' && 0 < refreshThreshold
    if (!isPart || refreshThreshold >= 1) {
      throw check.invalid('refreshThreshold', refreshThreshold, 'a part of the ttl in (0, 1)')
    }
    if (typeof refreshCallback !== 'function') {
      throw check.invalid('refreshCallback', refreshCallback, 'a function of the key')
    }
    this.#threshold = refreshThreshold
    this.#load = refreshCallback
  }

  /**
   * What is cached, and a load in the background past the threshold; a miss loads. `null` for a
   * miss before `configure`. Rejects with what the callback throws on a miss.
   */
  async get<T = unknown>(key: string): Promise<T | null> {
    const load = this.#load
    if (load === undefined) return this.#cache.get<T>(key)
    const place = this.#cache.place(key)
    const life = { ...NO_NULL, ...this.#cache.lifeOf(place), eager: this.#threshold }
    return orNull(await place.space.getOrSet<T>(place.key, () => load(key) as Promise<T>, life))
  }

  set(key: string, value: unknown, options?: Omit<CacheOptions, 'namespace'>): Promise<boolean> {
    return this.#cache.set(key, value, options)
  }

  delete(key: string): Promise<boolean> {
    return this.#cache.delete(key)
  }

  close(): Promise<void> {
    return this.#cache.close()
  }
}
