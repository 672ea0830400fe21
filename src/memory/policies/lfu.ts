/**
 * The least often used entry leaves first; among equals, the least recently used. One list for each
 * number of uses (Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache
 * eviction scheme", 2010).
 *
 * Uses are counted up to 255, which bounds the lists. They are never forgotten: what was popular
 * once stays until it is removed or expires. For loads that change, take the default policy.
 *
 * The entry that was added last does not leave while there is another: among entries that have all
 * been read, every newcomer would leave as it comes, and never be read in its turn.
 */
import type { EvictionPolicy } from '../../core/eviction-policy.js'
import { grownTo } from '../grown-to.js'
import { LinkedLists, NO_SLOT, type PolicyInsides } from './linked-lists.js'

const MOST_USES = 255

export class LfuPolicy implements EvictionPolicy {
  readonly #lists = new LinkedLists(MOST_USES + 1)
  #uses = new Uint8Array(0)
  #newest = NO_SLOT

  grow(slots: number): void {
    this.#lists.grow(slots)
    this.#uses = grownTo(this.#uses, new Uint8Array(slots))
  }

  add(slot: number): void {
    this.#newest = slot
    this.#uses[slot] = 0
    this.#lists.addFirst(0, slot)
  }

  touch(slot: number): void {
    const uses = this.#uses[slot]!
    this.#lists.remove(uses, slot)
    this.#uses[slot] = Math.min(uses + 1, MOST_USES)
    this.#lists.addFirst(this.#uses[slot]!, slot)
  }

  remove(slot: number): void {
    this.#lists.remove(this.#uses[slot]!, slot)
  }

  victim(): number {
    const { tails, previous } = this.#lists
    for (let uses = 0; uses <= MOST_USES; uses++) {
      const slot = tails[uses]!
      const isNewest = slot !== NO_SLOT && slot === this.#newest
      const candidate = isNewest ? previous[slot]! : slot
      if (candidate !== NO_SLOT) return candidate
    }
    return this.#newest
  }

  *fromColdest(): Iterable<number> {
    for (let uses = 0; uses <= MOST_USES; uses++) yield* this.#lists.fromTail(uses)
  }

  inspect(): PolicyInsides {
    return { lists: this.#lists, listOf: (slot) => this.#uses[slot]! }
  }
}
