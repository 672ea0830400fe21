/**
 * How long something that is done again and again will take the next time, and what is to be paid
 * for it: a pause of the process that happens to fall into it is not charged. An exponential mean.
 */
const GAIN = 1 / 8
/** What took so many times the expected met with a pause. */
const PAUSE_RATIO = 4
/** No pause worth the name is shorter. */
const MIN_PAUSE_MICROSECONDS = 500

export class ExpectedTime {
  #count = 0
  #microseconds = 0

  /** How often it was done. */
  get count(): number {
    return this.#count
  }

  get microseconds(): number {
    return this.#microseconds
  }

  /** Says what is to be paid. Below zero, a refund: the second time shows a pause in the first. */
  charge(took: number): number {
    const expected = this.#microseconds
    this.#count++
    if (this.#count === 1 || (this.#count === 2 && expected > ceilingOf(took))) {
      this.#microseconds = took
      return this.#count === 1 ? took : 2 * took - expected
    }
    const charge = Math.min(took, ceilingOf(expected))
    this.#microseconds += (charge - expected) * GAIN
    return charge
  }
}

function ceilingOf(microseconds: number): number {
  return Math.max(PAUSE_RATIO * microseconds, MIN_PAUSE_MICROSECONDS)
}
