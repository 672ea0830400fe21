/**
 * Writes whose bytes are still being made: what is large is compressed in another thread.
 *
 * A late write must not overtake: set, then deleted, then written after all, a value would be back
 * that its caller knows to be gone. So whatever is written to a key meanwhile takes the place of
 * the late write, and who waited for that is told what became of this. Bytes that are not there
 * within the deadline of a write are a write that failed. How many there are at a time is the
 * codec's to bound: it makes bytes at once when too many are under way.
 */
import { asStoreError } from './as-store-error.js'
import type { WriteAnswer } from './batched-writes.js'
import type { Clock, StoreWrite } from './contracts.js'
import { DeadlineCall, DeadlineQueue } from './deadline-queue.js'
import { CacheError } from './errors.js'
import type { KeyInvalidation } from './log.js'

export interface LateWrite {
  readonly tells: KeyInvalidation | undefined
  readonly listener: ((answer: WriteAnswer) => void) | undefined
}

export class LateWrites {
  readonly #late = new Map<string, LateWrite>()
  readonly #deadlines: DeadlineQueue
  #idleWaiters: (() => void)[] = []
  #underWay = 0

  constructor(clock: Clock, deadlineMs: number) {
    this.#deadlines = new DeadlineQueue(clock, deadlineMs)
  }

  /** Calls one of the two once, unless another write takes its place. */
  add(
    key: string,
    bytes: Promise<StoreWrite>,
    late: LateWrite,
    onReady: (write: StoreWrite, late: LateWrite) => void,
    onFailed: (error: CacheError, late: LateWrite) => void,
  ): void {
    const joined = this.supersede(key, late)
    this.#late.set(key, joined)
    const take = () => this.#late.get(key) === joined && this.#late.delete(key)
    this.when(
      bytes,
      (write) => take() && onReady(write, joined),
      (error) => take() && onFailed(error, joined),
    )
  }

  /** Waits for bytes within the deadline; calls one of the two once. */
  when(
    bytes: Promise<StoreWrite>,
    onReady: (write: StoreWrite) => void,
    onFailed: (error: CacheError) => void,
  ): void {
    this.#underWay++
    const call = new DeadlineCall(() => end(() => onFailed(TOO_SLOW)))
    const end = (tell: () => void) => {
      if (call.onExpire === undefined) return
      call.onExpire = undefined
      tell()
      this.#ended()
    }
    this.#deadlines.add(call)
    bytes.then(
      (write) => end(() => onReady(write)),
      (error: unknown) => end(() => onFailed(asStoreError(error))),
    )
  }

  /** What takes the place of the late write for the key, so that its caller is told as well. */
  supersede(key: string, by: LateWrite): LateWrite {
    const known = this.#late.get(key)
    if (known === undefined) return by
    this.#late.delete(key)
    const listener = (answer: WriteAnswer) => {
      known.listener?.(answer)
      by.listener?.(answer)
    }
    return { tells: by.tells ?? known.tells, listener }
  }

  /** Whether there are none: then nothing need be looked up. */
  get isEmpty(): boolean {
    return this.#late.size === 0
  }

  /** Resolves when no bytes are being made. */
  async idle(): Promise<void> {
    if (this.#underWay === 0) return
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  #ended(): void {
    if (--this.#underWay > 0) return
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const resolve of waiters) resolve()
  }
}

const TOO_SLOW = new CacheError(
  'STORE_TIMEOUT',
  'the bytes of an entry were not made within the deadline of a write',
)
