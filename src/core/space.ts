/** One namespace inside the engine: its names, its policy, its part of memory, its counters. */
import type { MemoryPartition } from './contracts.js'
import type { Counters } from './counters.js'
import type { Policy } from './options.js'
import type { StandardSchemaV1 } from './standard-schema.js'

export interface Space {
  /** '' for the cache itself. */
  readonly name: string
  /** `prefix:name:`, with which every key of it begins in the store. */
  readonly storePrefix: string
  readonly policy: Policy
  readonly schema: StandardSchemaV1 | undefined
  readonly memory: MemoryPartition
  readonly counters: Counters
  /** The invalidation count at which it was last cleared. */
  clearedAt: number
}
