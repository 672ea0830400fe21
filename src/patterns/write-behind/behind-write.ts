/** What a writer of write-behind is given, and what it answers. */

interface AnyWrite {
  readonly key: string
  /** Above those of all earlier writes of the key: what the source has of a later one stays. */
  readonly version: number
  /**
   * Of the worker that hands it over: above those of all that had its part of the queue before.
   * `undefined` for a write that went past the queue.
   */
  readonly epoch: number | undefined
  /** The same each time the same write is handed over. */
  readonly idempotencyKey: string
  /** How often it was tried before, and failed. */
  readonly attempts: number
}

export interface BehindSet<T = unknown> extends AnyWrite {
  readonly op: 'set'
  readonly value: T
}

export interface BehindDelete extends AnyWrite {
  readonly op: 'delete'
  readonly value: undefined
}

/** The newest write of a key. */
export type BehindWrite<T = unknown> = BehindSet<T> | BehindDelete

export interface FailedWrite {
  readonly key: string
  readonly error: unknown
}

export interface BehindWriteContext {
  /** Aborted when nobody waits any more: another worker has taken over, or it is too late. */
  readonly signal: AbortSignal
}

/**
 * Writes a batch to the source: each key once, in no order. What it throws counts for the whole
 * batch, which is then tried in halves; where it knows which writes have failed, it answers those
 * alone. A write may come twice, and after a crash an older one may come after a newer one: its
 * `version` tells.
 */
export type BehindWriter<T = unknown> = (
  writes: readonly BehindWrite<T>[],
  context: BehindWriteContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: most writers answer with nothing
) => readonly FailedWrite[] | void | PromiseLike<readonly FailedWrite[] | void>
