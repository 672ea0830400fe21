/**
 * The wall clock of the store as this process knows it, so that all processes judge freshness by
 * one clock, whatever their own say (Cristian: Probabilistic clock synchronization, 1989).
 *
 * Each answer of the log carries the store's time, which was read between the sending and the
 * receipt: that bounds how far it is ahead of the monotonic clock here. The bounds of many answers
 * are cut with each other; in between they widen by what two clocks may drift apart. An answer that
 * does not fit means that the store's clock was set, or is another's: it counts alone.
 */
const DRIFT = 0.001

export class StoreClock {
  #lowMs = Number.NEGATIVE_INFINITY
  #highMs = Number.POSITIVE_INFINITY
  #heardAtMs = 0

  /** It is not less ahead than this, `-Infinity` before the first answer. */
  get leastAheadMs(): number {
    return this.#lowMs
  }

  /** It is not more ahead than this, `Infinity` before the first answer. */
  get mostAheadMs(): number {
    return this.#highMs
  }

  /** How far it is ahead of the monotonic clock; `undefined` before the first answer. */
  get aheadMs(): number | undefined {
    const middleMs = (this.#lowMs + this.#highMs) / 2
    return Number.isNaN(middleMs) ? undefined : middleMs
  }

  /** The store said `storeMs`, in whole milliseconds; the rest is monotonic. */
  heard(storeMs: number, sentAtMs: number, receivedAtMs: number): void {
    const driftMs = (receivedAtMs - this.#heardAtMs) * DRIFT
    const [lowMs, highMs] = [storeMs - receivedAtMs, storeMs + 1 - sentAtMs]
    const cutLowMs = Math.max(lowMs, this.#lowMs - driftMs)
    const cutHighMs = Math.min(highMs, this.#highMs + driftMs)
    const fits = cutLowMs <= cutHighMs
    this.#lowMs = fits ? cutLowMs : lowMs
    this.#highMs = fits ? cutHighMs : highMs
    this.#heardAtMs = receivedAtMs
  }
}
