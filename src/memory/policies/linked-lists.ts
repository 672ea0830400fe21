/**
 * Doubly linked lists of slots, several over the same two arrays: a slot is in one of them or in
 * none. 8 bytes a slot; every step is a few writes to typed arrays.
 */
import { grownTo } from '../grown-to.js'

export const NO_SLOT = -1

export class LinkedLists {
  /** First and last slot by list: the newest comes in at the head. */
  readonly heads: Int32Array
  readonly tails: Int32Array
  readonly lengths: Int32Array
  /** Towards the tail. */
  next = new Int32Array(0)
  /** Towards the head. */
  previous = new Int32Array(0)

  constructor(lists: number) {
    this.heads = new Int32Array(lists).fill(NO_SLOT)
    this.tails = new Int32Array(lists).fill(NO_SLOT)
    this.lengths = new Int32Array(lists)
  }

  grow(slots: number): void {
    this.next = grownTo(this.next, new Int32Array(slots))
    this.previous = grownTo(this.previous, new Int32Array(slots))
  }

  addFirst(list: number, slot: number): void {
    const head = this.heads[list]!
    this.previous[slot] = NO_SLOT
    this.next[slot] = head
    if (head === NO_SLOT) this.tails[list] = slot
    else this.previous[head] = slot
    this.heads[list] = slot
    this.lengths[list] = this.lengths[list]! + 1
  }

  remove(list: number, slot: number): void {
    const previous = this.previous[slot]!
    const next = this.next[slot]!
    if (previous === NO_SLOT) this.heads[list] = next
    else this.next[previous] = next
    if (next === NO_SLOT) this.tails[list] = previous
    else this.previous[next] = previous
    this.lengths[list] = this.lengths[list]! - 1
  }

  moveFirst(list: number, slot: number): void {
    if (this.heads[list] === slot) return
    this.remove(list, slot)
    this.addFirst(list, slot)
  }

  /** From the tail to the head. */
  fromTail(list: number): Int32Array {
    const slots = new Int32Array(this.lengths[list]!)
    let slot = this.tails[list]!
    for (let i = 0; i < slots.length; i++) {
      slots[i] = slot
      slot = this.previous[slot]!
    }
    return slots
  }
}

/** What a checker walks of a policy that is built on lists. */
export interface PolicyInsides {
  readonly lists: LinkedLists
  /** The list in which a slot ought to be. */
  listOf(slot: number): number
  /** By list, where a policy adds them up. */
  readonly bytes?: readonly number[]
}
