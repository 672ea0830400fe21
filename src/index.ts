/** The front door: `createCache`, its types, its errors. Stores have doors of their own. */
export {
  type AlgorithmCounts,
  type Compressed,
  type CompressionMetadata,
  type CompressOptions,
  type Compressor,
  type CompressorConfiguration,
  type CompressorOptions,
  type CompressorStats,
  createCompressor,
  type SizeClassAdvice,
} from './codecs/index.js'
export type {
  Answers,
  BulkAnswer,
  BulkLoader,
  Cache,
  CacheHealth,
  CacheStats,
  Loader,
  LoaderContext,
  MemoryStats,
  NamespaceValue,
  RootCache,
  SessionToken,
  StoreStats,
  WrapOptions,
  Wrapped,
} from './core/api.js'
export { type ClassRules, type MsgpackCodec, msgpack } from './core/class-registry.js'
export type { DecodeFault, LearnedSizeClass } from './core/codec.js'
export type { CoherenceStats } from './core/coherence.js'
export type {
  Clock,
  LatencySummary,
  Store,
  StoreAbilities,
  StoreListener,
  StoreWrite,
  TimedCall,
  Timer,
} from './core/contracts.js'
export type { CounterName, CounterSnapshot } from './core/counters.js'
export type { DependencyRef } from './core/dependency.js'
export type { Duration, Size } from './core/duration.js'
export type { EncryptionKey, EncryptionKeys } from './core/encryption-keys.js'
export { CacheError, type CacheErrorCode, ERROR_CODES, isCacheError } from './core/errors.js'
export type {
  CacheEventName,
  CacheEvents,
  CacheListener,
  ColdReason,
  MissReason,
} from './core/events.js'
export type {
  EvictionPolicy,
  EvictionPolicyFactory,
  EvictionPolicyName,
  PolicyRoom,
} from './core/eviction-policy.js'
export type { HotKeyOptions } from './core/hot-key-options.js'
export type { InvalidateManyOptions, InvalidateOptions } from './core/invalidate-options.js'
export type { KeyFrequencies, KeyFrequency, KeyTraffic } from './core/key-frequency.js'
export type { CachedKey, MemoryControl } from './core/memory-api.js'
export type { MemoryOptions } from './core/memory-options.js'
export type {
  CacheOptions,
  CallOptions,
  GetOptions,
  LifeOptions,
  NamespaceOptions,
  SetOptions,
} from './core/options.js'
export type { StandardSchemaV1 } from './core/standard-schema.js'
export type {
  CompressionAlgorithm,
  CompressionOptions,
  FormatOptions,
  ValueCodec,
} from './core/stored-format.js'
export type { WarmRestartOptions } from './core/warm-restart/warm-restart-options.js'
export { createCache } from './create-cache.js'
export { readEnvironment } from './environment.js'
export { environmentOptions } from './environment-options.js'
export { ENVIRONMENT_TABLE, type Environment, type EnvironmentRow } from './environment-table.js'
