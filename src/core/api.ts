/**
 * The public face of a cache. A namespace has the same one: it is a cache with a prefix and
 * defaults.
 *
 * Common to all verbs: a miss is `undefined`, `null` is a value. A failing store never rejects a
 * call: it is a miss, an event and a count. What a loader throws reaches the caller untouched. Bad
 * input rejects with a CacheError that names it; the options of a call are read when they are
 * needed, so a memory hit does not look at them. "Round trips" are to the store; calls of one tick
 * share theirs.
 */
import type { LearnedSizeClass } from './codec.js'
import type { CoherenceStats } from './coherence.js'
import type { LatencySummary, TimedCall } from './contracts.js'
import type { CounterSnapshot } from './counters.js'
import type { DependencyRef } from './dependency.js'
import type { Duration } from './duration.js'
import type { CacheEventName, CacheListener } from './events.js'
import type { InvalidateManyOptions, InvalidateOptions } from './invalidate-options.js'
import type { KeyFrequencies } from './key-frequency.js'
import type { MemoryControl } from './memory-api.js'
import type { CallOptions, GetOptions, NamespaceOptions, SetOptions } from './options.js'
import type { SchemaValue } from './standard-schema.js'
import type { StoreHealth } from './store-health.js'

/** What a loader is given. */
export interface LoaderContext<T = unknown> {
  readonly key: string
  /** Aborted at the hard timeout. */
  readonly signal: AbortSignal
  /**
   * The value that is being replaced, if there is one. Returning it means "unchanged": it lives on.
   */
  readonly stale: T | undefined
  /** Adds tags to the entry. */
  tag(...tags: string[]): void
  /** Says what else the entry depends on, as the option of that name. */
  dependsOn(...refs: DependencyRef[]): void
  /** Sets the ttl of the entry, seconds or with a unit. */
  ttl(ttl: Duration): void
  /** The answer goes to the callers and is not kept. */
  skip(): void
}

/** `V`: what the namespace holds, which is the type of the value that is being replaced. */
export type Loader<T, V = unknown> = (context: LoaderContext<V>) => T | PromiseLike<T>

/** Values in the order of the keys (`undefined`: none), or a Map by key. */
export type BulkLoader<T> = (
  keys: string[],
  context: { readonly signal: AbortSignal },
) => BulkAnswer<T> | PromiseLike<BulkAnswer<T>>
export type BulkAnswer<T> = readonly (T | undefined)[] | ReadonlyMap<string, T>

/**
 * Where an invalidation stands in the log: text for a header or a cookie. `get` and `getOrSet` with
 * `after` hand out nothing older, in any process. It is no secret, and needs no trust.
 */
export type SessionToken = string

export interface WrapOptions<A extends unknown[]> extends Omit<CallOptions, 'tags'> {
  /**
   * The key of a call. Default: the name of the function and its arguments as text, the order of
   * properties not mattering. Functions without a name want a key, or a namespace each.
   */
  key?: ((...args: A) => string) | undefined
  /**
   * Names under which answers can be invalidated together, or a function that names them by the
   * arguments: it is asked with each load. Those of the namespace are added. At most 64.
   */
  tags?: readonly string[] | ((...args: A) => readonly string[]) | undefined
}

/** What can be done with the answers of a function, by its arguments. */
export interface Answers<A extends unknown[], T> {
  /** Deletes the answer to these arguments, as `delete` does. 1 round trip. */
  invalidate(...args: A): Promise<SessionToken | false>
  /** Calls the function now, whatever is cached, and keeps its answer, as `refresh` does. */
  refresh(...args: A): Promise<T>
  /** Under which key the answer to these arguments lies. Throws KEY_INVALID. */
  keyOf(...args: A): string
}

/**
 * A function whose answers are cached. Rejects with what the function throws, untouched, and with
 * KEY_INVALID for arguments of which no key can be made.
 */
export interface Wrapped<A extends unknown[], T> extends Answers<A, T> {
  (...args: A): Promise<T>
}

export interface CacheStats {
  readonly total: CounterSnapshot
  readonly namespaces: Readonly<Record<string, CounterSnapshot>>
  readonly memory: MemoryStats
  readonly store: StoreStats | undefined
  /** How the process stands with the others. */
  readonly coherence: CoherenceStats
  readonly latencies: Readonly<Record<TimedCall, LatencySummary>>
  /** What `compress: 'auto'` has learned, for the namespaces that use it. */
  readonly compression: Readonly<Record<string, readonly LearnedSizeClass[]>>
}

export interface MemoryStats {
  readonly entries: number
  readonly bytes: number
  readonly maxEntries: number
  readonly maxBytes: number
}

export interface StoreStats {
  readonly name: string
  readonly breaker: 'closed' | 'open'
  /** How often the breaker has opened. */
  readonly outages: number
  /** Invalidations that the store has not confirmed yet; they are repeated. */
  readonly unconfirmed: number
}

export interface CacheHealth {
  /** `degraded`: the store or its log is away; memory and loaders serve. */
  readonly status: 'ok' | 'degraded'
  /** With what its servers tell of themselves, and what somebody should look at. */
  readonly store: (StoreStats & StoreHealth & { readonly pingMs: number | undefined }) | undefined
  readonly memory: MemoryStats
  readonly coherence: CoherenceStats
}

export interface Cache<V = unknown> {
  /**
   * The fresh value under `key`. Memory hit: 0 round trips, else 1. Store away: a miss within the
   * read deadline. On abort: rejects with the signal's reason, nothing else changes.
   */
  get<T extends V = V>(key: string, options?: GetOptions): Promise<T | undefined>

  /**
   * The fresh value under `key` if memory holds one: by reference, which does
   * not count as a use, or a copy where `get` would copy. 0 round trips.
   */
  peek<T extends V = V>(key: string): T | undefined

  /** Whether `get` would find a value. Costs what `get` costs. */
  has(key: string): Promise<boolean>

  /**
   * Fresh values in the order of `keys`. At most 1 round trip for each 512 of them that memory
   * lacks.
   */
  getMany<T extends V = V>(keys: readonly string[]): Promise<(T | undefined)[]>

  /**
   * Keeps a copy of `value`; loads of this key that are under way will not overwrite it. `true`
   * when the store has confirmed, or without a store when memory has taken it; a value too heavy
   * for memory is kept by the store alone. 1 round trip. Rejects with VALUE_UNSUPPORTED or an
   * OPTION error.
   */
  set(key: string, value: V, options?: SetOptions): Promise<boolean>

  /** As `set` for each pair; 1 round trip for each 512. */
  setMany(
    entries: Iterable<readonly [key: string, value: V]>,
    options?: SetOptions,
  ): Promise<boolean>

  /**
   * Removes the value from every tier; loads of this key that are under way will not bring it back,
   * and a `getOrSet` that begins now starts a load of its own. Resolves to a token when the store
   * has confirmed; with `until: 'applied'` when no process can serve it any more, which takes 2
   * round trips, or up to 2 s where one does not answer. `false` if the store did not confirm: it
   * is repeated when the store is back. 1 round trip.
   */
  delete(key: string, options?: InvalidateOptions): Promise<SessionToken | false>
  deleteMany(keys: readonly string[], options?: InvalidateOptions): Promise<SessionToken | false>

  /**
   * The fresh value under `key`, else what `loader` answers, which is then kept. Callers in this
   * process share one load. With `grace`, a stale value stands in for a loader that fails or takes
   * longer than `softTimeout`; the load then ends in the background and is kept. At `hardTimeout`
   * callers reject with LOADER_TIMEOUT (or get the stale value) and the key is free for a new load.
   * The loader's own errors pass through and are never cached. On abort: this caller rejects with
   * the signal's reason, the load goes on. Round trips: 0 or 1 to read; the write of a fill is not
   * waited for.
   */
  getOrSet<T extends V = V>(key: string, loader: Loader<T, V>, options?: CallOptions): Promise<T>

  /** As `getOrSet` for many keys: one batch to the store, one bulk load of what is missing. */
  getOrSetMany<T extends V = V>(
    keys: readonly string[],
    load: BulkLoader<T>,
    options?: CallOptions,
  ): Promise<(T | undefined)[]>

  /** `getOrSet` with `fresh: true`: loads now, whatever is cached. */
  refresh<T extends V = V>(key: string, loader: Loader<T, V>, options?: CallOptions): Promise<T>

  /**
   * Gives an entry a new ttl, from now. `false` if there is none or the store did not confirm. 1
   * round trip.
   */
  expire(key: string, ttl: Duration): Promise<boolean>

  /**
   * Seconds for which the entry is still fresh, `Infinity` for ever, `undefined` if there is none.
   */
  ttl(key: string): Promise<number | undefined>

  /**
   * Adds `by` to a number, atomically in the store; an absent key counts from 0 and gets the ttl.
   * Resolves to the sum, or `undefined` when the store cannot be reached: nothing was counted, or
   * nobody knows. Rejects with VALUE_NOT_A_NUMBER. 1 round trip.
   */
  increment(
    key: string,
    by?: number,
    options?: Pick<SetOptions, 'ttl'>,
  ): Promise<number | undefined>
  decrement(
    key: string,
    by?: number,
    options?: Pick<SetOptions, 'ttl'>,
  ): Promise<number | undefined>

  /**
   * The keys of this namespace, without those over 1 KiB, whose names the store does not hold. From
   * the store while it answers (one round trip per thousand or so), else from memory. A key may
   * come twice.
   */
  keys(): AsyncIterable<string>

  /**
   * Makes every entry with one of these tags out of date, in every namespace, tier and process, and
   * whatever was loaded with them before this call; at most 1 000 tags. Resolves as `delete` does;
   * on `false` this process has forgotten its memory. With `mode: 'soft'` the entries are stale,
   * not gone: `getOrSet` hands them out up to the end of their grace and refreshes them meanwhile,
   * `maxRefreshes` at once. One round trip, whatever the tags hold. Rejects with OPTION_INVALID.
   */
  invalidateTags(
    tags: readonly string[],
    options?: InvalidateManyOptions,
  ): Promise<SessionToken | false>

  /**
   * As `invalidateTags`, for the keys of this namespace that match: `*`, `?`, `[a-z]`, `\\` before
   * a character to take it as it is. One round trip for a prefix (`user:42:*`); any other pattern
   * lists the keys and deletes those that match, and knows no keys over 1 KiB.
   */
  invalidatePattern(pattern: string, options?: InvalidateManyOptions): Promise<SessionToken | false>

  /**
   * Empties this namespace; on the cache itself, all of them. Resolves as `delete` does. One round
   * trip; where the store keeps a log, the room there is given back afterwards, else in the call.
   */
  clear(options?: InvalidateOptions): Promise<SessionToken | false>

  /**
   * `fn` with its answers cached. It is called without `this`. Round trips as `getOrSet`. Throws
   * OPTION_UNKNOWN or OPTION_INVALID.
   */
  wrap<A extends unknown[], T extends V>(
    fn: (this: void, ...args: A) => T | PromiseLike<T>,
    options?: WrapOptions<A>,
  ): Wrapped<A, T>

  /** The namespace of that name under this one; options only where it is first named. */
  namespace<T = unknown>(name: string, options?: NamespaceOptions): Cache<T>

  /** Calls `listener` until the returned function is called. */
  on<E extends CacheEventName>(event: E, listener: CacheListener<E>): () => void

  /** Counts since the start, of the whole cache. */
  stats(): CacheStats

  /** How the cache is doing, with one ping of the store within the read deadline. Never rejects. */
  health(): Promise<CacheHealth>

  /**
   * Waits for writes under way (within their deadline) and for the snapshot of a warm restart (2 s
   * at most), then ends connections, timers and listeners: those of the whole cache, also when
   * called on a namespace. Later reads are misses, later loads run uncached in the store.
   */
  close(): Promise<void>
}

/** The cache itself: knows the types of the namespaces it was made with. */
export interface RootCache<N extends Record<string, NamespaceOptions>>
  extends Cache,
    KeyFrequencies {
  readonly memory: MemoryControl
  namespace<K extends keyof N & string>(name: K): Cache<NamespaceValue<N[K]>>
  namespace<T = unknown>(name: string, options?: NamespaceOptions): Cache<T>
}

export type NamespaceValue<O> = O extends { schema: infer S } ? SchemaValue<S> : unknown
