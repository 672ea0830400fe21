/** Removals that tell how many entries there were, for those who must be told. */
import type { Cache, SessionToken } from '../core/api.js'
import { parseGlob } from '../core/glob.js'

export interface CountedRemoval {
  /** Entries that were there a moment before, by the store's list of keys. */
  readonly count: number
  /** As `clear` and `invalidatePattern` resolve. */
  readonly token: SessionToken | false
}

/** Beyond that many, a key that the store lists twice counts twice. */
const MAX_DISTINCT = 100_000
const SLICE_KEYS = 1_000

/**
 * `clear` of a namespace, or `invalidatePattern` where a pattern is given, with a count. The keys
 * of the namespace are listed, which takes one round trip per thousand or so; those that match are
 * deleted, a thousand at a time, so that the next list is without them. Rejects with
 * OPTION_INVALID.
 */
export async function countedRemoval(cache: Cache, pattern?: string): Promise<CountedRemoval> {
  if (pattern === undefined) {
    const count = await walk(cache, () => true)
    return { count, token: await cache.clear() }
  }
  const { matches, isPrefix } = parseGlob(pattern, 'countedRemoval')
  let token: SessionToken | false | undefined
  const count = await walk(cache, matches, async (keys) => {
    const deleted = await cache.deleteMany(keys)
    token = token === false ? false : deleted
  })
  // Also what was filled since it was listed, where that takes no list.
  if (isPrefix || token === undefined) token = await cache.invalidatePattern(pattern)
  return { count, token }
}

async function walk(
  cache: Cache,
  matches: (key: string) => boolean,
  remove?: (keys: readonly string[]) => Promise<void>,
): Promise<number> {
  const seen = new Set<string>()
  let count = 0
  let slice: string[] = []
  for await (const key of cache.keys()) {
    if (!matches(key) || seen.has(key)) continue
    count++
    if (seen.size < MAX_DISTINCT) seen.add(key)
    if (remove === undefined) continue
    slice.push(key)
    if (slice.length < SLICE_KEYS) continue
    await remove(slice)
    slice = []
  }
  if (slice.length > 0) await remove!(slice)
  return count
}
