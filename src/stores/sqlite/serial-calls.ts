/**
 * Calls to a database that works in this process: one after another, in the order of the calling,
 * and never for long at a time.
 *
 * A call that finds another process writing is tried again every few milliseconds, and all after it
 * wait, up to a limit. What is asked of one turn of the event loop is cut off after some
 * milliseconds and goes on in the next, so that others get their turn.
 */
import { type CacheError, isCacheError } from '../../core/errors.js'
import { storeFailed } from '../store-errors.js'
import { isBusy } from './sqlite-connection.js'

interface Waiting {
  readonly call: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
  readonly sinceMs: number
}

/** Of one turn. */
const BUDGET_MS = 4
const GAP_MS = 0.25
const FIRST_PAUSE_MS = 1
const MAX_PAUSE_MS = 10
/** A writer is done within a fraction of it, unless its process was stopped in the middle. */
const PATIENCE_MS = 1_000

export class SerialCalls {
  #waiting: Waiting[] = []
  #isScheduled = false
  #turnBeganMs = 0
  #calledAtMs = 0
  #pauseMs = FIRST_PAUSE_MS

  /** How many wait. */
  get waitingCount(): number {
    return this.#waiting.length
  }

  /** `op`: named where it fails. Rejects with STORE_FAILED, or with a CacheError of the call. */
  run<T>(call: () => T, op: string): Promise<T> {
    if (this.#waiting.length === 0 && !this.#isTurnOver()) {
      try {
        return Promise.resolve(call())
      } catch (error) {
        if (!isBusy(error)) return Promise.reject(asStoreFailure(error, op))
      }
    }
    return new Promise<T>((resolve, rejectWith) => {
      const reject = (error: unknown) => rejectWith(asStoreFailure(error, op))
      this.#waiting.push({ call, resolve, reject, sinceMs: performance.now() })
      this.#schedule(this.#isTurnOver() ? 0 : this.#pauseMs)
    })
  }

  /**
   * Whether calls have come one upon another for as long as a turn may take. A gap between two of
   * them is a turn of somebody else's: to know for sure would take a callback for each turn, which
   * costs a tenth of a read.
   */
  #isTurnOver(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#calledAtMs > GAP_MS) this.#turnBeganMs = nowMs
    this.#calledAtMs = nowMs
    return nowMs - this.#turnBeganMs > BUDGET_MS
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    const go = () => {
      this.#isScheduled = false
      this.#turnBeganMs = performance.now()
      this.#calledAtMs = this.#turnBeganMs
      this.#drain()
    }
    if (delayMs === 0) setImmediate(go)
    else setTimeout(go, delayMs * (0.5 + Math.random()))
  }

  #drain(): void {
    let next = this.#waiting[0]
    while (next !== undefined && !this.#isTurnOver()) {
      if (!this.#settle(next)) {
        this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2)
        this.#schedule(this.#pauseMs)
        return
      }
      this.#pauseMs = FIRST_PAUSE_MS
      this.#waiting.shift()
      next = this.#waiting[0]
    }
    if (next !== undefined) this.#schedule(0)
  }

  /** Whether the call is done with, either way. */
  #settle({ call, resolve, reject, sinceMs }: Waiting): boolean {
    try {
      resolve(call() as never)
    } catch (error) {
      if (isBusy(error) && performance.now() - sinceMs < PATIENCE_MS) return false
      reject(error)
    }
    return true
  }
}

function asStoreFailure(cause: unknown, op: string): CacheError {
  if (isCacheError(cause)) return cause
  return storeFailed('sqlite', { op, cause })
}
