/**
 * The cache: one read path, one write path, for the cache itself and for its namespaces.
 *
 *   get       memory → the store, with all gets of the tick → memory → caller
 *   getOrSet  memory → flight (store → loader → fenced fill) → caller
 *   set       memory and the store, with all sets of the tick; older loads are fenced out
 *   delete    memory and the store; older loads and reads under way are fenced out
 *
 * This file decides; the leaves do: store-read.ts, load.ts, keep.ts, bulk.ts. What the verbs promise
 * stands in api.ts. The first lines of `get` and `getOrSet` are the memory hit: nothing is added there
 * that bench/memory-hit has not weighed.
 */

import { abortable } from './abortable.js'
import type {
  BulkLoader,
  Cache,
  CacheHealth,
  CacheStats,
  Loader,
  WrapOptions,
  Wrapped,
} from './api.js'
import { loadMany } from './bulk.js'
import { changeLife, count, remainingSeconds } from './change.js'
import { clearAll, clearSpace, listKeys } from './clear.js'
import type { Duration } from './duration.js'
import type { Engine } from './engine.js'
import { type Found, foundInMemory, handOut } from './entry.js'
import { CacheError } from './errors.js'
import type { CacheEventName, CacheListener, MissReason } from './events.js'
import { Flight, type FlightKind } from './flight.js'
import { keep } from './keep.js'
import { checkNamespace, encodeKey } from './key.js'
import { armSoftTimeout, fly, type LoadRequest } from './load.js'
import { runningFlights } from './load-scope.js'
import { checkNames, invalidOption } from './option-table.js'
import {
  type CallOptions,
  type GetOptions,
  type NamespaceOptions,
  type Policy,
  resolvePolicy,
  type SetOptions,
} from './options.js'
import type { Space } from './space.js'
import { countMiss, readStore } from './store-read.js'
import { admit } from './value.js'
import { wrap } from './wrap.js'

export class EngineCache implements Cache {
  readonly #engine: Engine
  readonly #space: Space
  readonly #namespaces = new Map<string, Cache>()

  constructor(engine: Engine, space: Space) {
    this.#engine = engine
    this.#space = space
  }

  get<T>(key: string, options?: GetOptions): Promise<T | undefined> {
    const space = this.#space
    const value = space.memory.hit(key)
    if (value === undefined) return this.#get(key, options) as Promise<T | undefined>
    space.counters.memoryHits++
    if (this.#engine.events.watchesLookups) this.#tellHit(key, 'memory', false)
    return Promise.resolve(value as T)
  }

  getOrSet<T>(key: string, loader: Loader<T>, options?: CallOptions): Promise<T> {
    const space = this.#space
    const value = space.memory.hit(key)
    if (value === undefined || options?.fresh === true) {
      return this.#getOrLoad(key, loader as Loader<unknown>, options) as Promise<T>
    }
    space.counters.memoryHits++
    if (this.#engine.events.watchesLookups) this.#tellHit(key, 'memory', false)
    return Promise.resolve(value as T)
  }

  peek<T>(key: string): T | undefined {
    const value = this.#space.memory.glance(key)
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
      const value = this.#space.memory.hit(keys[i]!)
      values[i] = value
      if (value === undefined) lacking.push(i)
    }
    this.#countHits(keys, values, lacking.length)
    const found = await Promise.all(lacking.map((i) => this.#get(keys[i]!, undefined)))
    lacking.forEach((at, i) => {
      values[at] = found[i]
    })
    return values as (T | undefined)[]
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    load: BulkLoader<T>,
    options?: CallOptions,
  ): Promise<(T | undefined)[]> {
    return loadMany({
      keys,
      load,
      hit: (key) => (options?.fresh === true ? undefined : this.#hit(key)) as T | undefined,
      getOrLoad: (key, loader, onShared) =>
        this.#getOrLoad(key, loader as Loader<unknown>, options, onShared) as Promise<
          T | undefined
        >,
      flightOf: (key) => this.#engine.flights.get(this.#storeKey(key)),
    })
  }

  async set(key: string, value: unknown, options?: SetOptions): Promise<boolean> {
    const policy = this.#setPolicy(options)
    return this.#write(key, value, policy)
  }

  async setMany(
    entries: Iterable<readonly [string, unknown]>,
    options?: SetOptions,
  ): Promise<boolean> {
    const policy = this.#setPolicy(options)
    const writes: Promise<boolean>[] = []
    for (const [key, value] of entries) writes.push(this.#write(key, value, policy))
    // All settle before any is reported: a bad value in the middle leaves no write unobserved.
    const outcomes = await Promise.allSettled(writes)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    return outcomes.every((outcome) => outcome.status === 'fulfilled' && outcome.value)
  }

  async delete(key: string): Promise<boolean> {
    const { counters, memory, name } = this.#space
    const storeKey = this.#storeKey(key)
    const { batch, events, holds, invalidations } = this.#engine
    invalidations.note(storeKey)
    holds.release(storeKey)
    memory.remove(key)
    counters.deletes++
    if (events.wants('deleted')) events.emit('deleted', { namespace: name, key })
    return batch === undefined || (await batch.delete(storeKey)) === undefined
  }

  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const outcomes = await Promise.all(keys.map((key) => this.delete(key)))
    return outcomes.every(Boolean)
  }

  refresh<T>(key: string, loader: Loader<T>, options?: CallOptions): Promise<T> {
    return this.getOrSet(key, loader, { ...options, fresh: true })
  }

  async expire(key: string, ttl: Duration): Promise<boolean> {
    const policy = resolvePolicy(this.#space.policy, { ttl }, 'call', 'expire')
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
    return count(this.#engine, this.#space, key, this.#storeKey(key), by, this.#setPolicy(options))
  }

  decrement(key: string, by = 1, options?: Pick<SetOptions, 'ttl'>): Promise<number | undefined> {
    return this.increment(key, -by, options)
  }

  keys(): AsyncIterable<string> {
    return listKeys(this.#engine, this.#space)
  }

  clear(): Promise<boolean> {
    return this.#space.name === '' ? clearAll(this.#engine) : clearSpace(this.#engine, this.#space)
  }

  wrap<A extends unknown[], T>(
    fn: (...args: A) => T | PromiseLike<T>,
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
    const existing = this.#engine.findSpace(fullName)
    if (existing !== undefined && options !== undefined) {
      throw invalidOption(
        `namespace '${fullName}'`,
        'options',
        options,
        'given once, where the namespace is first named',
      )
    }
    const cache = new EngineCache(
      this.#engine,
      existing ?? this.#makeSpace(fullName, options ?? {}),
    )
    this.#namespaces.set(name, cache)
    return cache as Cache<T>
  }

  on<E extends CacheEventName>(event: E, listener: CacheListener<E>): () => void {
    return this.#engine.events.on(event, listener)
  }

  stats(): CacheStats {
    return this.#engine.stats()
  }

  health(): Promise<CacheHealth> {
    return this.#engine.health()
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  /** What `get` does when memory has no answer that can be handed out without thought. */
  #get(key: string, options: GetOptions | undefined): Promise<unknown> {
    try {
      if (options !== undefined) checkNames(options, 'call', 'get')
      options?.signal?.throwIfAborted()
      const engine = this.#engine
      const space = this.#space
      const storeKey = this.#storeKey(key)
      const remembered = this.#remember(key)
      if (remembered?.state === 'fresh') return Promise.resolve(this.#answer(key, remembered))
      if (engine.batch === undefined) {
        const reason = remembered === undefined ? 'absent' : 'expired'
        return Promise.resolve(countMiss(engine, space, key, reason))
      }
      const value = new Promise<unknown>((resolve) => {
        readStore(engine, space, key, storeKey, (found) => resolve(this.#settle(key, found)))
      })
      return abortable(value, options?.signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** What a plain `get` makes of the store's answer. */
  #settle(key: string, found: Found | MissReason): unknown {
    if (typeof found === 'string') return countMiss(this.#engine, this.#space, key, found)
    if (found.state === 'stale') return countMiss(this.#engine, this.#space, key, 'expired')
    return this.#answer(key, found)
  }

  /** What `getOrSet` does when memory has no answer that can be handed out without thought. */
  async #getOrLoad(
    key: string,
    loader: Loader<unknown>,
    options: CallOptions | undefined,
    onShared?: () => void,
  ): Promise<unknown> {
    const space = this.#space
    const policy =
      options === undefined
        ? space.policy
        : resolvePolicy(space.policy, options, 'call', 'getOrSet')
    if (typeof loader !== 'function')
      throw invalidOption('getOrSet', 'loader', loader, 'a function')
    const storeKey = this.#storeKey(key)
    options?.signal?.throwIfAborted()
    const kind = options?.fresh === true ? 'fresh' : 'shared'
    const remembered = this.#remember(key)
    if (remembered?.state === 'fresh' && kind === 'shared') {
      this.#refreshEagerly(key, storeKey, loader, policy, remembered)
      return this.#answer(key, remembered)
    }
    const flight = this.#join({ space, key, loader, policy }, storeKey, remembered, kind, onShared)
    try {
      return this.#answer(key, await abortable(flight.answer, options?.signal))
    } catch (error) {
      // A flight that others began need not know of the stale value that this caller may have.
      if (remembered?.state !== 'stale' || kind === 'fresh' || options?.signal?.aborted === true)
        throw error
      return this.#answer(key, remembered)
    }
  }

  /** The flight that loads this key: the one under way if nothing invalidated it, else a new one. */
  #join(
    request: LoadRequest,
    storeKey: string,
    previous: Found | undefined,
    kind: FlightKind,
    onShared?: () => void,
  ): Flight {
    const engine = this.#engine
    const { space, key, policy } = request
    const within = runningFlights()
    if (within.some((flight) => flight.owner === engine && flight.storeKey === storeKey))
      throw recursion(key)
    const current = engine.flights.get(storeKey)
    const mayShare = current !== undefined && (kind !== 'fresh' || current.kind !== 'shared')
    if (mayShare && engine.invalidations.isCurrent(space, storeKey, current.born)) {
      if (within.some((flight) => current.dependsOn(flight))) throw recursion(key)
      within[0]?.awaits(current)
      space.counters.shared++
      onShared?.()
      if (current.stale === undefined && previous?.state === 'stale' && !current.answered) {
        current.stale = previous
        armSoftTimeout(engine, current, policy)
      }
      return current
    }
    if (kind === 'fresh' || engine.batch === undefined) {
      countMiss(
        engine,
        space,
        key,
        kind === 'fresh' ? 'forced' : previous === undefined ? 'absent' : 'expired',
      )
    }
    const flight = new Flight(engine, storeKey, engine.invalidations.applied, kind)
    flight.stale = previous
    within[0]?.awaits(flight)
    engine.flights.begin(flight)
    void fly(engine, flight, request)
    return flight
  }

  /** Starts a load in the background if one is due before expiry, and lets further hits pass meanwhile. */
  #refreshEagerly(
    key: string,
    storeKey: string,
    loader: Loader<unknown>,
    policy: Policy,
    remembered: Found,
  ): void {
    if (policy.eagerRatio === undefined && policy.eagerBeta === undefined) return
    const { clock, flights } = this.#engine
    const { memory, counters } = this.#space
    const entry = memory.read(key)
    if (
      entry === undefined ||
      clock.monotonicMs() < entry.checkAtMs ||
      flights.get(storeKey) !== undefined
    )
      return
    memory.postponeCheck(key, Number.POSITIVE_INFINITY)
    counters.eagerRefreshes++
    const flight = new Flight(this.#engine, storeKey, this.#engine.invalidations.applied, 'eager')
    flight.stale = remembered
    flights.begin(flight)
    void fly(this.#engine, flight, { space: this.#space, key, loader, policy })
  }

  /** A hit that needs no thought, counted. */
  #hit(key: string): unknown {
    const value = this.#space.memory.hit(key)
    if (value !== undefined) this.#countHits([key], [value], 0)
    return value
  }

  #countHits(keys: readonly string[], values: readonly unknown[], lacking: number): void {
    this.#space.counters.memoryHits += keys.length - lacking
    if (!this.#engine.events.watchesLookups) return
    for (let i = 0; i < keys.length; i++)
      if (values[i] !== undefined) this.#tellHit(keys[i]!, 'memory', false)
  }

  #remember(key: string): Found | undefined {
    const entry = this.#space.memory.read(key)
    return entry === undefined ? undefined : foundInMemory(entry, this.#engine.clock.monotonicMs())
  }

  /** Counts what was found and hands it out. A loader's answer was counted as a miss before. */
  #answer(key: string, found: Found): unknown {
    const { counters } = this.#space
    if (found.tier !== 'loader') {
      const isStale = found.state === 'stale'
      if (found.tier === 'memory') isStale ? counters.memoryStaleHits++ : counters.memoryHits++
      else isStale ? counters.storeStaleHits++ : counters.storeHits++
      if (this.#engine.events.watchesLookups) this.#tellHit(key, found.tier, isStale)
    }
    return handOut(found)
  }

  async #write(key: string, value: unknown, policy: Policy): Promise<boolean> {
    const engine = this.#engine
    const space = this.#space
    const storeKey = this.#storeKey(key)
    if (value === undefined)
      throw new CacheError(
        'VALUE_UNSUPPORTED',
        'a cache cannot keep undefined, which means a miss; null is a value',
        { op: 'set', key },
      )
    const admitted = admit(value)
    const born = engine.invalidations.note(storeKey)
    engine.holds.release(storeKey)
    const answer = keep(engine, {
      space,
      key,
      storeKey,
      raw: value,
      admitted,
      born,
      policy,
      loadMs: 0,
      ttlMs: undefined,
      tags: policy.tags,
    })
    space.counters.sets++
    if (engine.events.wants('set')) engine.events.emit('set', { namespace: space.name, key })
    return (await answer) === undefined
  }

  #setPolicy(options: SetOptions | undefined): Policy {
    return options === undefined
      ? this.#space.policy
      : resolvePolicy(this.#space.policy, options, 'call', 'set')
  }

  #makeSpace(name: string, options: NamespaceOptions): Space {
    const policy = resolvePolicy(this.#space.policy, options, 'namespace', `namespace '${name}'`)
    return this.#engine.space(name, policy, checkSchema(options.schema, name))
  }

  #storeKey(key: string): string {
    return this.#space.storePrefix + encodeKey(key, this.#engine.settings.longKeys)
  }

  #tellHit(key: string, tier: 'memory' | 'store', stale: boolean): void {
    this.#engine.events.emit('hit', { namespace: this.#space.name, key, tier, stale })
  }
}

function checkSchema(schema: NamespaceOptions['schema'], name: string): NamespaceOptions['schema'] {
  if (schema === undefined || typeof schema['~standard']?.validate === 'function') return schema
  throw invalidOption(
    `namespace '${name}'`,
    'schema',
    schema,
    'a Standard Schema (an object with ~standard.validate)',
  )
}

function recursion(key: string): CacheError {
  return new CacheError(
    'LOADER_RECURSION',
    `the loader of '${key.slice(0, 64)}' asked for that key: it would wait for itself`,
    { op: 'getOrSet', key },
  )
}
