/** The front door: `createCache`, its types, its errors. Stores have doors of their own. */
export type {
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
export type { CoherenceStats } from './core/coherence.js'
export type {
  Clock,
  Codec,
  DecodedEntry,
  DecodeFault,
  EncodableEntry,
  EntryMeta,
  LatencySummary,
  Store,
  StoreAbilities,
  StoreListener,
  StoreWrite,
  TimedCall,
  Timer,
  ValueForm,
} from './core/contracts.js'
export type { CounterName, CounterSnapshot } from './core/counters.js'
export type { DependencyRef } from './core/dependency.js'
export type { Duration, Size } from './core/duration.js'
export { CacheError, type CacheErrorCode, ERROR_CODES, isCacheError } from './core/errors.js'
export type { CacheEventName, CacheEvents, CacheListener, MissReason } from './core/events.js'
export type { InvalidateManyOptions, InvalidateOptions } from './core/invalidate-options.js'
export type {
  CacheOptions,
  CallOptions,
  GetOptions,
  LifeOptions,
  MemoryOptions,
  NamespaceOptions,
  SetOptions,
} from './core/options.js'
export type { StandardSchemaV1 } from './core/standard-schema.js'
export { createCache } from './create-cache.js'
export { ENVIRONMENT_TABLE, type EnvironmentRow } from './environment-table.js'
