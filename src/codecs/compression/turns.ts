/**
 * Turns for work that takes room: as much of it at a time as fits, first come, first served.
 *
 * A few hundred bytes can stand for many megabytes. Asked for at once, all that a batch brings
 * would be decompressed at once. Who has waited for longer than its reader does is sent home.
 */
import type { Clock } from '../../core/contracts.js'

interface Waiting {
  readonly bytes: number
  readonly sinceMs: number
  readonly give: (isTurn: boolean) => void
}

const MAX_WAITING = 10_000

export class Turns {
  readonly #maxBytes: number
  readonly #patienceMs: number
  readonly #clock: Clock
  #takenBytes = 0
  #waiting: Waiting[] = []

  constructor(maxBytes: number, patienceMs: number, clock: Clock) {
    this.#maxBytes = maxBytes
    this.#patienceMs = patienceMs
    this.#clock = clock
  }

  /**
   * Resolves to whether it is one's turn; then `end` must follow. One that is larger than all there
   * is gets its turn alone.
   */
  take(bytes: number): Promise<boolean> {
    if (this.#fits(bytes) && this.#waiting.length === 0) {
      this.#takenBytes += bytes
      return Promise.resolve(true)
    }
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve(false)
    return new Promise((give) => {
      this.#waiting.push({ bytes, sinceMs: this.#clock.monotonicMs(), give })
    })
  }

  end(bytes: number): void {
    this.#takenBytes -= bytes
    const nowMs = this.#clock.monotonicMs()
    let next = 0
    for (const { bytes: wanted, sinceMs, give } of this.#waiting) {
      const isLate = nowMs - sinceMs > this.#patienceMs
      if (!isLate && !this.#fits(wanted)) break
      next++
      if (!isLate) this.#takenBytes += wanted
      give(!isLate)
    }
    if (next > 0) this.#waiting = this.#waiting.slice(next)
  }

  #fits(bytes: number): boolean {
    return this.#takenBytes === 0 || this.#takenBytes + bytes <= this.#maxBytes
  }
}
