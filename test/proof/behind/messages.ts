/**
 * What the parent and its processes tell one another. Moments are of `monotonicMs`. A value is
 * `null` where a key is deleted, or has no row.
 */
import type { RoundPlan } from './plan.js'

export type Role = 'application' | 'worker'

/** The protocol with one mistake each: a proof that does not find them proves nothing. */
export type Plant =
  /** An application confirms a write before it is sent. */
  | 'answered before it is queued'
  /** A worker confirms a write before the source has it. */
  | 'settled before it is written'
  /** The source takes what is older than what it has. */
  | 'versions are not compared'
  /** Redis has nothing when it comes back. */
  | 'the queue is not durable'

/** Of a process for all its rounds. */
export interface MemberSetting {
  readonly redisUrl: string
  readonly postgresUrl: string
}

export interface RoundSetting {
  readonly plan: RoundPlan
  readonly role: Role
  /** Which process of the round it is: one in the place of another is another. */
  readonly by: number
  readonly plant: Plant | undefined
}

export type ToMember =
  | { readonly op: 'round'; readonly setting: RoundSetting }
  /** End what you do in this round. */
  | { readonly op: 'rest' }
  | { readonly op: 'drain' }
  /** Read all keys through a cache that has not been used. */
  | { readonly op: 'read' }

export type FromMember =
  | { readonly kind: 'ready' }
  | Asked
  | Told
  /** A worker could not ask or tell the queue, or its batch was taken from it. */
  | { readonly kind: 'trouble'; readonly error: string }
  | { readonly kind: 'rested' }
  | { readonly kind: 'drained'; readonly isEmpty: boolean }
  | { readonly kind: 'read'; readonly values: readonly (string | null)[] }
  /** It could not do what it was asked for. */
  | { readonly kind: 'failed'; readonly error: string }

/** Before a call of `set` or `delete`. */
interface Asked {
  readonly kind: 'asked'
  /** Counted by the process. */
  readonly call: number
  readonly key: string
  readonly value: string | null
  readonly atMs: number
}

/** After its answer. */
interface Told {
  readonly kind: 'told'
  readonly call: number
  /** `undefined`: it failed, and nobody knows whether it was written. */
  readonly version: number | undefined
  readonly atMs: number
}
