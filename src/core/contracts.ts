/**
 * What the engine asks of the world around it, and no more. The contracts belong to the core;
 * stores, codecs, the memory tier and watchers point here and never at one another. Durations and
 * moments are milliseconds. A "moment" is on the monotonic clock unless its name says wall.
 */
import type { Log } from './log.js'
import type { Expiry, LeaseAnswer, LeaseRequest, StoreFill, StoreWrite } from './store-calls.js'
import type { StoreHealth } from './store-health.js'
import type { WriteQueue } from './write-queue.js'

export type {
  Codec,
  Codecs,
  DecodedEntry,
  DecodeFault,
  EntryMeta,
  ValueForm,
} from './codec.js'
export type { Expiry, LeaseAnswer, LeaseRequest, StoreFill, StoreWrite }

/** Time and turn-taking. Tests and the simulation bring their own. */
export interface Clock {
  /** Milliseconds that never run backwards; the origin is arbitrary. Exact. */
  monotonicMs(): number
  /**
   * A moment that is not before now, cheap enough for a memory hit: at most `ceilingLagMs` ahead.
   * Who needs to know more asks `monotonicMs`.
   */
  ceilingMs(): number
  /** Milliseconds since the Unix epoch on this machine's clock, which may be wrong. */
  wallMs(): number
  /** Runs `run` once after `delayMs`; a background timer does not keep the process alive. */
  setTimer(run: () => void, delayMs: number, background: boolean): Timer
  /** Runs `run` when the current tick has gathered all its work, before any I/O. */
  defer(run: () => void): void
}

export interface Timer {
  cancel(): void
}

/** What a store can do. The suite in `testing/` chooses its tests by this record. */
export interface StoreAbilities {
  /** Other processes see what is written here. */
  readonly shared: boolean
  /** `patch` and `increment` are atomic against every other writer. */
  readonly atomic: boolean
  /** Entries survive the end of this process. */
  readonly durable: boolean
}

/** Told by a store when it comes and goes. Both may be called at any time, also repeatedly. */
export interface StoreListener {
  onUp(): void
  onDown(cause: unknown): void
  /** For how long a read is waited for: a store of several servers gives up on one before. */
  readonly readDeadlineMs?: number
}

/**
 * A place for bytes outside the process (or, for tests, inside it).
 *
 * A store is dumb on purpose: no deadline, no breaker, no retry, no envelope. The engine wraps it
 * (core/guarded-store.ts). Keys are non-empty, well-formed strings below 2 KiB. A rejected promise
 * means "failed or unknown", for all of the call unless it is a `PartialFailure`. A call made while
 * the store is away rejects at once: it is never queued for later. Bytes given to `setMany` do not
 * change until it settles; bytes from `getMany` may be views on a larger buffer, so whoever keeps a
 * part of them copies it.
 */
export interface Store {
  readonly name: string
  readonly abilities: StoreAbilities
  /** Starts connecting and returns at once; called once, before any other call. Never throws. */
  open(listener: StoreListener): void
  /** Values in the order of `keys`, `undefined` where there is none. One round trip. */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>
  /**
   * Values, and the right to fill those that are absent or, as `expiry` tells, past their ttl; one
   * holder at a time. `setMany`, `deleteMany`, `patch` and `increment` end it: whoever loaded
   * before must not fill after. Where others have asked for it meanwhile, they are told by the
   * log's listener when its holder fills or gives it back. After `notAfterWallMs`, as in `setMany`,
   * nothing is granted: nobody waits for the answer any more. Both or neither of the two. One round
   * trip.
   */
  leaseMany?(
    requests: readonly LeaseRequest[],
    expiry: Expiry,
    notAfterWallMs?: number,
  ): Promise<readonly LeaseAnswer[]>
  /** Writes those whose token has the right, and ends it; tells which. One round trip. */
  fillMany?(fills: readonly StoreFill[]): Promise<readonly boolean[]>
  /**
   * Writes all; rejects if any failed. One round trip. `notAfterWallMs`, given to stores with a log
   * and by that log's clock: what comes later is refused, since its caller was told that it failed.
   */
  setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void>
  /**
   * Deletes all; resolves to how many existed. Rights to fill that are granted within `holdOffMs`,
   * default 0, fill nothing. With `only`, those alone that it tells, and rights go on. One round
   * trip.
   */
  deleteMany(keys: readonly string[], holdOffMs?: number, only?: Expiry): Promise<number>
  /**
   * If `key` exists: overwrites its bytes from `offset` on with `patch` and gives it `ttlMs` to
   * live. Resolves to whether it existed. The patch lies within the value. One round trip.
   */
  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean>
  /**
   * Adds `by` to the decimal number that follows the head of the value, keeping head and life time;
   * an absent key becomes `head` + `by` with `ttlMs` to live. Resolves to the new number; rejects
   * with VALUE_NOT_A_NUMBER where byte 1 of the stored head differs from `head[1]` (another kind of
   * value) or no number follows. An entry that one of `limits` tells counts as absent: past its
   * ttl, or born before it was invalidated. Numbers are IEEE doubles. One round trip.
   */
  increment(
    key: string,
    by: number,
    head: Uint8Array,
    ttlMs: number,
    limits?: readonly Expiry[],
  ): Promise<number>
  /**
   * Every key that begins with `prefix`, in pages; each page one round trip, also one that found
   * none. A key may come twice.
   */
  scan(prefix: string): AsyncIterable<readonly string[]>
  /**
   * The invalidation log of that name in the same place, for stores that can keep one. Asked once
   * for each cache. Without it other processes do not hear what was invalidated.
   */
  log?(name: string): Log
  /**
   * A queue of writes of that name in the same place, for stores that can keep one. Asked once for
   * each cache and name; every process names the same number of partitions.
   */
  writeQueue?(name: string, partitions: number): WriteQueue
  /**
   * Below which `born` what is stored under the key is out of date: a server of the store was
   * replaced, and may have brought back what was deleted. For stores whose log does not know of it.
   */
  bornFloor?(key: string): number
  /** Resolves if the store answers. One round trip. */
  ping(): Promise<void>
  /** What its servers tell of themselves. One round trip to each of them. */
  health?(): Promise<StoreHealth>
  /**
   * Drops a connection that has gone silent and dials anew. Never throws; a caller's client is left
   * alone.
   */
  reconnect(): void
  /** Ends connections that the store opened itself; a caller's client stays open. Never rejects. */
  close(): Promise<void>
}

/** An entry as the memory tier keeps it. Moments are monotonic. */
export interface MemoryEntry {
  readonly value: unknown
  readonly born: number
  /** When its load began in this process; `-Infinity` for what a store has brought. */
  readonly loadedAtMs: number
  /** When an eager refresh is due; `freshUntilMs` where none is. */
  readonly checkAtMs: number
  /**
   * Each reader gets a copy: `hit` and `glance` answer `undefined`, the caller reads and copies.
   */
  readonly copied: boolean
  readonly freshUntilMs: number
  /** Past this moment it is gone: ttl + grace. */
  readonly deadAtMs: number
  readonly tags: readonly string[] | undefined
  /** Estimated bytes of key and value. */
  readonly weightBytes: number
}

/** `replaced`: by another value of its key. `removed`: by key. `cleared`: with its namespace. */
export type RemovalReason = 'evicted' | 'expired' | 'replaced' | 'removed' | 'cleared'

export interface MemoryBounds {
  readonly maxEntries: number
  readonly maxBytes: number
}

/** Parts of both bounds, 0 to 1. */
export interface MemoryShare {
  readonly min: number
  readonly max: number
}

/** An entry by name. */
export interface HeldKey {
  readonly partition: string
  readonly key: string
}

/** The tier in the process. Synchronous throughout: a hit never waits. */
export interface MemoryTier extends MemoryBounds {
  /**
   * The entries of one namespace. Asked twice for a name, it answers with the same object; `share`
   * counts the first time.
   */
  partition(name: string, share?: MemoryShare): MemoryPartition
  /** Whether a namespace more may have that share. */
  hasRoomFor(share: MemoryShare): boolean
  readonly entryCount: number
  readonly byteCount: number
  /** Nothing is dead before this moment. */
  readonly nextDeadAtMs: number
  /**
   * Gives back the room of dead entries, and what `resize` has left over, of `budget` entries at
   * most; tells whether there may be more.
   */
  sweep(budget: number): boolean
  /** Other bounds from now on. Where they are lower, entries leave bit by bit: `sweep` goes on. */
  resize(bounds: Partial<MemoryBounds>): void
  /** At most `limit` entries, in the order of heat. Looks at all of them. */
  byHeat(limit: number, from: 'hottest' | 'coldest', partition?: string): HeldKey[]
  /** Drops everything in every partition. */
  clear(): void
}

export interface MemoryPartition {
  /**
   * The value of `key` if it can be handed out without thought, and marks it used; else
   * `undefined`, which says nothing yet: `read` tells. The one function of the package whose
   * nanoseconds count.
   */
  hit(key: string): unknown
  /** As `hit`, without marking it used. */
  glance(key: string): unknown
  /** All that is known of `key`, also stale; `undefined` if absent or dead. */
  read(key: string): MemoryEntry | undefined
  /** As `read`, without marking it used. */
  view(key: string): MemoryEntry | undefined
  /** Keeps the entry; `false` if it is heavier than the tier can take. */
  write(key: string, entry: MemoryEntry): boolean
  /** Notes that the entry was judged under the guard's generation of now: it may be hit again. */
  approve(key: string): void
  /** Moves `checkAtMs`; beyond `freshUntilMs` it means that moment. */
  postponeCheck(key: string, checkAtMs: number): void
  remove(key: string): boolean
  clear(): number
  keys(): IterableIterator<string>
  readonly entryCount: number
}

/** Calls that a watcher may time. A closed set: these are metric labels. */
export type TimedCall = 'load' | 'read' | 'write' | 'delete' | 'other'

/** Watches; never steers. Called off the memory-hit path only. */
export interface Observer {
  timed(call: TimedCall, elapsedMs: number, failed: boolean): void
  /** Bounded summaries of what was timed, for `stats()`. */
  latencies(): Readonly<Record<TimedCall, LatencySummary>>
}

export interface LatencySummary {
  readonly count: number
  readonly failures: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}
