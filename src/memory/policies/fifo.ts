/** The oldest entry leaves first, however often it was read. A hit does nothing. */
import type { EvictionPolicy } from '../../core/eviction-policy.js'
import { LinkedLists, type PolicyInsides } from './linked-lists.js'

export const LIST = 0

export class FifoPolicy implements EvictionPolicy {
  protected readonly lists = new LinkedLists(1)

  grow(slots: number): void {
    this.lists.grow(slots)
  }

  add(slot: number): void {
    this.lists.addFirst(LIST, slot)
  }

  touch(_slot: number): void {}

  remove(slot: number): void {
    this.lists.remove(LIST, slot)
  }

  victim(): number {
    return this.lists.tails[LIST]!
  }

  fromColdest(): Iterable<number> {
    return this.lists.fromTail(LIST)
  }

  inspect(): PolicyInsides {
    return { lists: this.lists, listOf: () => LIST }
  }
}
