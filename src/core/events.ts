/**
 * What a cache tells those who listen, and one sink for what goes wrong in the background.
 *
 * Nobody listening costs one field read where the event would be made. A listener that throws does
 * not harm the request in which it runs: it becomes a process warning. The tap (a diagnostics
 * channel) gets every event except `hit` and `miss`, which are only made for their own listeners.
 */
import type { DecodeFault, RemovalReason, TimedCall } from './contracts.js'
import type { CacheError } from './errors.js'
import type { LookupSampler } from './key-frequency.js'
import { NEVER_SAMPLED, SpaceCounters } from './space-counters.js'

export type MissReason =
  | 'absent'
  | 'expired'
  | 'forced'
  | 'store-timeout'
  | 'store-unavailable'
  | 'store-failed'
  | 'undecodable'
  | 'schema'
  | 'invalidated'

/**
 * Why a start was cold, or not warmer. `absent`: no snapshot; `damaged`, `foreign`, `version`,
 * `too-large`: none that can be read; `epoch`, `trimmed`, `unheard`: the log cannot tell what was
 * invalidated since; `clock`: it was taken in the future; `failed`: an error; `closed`: the cache.
 */
export type ColdReason =
  | 'absent'
  | 'damaged'
  | 'foreign'
  | 'version'
  | 'too-large'
  | 'epoch'
  | 'trimmed'
  | 'unheard'
  | 'clock'
  | 'failed'
  | 'closed'

interface Subject {
  readonly namespace: string
  readonly key: string
}

/** Every event with what it carries. */
export interface CacheEvents {
  hit: Subject & { readonly tier: 'memory' | 'store'; readonly stale: boolean }
  miss: Subject & { readonly reason: MissReason }
  /** A loader answered. */
  loaded: Subject & { readonly elapsedMs: number }
  /** A loader threw or rejected; `servedStale` tells if the callers noticed. */
  'load-failed': Subject & { readonly error: unknown; readonly servedStale: boolean }
  /** A loader ran past its hard timeout. */
  'load-timeout': Subject & { readonly afterMs: number; readonly servedStale: boolean }
  /** A load's answer was not kept. */
  'fill-refused': Subject & {
    readonly reason: 'fenced' | 'unsupported' | 'too-heavy'
    readonly error?: unknown
  }
  /**
   * An entry that was found and not used: bytes that are no entry, a value that fails its schema,
   * one that was invalidated by tag or prefix, or memory without its lease.
   */
  'entry-refused': Subject & {
    readonly reason: DecodeFault | 'schema' | 'invalidated' | 'lapsed'
  }
  /** A value held an instance of a class, at `path`, that comes back as plain data. */
  'instance-flattened': Subject & { readonly path: string; readonly className: string }
  set: Subject
  deleted: Subject
  /** An entry left memory. */
  removed: Subject & { readonly reason: RemovalReason }
  /** What a snapshot has brought at the start: entries in memory, and those left out. */
  'warm-restart': {
    readonly taken: number
    readonly left: number
    /** Why nothing was taken, or no more. */
    readonly reason?: ColdReason
  }
  /** A snapshot was written. */
  snapshot: { readonly entries: number; readonly bytes: number }
  'snapshot-failed': { readonly op: 'read' | 'write'; readonly error: unknown }
  'store-error': { readonly op: TimedCall; readonly error: CacheError }
  'store-down': { readonly cause: CacheError }
  'store-up': { readonly downForMs: number }
}

export type CacheEventName = keyof CacheEvents
export type CacheListener<E extends CacheEventName> = (event: CacheEvents[E]) => void

/** Where all events go besides the listeners: `node:diagnostics_channel` has this shape. */
export interface EventTap {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
}

const MAX_LISTENERS = 1_000
const MAX_WARNINGS = 10

export class Events {
  /** Whether a `hit` or `miss` is worth making. */
  watchesLookups = false
  readonly sampler: LookupSampler | undefined
  readonly #tap: EventTap | undefined
  readonly #listeners = new Map<CacheEventName, Set<CacheListener<never>>>()
  /** Those of the cache's namespaces, which are bounded. */
  readonly #counters: SpaceCounters[] = []
  /** Look-ups to come, other than hits in memory, before the next that is sampled. */
  #unsampled: number
  /** How many of them that one stands for. */
  #unsampledOf = 1
  #warnings = 0

  constructor(tap?: EventTap, sampler?: LookupSampler) {
    this.#tap = tap
    this.sampler = sampler
    this.#unsampled = this.#drawGap()
  }

  /** Counters of a namespace more, which tell of its hits. */
  newCounters(): SpaceCounters {
    const counters = new SpaceCounters()
    this.#sampleAfter(counters, 0)
    counters.tellEach(this.watchesLookups)
    this.#counters.push(counters)
    return counters
  }

  /** A hit in memory, for the sampler: `at` is its number among those of its namespace. */
  sampleHit(counters: SpaceCounters, at: number, namespace: string, key: string): void {
    if (!counters.isSampled(at)) return
    this.sampler?.sample(namespace, key, counters.sampledOf)
    this.#sampleAfter(counters, at)
  }

  /** As `sampleHit` for any other look-up. */
  sampleLookup(namespace: string, key: string): void {
    if (this.sampler === undefined || --this.#unsampled >= 0) return
    this.sampler.sample(namespace, key, this.#unsampledOf)
    this.#unsampled = this.#drawGap()
    this.#unsampledOf = this.sampler.every
  }

  /** Calls `listener` for each event of that name until the returned function is called. */
  on<E extends CacheEventName>(name: E, listener: CacheListener<E>): () => void {
    const set = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, set)
    if (set.size >= MAX_LISTENERS)
      throw new RangeError(
        `more than ${MAX_LISTENERS} listeners for '${name}': are they ever removed?`,
      )
    set.add(listener as CacheListener<never>)
    this.#look()
    return () => {
      this.#listeners.get(name)?.delete(listener as CacheListener<never>)
      this.#look()
    }
  }

  /** Whether anybody would hear it: ask before building an event that costs. */
  wants(name: CacheEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0 || this.#tap?.hasSubscribers === true
  }

  emit<E extends CacheEventName>(name: E, event: CacheEvents[E]): void {
    const set = this.#listeners.get(name)
    if (set !== undefined)
      for (const listener of set) this.#call(listener as CacheListener<E>, event)
    if (this.#tap?.hasSubscribers === true && name !== 'hit' && name !== 'miss')
      this.#tap.publish({ name, ...event })
  }

  removeAll(): void {
    this.#listeners.clear()
    this.#look()
  }

  #look(): void {
    this.watchesLookups =
      (this.#listeners.get('hit')?.size ?? 0) > 0 || (this.#listeners.get('miss')?.size ?? 0) > 0
    for (const counters of this.#counters) counters.tellEach(this.watchesLookups)
  }

  #sampleAfter(counters: SpaceCounters, at: number): void {
    counters.sampleAfter(at, this.#drawGap(), this.sampler?.every ?? 1)
  }

  #drawGap(): number {
    return this.sampler?.drawGap() ?? NEVER_SAMPLED
  }

  #call<E extends CacheEventName>(listener: CacheListener<E>, event: CacheEvents[E]): void {
    try {
      const answer: unknown = listener(event)
      // An async listener: its rejection would end the process.
      if (answer instanceof Promise) answer.catch((error: unknown) => this.#warn(error))
    } catch (error) {
      this.#warn(error)
    }
  }

  #warn(error: unknown): void {
    if (++this.#warnings > MAX_WARNINGS) return
    const what = error instanceof Error ? error.stack : String(error)
    process.emitWarning(`a cachewright listener threw: ${what}`)
  }
}
