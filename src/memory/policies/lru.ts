/** The least recently used entry leaves first: as `fifo`, but a hit moves the entry to the head. */
import { FifoPolicy, LIST } from './fifo.js'

export class LruPolicy extends FifoPolicy {
  override touch(slot: number): void {
    this.lists.moveFirst(LIST, slot)
  }
}
