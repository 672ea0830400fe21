/**
 * When what was softly invalidated is refreshed: at a random moment of its spread, chosen when it
 * is first asked for. Those who ask before that are handed what is stale.
 *
 * So that a tag on thousands of entries that are all in demand is not thousands of loads at once in
 * the source, and an entry that is invalidated again and again is loaded about twice in a spread.
 *
 * Bounded by two generations of 5 000 keys; of those that are forgotten, a moment is chosen anew.
 */
const GENERATION_KEYS = 5_000

export class RefreshSpread {
  readonly #random: () => number
  #young = new Map<string, number>()
  #old = new Map<string, number>()

  constructor(random: () => number) {
    this.#random = random
  }

  /** Whether to refresh now. Answers `true` once, and then begins anew. */
  isDue(storeKey: string, nowMs: number, spreadMs: number): boolean {
    if (spreadMs === 0) return true
    const dueMs = this.#young.get(storeKey) ?? this.#old.get(storeKey)
    // One that nobody asked for in time belongs to an invalidation of long ago.
    if (dueMs === undefined || nowMs >= dueMs + spreadMs) {
      this.#choose(storeKey, nowMs + this.#random() * spreadMs)
      return false
    }
    if (nowMs < dueMs) return false
    this.#young.delete(storeKey)
    this.#old.delete(storeKey)
    return true
  }

  #choose(storeKey: string, dueMs: number): void {
    if (this.#young.size >= GENERATION_KEYS) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#old.delete(storeKey)
    this.#young.set(storeKey, dueMs)
  }
}
