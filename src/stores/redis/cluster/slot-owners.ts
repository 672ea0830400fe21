/**
 * Which node has which slot, by the newest view that was taken and what was learned since.
 *
 * A slot whose owner has changed drains while the one before has calls to answer: it is about to
 * redirect them, and what is asked of the new owner meanwhile would overtake them. (A read that
 * overtook a delete brought the old value back into memory.)
 */
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
  readonly #draining = new Map<number, Promise<void>>()

  at(slot: number): ClusterNode | undefined {
    return this.#owners[slot]
  }

  /** Those that have slots. */
  get masters(): readonly ClusterNode[] {
    return this.#masters
  }

  /** Resolves once the owner before has answered all; `undefined` where it has. */
  drained(slot: number): Promise<void> | undefined {
    return this.#draining.size === 0 ? undefined : this.#draining.get(slot)
  }

  /** Returns whether that is news. */
  set(slot: number, node: ClusterNode): boolean {
    const before = this.#owners[slot]
    if (before === node) return false
    if (before !== undefined) this.#drain(before, [slot])
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
    if (!this.#drainChanged(owners)) return 'same'
    this.#owners = owners
    this.#noteChange()
    return 'changed'
  }

  /** Returns whether any has changed: some may have been learned before. */
  #drainChanged(owners: readonly (ClusterNode | undefined)[]): boolean {
    const left = new Map<ClusterNode, number[]>()
    let hasChanged = false
    this.#owners.forEach((before, slot) => {
      if (before === owners[slot]) return
      hasChanged = true
      if (before === undefined) return
      const slots = left.get(before)
      if (slots === undefined) left.set(before, [slot])
      else slots.push(slot)
    })
    for (const [before, slots] of left) this.#drain(before, slots)
    return hasChanged
  }

  #drain(before: ClusterNode, slots: readonly number[]): void {
    const settled = before.settled()
    if (settled === undefined) return
    for (const slot of slots) this.#draining.set(slot, settled)
    void settled.then(() => {
      for (const slot of slots) {
        if (this.#draining.get(slot) === settled) this.#draining.delete(slot)
      }
    })
  }

  #noteChange(): void {
    this.version += 1
    const masters = new Set<ClusterNode>()
    for (const owner of this.#owners) if (owner !== undefined) masters.add(owner)
    this.#masters = [...masters]
  }
}
