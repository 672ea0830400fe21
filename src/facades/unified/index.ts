/**
 * The door `cachewright/unified`: one manager, eight namespaces, shorthands for what services
 * cache most.
 */
export {
  CacheInvalidation,
  cache,
  cacheLLM,
  cacheQuery,
  cacheSession,
  cacheTool,
  cacheWorkflow,
  getCache,
} from './cache-middleware.js'
export { CacheNamespace } from './cache-namespace.js'
export { Cached, type CachedOptions } from './cached.js'
export { type CacheConfig, type CacheStats, UnifiedCacheManager } from './unified-cache-manager.js'
