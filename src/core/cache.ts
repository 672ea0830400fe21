/**
 * The cache: one read path, one write path, for the cache itself and for its namespaces.
 *
 *   get       memory → the store, with all gets of the tick → memory → caller
 *   getOrSet  memory → flight (store → loader → fenced fill) → caller
 *   set       memory and the store, with all sets of the tick; older loads are fenced out
 *   delete    memory and the store; older loads and reads under way are fenced out
 *
 * This file decides; the leaves do: look-in-memory.ts, store-read.ts, join.ts, write.ts, bulk.ts.
 * What the verbs promise stands in api.ts. The first lines of `get` and `getOrSet` are the memory
 * hit: nothing is added there that bench/memory-hit has not weighed.
 */
import { abortable } from './abortable.js'
import { answer, tellHit, tellHits } from './answer.js'
import type {
  BulkLoader,
  Cache,
  CacheHealth,
  CacheStats,
  Loader,
  SessionToken,
  WrapOptions,
  Wrapped,
} from './api.js'
import { loadMany } from './bulk.js'
import { callPolicy } from './call-policy.js'
import { changeLife, count, remainingSeconds } from './change.js'
import { clear, listKeys } from './clear.js'
import type { Confirmed } from './confirmed.js'
import type { MemoryPartition } from './contracts.js'
import { countMiss } from './count-miss.js'
import type { Duration } from './duration.js'
import type { Engine } from './engine.js'
import { type HeldEntry, handOut } from './entry.js'
import type { CacheEventName, CacheListener, Events, MissReason } from './events.js'
import { getOrLoad } from './get-or-load.js'
import { rememberInsides } from './insides.js'
import { invalidatePattern, invalidateTags } from './invalidate.js'
import {
  type InvalidateManyOptions,
  type InvalidateOptions,
  resolveUntil,
} from './invalidate-options.js'
import { checkNamespace } from './key.js'
import { lookInMemory } from './look-in-memory.js'
import { checkNames, invalidOption } from './option-reading.js'
import {
  type CallOptions,
  checkCall,
  type GetOptions,
  type NamespaceOptions,
  type Policy,
  resolvePolicy,
  type SetOptions,
} from './options.js'
import { healthOf, statsOf } from './report.js'
import type { Space } from './space.js'
import type { SpaceCounters } from './space-counters.js'
import { spaceFor } from './space-for.js'
import { storeKeyOf } from './store-key.js'
import { readStore } from './store-read.js'
import { wrap } from './wrap.js'
import { remove, removeMany, write } from './write.js'

export class EngineCache implements Cache {
  readonly #engine: Engine
  readonly #space: Space
  readonly #namespaces = new Map<string, Cache>()
  // Fields of engine and space that the memory hit needs, one step nearer.
  readonly #memory: MemoryPartition
  readonly #counters: SpaceCounters
  readonly #events: Events

  constructor(engine: Engine, space: Space) {
    this.#engine = engine
    this.#space = space
    this.#memory = space.memory
    this.#counters = space.counters
    this.#events = engine.events
    rememberInsides(this as Cache, { engine, space })
  }

  get<T>(key: string, options?: GetOptions): Promise<T | undefined> {
    const value = this.#memory.hit(key)
    if (value === undefined || options?.after !== undefined) {
      return this.#get(key, options) as Promise<T | undefined>
    }
    if (this.#counters.countHit()) tellHit(this.#engine, this.#space, key)
    return Promise.resolve(value as T)
  }

  getOrSet<T>(key: string, loader: Loader<T>, options?: CallOptions): Promise<T> {
    const value = this.#memory.hit(key)
    if (value === undefined || options?.fresh === true || options?.after !== undefined) {
      return this.#getOrLoad(key, loader as Loader<unknown>, options) as Promise<T>
    }
    if (this.#counters.countHit()) tellHit(this.#engine, this.#space, key)
    return Promise.resolve(value as T)
  }

  peek<T>(key: string): T | undefined {
    const value = this.#memory.glance(key)
    if (value !== undefined) return value as T
    const remembered = this.#remember(key)
    return remembered?.state === 'fresh' ? (handOut(remembered) as T) : undefined
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined
  }

  async getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    const values = new Array<unknown>(keys.length)
    const lacking: number[] = []
    for (let i = 0; i < keys.length; i++) {
      const value = this.#memory.hit(keys[i]!)
      values[i] = value
      if (value === undefined) lacking.push(i)
    }
    this.#countHits(keys, values, lacking.length)
    await this.#lookUpMany(keys, lacking, values)
    return values as (T | undefined)[]
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    load: BulkLoader<T>,
    options?: CallOptions,
  ): Promise<(T | undefined)[]> {
    const isPlain = options?.fresh !== true && options?.after === undefined
    return loadMany({
      keys,
      load,
      hit: (key) => (isPlain ? this.#hit(key) : undefined) as T | undefined,
      getOrLoad: (key, loader, onShared) =>
        this.#getOrLoad(key, loader as Loader<unknown>, options, onShared) as Promise<
          T | undefined
        >,
      flightOf: (key) => this.#engine.flights.get(this.#storeKey(key)),
    })
  }

  set(key: string, value: unknown, options?: SetOptions): Promise<boolean> {
    return new Promise((onDone, onFailed) => {
      const policy = this.#callPolicy(options, 'set')
      write(this.#engine, this.#space, key, value, policy, { onDone, onFailed })
    })
  }

  async setMany(
    entries: Iterable<readonly [string, unknown]>,
    options?: SetOptions,
  ): Promise<boolean> {
    const policy = this.#callPolicy(options, 'setMany')
    // The whole list first: one that throws half way must not leave writes that nobody awaits.
    const list = [...entries]
    const writes = list.map(
      ([key, value]) =>
        new Promise<boolean>((onDone, onFailed) => {
          write(this.#engine, this.#space, key, value, policy, { onDone, onFailed })
        }),
    )
    // All settle before any is reported: a bad value in the middle leaves no write unobserved.
    const outcomes = await Promise.allSettled(writes)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    return outcomes.every((outcome) => outcome.status === 'fulfilled' && outcome.value)
  }

  async delete(key: string, options?: InvalidateOptions): Promise<Confirmed> {
    return remove(this.#engine, this.#space, key, resolveUntil(options, 'delete'))
  }

  async deleteMany(keys: readonly string[], options?: InvalidateOptions): Promise<Confirmed> {
    return removeMany(this.#engine, this.#space, keys, resolveUntil(options, 'deleteMany'))
  }

  refresh<T>(key: string, loader: Loader<T>, options?: CallOptions): Promise<T> {
    return this.getOrSet(key, loader, { ...options, fresh: true })
  }

  async expire(key: string, ttl: Duration): Promise<boolean> {
    const policy = resolvePolicy(this.#space.policy, { ttl }, 'set', 'expire')
    return changeLife(this.#engine, this.#space, key, this.#storeKey(key), policy)
  }

  async ttl(key: string): Promise<number | undefined> {
    return remainingSeconds(this.#engine, this.#space, key, this.#storeKey(key))
  }

  async increment(
    key: string,
    by = 1,
    options?: Pick<SetOptions, 'ttl'>,
  ): Promise<number | undefined> {
    if (!Number.isFinite(by)) throw invalidOption('increment', 'by', by, 'a finite number')
    const policy = this.#callPolicy(options, 'increment')
    return count(this.#engine, this.#space, key, this.#storeKey(key), by, policy)
  }

  decrement(key: string, by = 1, options?: Pick<SetOptions, 'ttl'>): Promise<number | undefined> {
    return this.increment(key, -by, options)
  }

  keys(): AsyncIterable<string> {
    return listKeys(this.#engine, this.#space)
  }

  async invalidateTags(
    tags: readonly string[],
    options?: InvalidateManyOptions,
  ): Promise<Confirmed> {
    return invalidateTags(this.#engine, tags, options)
  }

  async invalidatePattern(pattern: string, options?: InvalidateManyOptions): Promise<Confirmed> {
    return invalidatePattern(this.#engine, this.#space, pattern, options)
  }

  async clear(options?: InvalidateOptions): Promise<Confirmed> {
    return clear(this.#engine, this.#space, resolveUntil(options, 'clear'))
  }

  wrap<A extends unknown[], T>(
    fn: (this: void, ...args: A) => T | PromiseLike<T>,
    options?: WrapOptions<A>,
  ): Wrapped<A, T> {
    return wrap(this as Cache, fn, options)
  }

  namespace<T = unknown>(name: string, options?: NamespaceOptions): Cache<T> {
    checkNamespace(name)
    const dot = name.indexOf('.')
    if (dot > 0 && dot < name.length - 1)
      return this.namespace(name.slice(0, dot)).namespace(name.slice(dot + 1), options)
    const known = this.#namespaces.get(name)
    if (known !== undefined && options === undefined) return known as Cache<T>
    const fullName = this.#space.name === '' ? name : `${this.#space.name}.${name}`
    const space = spaceFor(this.#engine, this.#space.policy, fullName, options)
    const cache = new EngineCache(this.#engine, space)
    this.#namespaces.set(name, cache)
    return cache as Cache<T>
  }

  on<E extends CacheEventName>(event: E, listener: CacheListener<E>): () => void {
    return this.#events.on(event, listener)
  }

  stats(): CacheStats {
    return statsOf(this.#engine)
  }

  health(): Promise<CacheHealth> {
    return healthOf(this.#engine)
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  /** What `get` does when memory has no answer that can be handed out without thought. */
  #get(key: string, options: GetOptions | undefined): Promise<unknown> {
    if (options === undefined) return new Promise((resolve) => this.#lookUp(key, resolve))
    try {
      checkNames(options, 'get', 'get')
      checkCall(options, 'get')
      options.signal?.throwIfAborted()
    } catch (error) {
      return Promise.reject(error)
    }
    const { after, signal } = options
    return abortable(after === undefined ? this.get(key) : this.#getAfter(key, after), signal)
  }

  /** A miss where this process cannot tell what was invalidated up to then. */
  async #getAfter(key: string, after: SessionToken): Promise<unknown> {
    if (await this.#engine.coherence.hear(after)) return this.get(key)
    return countMiss(this.#engine, this.#space, key, 'store-unavailable')
  }

  /** Memory once more, then the store. Throws KEY_INVALID or KEY_TOO_LONG, before anything else. */
  #lookUp(key: string, listener: (value: unknown) => void): void {
    const engine = this.#engine
    const space = this.#space
    const storeKey = this.#storeKey(key)
    const remembered = this.#remember(key)
    if (remembered?.state === 'fresh') listener(answer(this.#engine, this.#space, key, remembered))
    else if (engine.batch === undefined) {
      listener(countMiss(engine, space, key, remembered === undefined ? 'absent' : 'expired'))
    } else {
      readStore(engine, space, key, storeKey, (held) => listener(this.#settle(key, held)))
    }
  }

  /** One promise for all of them: a hundred of them would cost as much as what they bring. */
  #lookUpMany(keys: readonly string[], at: readonly number[], values: unknown[]): Promise<void> {
    let left = at.length
    return new Promise((resolve) => {
      if (left === 0) resolve()
      for (const i of at) {
        this.#lookUp(keys[i]!, (value) => {
          values[i] = value
          if (--left === 0) resolve()
        })
      }
    })
  }

  /** What a plain `get` makes of the store's answer. */
  #settle(key: string, found: HeldEntry | MissReason): unknown {
    if (typeof found === 'string') return countMiss(this.#engine, this.#space, key, found)
    if (found.state === 'stale') return countMiss(this.#engine, this.#space, key, 'expired')
    return answer(this.#engine, this.#space, key, found)
  }

  #getOrLoad(
    key: string,
    loader: Loader<unknown>,
    options: CallOptions | undefined,
    onShared?: () => void,
  ): Promise<unknown> {
    return getOrLoad(this.#engine, { space: this.#space, key, loader, options, onShared })
  }

  /** A hit that needs no thought, counted. */
  #hit(key: string): unknown {
    const value = this.#memory.hit(key)
    if (value !== undefined && this.#counters.countHit()) tellHit(this.#engine, this.#space, key)
    return value
  }

  #countHits(keys: readonly string[], values: readonly unknown[], lacking: number): void {
    const hits = keys.length - lacking
    if (this.#counters.countHits(hits)) {
      tellHits(this.#engine, this.#space, keys, values, hits)
    }
  }

  #remember(key: string): HeldEntry | undefined {
    return lookInMemory(this.#engine, this.#space, key)
  }

  #callPolicy(options: object | undefined, where: string): Policy {
    return callPolicy(this.#engine, this.#space, options, 'set', where)
  }

  #storeKey(key: string): string {
    return storeKeyOf(this.#engine, this.#space, key)
  }
}
