/**
 * The connection to whichever node has a slot now, seen as one link: another owner, and another
 * connection to the same, is another epoch of it.
 */
import type { ConnectionSource, RedisConnection } from '../connection.js'
import type { ClusterNode } from './cluster-node.js'
import type { ClusterNodes } from './cluster-nodes.js'

export class OwnerLink implements ConnectionSource {
  readonly #nodes: ClusterNodes
  readonly #slot: number
  #seen: { readonly owner: ClusterNode | undefined; readonly epoch: number | undefined } | undefined
  #epoch = 0

  constructor(nodes: ClusterNodes, slot: number) {
    this.#nodes = nodes
    this.#slot = slot
  }

  get connection(): RedisConnection | undefined {
    return this.#nodes.heardOwner(this.#slot)?.link.connection
  }

  get downCause(): unknown {
    return this.#nodes.downCause(this.#slot)
  }

  get epoch(): number {
    const owner = this.#nodes.heardOwner(this.#slot)
    const epoch = owner?.link.epoch
    if (this.#seen?.owner !== owner || this.#seen?.epoch !== epoch) {
      this.#seen = { owner, epoch }
      this.#epoch += 1
    }
    return this.#epoch
  }
}
