/**
 * A store that can neither hang nor flood: every call has a deadline, and a breaker stands before
 * it.
 *
 * All failures become one CacheError (STORE_TIMEOUT, STORE_UNAVAILABLE, STORE_FAILED) and reject;
 * the engine turns them into misses. While the very first connection is being made, calls wait for
 * it within their deadline, so that a cache made a moment ago works. Cost per call: one promise and
 * one list entry; calls are batches of a tick.
 */
import { attempt } from './attempt.js'
import { Breaker } from './breaker.js'
import type {
  Clock,
  LeaseAnswer,
  Observer,
  Store,
  StoreFill,
  StoreWrite,
  TimedCall,
} from './contracts.js'
import { DeadlineCall, DeadlineQueue } from './deadline-queue.js'
import { CacheError, isCacheError } from './errors.js'
import { forwardedQueue } from './forwarded-queue.js'
import type { Log } from './log.js'
import { PartialFailure } from './partial-failure.js'
import { StartGate } from './start-gate.js'
import { NO_HEALTH, type StoreHealth } from './store-health.js'
import type { WriteQueue } from './write-queue.js'

export interface GuardedStoreOptions {
  readonly store: Store
  readonly clock: Clock
  readonly random: () => number
  readonly readDeadlineMs: number
  readonly writeDeadlineMs: number
  readonly observer: Observer
  /** Told of every failed call, once. */
  readonly onFailure: (op: TimedCall, error: CacheError) => void
  readonly onDown: (cause: CacheError) => void
  readonly onUp: (downForMs: number) => void
  /** The connection is another one, or gone. */
  readonly onConnection: () => void
}

const START_GRACE_MS = 1_000
const NOT_SENT = new CacheError('STORE_UNAVAILABLE', 'the store was not there in time')

/** A probe is nobody's call: it is neither timed nor counted. */
type GuardedCall = TimedCall | 'probe'

export class GuardedStore {
  readonly #store: Store
  readonly #options: GuardedStoreOptions
  readonly #breaker: Breaker
  readonly #reads: DeadlineQueue
  readonly #writes: DeadlineQueue
  /** Shut until the first attempt to connect has ended, either way. */
  readonly #gate = new StartGate()
  #openedAtMs = 0

  constructor(options: GuardedStoreOptions) {
    this.#store = options.store
    this.#options = options
    this.#reads = new DeadlineQueue(options.clock, options.readDeadlineMs)
    this.#writes = new DeadlineQueue(options.clock, options.writeDeadlineMs)
    this.#breaker = new Breaker({
      clock: options.clock,
      random: options.random,
      probe: () => this.#deadlined('probe', this.#reads, () => this.#store.ping()),
      onSilence: () => this.#store.reconnect(),
      onOpen: options.onDown,
      onClose: options.onUp,
    })
  }

  get name(): string {
    return this.#store.name
  }

  get shared(): boolean {
    return this.#store.abilities.shared
  }

  get breakerState(): 'closed' | 'open' {
    return this.#breaker.state
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#call('read', this.#reads, () => this.#store.getMany(keys))
  }

  /** Whether it grants rights to fill. */
  get leases(): boolean {
    return this.#store.leaseMany !== undefined && this.#store.fillMany !== undefined
  }

  /** Below which `born` what is stored under the key is out of date, whatever the log says. */
  bornFloor(key: string): number {
    return this.#store.bornFloor?.(key) ?? 0
  }

  /** For how long a read is waited for. */
  get readDeadlineMs(): number {
    return this.#options.readDeadlineMs
  }

  leaseMany(...call: Parameters<NonNullable<Store['leaseMany']>>): Promise<readonly LeaseAnswer[]> {
    return this.#call('read', this.#reads, () => this.#store.leaseMany!(...call))
  }

  fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    return this.#call('write', this.#writes, () => this.#store.fillMany!(fills))
  }

  /** For how long a write is waited for. */
  get writeDeadlineMs(): number {
    return this.#options.writeDeadlineMs
  }

  setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void> {
    return this.#call('write', this.#writes, () => this.#store.setMany(writes, notAfterWallMs))
  }

  deleteMany(...call: Parameters<Store['deleteMany']>): Promise<number> {
    return this.#call('delete', this.#writes, () => this.#store.deleteMany(...call))
  }

  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#call('write', this.#writes, () => this.#store.patch(key, offset, patch, ttlMs))
  }

  increment(...call: Parameters<Store['increment']>): Promise<number> {
    return this.#call('write', this.#writes, () => this.#store.increment(...call))
  }

  /**
   * The store's invalidation log with the same protection, `undefined` if it keeps none. A silent
   * log is found like a silent store: by the first heartbeat that is not answered.
   */
  log(name: string): Log | undefined {
    const log = this.#store.log?.(name)
    if (log === undefined) return undefined
    const ask = <T>(send: () => Promise<T>) => this.#call('other', this.#reads, send)
    const write = <T>(send: () => Promise<T>) => this.#call('other', this.#writes, send)
    return {
      join: (member) => ask(() => log.join(member)),
      follow: (member) => ask(() => log.follow(member)),
      append: (member, invalidations, wantsAcks) =>
        write(() => log.append(member, invalidations, wantsAcks)),
      ack: (to, id, applied) => write(() => log.ack(to, id, applied)),
      tagSeqs: (tags) => ask(() => log.tagSeqs(tags)),
      leave: (id) => write(() => log.leave(id)),
      listen: (id, listener) => log.listen(id, listener),
    }
  }

  /** A queue of writes in the store, `undefined` if it keeps none. */
  writeQueue(name: string, partitions: number): WriteQueue | undefined {
    const queue = this.#store.writeQueue?.(name, partitions)
    if (queue === undefined) return undefined
    return forwardedQueue(partitions, (run) => this.#call('other', this.#writes, () => run(queue)))
  }

  ping(): Promise<void> {
    return this.#call('other', this.#reads, () => this.#store.ping())
  }

  /** What its servers tell; nothing where the store does not ask them. */
  health(): Promise<StoreHealth> {
    return this.#call('other', this.#reads, async () => (await this.#store.health?.()) ?? NO_HEALTH)
  }

  /**
   * Keys by prefix, page by page; each page has the write deadline. Rejects on the first failed
   * page.
   */
  async *scan(prefix: string): AsyncGenerator<readonly string[], void, void> {
    let pages: AsyncIterator<readonly string[]> | undefined
    const next = () => {
      pages ??= this.#store.scan(prefix)[Symbol.asyncIterator]()
      return pages.next()
    }
    try {
      while (true) {
        const page = await this.#call('other', this.#writes, next)
        if (page.done === true) return
        yield page.value
      }
    } finally {
      // Not awaited: a store that hangs in the middle of a scan would hang its caller here.
      Promise.resolve(pages?.return?.()).catch(() => {})
    }
  }

  async close(): Promise<void> {
    this.#breaker.end()
    this.#gate.open()
    await this.#store.close()
    this.#reads.end()
    this.#writes.end()
  }

  /** Starts connecting; called once, before any other call. */
  open(): void {
    this.#openedAtMs = this.#options.clock.monotonicMs()
    this.#store.open({
      readDeadlineMs: this.#options.readDeadlineMs,
      onUp: () => {
        this.#options.onConnection()
        this.#gate.open()
        this.#breaker.reachable()
      },
      onDown: (cause) => {
        this.#options.onConnection()
        this.#gate.open()
        this.#breaker.lost(cause)
      },
    })
  }

  #call<T>(op: TimedCall, queue: DeadlineQueue, send: () => Promise<T>): Promise<T> {
    const refusal = this.#breaker.refusal
    if (refusal !== undefined) return Promise.reject(refusal)
    return this.#deadlined(op, queue, send)
  }

  /** Runs `send` under a deadline and tells breaker and observer how it went. */
  #deadlined<T>(op: GuardedCall, queue: DeadlineQueue, send: () => Promise<T>): Promise<T> {
    const { clock } = this.#options
    return new Promise<T>((resolve, reject) => {
      const sentAtMs = clock.monotonicMs()
      const call = new DeadlineCall(() => {
        call.onExpire = undefined
        const error = new CacheError(
          'STORE_TIMEOUT',
          `${this.name} did not answer within its deadline`,
          { op },
        )
        if (!this.#isStarting()) this.#breaker.timedOut(sentAtMs, error)
        this.#report(op, sentAtMs, error)
        reject(error)
      })
      // What was held at the gate for longer than its caller would wait is not sent any more.
      const pass = () => (call.onExpire === undefined ? Promise.reject(NOT_SENT) : send())
      queue.add(call)
      attempt(op === 'probe' ? send : () => this.#gate.pass(pass)).then(
        (value) => {
          // Also when it came too late for its caller: the store is alive.
          this.#breaker.succeeded()
          if (call.onExpire === undefined) return
          call.onExpire = undefined
          if (op !== 'probe')
            this.#options.observer.timed(op, clock.monotonicMs() - sentAtMs, false)
          resolve(value)
        },
        (cause: unknown) => {
          if (call.onExpire === undefined) return
          call.onExpire = undefined
          reject(this.#failure(op, sentAtMs, cause))
        },
      )
    })
  }

  /** While it dials for the first time (and loads its client) a store is late, not silent. */
  #isStarting(): boolean {
    if (this.#gate.isOpen) return false
    if (this.#options.clock.monotonicMs() - this.#openedAtMs < START_GRACE_MS) return true
    this.#gate.open()
    return false
  }

  #failure(op: GuardedCall, sentAtMs: number, cause: unknown): CacheError {
    // A caller's mistake, found by the store: no sign of ill health.
    if (isCacheError(cause, 'VALUE_NOT_A_NUMBER') || isCacheError(cause, 'OPTION_INVALID')) {
      return cause
    }
    if (cause instanceof PartialFailure) {
      this.#breaker.succeeded()
      this.#report(op, sentAtMs, cause)
      return cause
    }
    const error = isCacheError(cause)
      ? cause
      : new CacheError(
          'STORE_FAILED',
          `${this.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
          { op, cause },
        )
    this.#breaker.failed(error)
    this.#report(op, sentAtMs, error)
    return error
  }

  #report(op: GuardedCall, sentAtMs: number, error: CacheError): void {
    if (op === 'probe') return
    this.#options.observer.timed(op, this.#options.clock.monotonicMs() - sentAtMs, true)
    this.#options.onFailure(op, error)
  }
}
