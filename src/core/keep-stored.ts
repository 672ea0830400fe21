/** What a store or a snapshot has brought, into memory. Whether it may is asked before. */
import type { DecodedEntry } from './contracts.js'
import type { Engine } from './engine.js'
import { storedCheckAtMs } from './entry.js'
import { refuse } from './keep.js'
import type { Space } from './space.js'
import { freezeOwned } from './value.js'

/** Whether memory has taken it. */
export function keepStored(
  engine: Engine,
  space: Space,
  key: string,
  entry: DecodedEntry,
  copied: boolean,
  freshUntilMs: number,
  weightBytes: number,
): boolean {
  const { value, born, loadMs, graceMs } = entry
  const tags = entry.tags.length > 0 ? entry.tags : undefined
  const deadAtMs = freshUntilMs + graceMs
  const checkAtMs = storedCheckAtMs(space.policy, freshUntilMs, loadMs, engine.random)
  const kept = space.memory.write(key, {
    value,
    copied,
    born,
    loadedAtMs: Number.NEGATIVE_INFINITY,
    checkAtMs,
    freshUntilMs,
    deadAtMs,
    tags,
    weightBytes,
  })
  if (!kept) refuse(engine, space, key, 'too-heavy')
  else if (deadAtMs < Number.POSITIVE_INFINITY) engine.memorySweep.arm()
  return kept
}

/** Freezes what is handed out by reference; the weight of the value either way. */
export function isolate(engine: Engine, entry: DecodedEntry): number {
  if (engine.values === 'frozen' && entry.plain) return freezeOwned(entry.value)
  // What is copied for each reader, or shared by wish, is weighed by its encoded size: about as
  // exact.
  return entry.valueBytes * 2
}
