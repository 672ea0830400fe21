/** Which node has which slot, by the newest view that was taken and what was learned since. */
import type { ClusterNode } from './cluster-node.js'
import type { ClusterView } from './cluster-view.js'
import { SLOT_COUNT } from './key-slot.js'

export class SlotOwners {
  /** Rises whenever a slot has another owner. */
  version = 0
  #owners = new Array<ClusterNode | undefined>(SLOT_COUNT).fill(undefined)
  #masters: readonly ClusterNode[] = []
  #epoch = -1
  #taken = ''

  at(slot: number): ClusterNode | undefined {
    return this.#owners[slot]
  }

  /** Those that have slots. */
  get masters(): readonly ClusterNode[] {
    return this.#masters
  }

  /** Returns whether that is news. */
  set(slot: number, node: ClusterNode): boolean {
    if (this.#owners[slot] === node) return false
    this.#owners[slot] = node
    this.#noteChange()
    return true
  }

  /** A view of an older epoch is not taken: the node that has it was cut off, or will hear soon. */
  take(view: ClusterView, nodeAt: (address: string) => ClusterNode): 'older' | 'same' | 'changed' {
    if (view.epoch < this.#epoch) return 'older'
    this.#epoch = view.epoch
    const text = JSON.stringify(view.ranges)
    if (text === this.#taken) return 'same'
    this.#taken = text
    const owners = new Array<ClusterNode | undefined>(SLOT_COUNT).fill(undefined)
    for (const { from, to, address } of view.ranges) owners.fill(nodeAt(address), from, to + 1)
    this.#owners = owners
    this.#noteChange()
    return 'changed'
  }

  #noteChange(): void {
    this.version += 1
    const masters = new Set<ClusterNode>()
    for (const owner of this.#owners) if (owner !== undefined) masters.add(owner)
    this.#masters = [...masters]
  }
}
