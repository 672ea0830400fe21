/**
 * Time for tests: it stands still until it is told to pass.
 *
 * `advance` runs the timers that fall due in their order, and between any two of them lets
 * everything run that is ready (promises, `process.nextTick`), so a test sees what a process would.
 * The wall clock runs along and can be moved apart, as by an administrator or NTP. `defer` is
 * `process.nextTick`, as in a running process. Bounded: at most 100 000 timers wait, and no more
 * than that run in one `advance`; past it the test fails instead of hanging.
 */
import { setImmediate } from 'node:timers'
import type { Clock, Timer } from '../core/contracts.js'

export interface FakeClockOptions {
  /** Where the monotonic clock begins. Default: 1 000 000. */
  monotonicMs?: number
  /** Where the wall clock begins. Default: 2026-01-01T00:00:00Z. */
  wallMs?: number
  /** How far `ceilingMs` lies ahead of the truth. Default: 1 000, the most the system's does. */
  ceilingAheadMs?: number
}

export interface FakeClock extends Clock {
  /** Lets `ms` pass, running what falls due in it, each timer at its own moment. */
  advance(ms: number): Promise<void>
  /** Lets everything run that is ready, without time passing. */
  settle(): Promise<void>
  /** Lets `ms` pass at once: timers that fell due run late, as after a pause of the process. */
  pause(ms: number): Promise<void>
  /** Sets the wall clock, leaving the monotonic one alone. */
  setWall(ms: number): void
  /** Moves the wall clock by `ms`, forwards or backwards. */
  jumpWall(ms: number): void
  /** Timers that wait. */
  readonly pendingTimers: number
  /** Those of them that would keep a process alive. */
  readonly foregroundTimers: number
}

const MAX_TIMERS = 100_000
const DEFAULT_MONOTONIC_MS = 1_000_000
const DEFAULT_WALL_MS = Date.UTC(2026, 0, 1)
const DEFAULT_CEILING_AHEAD_MS = 1_000

/** A clock of its own. */
export function fakeClock(options: FakeClockOptions = {}): FakeClock {
  return new ManualClock(options)
}

interface WaitingTimer {
  readonly dueAtMs: number
  readonly run: () => void
  readonly background: boolean
}

class ManualClock implements FakeClock {
  #nowMs: number
  #wallAheadMs: number
  readonly #ceilingAheadMs: number
  /** In the order in which they were set, which decides among those due at one moment. */
  readonly #timers = new Set<WaitingTimer>()

  constructor(options: FakeClockOptions) {
    this.#nowMs = options.monotonicMs ?? DEFAULT_MONOTONIC_MS
    this.#wallAheadMs = (options.wallMs ?? DEFAULT_WALL_MS) - this.#nowMs
    this.#ceilingAheadMs = options.ceilingAheadMs ?? DEFAULT_CEILING_AHEAD_MS
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  ceilingMs(): number {
    return this.#nowMs + this.#ceilingAheadMs
  }

  wallMs(): number {
    return this.#nowMs + this.#wallAheadMs
  }

  setWall(ms: number): void {
    this.#wallAheadMs = ms - this.#nowMs
  }

  jumpWall(ms: number): void {
    this.#wallAheadMs += ms
  }

  setTimer(run: () => void, delayMs: number, background: boolean): Timer {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a timer of ${delayMs} ms`)
    if (this.#timers.size >= MAX_TIMERS) throw new RangeError(`more than ${MAX_TIMERS} timers wait`)
    const timer: WaitingTimer = { dueAtMs: this.#nowMs + Math.max(0, delayMs), run, background }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  defer(run: () => void): void {
    process.nextTick(run)
  }

  settle(): Promise<void> {
    // Ticks and microtasks, however long their chain, end before the loop turns.
    return new Promise((resolve) => setImmediate(resolve))
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + checkedDuration(ms)
    await this.settle()
    for (let runs = 0; ; runs++) {
      const timer = this.#nextDue(untilMs)
      if (timer === undefined) break
      if (runs >= MAX_TIMERS) throw new RangeError(`more than ${MAX_TIMERS} timers in one advance`)
      this.#nowMs = Math.max(this.#nowMs, timer.dueAtMs)
      this.#timers.delete(timer)
      timer.run()
      await this.settle()
    }
    this.#nowMs = untilMs
    await this.settle()
  }

  pause(ms: number): Promise<void> {
    this.#nowMs += checkedDuration(ms)
    return this.advance(0)
  }

  get pendingTimers(): number {
    return this.#timers.size
  }

  get foregroundTimers(): number {
    return [...this.#timers].filter((timer) => !timer.background).length
  }

  #nextDue(untilMs: number): WaitingTimer | undefined {
    let next: WaitingTimer | undefined
    for (const timer of this.#timers) {
      if (timer.dueAtMs <= untilMs && (next === undefined || timer.dueAtMs < next.dueAtMs)) {
        next = timer
      }
    }
    return next
  }
}

function checkedDuration(ms: number): number {
  if (Number.isFinite(ms) && ms >= 0) return ms
  throw new RangeError(`time cannot pass by ${ms} ms`)
}
