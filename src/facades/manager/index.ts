/**
 * The door `cachewright/manager`: one manager over Redis or a database, chosen by the environment.
 */
export type { FaceRedisOptions as RedisConfig } from '../face-connection.js'
export { type CacheAside, CacheManager } from './cache-manager.js'
export {
  type CacheConfig,
  type CacheOptions,
  createCacheConfig,
  type DatabaseConfig,
} from './cache-manager-config.js'
export { CacheManagerFactory, cacheManager } from './cache-manager-factory.js'
export type { CacheManagerStats } from './cache-manager-stats.js'
export { CachePatterns } from './cache-patterns.js'
export {
  CacheClass,
  type CacheClassOptions,
  CacheMethod,
  type CacheMethodOptions,
} from './decorators.js'
export { type CacheHealthReport, createCacheHealthCheck } from './health-check.js'
export type { CacheEntry, L2Adapter } from './l2-adapter.js'
