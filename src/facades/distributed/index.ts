/**
 * The door `cachewright/distributed`: a service over flat keys, the patterns as classes, a manager
 * of keys, and a compressor.
 */

export type { BuildKeyOptions, KeyFigure, KeyNamespace } from './cache-key-manager.js'
export { CacheKeyManager, cacheKeyManager } from './cache-key-manager.js'
export type { CacheOptions } from './cache-options.js'
export {
  CacheAsidePattern,
  type RefreshAheadConfiguration,
  RefreshAheadPattern,
  WriteThroughPattern,
} from './cache-patterns.js'
export type { CachePipeline } from './cache-pipeline.js'
export { cacheTTL } from './cache-ttl.js'
export {
  type AlgorithmRecommendation,
  CompressionOptimizer,
  type CompressionResult,
  compressionOptimizer,
  type OptimizeOptions,
  type OptimizerConfiguration,
  type OptimizerStats,
} from './compression-optimizer.js'
export {
  type DistributedCacheOptions,
  DistributedCacheService,
  distributedCache,
  type ScanOptions,
} from './distributed-cache-service.js'
export type { CacheHealthStatus, CacheMetrics } from './distributed-metrics.js'
export type { AccessPattern, KeyAnalytics } from './key-analytics.js'
export type { CachePatternOptions } from './pattern-cache.js'
export { WriteBehindPattern, type WriteBehindPatternOptions } from './write-behind-pattern.js'
