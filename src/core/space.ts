/** One namespace inside the engine: its names, its policy, its part of memory, its counters. */
import type { Codec, MemoryPartition } from './contracts.js'
import type { FoundListener } from './entry.js'
import type { Policy } from './options.js'
import type { SpaceCounters } from './space-counters.js'
import type { StandardSchemaV1 } from './standard-schema.js'

/** A read of the store that others may share while it is being gathered (store-read.ts). */
export interface GatheredRead {
  /** The fence's count when it was asked for. */
  readonly since: number
  join(listener: FoundListener): void
}

/**
 * The reads of one tick by key. A new Map for each tick: one that lives long is promoted by the
 * collector, and every table that it outgrows then keeps the reads of its time alive (measured:
 * twice the CPU of a store hit).
 */
export interface Gathering {
  tick: number
  reads: Map<string, GatheredRead>
}

export interface Space {
  /** '' for the cache itself. */
  readonly name: string
  /** `prefix:name:`, with which every key of it begins in the store. */
  readonly storePrefix: string
  readonly policy: Policy
  readonly schema: StandardSchemaV1 | undefined
  readonly codec: Codec
  readonly memory: MemoryPartition
  readonly counters: SpaceCounters
  readonly gathering: Gathering
  /** The invalidation count at which it was last cleared. */
  clearedAt: number
}
