/**
 * Tells of entries that have left, when the structure is whole again: whoever hears of one may call
 * the cache. What is told meanwhile is told after.
 */
import type { RemovalReason } from '../core/contracts.js'

type Listener = (partition: string, key: string, reason: RemovalReason) => void

export class Removals {
  readonly #listener: Listener | undefined
  readonly #isWatched: () => boolean
  /** Three items each. */
  #left: string[] = []
  #isTelling = false

  constructor(listener: Listener | undefined, isWatched: () => boolean = () => true) {
    this.#listener = listener
    this.#isWatched = isWatched
  }

  /** 'evicted' and 'expired' are always told: somebody counts them. */
  note(partition: string, key: string, reason: RemovalReason): void {
    if (this.#listener === undefined) return
    const isCounted = reason === 'evicted' || reason === 'expired'
    if (isCounted || this.#isWatched()) this.#left.push(partition, key, reason)
  }

  tell(): void {
    if (this.#left.length === 0 || this.#isTelling) return
    this.#isTelling = true
    try {
      for (let i = 0; i < this.#left.length; i += 3) {
        this.#listener!(this.#left[i]!, this.#left[i + 1]!, this.#left[i + 2] as RemovalReason)
      }
    } finally {
      this.#left = []
      this.#isTelling = false
    }
  }
}
