/** What a caller gets of what was found, and who is told of it. */
import type { Engine } from './engine.js'
import { type Found, type HeldEntry, handOut } from './entry.js'
import type { Space } from './space.js'

/** Counts what was found and hands it out. A loader's answer was counted as a miss before. */
export function answer(engine: Engine, space: Space, key: string, found: Found): unknown {
  if (found.tier !== 'loader') countFound(engine, space, key, found)
  return handOut(found)
}

/** For those who watch each look-up. */
export function tellHit(
  { events }: Engine,
  { name }: Space,
  key: string,
  tier: 'memory' | 'store',
  stale: boolean,
): void {
  events.emit('hit', { namespace: name, key, tier, stale })
}

function countFound(engine: Engine, space: Space, key: string, { tier, state }: HeldEntry): void {
  const { counters } = space
  const isStale = state === 'stale'
  if (tier === 'memory') isStale ? counters.memoryStaleHits++ : counters.memoryHits++
  else isStale ? counters.storeStaleHits++ : counters.storeHits++
  if (engine.events.watchesLookups) tellHit(engine, space, key, tier, isStale)
}
