/**
 * The time that exploring may take: at most 2 % of what the work in earnest took, and an allowance
 * at the start. A token bucket: what took longer than was foreseen is a debt, and the next round
 * waits for it to be paid.
 *
 * In quiet times rounds are paced to spend half of what is earned. The other half is kept, up to
 * the allowance, for the day the data change.
 */
const EXPLORING_SHARE = 0.02
const ALLOWANCE_MICROSECONDS = 20_000
const QUIET_SHARE = 0.5

export class ExploringBudget {
  #tokens = ALLOWANCE_MICROSECONDS
  #earnedSinceRound = 0
  #priceMicroseconds = 0
  #setAsideMicroseconds = 0
  #earnestMicroseconds = 0
  #spentMicroseconds = 0

  /** Of all the time that went into compressing, the share of exploring. */
  get share(): number {
    const total = this.#earnestMicroseconds + this.#spentMicroseconds
    return total === 0 ? 0 : this.#spentMicroseconds / total
  }

  get isRoundDue(): boolean {
    return (
      this.#earnedSinceRound >= this.#setAsideMicroseconds &&
      this.#tokens >= this.#priceMicroseconds
    )
  }

  affords(microseconds: number): boolean {
    return this.#tokens >= microseconds
  }

  /** Work in earnest took so long. */
  earn(microseconds: number): void {
    this.#earnestMicroseconds += microseconds
    this.grant(microseconds)
  }

  /** As `earn`, for work that was left undone. */
  grant(microseconds: number): void {
    const earned = microseconds * EXPLORING_SHARE
    this.#earnedSinceRound += earned
    this.#tokens = Math.min(ALLOWANCE_MICROSECONDS, this.#tokens + earned)
  }

  spend(microseconds: number): void {
    this.#tokens -= microseconds
    this.#spentMicroseconds += microseconds
  }

  /** The next round comes at once, whatever is left. */
  freeRound(): void {
    this.#priceMicroseconds = Number.NEGATIVE_INFINITY
    this.#setAsideMicroseconds = 0
  }

  /**
   * The next round comes when it can be paid, and not before `pauseRatio` times what it costs was
   * set aside for it.
   */
  planRound(roundMicroseconds: number, pauseRatio: number): void {
    this.#earnedSinceRound = 0
    this.#priceMicroseconds = roundMicroseconds
    this.#setAsideMicroseconds = (roundMicroseconds * pauseRatio) / QUIET_SHARE
  }
}
