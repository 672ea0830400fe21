/** What the parent and its workers tell one another. Moments are of `monotonicMs`. */
import type { PostgresOptions } from '../../src/stores/postgres/index.js'
import type { RedisOptions } from '../../src/stores/redis/index.js'
import type { SqliteOptions } from '../../src/stores/sqlite/index.js'

/** Which store a process has, or which chain of two; it makes it by itself. */
export interface StoreSetting {
  readonly redis?: RedisOptions
  readonly postgres?: PostgresOptions
  readonly sqlite?: SqliteOptions
}

export interface WorkerSetting {
  /** Which of the processes it is. */
  readonly by: number
  readonly processes: number
  readonly seed: number
  readonly store: StoreSetting
  /** One of `PLANTED_BUGS`, by name. */
  readonly plantedBug: string | undefined
}

/**
 * Gets of one process that returned the same value of the same key. The last of them says all: if
 * it may have been served then, so it may before.
 */
export interface Sighting {
  readonly key: string
  /** When the loader of that value began: its version. */
  readonly loadedAtMs: number
  /** Stamped before the get was called. */
  readonly lastBeganMs: number
  readonly gets: number
}

/** An invalidation that was confirmed. */
export interface Invalidation {
  readonly keys: readonly string[]
  /** Stamped before it was called. */
  readonly beganMs: number
  /** Stamped after it resolved. */
  readonly confirmedMs: number
  /** It waited until no process can serve what is older. */
  readonly isApplied: boolean
}

export interface Evidence {
  readonly sightings: readonly Sighting[]
  readonly invalidations: readonly Invalidation[]
  /** Invalidations that resolved to false: nothing was promised. */
  readonly failed: number
  /** Gets that returned nothing. */
  readonly misses: number
  /** When each load of a key began that nobody ever invalidates. */
  readonly stillLoadsMs: readonly number[]
  /** Gets that were stopped between their stamp and their look at memory. */
  readonly straddling: number
  /** What loaders and calls threw that they should not. */
  readonly errors: readonly string[]
}

export type ToWorker =
  /** Write a mark of one's own, wait until all marks of that number are there and memory leased. */
  { readonly op: 'meet'; readonly number: number } | { readonly op: 'end' }

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  | { readonly kind: 'met'; readonly number: number; readonly atMs: number }
  | { readonly kind: 'ended' }
