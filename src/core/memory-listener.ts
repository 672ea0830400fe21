/** What the tier in the process is told of the engine around it, and tells it. */
import type { MemoryGuard } from './coherence.js'
import type { RemovalReason } from './contracts.js'
import type { Counters } from './counters.js'
import type { Events } from './events.js'

export interface MemoryListener {
  readonly guard: Readonly<MemoryGuard>
  /** An entry has left. */
  readonly onRemoved: (namespace: string, key: string, reason: RemovalReason) => void
  /** Whether reasons other than 'evicted' and 'expired' are told as well. */
  readonly isWatched: () => boolean
}

/** Counts what was evicted and what has expired, and tells who watches of all. */
export function memoryListener(
  guard: Readonly<MemoryGuard>,
  events: Events,
  countersOf: (namespace: string) => Counters | undefined,
): MemoryListener {
  return {
    guard,
    isWatched: () => events.wants('removed'),
    onRemoved(namespace, key, reason) {
      const counters = countersOf(namespace)
      if (counters !== undefined && reason === 'evicted') counters.evictions++
      if (counters !== undefined && reason === 'expired') counters.expirations++
      if (events.wants('removed')) events.emit('removed', { namespace, key, reason })
    },
  }
}
