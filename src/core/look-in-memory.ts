/**
 * What memory holds of a key, as far as it can be trusted: the slow side of a hit.
 *
 * An entry that a tag, a prefix or the floor has invalidated leaves memory here, when somebody asks
 * for it: invalidating a tag costs the same for one entry as for a million. Without a lease only
 * what was known to be current less than `staleIfDown` ago counts, because it was loaded then or
 * the log was heard: others may have invalidated it since, but not longer ago.
 */
import type { MemoryEntry } from './contracts.js'
import type { Engine } from './engine.js'
import { type HeldEntry, heldInMemory, softened } from './entry.js'
import type { Space } from './space.js'

export function lookInMemory(engine: Engine, space: Space, key: string): HeldEntry | undefined {
  const entry = space.memory.read(key)
  const verdict = entry && judge(engine, space, key, entry)
  if (verdict === undefined) return undefined
  const nowMs = engine.clock.monotonicMs()
  if (verdict === 'soft') return softened(heldInMemory(entry!, nowMs), nowMs)
  space.memory.approve(key)
  return heldInMemory(entry!, nowMs)
}

/** `undefined` for what is not to be trusted. */
function judge(
  engine: Engine,
  space: Space,
  key: string,
  entry: MemoryEntry,
): 'current' | 'soft' | undefined {
  const { coherence } = engine
  const verdict = coherence.judge(space.name, key, entry.tags, entry.born)
  if (verdict === 'invalidated') {
    space.memory.remove(key)
    space.counters.memoryInvalidated++
    refuse(engine, space, key, 'invalidated')
    return undefined
  }
  if (coherence.mayServe(entry.loadedAtMs)) return verdict === 'unknown' ? undefined : verdict
  space.counters.memoryLapsed++
  refuse(engine, space, key, 'lapsed')
  return undefined
}

function refuse(
  { events }: Engine,
  space: Space,
  key: string,
  reason: 'invalidated' | 'lapsed',
): void {
  if (events.wants('entry-refused')) {
    events.emit('entry-refused', { namespace: space.name, key, reason })
  }
}
