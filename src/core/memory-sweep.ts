/**
 * Gives back the room of dead entries also when nobody asks for them, and what a resize has left
 * over: looks twice a second, and takes as much as there is in slices between which the process
 * gets on with its work (bench/expiry). While nothing can die nothing runs.
 */
import type { Clock, MemoryTier, Timer } from './contracts.js'

const EVERY_MS = 500
const SLICE = 4_000
const BETWEEN_SLICES_MS = 1

export class MemorySweep {
  readonly #memory: MemoryTier
  readonly #clock: Clock
  #timer: Timer | undefined
  #isEnded = false

  constructor(memory: MemoryTier, clock: Clock) {
    this.#memory = memory
    this.#clock = clock
  }

  /** There is an entry that will be dead. */
  arm(): void {
    if (this.#timer === undefined) this.#after(EVERY_MS)
  }

  /** There is something to give back already. */
  now(): void {
    this.#timer?.cancel()
    this.#after(BETWEEN_SLICES_MS)
  }

  end(): void {
    this.#isEnded = true
    this.#timer?.cancel()
  }

  #after(delayMs: number): void {
    if (this.#isEnded) return
    this.#timer = this.#clock.setTimer(() => this.#sweep(), delayMs, true)
  }

  #sweep(): void {
    this.#timer = undefined
    const isMore = this.#memory.sweep(SLICE)
    if (isMore) this.#after(BETWEEN_SLICES_MS)
    else if (this.#memory.nextDeadAtMs < Number.POSITIVE_INFINITY) this.arm()
  }
}
