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
export { type CachedDecorator, cached, type MethodContext } from './cached.js'
export { cachedClass } from './cached-class.js'
export type { CachedClassOptions, CachedOptions, CacheSource } from './cached-options.js'
export { type InvalidationOutbox, invalidationOutbox, type NotedInvalidations } from './outbox.js'
export type { OutboxOptions, SqlClient, SqlListener } from './outbox-options.js'
export type { OutboxPending } from './outbox-table.js'
export type { InvalidationScope, InvalidationTarget } from './perform-notes.js'
