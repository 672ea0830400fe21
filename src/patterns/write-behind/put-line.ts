/**
 * How writes get into the queue: gathered, one batch under way at a time, so that writes of a key
 * are queued in the order in which they were asked for.
 *
 *   hold     the keys leave all tiers, and nobody may fill them for a while
 *   put      the queue takes the writes, or refuses new keys because it is full
 *   release  the keys leave once more, and may be filled: by loads that ask the queue first
 *
 * A process may die between any two of them: before the put nothing was written, after it whoever
 * loads the key finds the write. Of several writes of a key that wait here the newest alone is
 * sent, and all get its outcome.
 *
 * Bounded: 10 000 calls wait here; one more is refused with WRITE_QUEUE_FULL. A batch is 500 writes
 * or 4 MiB.
 */
import type { Timer } from '../../core/contracts.js'
import { CacheError, isCacheError } from '../../core/errors.js'
import type { QueueDoor } from '../../core/queue-door.js'
import type { PutAnswer, PutLimits, WriteOp } from '../../core/write-queue.js'

export interface PutLineOptions {
  readonly door: QueueDoor
  readonly limits: PutLimits
  /** How long a write waits for room in the queue; 0: it is refused at once. */
  readonly waitMs: number
  /** Brings a write to the source that the queue has refused; `undefined`: it waits. */
  readonly writeThrough: ((write: LinedWrite, version: number) => Promise<void>) | undefined
  /** The queue has taken it. */
  readonly onQueued: (name: string) => void
}

export interface LinedWrite<Bytes = Uint8Array> {
  readonly key: string
  readonly name: string
  readonly op: WriteOp
  readonly bytes: Bytes
}

interface Caller {
  readonly resolve: (version: number) => void
  readonly reject: (error: unknown) => void
  readonly untilMs: number
}

/** A write with those who wait for its outcome. */
interface Lined<Bytes = Uint8Array | Promise<Uint8Array>> extends LinedWrite<Bytes> {
  callers: Caller[]
}

type Encoded = Lined<Uint8Array>

type Ready = { readonly bytes: Uint8Array } | { readonly error: unknown }

const MAX_WAITING = 10_000
const MAX_BATCH = 500
const MAX_BATCH_BYTES = 4 * 2 ** 20
const RETRY_MS = 50

export class PutLine {
  readonly #options: PutLineOptions
  #waiting = new Map<string, Lined>()
  /** The queue was full. They go to `#waiting` at the next try, unless a newer one is there. */
  #blocked = new Map<string, Lined>()
  #retry: Timer | undefined
  #calls = 0
  #isRunning = false
  #preparing: Promise<void> | undefined

  constructor(options: PutLineOptions) {
    this.#options = options
  }

  /** Resolves to its version once the queue, or the source, has it. */
  put(key: string, op: WriteOp, bytes: Lined['bytes']): Promise<number> {
    const { door, waitMs } = this.#options
    const name = door.nameOf(key)
    // Whether it is asked for is decided later: a newer one may take its place.
    if (bytes instanceof Promise) bytes.catch(() => {})
    if (this.#calls >= MAX_WAITING) {
      return Promise.reject(full(key, `${MAX_WAITING} writes wait to be queued`))
    }
    this.#calls++
    const settled = new Promise<number>((resolve, reject) => {
      const callers = (this.#waiting.get(name) ?? this.#blocked.get(name))?.callers ?? []
      callers.push({ resolve, reject, untilMs: door.engine.clock.monotonicMs() + waitMs })
      this.#blocked.delete(name)
      this.#waiting.set(name, { key, name, op, bytes, callers })
      this.#run()
    })
    return settled.finally(() => this.#calls--)
  }

  /** Asked once, and again where the store did not answer. */
  prepare(): Promise<void> {
    const { door, limits } = this.#options
    this.#preparing ??= door.queue.prepare(limits.durability).catch((error: unknown) => {
      if (!isCacheError(error, 'OPTION_INVALID')) this.#preparing = undefined
      throw error
    })
    return this.#preparing
  }

  /** Nobody waits for room any more. */
  end(): void {
    this.#retry?.cancel()
    const error = new CacheError('STORE_UNAVAILABLE', 'the cache was closed', { op: 'set' })
    for (const { callers } of this.#blocked.values()) rejectAll(callers, error)
    this.#blocked.clear()
  }

  #run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#options.door.engine.clock.defer(() => void this.#drain())
  }

  async #drain(): Promise<void> {
    while (this.#waiting.size > 0) await this.#send(await this.#take())
    this.#isRunning = false
  }

  /** The next batch; what cannot be encoded is told to its callers. */
  async #take(): Promise<readonly Encoded[]> {
    const batch: Encoded[] = []
    let sumBytes = 0
    for (const lined of this.#waiting.values()) {
      if (batch.length >= MAX_BATCH || sumBytes >= MAX_BATCH_BYTES) break
      const { bytes } = lined
      const encoded = bytes instanceof Promise ? await ready(bytes) : { bytes }
      // A newer one came while this was encoded, and has its callers.
      if (this.#waiting.get(lined.name) !== lined) continue
      this.#waiting.delete(lined.name)
      if ('error' in encoded) rejectAll(lined.callers, encoded.error)
      else {
        sumBytes += encoded.bytes.length
        batch.push({ ...lined, bytes: encoded.bytes })
      }
    }
    return batch
  }

  /** Never rejects. */
  async #send(batch: readonly Encoded[]): Promise<void> {
    if (batch.length === 0) return
    const { door } = this.#options
    let answers: readonly PutAnswer[]
    try {
      answers = await this.#put(batch)
    } catch (error) {
      // It may have been queued all the same.
      void door.release(batch.map(({ key }) => key))
      for (const { callers } of batch) rejectAll(callers, error)
      return
    }
    const isDone = (at: number) => answers[at]!.isQueued || !this.#isThrough
    await door.release(batch.filter((_, at) => isDone(at)).map(({ key }) => key))
    batch.forEach((lined, at) => {
      const { isQueued, version } = answers[at]!
      if (isQueued) this.#queued(lined, version)
      else if (this.#isThrough) void this.#writeThrough(lined, version)
      else this.#block(lined)
    })
  }

  async #put(batch: readonly LinedWrite[]): Promise<readonly PutAnswer[]> {
    const { door, limits } = this.#options
    await this.prepare()
    if (!(await door.hold(batch.map(({ key }) => key)))) {
      const message = 'the store has not confirmed that the old value is gone: nothing was written'
      throw new CacheError('STORE_UNAVAILABLE', message, { op: 'set' })
    }
    const notAfterWallMs = await door.callEndsWallMs()
    const writes = batch.map(({ name: key, op, bytes }) => ({ key, op, bytes }))
    return door.queue.put(writes, { ...limits, notAfterWallMs })
  }

  get #isThrough(): boolean {
    return this.#options.writeThrough !== undefined
  }

  #queued({ name, callers }: Lined, version: number): void {
    this.#options.onQueued(name)
    for (const { resolve } of callers) resolve(version)
  }

  async #writeThrough(lined: Encoded, version: number): Promise<void> {
    const { door, writeThrough } = this.#options
    let failure: { readonly error: unknown } | undefined
    try {
      await writeThrough!(lined, version)
    } catch (error) {
      failure = { error }
    }
    // Also where it failed: it may have been written.
    await door.release([lined.key])
    if (failure === undefined) for (const { resolve } of lined.callers) resolve(version)
    else rejectAll(lined.callers, failure.error)
  }

  /** It is tried again for those who still wait, unless a newer one takes its place. */
  #block(lined: Lined): void {
    const { clock } = this.#options.door.engine
    const nowMs = clock.monotonicMs()
    const waits = ({ untilMs }: Caller) => untilMs > nowMs
    const gone = lined.callers.filter((caller) => !waits(caller))
    rejectAll(gone, full(lined.key, 'as many writes wait as may, or one for too long'))
    const callers = lined.callers.filter(waits)
    if (callers.length === 0) return
    const newer = this.#waiting.get(lined.name)
    if (newer !== undefined) {
      newer.callers = [...callers, ...newer.callers]
      return
    }
    this.#blocked.set(lined.name, { ...lined, callers })
    this.#retry ??= clock.setTimer(() => this.#tryAgain(), RETRY_MS, false)
  }

  #tryAgain(): void {
    this.#retry = undefined
    for (const [name, lined] of this.#blocked) this.#waiting.set(name, lined)
    this.#blocked = new Map()
    this.#run()
  }
}

/** Never rejects. */
async function ready(pending: Promise<Uint8Array>): Promise<Ready> {
  try {
    return { bytes: await pending }
  } catch (error) {
    return { error }
  }
}

function rejectAll(callers: readonly Caller[], error: unknown): void {
  for (const { reject } of callers) reject(error)
}

function full(key: string, why: string): CacheError {
  return new CacheError('WRITE_QUEUE_FULL', `${why}: nothing was written`, { op: 'set', key })
}
