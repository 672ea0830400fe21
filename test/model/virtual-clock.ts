/**
 * Time as the model tells it: nothing moves until a step says so.
 *
 * Timers run one by one, each at its own moment, and what they set in motion comes to rest before
 * the next one. `settle` lets everything that needs no timer happen.
 */
import type { Clock, Timer } from '../../src/core/contracts.js'

interface Waiting {
  readonly atMs: number
  readonly run: () => void
}

const WALL_AHEAD_MS = 1_700_000_000_000

export class VirtualClock implements Clock {
  readonly #ceilingLagMs: number
  #nowMs = 1_000
  /** In the order in which they were set: of two that are due together the older runs first. */
  readonly #timers = new Set<Waiting>()

  /** `ceilingLagMs`: how far ahead of the truth the cheap reading is. */
  constructor(ceilingLagMs: number) {
    this.#ceilingLagMs = ceilingLagMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  ceilingMs(): number {
    return this.#nowMs + this.#ceilingLagMs
  }

  wallMs(): number {
    return this.#nowMs + WALL_AHEAD_MS
  }

  setTimer(run: () => void, delayMs: number): Timer {
    const waiting = { atMs: this.#nowMs + Math.max(0, delayMs), run }
    this.#timers.add(waiting)
    return { cancel: () => this.#timers.delete(waiting) }
  }

  defer(run: () => void): void {
    process.nextTick(run)
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(resolve, delayMs))
  }

  /** Lets `passMs` go by. */
  async advance(passMs: number): Promise<void> {
    const untilMs = this.#nowMs + passMs
    await settle()
    for (let next = this.#next(); next !== undefined && next.atMs <= untilMs; next = this.#next()) {
      await this.#fire(next)
    }
    this.#nowMs = untilMs
  }

  /** Runs the next timer, at its moment. `false` if there is none. */
  async step(): Promise<boolean> {
    const next = this.#next()
    if (next !== undefined) await this.#fire(next)
    return next !== undefined
  }

  async #fire(timer: Waiting): Promise<void> {
    this.#timers.delete(timer)
    this.#nowMs = Math.max(this.#nowMs, timer.atMs)
    timer.run()
    await settle()
  }

  #next(): Waiting | undefined {
    let next: Waiting | undefined
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer
    return next
  }
}

/** One turn of the event loop: all promises and ticks come to rest before it. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
