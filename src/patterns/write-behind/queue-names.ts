/**
 * Who writes what the queues of this process hold. A queue is one in all processes, by its name:
 * two writers of one process on it would get each other's writes.
 *
 * Bounded by the queues that are open; a cache that is gone takes its own along.
 */
import type { Cache } from '../../core/api.js'

interface Claim {
  readonly writer: unknown
  readonly owners: Set<object>
}

const claims = new WeakMap<Cache, Map<string, Claim>>()
const owned = new WeakMap<object, (() => void)[]>()

/** `false` where an owner with another writer has it. */
export function claimQueue(space: Cache, name: string, owner: object, writer: unknown): boolean {
  const names = claims.get(space) ?? new Map<string, Claim>()
  claims.set(space, names)
  const claim = names.get(name) ?? { writer, owners: new Set<object>() }
  if (claim.writer !== writer) return false
  names.set(name, claim)
  claim.owners.add(owner)
  const release = () => {
    claim.owners.delete(owner)
    if (claim.owners.size === 0) names.delete(name)
  }
  owned.set(owner, [...(owned.get(owner) ?? []), release])
  return true
}

/** All that the owner has. */
export function releaseQueues(owner: object): void {
  for (const release of owned.get(owner) ?? []) release()
  owned.delete(owner)
}
