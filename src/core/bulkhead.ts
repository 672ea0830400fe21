/**
 * How many refreshes run in the background at once. One more is not begun: its caller has a value,
 * and the next caller tries again. Those that wait for a load are never held up by it.
 */
import { RefreshSpread } from './refresh-spread.js'

export class Bulkhead {
  readonly #max: number
  readonly #spread: RefreshSpread
  #count = 0

  constructor(max: number, random: () => number) {
    this.#max = max
    this.#spread = new RefreshSpread(random)
  }

  get isFull(): boolean {
    return this.#count >= this.#max
  }

  /** Whether to refresh what was softly invalidated: there is room, and its moment has come. */
  admits(storeKey: string, nowMs: number, spreadMs: number): boolean {
    return !this.isFull && this.#spread.isDue(storeKey, nowMs, spreadMs)
  }

  enter(): void {
    this.#count++
  }

  leave(): void {
    this.#count--
  }
}
