/**
 * Keeps a right up while its holder works, and tells it when it cannot any more.
 *
 * The right ends on the store's clock; here it is trusted for a hundredth less, counted from before
 * it was asked for. A renewal that fails is tried again until that moment: only then, or where the
 * store says that somebody else may have it, it is lost.
 */
import type { Clock, Timer } from '../core/contracts.js'

export interface KeptRightOptions {
  readonly clock: Clock
  readonly leaseMs: number
  /** Whether it was there, and so is for another lease. Rejects where that is unknown. */
  readonly renew: () => Promise<boolean>
  readonly untilMs: number
  readonly onLost: () => void
}

/** Clocks run apart by less than this part. */
const TRUSTED = 0.99
const RENEWALS = 3
const RETRIES = 12

/** Up to when a right may be trusted that was asked for at that moment. */
export function trustedUntilMs(askedMs: number, leaseMs: number): number {
  return askedMs + leaseMs * TRUSTED
}

export class KeptRight {
  readonly #options: KeptRightOptions
  #untilMs: number
  #renewal: Timer | undefined
  #end: Timer | undefined
  #isOver = false

  constructor(options: KeptRightOptions) {
    this.#options = options
    this.#untilMs = options.untilMs
    this.#renewIn(options.leaseMs / RENEWALS)
    this.#endAt()
  }

  end(): void {
    this.#isOver = true
    this.#renewal?.cancel()
    this.#end?.cancel()
  }

  #renewIn(delayMs: number): void {
    this.#renewal = this.#options.clock.setTimer(() => void this.#renew(), delayMs, true)
  }

  #endAt(): void {
    const { clock } = this.#options
    this.#end?.cancel()
    const leftMs = Math.max(0, this.#untilMs - clock.monotonicMs())
    this.#end = clock.setTimer(() => this.#lose(), leftMs, true)
  }

  async #renew(): Promise<void> {
    const { clock, renew, leaseMs } = this.#options
    const askedMs = clock.monotonicMs()
    const isOurs = await renew().catch(() => undefined)
    if (this.#isOver) return
    if (isOurs === false) this.#lose()
    else if (isOurs === undefined) this.#renewIn(leaseMs / RETRIES)
    else {
      this.#untilMs = trustedUntilMs(askedMs, leaseMs)
      this.#endAt()
      this.#renewIn(leaseMs / RENEWALS)
    }
  }

  #lose(): void {
    if (this.#isOver) return
    this.end()
    this.#options.onLost()
  }
}
