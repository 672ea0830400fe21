/**
 * Keys whose load failed a moment ago: while a stale value is there, it is handed out without a new
 * try. Bounded to 10 000 keys; when full the oldest is let go, which costs one more try.
 */
const MAX_HOLDS = 10_000

export class Holds {
  readonly #untilMs = new Map<string, number>()

  hold(storeKey: string, untilMs: number): void {
    if (this.#untilMs.size >= MAX_HOLDS) {
      const [oldest] = this.#untilMs.keys()
      this.#untilMs.delete(oldest!)
    }
    this.#untilMs.set(storeKey, untilMs)
  }

  isHeld(storeKey: string, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(storeKey)
    if (untilMs === undefined) return false
    if (nowMs < untilMs) return true
    this.#untilMs.delete(storeKey)
    return false
  }

  release(storeKey: string): void {
    if (this.#untilMs.size > 0) this.#untilMs.delete(storeKey)
  }
}
