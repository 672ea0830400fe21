/**
 * What one candidate does to the values of one class: the share of bytes it saves and what a byte
 * costs, over its latest 32 measurements. Cost: 800 bytes; a sort of 32 numbers per measurement.
 *
 * How well values shrink differs more from value to value than from candidate to candidate, and not
 * all were measured on the same ones. So one of them, the yardstick, is measured on each, and of
 * the others the lead over it is averaged: the difference estimator of survey sampling (Cochran,
 * Sampling Techniques, 1977). Mixed kinds of data were judged wrongly without it.
 */
const RING = 32
/**
 * Times above so many medians are noise. It has one sign: a collector or a neighbour makes a call
 * longer, nothing makes it shorter (Chen and Revels, Robust benchmarking in noisy environments,
 * 2016). The rest is averaged, and not replaced by its median: values of two kinds have two costs,
 * and both will be paid. A mean of what is heavy-tailed needs such a truncation (Bubeck,
 * Cesa-Bianchi and Lugosi, Bandits with heavy tail, 2013). Within a class costs differ by less.
 */
const NOISE_MEDIANS = 4

export class CostEstimate {
  readonly #rawBytes = new Float64Array(RING)
  readonly #yardstick: CostEstimate | undefined
  /** In saved bytes per byte; of the yardstick itself, all that it saves. */
  readonly #leads = new Float64Array(RING)
  /** Microseconds per byte. */
  readonly #costs = new Float64Array(RING)
  #held = 0
  #next = 0
  #lead = 0
  #meanBytes = 0
  #cost = 0
  #lowCost = 0
  #highCost = 0

  /** `yardstick`: of the candidate that is measured on every value; `undefined` if this is it. */
  constructor(yardstick: CostEstimate | undefined) {
    this.#yardstick = yardstick
  }

  get isYardstick(): boolean {
    return this.#yardstick === undefined
  }

  /** How many measurements of the present data it rests on. */
  get samples(): number {
    return this.#held
  }

  /** Bytes saved of each byte, 0 to 1. */
  get savedRatio(): number {
    return Math.max(0, this.#lead + (this.#yardstick?.savedRatio ?? 0))
  }

  /** Microseconds to compress a byte and to get it back. 0 as long as nothing is known. */
  get microsecondsPerByte(): number {
    return this.#cost
  }

  /** What three of four measurements cost at least: what it may be, if times so far were noisy. */
  get lowMicrosecondsPerByte(): number {
    return this.#lowCost
  }

  /** What three of four measurements cost at most. */
  get highMicrosecondsPerByte(): number {
    return this.#highCost
  }

  get meanBytes(): number {
    return this.#meanBytes
  }

  /** As measured on a value of that many bytes, or on a part of it. */
  add(rawBytes: number, lead: number, microsecondsPerByte: number): void {
    const at = this.#next
    this.#rawBytes[at] = rawBytes
    this.#leads[at] = lead
    this.#costs[at] = microsecondsPerByte
    this.#next = (at + 1) % RING
    this.#held = Math.min(RING, this.#held + 1)
    this.#renew()
  }

  /** From now on new measurements alone count. What is known stands until the first of them. */
  forget(): void {
    this.#held = 0
    this.#next = 0
  }

  #renew(): void {
    const held = this.#held
    const sorted = this.#costs.slice(0, held).sort()
    const noise = NOISE_MEDIANS * sorted[(held - 1) >> 1]!
    let rawBytes = 0
    let savedBytes = 0
    let quietBytes = 0
    let microseconds = 0
    for (let i = 0; i < held; i++) {
      const bytes = this.#rawBytes[i]!
      const cost = this.#costs[i]!
      rawBytes += bytes
      savedBytes += bytes * this.#leads[i]!
      if (cost > noise) continue
      quietBytes += bytes
      microseconds += bytes * cost
    }
    this.#meanBytes = rawBytes / held
    this.#lead = savedBytes / rawBytes
    this.#cost = microseconds / quietBytes
    this.#lowCost = sorted[Math.floor(held * 0.25)]!
    this.#highCost = sorted[Math.ceil(held * 0.75) - 1]!
  }
}
