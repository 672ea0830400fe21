/**
 * The door `cachewright/patterns`: what applications build around a cache, over its public verbs
 * alone.
 */
export {
  afterCommit,
  type Committed,
  type InvalidationNotes,
  type PendingInvalidations,
} from './after-commit.js'
export { type AnswersOf, type AsyncMethodName, answersOf } from './answers-of.js'
export { type Aside, type AsideOptions, aside } from './aside.js'
export { type Batch, type BatchOptions, batch } from './batch.js'
export { type CachedDecorator, cached, type MethodContext } from './cached.js'
export { cachedClass } from './cached-class.js'
export type { CachedClassOptions, CachedOptions, CacheSource } from './cached-options.js'
export { type Circuit, type CircuitFallback, type CircuitOperation, circuit } from './circuit.js'
export type { CircuitOptions } from './circuit-options.js'
export { type CountedRemoval, countedRemoval } from './counted-removal.js'
export { listFlatKeys, removeFlatKeys } from './flat-key-listing.js'
export { FlatKeys, type FlatNamespace, type FlatPlace } from './flat-keys.js'
export type { KeyedEntries } from './keyed-entries.js'
export { type HeldLock, lock } from './lock.js'
export type { LockOptions } from './lock-options.js'
export { type InvalidationOutbox, invalidationOutbox, type NotedInvalidations } from './outbox.js'
export type { OutboxOptions, SqlClient, SqlListener } from './outbox-options.js'
export type { OutboxPending } from './outbox-table.js'
export type { EntryOptions, KeyOptions } from './pattern-options.js'
export type { InvalidationScope, InvalidationTarget } from './perform-notes.js'
export {
  type ReadThrough,
  type ReadThroughOptions,
  readThrough,
  type SourceLoaders,
} from './read-through.js'
export { type RefreshAheadOptions, refreshAhead } from './refresh-ahead.js'
export type { SourceAnswer, SourceBulkLoader, SourceLoader } from './source-reader.js'
export type { WriteContext } from './source-writer.js'
export { type WriteAround, type WriteAroundOptions, writeAround } from './write-around.js'
export type {
  BehindDelete,
  BehindSet,
  BehindWrite,
  BehindWriteContext,
  BehindWriter,
  FailedWrite,
} from './write-behind/behind-write.js'
export { type VersionedUpserts, versionedUpserts } from './write-behind/versioned-upserts.js'
export type { VersionedUpsertsOptions } from './write-behind/versioned-upserts-options.js'
export {
  type DeadWrite,
  type UntilOptions,
  type WriteBehind,
  type WriteBehindStatus,
  writeBehind,
} from './write-behind/write-behind.js'
export type { WhenFull, WriteBehindOptions } from './write-behind/write-behind-options.js'
export type { WriteOptions, WrittenSource } from './write-options.js'
export { type WriteThrough, type WriteThroughOptions, writeThrough } from './write-through.js'
