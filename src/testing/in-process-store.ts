/**
 * A real `Store` in a Map: for tests and for simulations of several processes.
 *
 * Bytes are copied in and out, entries expire by the clock given, the Map is bounded. `peer()` is a
 * further connection to the same data, as a second process would have. It has no wire: each call
 * settles in the microtasks after it. No timers; dead entries leave when read or when room is
 * needed.
 */
import { systemClock } from '../core/clock.js'
import type {
  Clock,
  Expiry,
  LeaseAnswer,
  LeaseRequest,
  Store,
  StoreAbilities,
  StoreFill,
  StoreListener,
  StoreWrite,
} from '../core/contracts.js'
import { CacheError } from '../core/errors.js'
import type { Log } from '../core/log.js'
import { checkKnown, invalidOption } from '../core/option-reading.js'
import { inProcessWriteQueue } from '../core/process-write-queue.js'
import type { WriteQueue } from '../core/write-queue.js'
import { beginsWith, counted, isPast, noNumber } from '../stores/stored-bytes.js'
import { InProcessData } from './in-process-data.js'
import { type InProcessLogLimits, inProcessLog } from './in-process-log.js'

export interface InProcessStoreOptions {
  /** Default: the system clock. */
  clock?: Clock | undefined
  /**
   * When full, dead entries go first, then the one written longest ago. 1 to 2^24. Default: 100
   * 000.
   */
  maxEntries?: number | undefined
  /** Whether it keeps an invalidation log, so that peers hear of each other. Default: false. */
  log?: boolean | undefined
  /**
   * What that log keeps, for tests of what happens beyond it. Default: 100 000 records and tags,
   * 1 000 prefixes, 1 000 records an answer.
   */
  logLimits?: Partial<InProcessLogLimits> | undefined
}

export interface InProcessStore extends Store {
  /** Entries that are not dead. */
  readonly entryCount: number
  /** A further store on the same data. */
  peer(): InProcessStore
  /** Drops all data, as a server that restarts without persistence. */
  flush(): void
  /** Saves the data as it is now, for `restart`. */
  save(): void
  /**
   * Goes back to what was saved last, as a server that restarts; what came since is lost, also that
   * something was deleted. Its logs begin anew. Without a `save` nothing is lost.
   */
  restart(): void
}

const DEFAULT_MAX_ENTRIES = 100_000
const MAX_ENTRIES = 2 ** 24
const SCAN_PAGE_KEYS = 1_000
const OPTIONS = ['clock', 'maxEntries', 'log', 'logLimits']

/** A store of its own data. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function inProcessStore(options: InProcessStoreOptions = {}): InProcessStore {
  checkKnown(options, OPTIONS, 'inProcessStore')
  const { clock = systemClock, maxEntries = DEFAULT_MAX_ENTRIES, log = false, logLimits } = options
  if (typeof log !== 'boolean') throw invalidOption('inProcessStore', 'log', log, 'true or false')
  if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > MAX_ENTRIES) {
    const allowed = `a whole number from 1 to ${MAX_ENTRIES}`
    throw invalidOption('inProcessStore', 'maxEntries', maxEntries, allowed)
  }
  return new MapStore(new InProcessData(clock, maxEntries, log, logLimits))
}

class MapStore implements InProcessStore {
  readonly name = 'in-process'
  readonly abilities: StoreAbilities = Object.freeze({ shared: true, atomic: true, durable: false })
  readonly log?: (name: string) => Log
  readonly #space: InProcessData
  #isOpen = false

  constructor(space: InProcessData) {
    this.#space = space
    if (space.hasLog) this.log = (name) => this.#openLog(name)
  }

  open(listener: StoreListener): void {
    this.#isOpen = true
    queueMicrotask(() => {
      if (this.#isOpen) listener.onUp()
    })
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#check('getMany')
    return keys.map((key) => this.#space.read(key)?.bytes.slice())
  }

  async leaseMany(
    requests: readonly LeaseRequest[],
    expiry: Expiry,
    notAfterWallMs = Number.POSITIVE_INFINITY,
  ): Promise<readonly LeaseAnswer[]> {
    this.#check('leaseMany')
    const isLate = this.#space.wallMs() > notAfterWallMs
    const grant = (request: LeaseRequest) => !isLate && this.#space.lease(request)
    return requests.map((request) => {
      const { key, how } = request
      if (how !== 'ask') return { bytes: undefined, isLeased: grant(request) }
      const bytes = this.#space.read(key)?.bytes.slice()
      const isUnusable = bytes !== undefined && beginsWith(bytes, request.unusable)
      const isFresh = bytes !== undefined && !isUnusable && !isPast(bytes, expiry)
      return { bytes, isLeased: !isFresh && grant(request) }
    })
  }

  async fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    this.#check('fillMany')
    return fills.map(({ key, token, write }) =>
      this.#space.endLeaseOf(key, token, () => {
        if (write !== undefined) this.#write({ ...write, holdOffMs: 0 })
      }),
    )
  }

  async setMany(
    writes: readonly StoreWrite[],
    notAfterWallMs = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    this.#check('setMany')
    if (this.#space.wallMs() > notAfterWallMs) throw new Error('the write came too late')
    for (const write of writes) this.#write(write)
  }

  async deleteMany(keys: readonly string[], holdOffMs = 0, only?: Expiry): Promise<number> {
    this.#check('deleteMany')
    if (only !== undefined) return keys.filter((key) => this.#removeIf(key, only)).length
    for (const key of keys) this.#space.endLease(key, holdOffMs)
    return keys.filter((key) => this.#space.remove(key)).length
  }

  async patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    this.#check('patch')
    this.#space.endLease(key)
    const entry = this.#space.read(key)
    if (entry === undefined || offset + patch.length > entry.bytes.length) return false
    const bytes = entry.bytes.slice()
    bytes.set(patch, offset)
    this.#space.write(key, bytes, this.#space.deadlineMs(ttlMs))
    return true
  }

  async increment(
    key: string,
    by: number,
    head: Uint8Array,
    ttlMs: number,
    limits: readonly Expiry[] = [],
  ): Promise<number> {
    this.#check('increment')
    this.#space.endLease(key)
    const kept = this.#space.read(key)
    const isGone = limits.some((limit) => kept !== undefined && isPast(kept.bytes, limit))
    const entry = isGone ? undefined : kept
    const refuse = (reason: string) => noNumber('in-process', key, reason)
    const { bytes, sum } = counted(entry?.bytes, by, head, refuse)
    this.#space.write(key, bytes, entry?.deadAtMs ?? this.#space.deadlineMs(ttlMs))
    return sum
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    this.#check('scan')
    const keys = this.#space.liveKeys().filter((key) => key.startsWith(prefix))
    for (let from = 0; from < keys.length; from += SCAN_PAGE_KEYS) {
      yield keys.slice(from, from + SCAN_PAGE_KEYS)
      this.#check('scan')
    }
  }

  writeQueue(name: string, partitions: number): WriteQueue {
    const data = this.#space.queue(name, partitions)
    return inProcessWriteQueue(data, partitions, (op) => this.#check(op))
  }

  async ping(): Promise<void> {
    this.#check('ping')
  }

  reconnect(): void {}

  async close(): Promise<void> {
    this.#isOpen = false
  }

  get entryCount(): number {
    return this.#space.liveKeys().length
  }

  peer(): InProcessStore {
    return new MapStore(this.#space)
  }

  flush(): void {
    this.#space.clear()
  }

  save(): void {
    this.#space.save()
  }

  restart(): void {
    this.#space.restart()
  }

  #removeIf(key: string, only: Expiry): boolean {
    const entry = this.#space.read(key)
    return entry !== undefined && isPast(entry.bytes, only) && this.#space.remove(key)
  }

  #write({ key, bytes, ttlMs, holdOffMs = 0 }: StoreWrite): void {
    this.#space.endLease(key, holdOffMs)
    const copy = typeof bytes === 'string' ? ENCODER.encode(bytes) : Uint8Array.from(bytes)
    this.#space.write(key, copy, this.#space.deadlineMs(ttlMs))
  }

  #openLog(name: string): Log {
    const log = inProcessLog(this.#space.log(name))
    const checked = <T>(op: string, call: () => Promise<T>) => {
      try {
        this.#check(op)
        return call()
      } catch (error) {
        return Promise.reject(error)
      }
    }
    return {
      join: (member) => checked('join', () => log.join(member)),
      follow: (member) => checked('follow', () => log.follow(member)),
      append: (...call) => checked('append', () => log.append(...call)),
      ack: (to, id, applied) => checked('ack', () => log.ack(to, id, applied)),
      tagSeqs: (tags) => checked('tagSeqs', () => log.tagSeqs(tags)),
      leave: (id) => checked('leave', () => log.leave(id)),
      listen: (id, listener) => log.listen(id, listener),
    }
  }

  #check(op: string): void {
    if (this.#isOpen) return
    throw new CacheError('STORE_UNAVAILABLE', `in-process ${op}: the store is not open`, { op })
  }
}

const ENCODER = new TextEncoder()
