/**
 * The breaker before a store: closed while it answers, open while it does not.
 *
 * It opens on the first of: the store says that its connection is gone; a call runs into its
 * deadline and nothing at all was heard since it was sent (silence: frozen, cut off); five failed
 * calls in a row. While it is open no caller's call is sent. Probes of its own, 100 to 500 ms apart
 * with jitter, find out whether the store is back: no request ever waits to test the water, and
 * recovery needs no traffic.
 *
 * One door per transition; a late probe answer is dropped by comparing the state object's identity.
 */
import type { Clock, Timer } from './contracts.js'
import { CacheError } from './errors.js'

export interface BreakerOptions {
  readonly clock: Clock
  readonly random: () => number
  /** Resolves if the store answers within its deadline. */
  readonly probe: () => Promise<void>
  /** Called when probes meet silence: a connection may be dead without knowing it. */
  readonly onSilence: () => void
  readonly onOpen: (cause: CacheError) => void
  readonly onClose: (openForMs: number) => void
}

type State =
  | { readonly kind: 'closed'; failures: number }
  | {
      readonly kind: 'open'
      readonly sinceMs: number
      readonly cause: CacheError
      probes: number
      timer: Timer | undefined
    }
  | { readonly kind: 'ended' }

export const FAILURES_TO_OPEN = 5
const FIRST_PROBE_MS = 100
const MAX_PROBE_MS = 500
const JITTER_RATIO = 0.2

export class Breaker {
  readonly #options: BreakerOptions
  #state: State = { kind: 'closed', failures: 0 }
  #lastHeardMs = Number.NEGATIVE_INFINITY

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  get state(): 'closed' | 'open' {
    return this.#state.kind === 'closed' ? 'closed' : 'open'
  }

  /** Why a call may not be sent now, `undefined` if it may. */
  get refusal(): CacheError | undefined {
    if (this.#state.kind === 'closed') return undefined
    return this.#state.kind === 'open' ? this.#state.cause : ENDED
  }

  succeeded(): void {
    this.#lastHeardMs = this.#options.clock.monotonicMs()
    if (this.#state.kind === 'closed') this.#state.failures = 0
  }

  /** The store answered with an error: it is alive, but of little use. */
  failed(error: unknown): void {
    this.#lastHeardMs = this.#options.clock.monotonicMs()
    this.#countFailure(error)
  }

  /** A call sent at `sentAtMs` ran into its deadline. */
  timedOut(sentAtMs: number, error: unknown): void {
    if (this.#lastHeardMs < sentAtMs) this.#open(error)
    else this.#countFailure(error)
  }

  /** The store says that it cannot be reached. */
  lost(cause: unknown): void {
    this.#open(cause)
  }

  /** The store says that it is there again: find out now instead of at the next turn. */
  reachable(): void {
    const state = this.#state
    if (state.kind !== 'open') return
    state.timer?.cancel()
    this.#probe(state)
  }

  end(): void {
    if (this.#state.kind === 'open') this.#state.timer?.cancel()
    this.#state = { kind: 'ended' }
  }

  #countFailure(error: unknown): void {
    if (this.#state.kind === 'closed' && ++this.#state.failures >= FAILURES_TO_OPEN)
      this.#open(error)
  }

  #open(cause: unknown): void {
    if (this.#state.kind !== 'closed') return
    const error = new CacheError(
      'STORE_UNAVAILABLE',
      'the store is away; no call is sent until a probe is answered',
      { cause },
    )
    const state: State = {
      kind: 'open',
      sinceMs: this.#options.clock.monotonicMs(),
      cause: error,
      probes: 0,
      timer: undefined,
    }
    this.#state = state
    this.#scheduleProbe(state)
    this.#options.onOpen(error)
  }

  #close(state: State & { kind: 'open' }): void {
    this.#state = { kind: 'closed', failures: 0 }
    this.#options.onClose(this.#options.clock.monotonicMs() - state.sinceMs)
  }

  #scheduleProbe(state: State & { kind: 'open' }): void {
    const delayMs = Math.min(MAX_PROBE_MS, FIRST_PROBE_MS * 2 ** state.probes)
    const jitteredMs = delayMs * (1 - JITTER_RATIO * this.#options.random())
    state.timer = this.#options.clock.setTimer(() => this.#probe(state), jitteredMs, true)
  }

  #probe(state: State & { kind: 'open' }): void {
    if (this.#state !== state) return
    state.timer = undefined
    const turn = ++state.probes
    const isCurrent = () => this.#state === state && state.probes === turn
    this.#options.probe().then(
      () => {
        if (isCurrent()) this.#close(state)
      },
      (error: unknown) => {
        if (!isCurrent()) return
        const silent = error instanceof CacheError && error.code === 'STORE_TIMEOUT'
        if (silent && turn > 1) this.#options.onSilence()
        this.#scheduleProbe(state)
      },
    )
  }
}

const ENDED = new CacheError('STORE_UNAVAILABLE', 'the cache was closed')
