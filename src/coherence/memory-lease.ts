/**
 * Until when a process may trust its memory (Gray, Cheriton: Leases, SOSP 1989).
 *
 * The lease runs from the moment before a heartbeat was sent, never from its answer, and is
 * extended only once everything that the answer told of was applied.
 */
import type { MemoryGuard } from '../core/coherence.js'
import type { Clock } from '../core/contracts.js'

export interface MemoryLeaseOptions {
  /** Its `leaseUntilMs` is kept here. */
  readonly guard: MemoryGuard
  readonly clock: Clock
  /** For how long memory is trusted without a heartbeat. Default: 2 000. */
  readonly leaseMs?: number | undefined
  /** For how long memory serves what was last known to be current. Default: the lease. */
  readonly staleIfDownMs?: number | undefined
}

const LEASE_MS = 2_000
/** What two clocks may drift apart in the time of a lease. */
const MARGIN = 0.99

export class MemoryLease {
  readonly leaseMs: number
  /** The lease as this process counts it. */
  readonly trustMs: number
  /** For how long memory serves what was last known to be current; others wait for as long. */
  readonly staleIfDownMs: number
  readonly #guard: MemoryGuard
  readonly #clock: Clock

  constructor({ guard, clock, leaseMs = LEASE_MS, staleIfDownMs = leaseMs }: MemoryLeaseOptions) {
    this.leaseMs = leaseMs
    this.trustMs = leaseMs * MARGIN
    this.staleIfDownMs = staleIfDownMs
    this.#guard = guard
    this.#clock = clock
  }

  get isHeld(): boolean {
    return this.#clock.monotonicMs() < this.#guard.leaseUntilMs
  }

  /** How long ago the process was last sure to know of everything; `Infinity` in doubt. */
  get heardAgoMs(): number {
    return this.#clock.monotonicMs() - this.#heardAtMs
  }

  /** Whether what was loaded then may be served: under the lease, or as stale as is allowed. */
  mayServe(loadedAtMs: number): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < this.#guard.leaseUntilMs) return true
    return nowMs - Math.max(loadedAtMs, this.#heardAtMs) < this.staleIfDownMs * MARGIN
  }

  extend(sentAtMs: number): void {
    this.#guard.leaseUntilMs = Math.max(this.#guard.leaseUntilMs, sentAtMs + this.trustMs)
  }

  /** Something was missed, or is not known. */
  end(): void {
    this.#guard.leaseUntilMs = Number.NEGATIVE_INFINITY
  }

  get #heardAtMs(): number {
    return this.#guard.leaseUntilMs - this.trustMs
  }
}
