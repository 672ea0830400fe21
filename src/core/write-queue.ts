/**
 * Writes that wait for their source: what write-behind keeps in the store until its writer has
 * confirmed them.
 *
 * Of each key the newest write alone waits (what came before it is part of it), with a `version`
 * above those of all earlier writes of the key. Keys are divided among partitions by their hash,
 * and a partition is worked by one holder at a time, so the writes of a key reach their source in
 * order. A holder's lease has an `epoch`; what it settles counts only while that is the newest.
 *
 * Writes are due after a delay, in which later ones of the key are gathered, or after the back-off
 * of a failure. Durations are milliseconds, on the clock of whoever keeps the queue.
 *
 * Bounded: a partition takes no new key beyond `maxPending`, or while its oldest waits for longer
 * than `maxAgeMs`; a key that waits already is always taken. Dead letters stop at `maxDead`: the
 * write then stays in the queue.
 */

export type WriteOp = 'set' | 'delete'

export interface NewWrite {
  readonly key: string
  readonly op: WriteOp
  /** Of a `delete`: none. */
  readonly bytes: Uint8Array
}

/**
 * What a write must have reached before it is taken. `memory`: the server's memory. `disk`: the
 * server's disk. `replica`: also the memory of another server.
 */
export type Durability = 'memory' | 'disk' | 'replica'

export interface PutLimits {
  /** From when it came until it is due. */
  readonly delayMs: number
  /** Keys that wait in a partition. */
  readonly maxPending: number
  readonly maxAgeMs: number
  readonly durability: Durability
  /**
   * On the clock of the store's log. What comes later is refused as a whole: its caller was told
   * that it failed, and what others have written since must stay the newest. Default: never.
   */
  readonly notAfterWallMs?: number | undefined
}

export interface PutAnswer {
  /** Of a write that was refused as well: whoever writes it through needs one. */
  readonly version: number
  readonly isQueued: boolean
}

export interface WaitingWrite extends NewWrite {
  readonly version: number
  /** How often it was tried, and failed. */
  readonly attempts: number
}

export interface Holder {
  /** Unlike that of any other process, also of this one's earlier lives. */
  readonly id: string
  readonly leaseMs: number
}

export interface ClaimBounds {
  readonly maxWrites: number
  /** Also what is due within that time: for who is in a hurry. Default 0. */
  readonly aheadMs?: number | undefined
  /** Of values; one write is answered whatever it weighs. */
  readonly maxBytes: number
}

/** What the holder of a partition is given. */
export interface Claim {
  /**
   * Above those of all holders before; `undefined` where somebody else holds it, or nothing is due.
   */
  readonly epoch: number | undefined
  /** Those that are due, the earliest first. They stay where they are until they are settled. */
  readonly writes: readonly WaitingWrite[]
  /**
   * In how long something is due, or another's lease ends; `undefined` where nothing waits.
   */
  readonly nextMs: number | undefined
}

/**
 * What became of a write. `retry`: it failed, which is counted; `later`: it was not tried by
 * itself; `dead`: it goes to the dead letters with the words that say why.
 */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'later'; readonly afterMs: number }
  | { readonly kind: 'dead'; readonly error: string; readonly maxDead: number }

export interface Settled {
  readonly key: string
  readonly version: number
  readonly outcome: Outcome
}

/** When a write is due again for which the dead letters have no room. */
export const FULL_AGAIN_MS = 60_000

/**
 * `settled`: as asked. `newer`: a later write of the key waits, and was due at once. `full`: the
 * dead letters take no more, it stays in the queue, and is due after `FULL_AGAIN_MS`.
 */
export type SettleAnswer = 'settled' | 'newer' | 'full'

export interface DeadLetter extends WaitingWrite {
  readonly error: string
  /** On the clock of the queue. */
  readonly diedAtWallMs: number
}

export interface QueueState {
  readonly pending: number
  /** For how long the oldest of them waits; 0 where none does. */
  readonly oldestMs: number
  readonly dead: number
  /** Partitions that somebody holds. */
  readonly held: number
  /** How long ago a write was last settled as done; `Infinity` where none was. */
  readonly doneAgoMs: number
}

/**
 * Where a store keeps such a queue. Like the store it has no deadline and no retry; a rejected
 * promise means "failed or unknown". Keys are those of a cache: non-empty strings below 2 KiB.
 */
export interface WriteQueue {
  readonly partitions: number
  /**
   * Rejects with OPTION_INVALID where writes cannot be kept as asked: others use the queue with
   * another number of partitions, the durability is not to be had here, or what waits may be
   * evicted. Some round trips to each place of partitions.
   */
  prepare(durability: Durability): Promise<void>
  /**
   * In the order of `writes`, which hold each key once. One round trip, and another one where more
   * than the server's memory must have it. Rejected with a `PartialFailure`, all of it may have
   * been queued, and was not confirmed as asked.
   */
  put(writes: readonly NewWrite[], limits: PutLimits): Promise<readonly PutAnswer[]>
  /** What waits under these keys. One round trip. */
  waiting(keys: readonly string[]): Promise<readonly (WaitingWrite | undefined)[]>
  /**
   * Takes the partition, or keeps it, where something is due; where nothing is, whoever holds it
   * gives it back so. Thus workers share the work, and an idle one holds nothing. One round trip.
   */
  claim(partition: number, holder: Holder, bounds: ClaimBounds): Promise<Claim>
  /** Keeps the partition; whether it was still the holder's. One round trip. */
  renew(partition: number, holder: Holder, epoch: number): Promise<boolean>
  /** `undefined`: nothing was settled, the partition has another holder. One round trip. */
  settle(
    partition: number,
    epoch: number,
    settled: readonly Settled[],
  ): Promise<readonly SettleAnswer[] | undefined>
  /** Gives the partition back, if it is still held under that epoch. One round trip. */
  release(partition: number, epoch: number): Promise<void>
  /** One round trip to each place of partitions. */
  state(): Promise<QueueState>
  /** In no order; at most `limit`. One round trip to each place of partitions. */
  deadLetters(limit: number): Promise<readonly DeadLetter[]>
  /** They wait again, due at once; how many were there. One round trip. */
  replay(keys: readonly string[]): Promise<number>
  /** How many were there. One round trip. */
  drop(keys: readonly string[]): Promise<number>
}

/** The partition of a key: FNV-1a over its UTF-16 units. Part of the data in the store. */
export function partitionOf(key: string, partitions: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % partitions
}
