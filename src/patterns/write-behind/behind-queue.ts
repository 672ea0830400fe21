/**
 * One write-behind queue as a process uses it: what it puts in, what it finds there, and what it
 * brings to the source.
 */
import { CacheError, isCacheError } from '../../core/errors.js'
import type { QueueDoor } from '../../core/queue-door.js'
import { partitionOf, type WaitingWrite, type WriteOp } from '../../core/write-queue.js'
import { OrderedWrites } from '../ordered-writes.js'
import type { BehindWrite } from './behind-write.js'
import { callWriter } from './call-writer.js'
import type { ClaimedWrite, FailedTry } from './hand-over.js'
import { type LinedWrite, PutLine } from './put-line.js'
import { QueueWorker } from './queue-worker.js'
import { TickLookups } from './tick-lookups.js'
import { type ResolvedWriteBehind, WHERE } from './write-behind-options.js'

export interface BehindCounts {
  /** Calls of `set` and `delete` that were answered with a version. */
  taken: number
  /** Writes that the source has confirmed to this process. */
  written: number
  /** Tries that failed. */
  failed: number
  /** Writes that were put aside. */
  buried: number
  /** Of the last batch that was written: how old the oldest of its writes was. */
  lagMs: number
}

type Options<T> = Omit<ResolvedWriteBehind<unknown, T, unknown>, 'parts' | 'load'>

const NOTHING = new Uint8Array(0)
const LEAST_POLL_MS = 50
const MOST_POLL_MS = 1_000

export class BehindQueue<T> {
  readonly counts: BehindCounts = { taken: 0, written: 0, failed: 0, buried: 0, lagMs: 0 }
  readonly #door: QueueDoor
  readonly #options: Options<T>
  readonly #line: PutLine
  readonly #lookups: TickLookups<WaitingWrite | undefined>
  readonly #worker: QueueWorker
  /** Of those that go past the queue. */
  readonly #ordered = new OrderedWrites()
  #hurries = 0
  #isWanted = false

  constructor(door: QueueDoor, options: Options<T>) {
    this.#door = door
    this.#options = options
    this.#line = this.#makeLine()
    this.#worker = this.#makeWorker()
    this.#lookups = new TickLookups(door.engine.clock, (names) => door.queue.waiting(names))
    door.engine.beforeClose.push(async () => {
      this.#line.end()
      await this.stop()
    })
  }

  get isRunning(): boolean {
    return this.#worker.isRunning
  }

  get isSourceAway(): boolean {
    return this.#worker.isSourceAway
  }

  async put(key: string, op: WriteOp, value?: T): Promise<number> {
    const name = this.#door.nameOf(key)
    const bytes = op === 'set' ? this.#door.encode(name, value) : NOTHING
    const version = await this.#line.put(key, op, bytes)
    this.counts.taken++
    this.#door.count(op, [key])
    return version
  }

  /** The newest write of the key that the source has not confirmed. Rejects as the store does. */
  async find(key: string): Promise<{ readonly value: T | undefined } | undefined> {
    const write = await this.#lookups.find(this.#door.nameOf(key))
    return write && { value: await this.valueOf(write) }
  }

  /** `undefined` of a delete. Rejects with STORE_FAILED for what cannot be read here. */
  async valueOf({ key: name, op, bytes }: WaitingWrite): Promise<T | undefined> {
    return op === 'set' ? ((await this.#door.decode(name, bytes)) as T) : undefined
  }

  /** Throws OPTION_INVALID where there is no writer. */
  start(): void {
    if (this.#options.write === undefined) {
      throw new CacheError('OPTION_INVALID', `${WHERE}: start needs the option 'write'`)
    }
    if (this.#isWanted) return
    this.#isWanted = true
    this.#begin()
  }

  async stop(): Promise<void> {
    this.#isWanted = false
    await this.#worker.stop()
  }

  /** While `run` runs, the worker of this process does not wait for delays. */
  async inHurry<R>(run: () => Promise<R>): Promise<R> {
    this.#hurries++
    this.#worker.hurry(this.#options.delayMs)
    try {
      return await run()
    } finally {
      this.#hurries--
      if (this.#hurries === 0) this.#worker.hurry(0)
    }
  }

  /** Changes what a load of these keys finds in the queue, with nobody keeping what it was. */
  async change<R>(names: readonly string[], run: () => Promise<R>): Promise<R> {
    const keys = names.map((name) => this.#door.keyOf(name))
    await this.#door.hold(keys)
    try {
      return await run()
    } finally {
      await this.#door.release(keys)
    }
  }

  #makeLine(): PutLine {
    const { delayMs, durability, maxAgeMs, maxPending, maxWaitMs, partitions } = this.#options
    const { whenFull } = this.#options
    return new PutLine({
      door: this.#door,
      limits: { delayMs, durability, maxAgeMs, maxPending: Math.ceil(maxPending / partitions) },
      waitMs: whenFull === 'block' ? maxWaitMs : 0,
      writeThrough:
        whenFull === 'writeThrough' ? (...call) => this.#writeThrough(...call) : undefined,
      onQueued: (name) => this.#worker.wake(partitionOf(name, partitions), delayMs),
    })
  }

  #makeWorker(): QueueWorker {
    const { delayMs, maxDead, partitions } = this.#options
    const { engine, queue } = this.#door
    return new QueueWorker({
      ...this.#options,
      ...{ queue, clock: engine.clock, random: engine.random },
      holderId: engine.nextToken(),
      pollMs: Math.min(MOST_POLL_MS, Math.max(LEAST_POLL_MS, delayMs)),
      maxDead: Math.ceil(maxDead / partitions),
      write: (writes, signal) => this.#write(writes, signal),
      bury: (names, settle) => this.change(names, settle),
      onError: (error) => this.#report(error, []),
      listener: {
        onWritten: (writes) => this.#onWritten(writes),
        onFailed: (failures) => this.#onFailed(failures),
      },
    })
  }

  #begin(): void {
    const { clock } = this.#door.engine
    this.#line.prepare().then(
      () => {
        if (this.#isWanted) this.#worker.start()
      },
      (error: unknown) => {
        this.#report(error, [])
        if (isCacheError(error, 'OPTION_INVALID')) return
        clock.setTimer(() => this.#isWanted && this.#begin(), MOST_POLL_MS, true)
      },
    )
  }

  /** What cannot be read here fails by itself. */
  async #write(
    all: readonly ClaimedWrite[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, unknown>> {
    const failures = new Map<number, unknown>()
    const writes: BehindWrite<T>[] = []
    const places: number[] = []
    for (const [at, write] of all.entries()) {
      try {
        writes.push(this.#shown(write, write.epoch, await this.valueOf(write)))
        places.push(at)
      } catch (error) {
        failures.set(at, error)
      }
    }
    if (writes.length === 0) return failures
    for (const [at, error] of await this.#call(writes, signal)) failures.set(places[at]!, error)
    return failures
  }

  #shown(write: WaitingWrite, epoch: number | undefined, value: T | undefined): BehindWrite<T> {
    const { key: name, op, version, attempts } = write
    const idempotencyKey = `${this.#door.name}:${name}:${version}`
    const known = { key: this.#door.keyOf(name), version, epoch, idempotencyKey, attempts }
    return op === 'set' ? { ...known, op, value: value as T } : { ...known, op, value: undefined }
  }

  #call(
    writes: readonly BehindWrite<T>[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<number, unknown>> {
    const { timeoutMs, write } = this.#options
    const { clock } = this.#door.engine
    return callWriter({ clock, writer: write!, timeoutMs, writes, signal })
  }

  async #writeThrough({ name, op, bytes }: LinedWrite, version: number): Promise<void> {
    const write = { key: name, op, bytes, version, attempts: 0 }
    await this.#ordered.run(name, async () => {
      const shown = this.#shown(write, undefined, await this.valueOf(write))
      for (const error of (await this.#call([shown], undefined)).values()) throw error
    })
  }

  #onWritten(writes: readonly WaitingWrite[]): void {
    if (writes.length === 0) return
    this.counts.written += writes.length
    // A version is the moment at which its write was taken, in microseconds.
    const oldest = writes.reduce((least, { version }) => Math.min(least, version), Infinity)
    this.counts.lagMs = Math.max(0, this.#door.engine.now().wallMs - oldest / 1_000)
  }

  #onFailed(failures: readonly FailedTry[]): void {
    const keysOf = new Map<unknown, string[]>()
    for (const { write, error, isBuried } of failures) {
      this.counts.failed++
      if (isBuried) this.counts.buried++
      const keys = keysOf.get(error) ?? []
      keysOf.set(error, keys)
      keys.push(this.#door.keyOf(write.key))
    }
    for (const [error, keys] of keysOf) this.#report(error, keys)
  }

  /** Whoever throws while being told has nobody left to tell, and must not end the process. */
  #report(error: unknown, keys: readonly string[]): void {
    try {
      const answer = this.#options.onError?.(error, keys)
      if (answer instanceof Promise) answer.catch(() => {})
    } catch {}
  }
}
