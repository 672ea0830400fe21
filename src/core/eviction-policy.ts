/**
 * What the memory tier asks of a policy: who leaves when a bound is reached.
 *
 * A policy knows entries by number: small, dense, used again once the entry has left. It keeps its
 * own arrays by that number, and never sees a value. The tier calls it synchronously and in order;
 * it must not throw, and must not call the cache. `evictionPolicySuite` in `cachewright/testing`
 * holds any policy to this contract.
 */
export interface EvictionPolicy {
  /** Numbers below `slots` may come from now on. Never shrinks; called before the first `add`. */
  grow(slots: number): void
  /** A new entry. */
  add(slot: number, key: string): void
  /** The entry was read. Called on every hit in memory: it must cost a few nanoseconds. */
  touch(slot: number): void
  /**
   * Another value was written to the entry, which weighed `formerBytes` before. Absent: as `touch`.
   */
  rewrite?(slot: number, formerBytes: number): void
  /** The entry leaves, for whatever reason; its weight can still be asked for. */
  remove(slot: number): void
  /**
   * Who is to leave: any number that was added and not removed. Called while a bound is exceeded,
   * so at least one entry is there; it is removed before the next call.
   */
  victim(): number
  /** All entries, those that would leave first in front, as well as it is known. */
  fromColdest(): Iterable<number>
}

/** What a policy may ask about the room that it manages. Asked anew: bounds move. */
export interface PolicyRoom {
  /** How many entries fit. */
  readonly maxEntries: number
  /** How many bytes fit; `Infinity` where nothing is weighed. */
  readonly maxBytes: number
  /** Bytes of an entry; 0 where nothing is weighed. */
  weightOf(slot: number): number
  /** A number in [0, 1). */
  random(): number
}

/** Makes a policy. Called once for each cache, and for each namespace with a share of its own. */
export type EvictionPolicyFactory = (room: PolicyRoom) => EvictionPolicy

/** The policies of the package. */
export type EvictionPolicyName = 'adaptive' | 'lru' | 'lfu' | 'fifo'
