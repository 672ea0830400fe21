/** Managers that are made by hand, and the one of the process. */
import { CacheManager } from './cache-manager.js'
import type { CacheConfig } from './cache-manager-config.js'

/** The manager of the process, by the environment; made when it is first used. */
export const cacheManager = new CacheManager()

export const CacheManagerFactory = {
  /** Throws OPTION_UNKNOWN, OPTION_INVALID or ENVIRONMENT_INVALID. */
  createWithConfig: (config: Partial<CacheConfig>): CacheManager => new CacheManager(config),
  /**
   * Over a database that no other manager shares: Postgres under a prefix of its own where
   * DATABASE_URL is set, else SQLite in memory.
   */
  createForTesting: (config: Partial<CacheConfig> = {}): CacheManager =>
    new CacheManager(config.core === undefined ? { ...config, adapter: 'auto' } : config, true),
}
