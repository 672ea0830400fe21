/**
 * Which life of the second store is met: the epoch of a log of our own there. Another life may have
 * brought back what was deleted, and the log that processes follow lies in the first store and
 * knows nothing of it. So what was written in another life counts as absent.
 *
 * A life is relied on for 2 s from when it was asked for, and no longer where a call has failed or
 * the connection is another: asked again, at once and every half a second. One question at a time.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { Store } from '../../core/contracts.js'
import type { Log, LogMember } from '../../core/log.js'
import { StoreClock } from '../../core/store-clock.js'

const NAME = 'cachewright-chain'
const BEAT_MS = 500
const TRUST_MS = 2_000
const LIFE_BYTES = 8

export class LifeWatch {
  readonly #log: Log
  readonly #member: LogMember = { id: `chain.${randomUUID()}`, applied: -1, leaseMs: TRUST_MS }
  readonly #clock = new StoreClock()
  #life: Buffer | undefined
  #trustedUntilMs = 0
  #askedAtMs: number | undefined
  #timer: NodeJS.Timeout | undefined
  #onKnown: (() => void) | undefined

  constructor(second: Store) {
    this.#log = second.log!(NAME)
  }

  /** `onKnown`: called when the first question was answered, or failed. */
  open(onKnown: () => void): void {
    this.#onKnown = onKnown
    this.#timer = setInterval(() => void this.ask(), BEAT_MS).unref()
  }

  /** What stands before each value of this life; `undefined` where it is not known. */
  get life(): Buffer | undefined {
    return performance.now() < this.#trustedUntilMs ? this.#life : undefined
  }

  /** That far from now by the clock of the store: what comes later is not to take place. */
  wallMsIn(delayMs: number): number {
    return performance.now() + delayMs + this.#clock.leastAheadMs
  }

  doubt(): void {
    this.#trustedUntilMs = 0
    this.#askedAtMs = undefined
    void this.ask()
  }

  /** Never rejects. */
  async ask(): Promise<void> {
    const nowMs = performance.now()
    // A question that hangs is given up on when its answer would say nothing any more.
    if (this.#askedAtMs !== undefined && nowMs - this.#askedAtMs < TRUST_MS) return
    this.#askedAtMs = nowMs
    try {
      const { epoch, nowMs: wallMs } = await this.#log.follow(this.#member)
      if (this.#askedAtMs !== nowMs) return
      this.#clock.heard(wallMs, nowMs, performance.now())
      this.#life = createHash('sha256').update(epoch).digest().subarray(0, LIFE_BYTES)
      this.#trustedUntilMs = nowMs + TRUST_MS
    } catch {
      // It stays unknown; the next question comes in half a second.
    }
    if (this.#askedAtMs === nowMs) this.#askedAtMs = undefined
    this.#onKnown?.()
    this.#onKnown = undefined
  }

  close(): void {
    clearInterval(this.#timer)
    this.#trustedUntilMs = 0
  }
}
