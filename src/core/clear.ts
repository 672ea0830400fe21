/** Emptying and listing namespaces: the verbs that walk the store. */
import type { Engine } from './engine.js'
import { decodeKey } from './key.js'
import type { Space } from './space.js'

/** Empties one namespace in both tiers; loads and reads under way will not fill it. */
export async function clearSpace(engine: Engine, space: Space): Promise<boolean> {
  engine.invalidations.noteSpace(space)
  space.memory.clear()
  return deletePrefix(engine, space.storePrefix)
}

/** Empties every namespace, also those that only other processes know. */
export async function clearAll(engine: Engine): Promise<boolean> {
  for (const space of engine.spaces()) {
    engine.invalidations.noteSpace(space)
    space.memory.clear()
  }
  return deletePrefix(engine, `${engine.settings.prefix}:`)
}

/** The keys of a namespace: the store's while it answers, else those that are fresh in memory. */
export async function* listKeys(engine: Engine, space: Space): AsyncGenerator<string, void, void> {
  if (engine.store !== undefined) {
    let isBroken = false
    const pages = engine.store.scan(space.storePrefix)
    while (!isBroken) {
      const page = await pages.next().catch(() => undefined)
      isBroken = page === undefined
      if (page === undefined) break
      if (page.done === true) return
      for (const name of page.value) {
        const key = decodeKey(name.slice(space.storePrefix.length))
        if (key !== undefined) yield key
      }
    }
  }
  for (const key of [...space.memory.keys()]) {
    const entry = space.memory.read(key)
    if (entry !== undefined && engine.clock.monotonicMs() < entry.freshUntilMs) yield key
  }
}

async function deletePrefix(engine: Engine, prefix: string): Promise<boolean> {
  if (engine.store === undefined) return true
  // What this process has sent before is written before it is looked for.
  await engine.batch!.idle()
  try {
    for await (const names of engine.store.scan(prefix)) {
      if (names.length > 0) await engine.store.deleteMany(names)
    }
    return true
  } catch {
    return false
  }
}
