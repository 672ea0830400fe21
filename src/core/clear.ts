/** Emptying and listing namespaces: the verbs that walk the store. */
import type { Confirmed } from './confirmed.js'
import type { Engine } from './engine.js'
import { isCacheError } from './errors.js'
import type { Until } from './invalidate-options.js'
import { decodeKey } from './key.js'
import type { Invalidation } from './log.js'
import { lookInMemory } from './look-in-memory.js'
import type { Space } from './space.js'
import { deleteUnder } from './store-sweeps.js'
import { seqOf } from './token.js'

/**
 * Empties a namespace in both tiers, or all of them, also those that only other processes know;
 * loads and reads under way will not fill them. Where there is a log, its record does that, and the
 * room is given back later; else the keys must be deleted.
 */
export function clear(engine: Engine, space: Space, until: Until): Promise<Confirmed> {
  if (space.name !== '') {
    const what: Invalidation = { kind: 'prefix', namespace: space.name, prefix: '' }
    return empty(engine, () => [space], space.storePrefix, what, until)
  }
  const prefix = `${engine.settings.prefix}:`
  return empty(engine, () => engine.spaces(), prefix, { kind: 'all' }, until)
}

async function empty(
  engine: Engine,
  spaces: () => Iterable<Space>,
  prefix: string,
  what: Invalidation,
  until: Until,
): Promise<Confirmed> {
  forget(engine, spaces())
  const told = engine.append([what], until)
  if (engine.coherence.isShared) {
    const confirmation = await told
    if (confirmation !== false) engine.storeSweeps!.begin(prefix, seqOf(confirmation))
    return confirmation
  }
  const isEmpty = await deletePrefix(engine, prefix)
  // A read that was sent after the call began may have found what was deleted a moment later.
  forget(engine, spaces())
  return isEmpty && told
}

function forget(engine: Engine, spaces: Iterable<Space>): void {
  for (const space of spaces) {
    engine.invalidations.noteSpace(space)
    space.memory.clear()
  }
}

/** The keys of a namespace: the store's while it answers, else those that are fresh in memory. */
export async function* listKeys(engine: Engine, space: Space): AsyncGenerator<string, void, void> {
  try {
    if (engine.store !== undefined) {
      // What this process has sent before is written before it is listed, and what it has cleared
      // is gone.
      engine.batch!.flush()
      await engine.storeSweeps!.idle()
      for await (const page of engine.store.scan(space.storePrefix)) {
        for (const name of page) {
          const key = decodeKey(name.slice(space.storePrefix.length))
          if (key !== undefined) yield key
        }
      }
      return
    }
  } catch (error) {
    if (!isCacheError(error)) throw error
  }
  for (const key of [...space.memory.keys()]) {
    if (lookInMemory(engine, space, key)?.state === 'fresh') yield key
  }
}

async function deletePrefix(engine: Engine, prefix: string): Promise<boolean> {
  if (engine.store === undefined) return true
  // What this process has sent before is written before it is looked for.
  await engine.batch!.idle()
  try {
    await deleteUnder(engine.store, prefix)
    return true
  } catch {
    return false
  }
}
