/**
 * Keys that were invalidated a moment ago, in namespaces with a hold-off: what is loaded before it
 * has passed may come from a replica that lags, and is not kept.
 *
 * Bounded: of more than 10 000 keys all are held off as long as the newest of them.
 */
const MAX_KEYS = 10_000

export class HoldOffs {
  #untilMs = new Map<string, number>()
  #allUntilMs = 0

  note(storeKey: string, untilMs: number): void {
    if (this.#untilMs.size >= MAX_KEYS) {
      this.#untilMs = new Map()
      this.noteAll(untilMs)
    }
    this.#untilMs.set(storeKey, untilMs)
  }

  /** Every key may have been invalidated. */
  noteAll(untilMs: number): void {
    this.#allUntilMs = Math.max(this.#allUntilMs, untilMs)
  }

  /** Whether a load that began then was too early. */
  isTooEarly(storeKey: string, beganMs: number): boolean {
    return beganMs < this.#allUntilMs || beganMs < (this.#untilMs.get(storeKey) ?? 0)
  }
}
