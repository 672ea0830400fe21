/** What can go wrong with a store, and which of its calls that hits. */

export type StoreOp =
  | 'getMany'
  | 'leaseMany'
  | 'fillMany'
  | 'setMany'
  | 'deleteMany'
  | 'patch'
  | 'increment'
  | 'scan'
  | 'ping'
  /** Reads of the log, heartbeats among them. */
  | 'log'
  | 'append'
  /** Calls of a queue of writes. */
  | 'queue'
  /** What the log pushes: it is only ever lost or late. */
  | 'push'

export type StoreFault =
  /** Rejects without reaching the store. Default error: STORE_FAILED. */
  | { readonly kind: 'throw'; readonly error?: unknown }
  /**
   * Reaches the store and then rejects: what the caller sees of a connection lost before the reply.
   */
  | { readonly kind: 'lose-reply'; readonly error?: unknown }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'hang' }
  /** Acknowledges writes without doing them. Reads are not touched. */
  | { readonly kind: 'drop' }
  /** Flips a bit of what is read, or cuts it short. Writes are not touched. */
  | { readonly kind: 'corrupt' }

export interface FaultScope {
  /** Default: every call. */
  readonly ops?: readonly StoreOp[]
  /** The part of the calls that is hit, in (0, 1]. Default: 1. */
  readonly ratio?: number
  /** Ends after so many hits. Default: never. */
  readonly times?: number
}
