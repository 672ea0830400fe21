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
export type { InvalidationScope, InvalidationTarget } from './perform-notes.js'
