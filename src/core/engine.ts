/**
 * What a cache and its namespaces share: tiers, clock, flights, invalidations, counters, events.
 * The engine owns the life cycle of the store. It decides nothing about a single key: that is
 * cache.ts and the leaves it calls.
 */
import { randomBytes } from 'node:crypto'
import { Bulkhead } from './bulkhead.js'
import type { Coherence } from './coherence.js'
import { type Confirmed, confirmed } from './confirmed.js'
import type {
  Clock,
  Codecs,
  MemoryShare,
  MemoryTier,
  Observer,
  Store,
  TimedCall,
} from './contracts.js'
import { Counters } from './counters.js'
import { DeadlineQueue } from './deadline-queue.js'
import type { EngineParts } from './engine-parts.js'
import type { Now } from './entry.js'
import { CacheError } from './errors.js'
import type { Events } from './events.js'
import { FillWaits } from './fill-waits.js'
import { Flights } from './flight.js'
import { GuardedStore } from './guarded-store.js'
import { HoldOffs } from './hold-offs.js'
import { Holds } from './holds.js'
import type { Until } from './invalidate-options.js'
import { Invalidations } from './invalidations.js'
import { encodeKey } from './key.js'
import type { Invalidation, KeyInvalidation } from './log.js'
import { memoryListener } from './memory-listener.js'
import type { MemorySettings } from './memory-options.js'
import { MemorySweep } from './memory-sweep.js'
import type { CacheSettings, Policy } from './options.js'
import { RIGHT_MS, RightRenewal } from './right-renewal.js'
import type { Shelf } from './shelf.js'
import type { Space } from './space.js'
import type { StandardSchemaV1 } from './standard-schema.js'
import { StoreBatch } from './store-batch.js'
import { storeShelf } from './store-shelf.js'
import { StoreSweeps } from './store-sweeps.js'
import { Unconfirmed } from './unconfirmed.js'

const MAX_NAMESPACES = 10_000

export class Engine {
  readonly settings: CacheSettings
  /**
   * How values are handed out. Without memory each caller gets its own: nothing is kept to share.
   */
  readonly values: MemorySettings['values']
  readonly memory: MemoryTier
  readonly hasMemory: boolean
  /** The user's estimate of a value's bytes. */
  readonly weigh: MemorySettings['weigh']
  readonly memorySweep: MemorySweep
  readonly store: GuardedStore | undefined
  readonly batch: StoreBatch | undefined
  readonly storeSweeps: StoreSweeps | undefined
  /** For what codecs keep beside the entries. */
  readonly shelf: Shelf | undefined
  readonly codecs: Codecs
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Observer
  readonly events: Events
  readonly coherence: Coherence
  readonly invalidations = new Invalidations()
  readonly flights = new Flights()
  readonly holds = new Holds()
  readonly holdOffs = new HoldOffs()
  readonly bulkhead: Bulkhead
  readonly unconfirmed: Unconfirmed
  readonly fillWaits = new FillWaits()
  readonly rightRenewal: RightRenewal
  /** For values that are decompressed in another thread. */
  readonly decodeDeadlines: DeadlineQueue
  readonly #spaces = new Map<string, Space>()
  /** Names this cache's leases on keys, unlike those of any other. */
  readonly #id = randomBytes(9).toString('base64url')
  #leases = 0
  /** Calls to the store belong to no namespace: their failures are counted here. */
  readonly storeCounters = new Counters()
  /** How often the breaker has opened. */
  outages = 0
  /** What is done before the store is closed, all at once. None of it rejects. */
  readonly beforeClose: (() => Promise<void>)[] = []
  #closing: Promise<void> | undefined

  constructor(parts: EngineParts) {
    this.settings = parts.settings
    this.bulkhead = new Bulkhead(parts.settings.maxRefreshes, parts.random)
    this.hasMemory = parts.memorySettings !== undefined
    this.weigh = parts.memorySettings?.weigh
    this.values = parts.memorySettings?.values ?? 'cloned'
    this.codecs = parts.codecs
    this.clock = parts.clock
    this.random = parts.random
    this.decodeDeadlines = new DeadlineQueue(parts.clock, parts.settings.readDeadlineMs)
    this.observer = parts.observer
    this.events = parts.events
    if (parts.store !== undefined) this.store = this.#guard(parts.store)
    this.coherence = parts.coherence(this.store?.log(parts.settings.prefix))
    this.rightRenewal = new RightRenewal(this.clock, this.flights, (storeKey, token) => {
      this.batch!.renew(storeKey, token, RIGHT_MS)
    })
    this.unconfirmed = new Unconfirmed({
      clock: this.clock,
      random: this.random,
      isAway: () => this.store?.breakerState === 'open',
      remove: (storeKey, tells) => this.#removeAgain(storeKey, tells),
      tell: (invalidations) => void this.append(invalidations),
    })
    const countersOf = (namespace: string) => this.#spaces.get(namespace)?.counters
    this.memory = parts.memory(memoryListener(this.coherence.guard, this.events, countersOf))
    this.memorySweep = new MemorySweep(this.memory, this.clock)
    if (this.store !== undefined) {
      const expiryAt = (nowWallMs: number) => this.codecs.expiryAt(nowWallMs)
      const onRefused = (error: CacheError) => this.#onStoreError('write', error)
      const { store, coherence, clock, unconfirmed } = this
      this.batch = new StoreBatch({ store, coherence, clock, unconfirmed }, expiryAt, onRefused)
      this.shelf = storeShelf(store, parts.settings.prefix)
      this.storeSweeps = new StoreSweeps({ store, codecs: this.codecs, clock })
    }
  }

  /** Starts connecting to the store; called once, when nothing can fail any more. */
  open(): void {
    this.store?.open()
    this.coherence.open({
      onKey: (namespace, key) => this.#dropKey(namespace, key),
      onFilled: (storeKey) => this.fillWaits.filled(storeKey),
      onJoined: () => this.#onJoined(),
      onLost: () => this.#onLost(),
      onReplaced: () => this.unconfirmed.doubtRecent(),
    })
  }

  /** Invalidates for every process. What the log has not confirmed is repeated. */
  append(invalidations: readonly Invalidation[], until: Until = 'sent'): Promise<Confirmed> {
    const { coherence } = this
    if (invalidations.length === 0) return Promise.resolve(coherence.token)
    this.invalidations.noteOthers()
    return coherence.append(invalidations, until === 'applied').then(
      (confirmation) => {
        if (coherence.isShared) this.unconfirmed.confirmedOthers(invalidations)
        return confirmed(confirmation, until)
      },
      () => {
        this.unconfirmed.addOthers(invalidations)
        return false
      },
    )
  }

  /** Loads and reads of the key that are under way are out of date, and those of its hold-off. */
  noteInvalidated({ policy }: Space, storeKey: string): void {
    this.invalidations.note(storeKey)
    const { holdOffMs } = policy
    if (holdOffMs > 0) this.holdOffs.note(storeKey, this.clock.monotonicMs() + holdOffMs)
  }

  now(): Now {
    const monotonicMs = this.clock.monotonicMs()
    return { monotonicMs, wallMs: monotonicMs + this.coherence.wallAheadMs }
  }

  /** The namespace of that name, made if it is new. Throws OPTION_INVALID. */
  space(
    name: string,
    policy: Policy,
    schema: StandardSchemaV1 | undefined,
    where: string,
    share?: MemoryShare,
  ): Space {
    const known = this.#spaces.get(name)
    if (known !== undefined) return known
    if (this.#spaces.size >= MAX_NAMESPACES) {
      throw new CacheError(
        'NAMESPACE_INVALID',
        `more than ${MAX_NAMESPACES} namespaces: are keys used as names?`,
      )
    }
    const space: Space = {
      name,
      storePrefix: `${this.settings.prefix}:${name}:`,
      policy,
      schema,
      codec: this.codecs.forNamespace(name, policy.format, this.shelf, where),
      memory: this.memory.partition(name, share),
      counters: this.events.newCounters(),
      gathering: { tick: -1, reads: new Map() },
      clearedAt: 0,
    }
    this.#spaces.set(name, space)
    return space
  }

  /** Unlike any other load's. */
  nextToken(): string {
    return `${this.#id}.${++this.#leases}`
  }

  findSpace(name: string): Space | undefined {
    return this.#spaces.get(name)
  }

  spaces(): IterableIterator<Space> {
    return this.#spaces.values()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.memorySweep.end()
    this.unconfirmed.end()
    this.rightRenewal.end()
    await this.batch?.idle()
    await Promise.all([this.storeSweeps?.end(), ...this.beforeClose.map((run) => run())])
    await this.coherence.close()
    await this.store?.close()
    this.decodeDeadlines.end()
    this.memory.clear()
    this.events.removeAll()
  }

  #guard(store: Store): GuardedStore {
    return new GuardedStore({
      store,
      clock: this.clock,
      random: this.random,
      readDeadlineMs: this.settings.readDeadlineMs,
      writeDeadlineMs: this.settings.writeDeadlineMs,
      observer: this.observer,
      onFailure: (op, error) => this.#onStoreError(op, error),
      onDown: (cause) => {
        this.outages++
        this.events.emit('store-down', { cause })
      },
      onConnection: () => this.coherence.doubtStore(),
      onUp: (downForMs) => {
        this.events.emit('store-up', { downForMs })
        void this.coherence.renew()
        this.unconfirmed.repeat()
      },
    })
  }

  /** What was read from the store since the first try is as old as what is deleted there now. */
  #removeAgain(storeKey: string, tells: KeyInvalidation | undefined): void {
    const space = tells && this.#spaces.get(tells.namespace)
    const isFromStore = space?.memory.read(tells!.key)?.loadedAtMs === Number.NEGATIVE_INFINITY
    this.invalidations.note(storeKey)
    if (isFromStore) space!.memory.remove(tells!.key)
    const holdOffMs = space?.policy.holdOffMs ?? 0
    void this.batch!.delete(storeKey, tells, { wantsAcks: false, holdOffMs })
  }

  /** Another process has invalidated it: reads and loads under way bring what is out of date. */
  #dropKey(namespace: string, key: string): void {
    const space = this.#spaces.get(namespace)
    if (space === undefined) return
    const storeKey = space.storePrefix + encodeKey(key, 'hash')
    this.noteInvalidated(space, storeKey)
    space.memory.remove(key)
    this.fillWaits.filled(storeKey)
  }

  #onJoined(): void {
    this.#dropMemory()
    this.unconfirmed.repeat()
  }

  /** What was invalidated is not known: it may be everything, and a moment ago. */
  #onLost(): void {
    this.#dropMemory()
    const nowMs = this.clock.monotonicMs()
    for (const space of this.#spaces.values()) {
      this.invalidations.noteSpace(space)
      this.holdOffs.noteAll(nowMs + space.policy.holdOffMs)
    }
  }

  #dropMemory(): void {
    this.invalidations.noteReads()
    for (const space of this.#spaces.values()) space.memory.clear()
  }

  #onStoreError(op: TimedCall, error: CacheError): void {
    this.storeCounters.storeErrors++
    if (error.code === 'STORE_TIMEOUT') this.storeCounters.deadlineHits++
    if (this.events.wants('store-error')) this.events.emit('store-error', { op, error })
  }
}
