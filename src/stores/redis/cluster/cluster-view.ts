/**
 * What one node says of the cluster, read from its answers to CLUSTER INFO and CLUSTER SLOTS.
 */
export interface SlotRange {
  readonly from: number
  /** Inclusive. */
  readonly to: number
  /** `host:port` of the master. */
  readonly address: string
  /** The name that the master keeps for life. */
  readonly id: string
}

export interface ClusterView {
  /** Rises with each election and each slot that moves, and is told from node to node. */
  readonly epoch: number
  /** Whether the node takes part: one that has lost the majority says that it does not. */
  readonly isOk: boolean
  readonly ranges: readonly SlotRange[]
}

export const VIEW_COMMANDS = [
  ['cluster', 'info'],
  ['cluster', 'slots'],
] as const

/** `host`: that of the node which was asked, for nodes that do not know their own. */
export function readView([info, slots]: readonly unknown[], host: string): ClusterView {
  const text = String(info)
  const epoch = Number(/^cluster_current_epoch:(\d+)/m.exec(text)?.[1] ?? 0)
  const isOk = /^cluster_state:ok/m.test(text)
  const rows = slots as [unknown, unknown, [unknown, unknown, unknown]][]
  const ranges = rows.map(([from, to, master]) => {
    const name = String(master[0] ?? '')
    // '?' and nothing both stand for a name that the node was not told.
    const isKnown = name !== '' && name !== '?'
    const address = `${isKnown ? name : host}:${Number(String(master[1]))}`
    const id = String(master[2])
    return { from: Number(String(from)), to: Number(String(to)), address, id }
  })
  return { epoch, isOk, ranges }
}
