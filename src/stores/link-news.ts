/**
 * What the owner of a link hears of it: each time that it comes up, and of an outage once, however
 * many attempts fail in it. Callers learn the latest cause, and tell connections apart by `epoch`.
 */
import type { StoreListener } from '../core/contracts.js'

export class LinkNews {
  #listener: StoreListener | undefined
  #downCause: unknown
  #isToldDown = false
  #epoch = 0

  /** `cause`: why there is no connection yet. */
  constructor(cause: Error) {
    this.#downCause = cause
  }

  get downCause(): unknown {
    return this.#downCause
  }

  get epoch(): number {
    return this.#epoch
  }

  tell(listener: StoreListener): void {
    this.#listener = listener
  }

  up(): void {
    this.#isToldDown = false
    this.#epoch += 1
    this.#listener?.onUp()
  }

  down(cause: unknown): void {
    this.#downCause = cause
    if (this.#isToldDown) return
    this.#isToldDown = true
    this.#listener?.onDown(cause)
  }

  /** Nobody is told that a link was closed, but whoever calls. */
  closed(): void {
    this.#downCause = new Error('the store is closed')
  }
}
