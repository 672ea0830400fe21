/** A lookup that found nothing fresh: counted by its reason, and told to those who watch. */
import type { Counters } from './counters.js'
import type { Engine } from './engine.js'
import type { MissReason } from './events.js'
import type { Space } from './space.js'

const MISS_COUNTERS = {
  absent: 'missAbsent',
  expired: 'missExpired',
  forced: 'missForced',
  'store-timeout': 'missStoreTimeout',
  'store-unavailable': 'missStoreUnavailable',
  'store-failed': 'missStoreFailed',
  undecodable: 'missUndecodable',
  schema: 'missSchema',
  invalidated: 'missInvalidated',
} as const satisfies Record<MissReason, keyof Counters>

export function countMiss(
  engine: Engine,
  space: Space,
  key: string,
  reason: MissReason,
): undefined {
  space.counters[MISS_COUNTERS[reason]]++
  const { events } = engine
  events.sampleLookup(space.name, key)
  if (events.watchesLookups) events.emit('miss', { namespace: space.name, key, reason })
  return undefined
}

/** A lookup that was left to the load of another: no miss of its own. */
export function countShared({ events }: Engine, space: Space, key: string): void {
  space.counters.shared++
  events.sampleLookup(space.name, key)
}
