/**
 * Deadlines for many calls with one timer.
 *
 * All calls of one queue get the same time, so they fall due in the order in which they came and a
 * list suffices: 0.1 µs a call, where a timer each costs 6 µs and an AbortSignal.timeout 16 µs. A
 * call that ended early stays listed until its time has come and is then passed over; the list is
 * therefore as long as the calls of one deadline's time.
 */
import type { Clock, Timer } from './contracts.js'

export class DeadlineCall {
  /** When it falls due; set by the queue. */
  dueAtMs = 0
  /**
   * What happens then; `undefined` once the call has ended. Letting go of it matters: the list
   * keeps a call for its whole time, and with it all that this closure reaches (measured: a third
   * of the CPU of a store hit went into collecting answers that were kept alive so).
   */
  onExpire: (() => void) | undefined

  constructor(onExpire: () => void) {
    this.onExpire = onExpire
  }
}

/** A timer this late says that the process stood still, not the other side. */
const LATE_MS = 15

export class DeadlineQueue {
  readonly #clock: Clock
  readonly #afterMs: number
  #calls: DeadlineCall[] = []
  #head = 0
  #timer: Timer | undefined
  #armedForMs = 0
  /** One turn of grace was given: in a process that is always late there would be no end to it. */
  #hasWaited = false

  constructor(clock: Clock, afterMs: number) {
    this.#clock = clock
    this.#afterMs = afterMs
  }

  add(call: DeadlineCall): void {
    call.dueAtMs = this.#clock.monotonicMs() + this.#afterMs
    this.#calls.push(call)
    if (this.#timer === undefined) this.#arm(this.#afterMs)
  }

  /** Expires all that is still under way, and leaves no timer. */
  end(): void {
    this.#timer?.cancel()
    const calls = this.#calls.slice(this.#head)
    this.#calls = []
    this.#head = 0
    for (const call of calls) call.onExpire?.()
  }

  #arm(delayMs: number): void {
    // Rounded up: a timer that fires a fraction early would find nothing due and arm itself again.
    const wholeMs = Math.ceil(delayMs)
    this.#armedForMs = this.#clock.monotonicMs() + wholeMs
    this.#timer = this.#clock.setTimer(() => this.#run(), wholeMs, false)
  }

  #run(): void {
    const nowMs = this.#clock.monotonicMs()
    // After a pause of this process (collector, a long computation, SIGSTOP) timers run before
    // sockets are read: replies that came in time would be counted as lost. One more turn of the
    // loop lets them in.
    if (nowMs - this.#armedForMs > LATE_MS && !this.#hasWaited) {
      this.#hasWaited = true
      this.#arm(1)
      return
    }
    this.#hasWaited = false
    this.#timer = undefined
    while (this.#head < this.#calls.length) {
      const call = this.#calls[this.#head]!
      if (call.onExpire !== undefined && call.dueAtMs > nowMs) break
      this.#head++
      call.onExpire?.()
    }
    this.#compact()
    if (this.#calls.length > 0) this.#arm(Math.max(1, this.#calls[this.#head]!.dueAtMs - nowMs))
  }

  #compact(): void {
    if (this.#head < this.#calls.length && this.#head < 1_024) return
    this.#calls = this.#calls.slice(this.#head)
    this.#head = 0
  }
}
