/** How long a caller waits: up to a moment, and no longer than its signal lets it. */
import type { Clock } from '../core/contracts.js'

export class Patience {
  readonly #clock: Clock
  readonly #untilMs: number
  readonly #signal: AbortSignal | undefined

  constructor(clock: Clock, waitMs: number, signal: AbortSignal | undefined) {
    this.#clock = clock
    this.#untilMs = clock.monotonicMs() + waitMs
    this.#signal = signal
  }

  get isOver(): boolean {
    return this.#signal?.aborted === true || this.#leftMs <= 0
  }

  /**
   * Waits until `begin`'s callback is called, the wait is over, or `mostMs` have passed. What
   * `begin` answers is called then, whichever it was. Rejects with nothing.
   */
  wait(begin: (done: () => void) => () => void, mostMs = Number.POSITIVE_INFINITY): Promise<void> {
    return new Promise((resolve) => {
      let isDone = false
      let stop: (() => void) | undefined
      const done = () => {
        if (isDone) return
        isDone = true
        timer.cancel()
        this.#signal?.removeEventListener('abort', done)
        stop?.()
        resolve()
      }
      const timer = this.#clock.setTimer(done, Math.max(0, Math.min(mostMs, this.#leftMs)), false)
      this.#signal?.addEventListener('abort', done)
      stop = begin(done)
      // It may have been called while it began.
      if (isDone) stop()
      else if (this.isOver) done()
    })
  }

  get #leftMs(): number {
    return this.#untilMs - this.#clock.monotonicMs()
  }
}
