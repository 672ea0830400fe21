/** What the masters of a cluster tell of themselves; one that does not answer is a warning. */
import { asStoreError } from '../../../core/as-store-error.js'
import type { StoreHealth } from '../../../core/store-health.js'
import type { ClusterNode } from './cluster-node.js'

export async function clusterHealth(masters: readonly ClusterNode[]): Promise<StoreHealth> {
  const told = await Promise.all(masters.map(healthOf))
  return {
    servers: told.flatMap(({ servers }) => servers),
    warnings: told.flatMap(({ warnings }) => warnings),
  }
}

async function healthOf(node: ClusterNode): Promise<StoreHealth> {
  const { address } = node
  try {
    const { servers, warnings } = await node.call('health', (store) => store.health())
    return {
      servers: servers.map((server) => ({ ...server, name: address })),
      warnings: warnings.map((warning) => warning.replace(/^the store/, address)),
    }
  } catch (error) {
    return { servers: [], warnings: [`${address}: ${asStoreError(error).message}`] }
  }
}
