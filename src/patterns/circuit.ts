/**
 * A circuit breaker for calls of the application's own; the store behind a cache has one already.
 *
 * Closed, calls are made, and failures in a row counted; open, none is made; half-open, one at a
 * time is, and decides. A call that has no answer at its deadline has failed.
 *
 * State is one object that is replaced with each transition. An answer counts only if the state it
 * was asked in is still there: one that comes late, of a call that was given up or of a circuit
 * that has opened and closed since, changes nothing.
 *
 * Bounded: calls given up may still run, but no more of them than were begun within one deadline,
 * and one for each `openFor`.
 */
import type { Clock } from '../core/contracts.js'
import { showDuration } from '../core/duration.js'
import { CacheError } from '../core/errors.js'
import { runWithin } from '../core/run-within.js'
import { type CircuitOptions, type ResolvedCircuit, resolveCircuit } from './circuit-options.js'
import { checkFunction } from './pattern-options.js'

/** Makes a call; the signal is aborted when it is given up. */
export type CircuitOperation<T> = (context: { readonly signal: AbortSignal }) => T | PromiseLike<T>

/** Answers in its place; `error` says why. */
export type CircuitFallback<T> = (error: unknown) => T | PromiseLike<T>

export interface Circuit {
  /**
   * Open until `openFor` has passed, half-open from then on until a call has decided, else closed.
   */
  readonly state: 'closed' | 'open' | 'half-open'
  /**
   * Resolves to what `operation` answers within the deadline. Where it fails, does not answer, or
   * may not be called, to what `fallback` answers; rejects with what that throws. Without a
   * fallback it rejects with what `operation` threw, with STORE_TIMEOUT at the deadline, and with
   * STORE_UNAVAILABLE where it was not called. An error that is none to `isFailure` reaches the
   * caller untouched. The fallback has no deadline. 0 round trips of its own.
   */
  run<T, F = T>(operation: CircuitOperation<T>, fallback?: CircuitFallback<F>): Promise<T | F>
  /** Closes it; calls under way do not count any more. */
  reset(): void
}

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function circuit(options: CircuitOptions = {}): Circuit {
  const breaker = new CallBreaker(resolveCircuit(options))
  return Object.freeze({
    get state() {
      return breaker.state
    },
    run: <T, F = T>(operation: CircuitOperation<T>, fallback?: CircuitFallback<F>) =>
      breaker.run(operation, fallback),
    reset: () => breaker.reset(),
  })
}

type State =
  | { readonly kind: 'closed'; failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly cause: unknown }
  | { readonly kind: 'trial'; readonly cause: unknown }

class CallBreaker {
  readonly #options: ResolvedCircuit
  readonly #clock: Clock
  #state: State = { kind: 'closed', failures: 0 }

  constructor(options: ResolvedCircuit) {
    this.#options = options
    this.#clock = options.clock
  }

  get state(): Circuit['state'] {
    const state = this.#state
    if (state.kind === 'closed') return 'closed'
    return state.kind === 'open' && this.#clock.monotonicMs() < state.untilMs ? 'open' : 'half-open'
  }

  reset(): void {
    this.#state = { kind: 'closed', failures: 0 }
  }

  async run<T, F>(
    operation: CircuitOperation<T>,
    fallback: CircuitFallback<F> | undefined,
  ): Promise<T | F> {
    checkFunction('circuit', 'operation', operation)
    if (fallback !== undefined) checkFunction('circuit', 'fallback', fallback)
    const asked = this.#admit()
    if (asked === undefined) {
      const error = this.#refusal()
      if (fallback === undefined) throw error
      return fallback(error)
    }
    let lateError: unknown
    const late = () => {
      lateError = this.#timeout()
      return lateError
    }
    const within = { clock: this.#clock, deadlineMs: this.#options.deadlineMs, late }
    try {
      const answer = await runWithin(within, (signal) => operation({ signal }))
      this.#succeeded(asked)
      return answer
    } catch (error) {
      if (error !== lateError && !this.#isFailure(error)) {
        this.#succeeded(asked)
        throw error
      }
      this.#failed(asked, error)
      if (fallback === undefined) throw error
      return fallback(error)
    }
  }

  /** The state in which a call may be made now; `undefined` where none may. */
  #admit(): State | undefined {
    const state = this.#state
    if (state.kind === 'closed') return state
    if (state.kind === 'trial' || this.#clock.monotonicMs() < state.untilMs) return undefined
    this.#state = { kind: 'trial', cause: state.cause }
    return this.#state
  }

  #succeeded(asked: State): void {
    if (this.#state !== asked) return
    if (asked.kind === 'closed') asked.failures = 0
    else this.reset()
  }

  #failed(asked: State, cause: unknown): void {
    if (this.#state !== asked) return
    if (asked.kind === 'closed' && ++asked.failures < this.#options.failures) return
    const untilMs = this.#clock.monotonicMs() + this.#options.openForMs
    this.#state = { kind: 'open', untilMs, cause }
  }

  #isFailure(error: unknown): boolean {
    try {
      return this.#options.isFailure(error)
    } catch {
      // Who cannot tell has not said that it is none.
      return true
    }
  }

  #timeout(): CacheError {
    const message = `circuit: no answer within ${showDuration(this.#options.deadlineMs)}`
    return new CacheError('STORE_TIMEOUT', message, { op: 'circuit' })
  }

  #refusal(): CacheError {
    const cause = this.#state.kind === 'closed' ? undefined : this.#state.cause
    const message = 'circuit: open, the call was not made'
    return new CacheError('STORE_UNAVAILABLE', message, { op: 'circuit', cause })
  }
}
