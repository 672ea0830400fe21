/** What a caller gets of what was found, and who is told of a look-up. */
import type { Engine } from './engine.js'
import { type Found, type HeldEntry, handOut } from './entry.js'
import type { Space } from './space.js'

/** Counts what was found and hands it out. A loader's answer was counted as a miss before. */
export function answer(engine: Engine, space: Space, key: string, found: Found): unknown {
  if (found.tier !== 'loader') countFound(engine, space, key, found)
  return handOut(found)
}

/** A hit in memory that somebody is to know of, as its counters say. */
export function tellHit({ events }: Engine, { name, counters }: Space, key: string): void {
  events.sampleHit(counters, counters.memoryHits, name, key)
  if (!events.watchesLookups) return
  events.emit('hit', { namespace: name, key, tier: 'memory', stale: false })
}

/** As `tellHit` for the last `hits` of them: keys that have a value. */
export function tellHits(
  { events }: Engine,
  { name, counters }: Space,
  keys: readonly string[],
  values: readonly unknown[],
  hits: number,
): void {
  let at = counters.memoryHits - hits
  for (const [i, key] of keys.entries()) {
    if (values[i] === undefined) continue
    events.sampleHit(counters, ++at, name, key)
    if (!events.watchesLookups) continue
    events.emit('hit', { namespace: name, key, tier: 'memory', stale: false })
  }
}

function countFound(engine: Engine, space: Space, key: string, { tier, state }: HeldEntry): void {
  const { events } = engine
  const { counters, name } = space
  const stale = state === 'stale'
  if (!stale && tier === 'memory') {
    if (counters.countHit()) tellHit(engine, space, key)
    return
  }
  if (tier === 'store' && !stale) counters.storeHits++
  else if (tier === 'store') counters.storeStaleHits++
  else counters.memoryStaleHits++
  // What is stale was sampled before, as a miss: it is one look-up.
  if (!stale) events.sampleLookup(name, key)
  if (events.watchesLookups) events.emit('hit', { namespace: name, key, tier, stale })
}
