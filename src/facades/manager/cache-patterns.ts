/** The patterns of the package over a manager: by default that of the process. */
import {
  type ReadThrough,
  type RefreshAheadOptions,
  refreshAhead,
  type WriteThrough,
  type WriteThroughOptions,
  writeThrough,
} from '../../patterns/index.js'
import type { CacheAside, CacheManager } from './cache-manager.js'
import type { CacheOptions } from './cache-manager-config.js'
import { cacheManager } from './cache-manager-factory.js'

export const CachePatterns = {
  /** One key with its loader. */
  cacheAside: <T>(
    key: string,
    fallback: () => Promise<T>,
    options?: CacheOptions,
    manager: CacheManager = cacheManager,
  ): CacheAside<T> => manager.cacheAside(key, fallback, options),

  writeThrough: <I, T>(
    options: WriteThroughOptions<I, T>,
    manager: CacheManager = cacheManager,
  ): WriteThrough<I, T> => writeThrough<unknown, I, T>(manager.core, options),

  refreshAhead: <I, T>(
    options: RefreshAheadOptions<I, T>,
    manager: CacheManager = cacheManager,
  ): ReadThrough<I, T> => refreshAhead<unknown, I, T>(manager.core, options),
}
