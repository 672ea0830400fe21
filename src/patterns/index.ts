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
export { type HeldLock, lock } from './lock.js'
export type { LockOptions } from './lock-options.js'
export { type InvalidationOutbox, invalidationOutbox, type NotedInvalidations } from './outbox.js'
export type { OutboxOptions, SqlClient, SqlListener } from './outbox-options.js'
export type { OutboxPending } from './outbox-table.js'
export type { InvalidationScope, InvalidationTarget } from './perform-notes.js'
