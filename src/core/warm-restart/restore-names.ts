/**
 * Keys of a snapshot, read from the store as a `get` would: what comes back is judged, fenced and
 * kept there. The snapshot itself is believed in nothing.
 *
 * The coldest first, in batches that a read has time for; ends at the first batch that fails, so
 * that a store which is slow at the start is not asked for more. Counts neither hits nor misses.
 */
import type { Engine } from '../engine.js'
import type { HeldEntry } from '../entry.js'
import type { MissReason } from '../events.js'
import { mayRemember } from '../keep.js'
import { storeKeyOf } from '../store-key.js'
import { readStoreOnce } from '../store-read.js'
import type { Restored, Restoring } from './restore-values.js'
import { turn } from './turn.js'

const BATCH_KEYS = 64
const FAILURES: readonly unknown[] = ['store-timeout', 'store-unavailable', 'store-failed']

export async function restoreNames(restoring: Restoring): Promise<Restored> {
  const { engine, snapshot, count, isOver } = restoring
  let taken = 0
  for (let end = count; end > 0; end -= BATCH_KEYS) {
    if (isOver()) return { taken, reason: 'closed' }
    const start = Math.max(0, end - BATCH_KEYS)
    const reads: Promise<HeldEntry | MissReason>[] = []
    for (let at = end - 1; at >= start; at--) {
      const { namespace, key } = snapshot.entryAt(at)
      const read = readOne(engine, namespace, key)
      if (read !== undefined) reads.push(read)
    }
    const found = await Promise.all(reads)
    taken += found.filter((each) => typeof each !== 'string').length
    if (found.some((each) => FAILURES.includes(each))) return { taken, reason: 'failed' }
    await turn()
  }
  return { taken }
}

/** `undefined` for what memory has already, or cannot have. */
function readOne(
  engine: Engine,
  namespace: string,
  key: string,
): Promise<HeldEntry | MissReason> | undefined {
  const space = engine.findSpace(namespace)
  if (space === undefined || !mayRemember(engine, key)) return undefined
  if (space.memory.view(key) !== undefined) return undefined
  try {
    return readStoreOnce(engine, space, key, storeKeyOf(engine, space, key))
  } catch {
    // What the options for keys refuse.
    return undefined
  }
}
