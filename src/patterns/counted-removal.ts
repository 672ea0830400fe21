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

/**
 * `clear` of a namespace, or `invalidatePattern` where a pattern is given, after counting. The list
 * takes one round trip per thousand keys of the namespace or so; the removal alone takes one.
 * Rejects with OPTION_INVALID.
 */
export async function countedRemoval(cache: Cache, pattern?: string): Promise<CountedRemoval> {
  const matches = pattern === undefined ? () => true : parseGlob(pattern, 'countedRemoval').matches
  const seen = new Set<string>()
  let count = 0
  for await (const key of cache.keys()) {
    if (!matches(key) || seen.has(key)) continue
    count++
    if (seen.size < MAX_DISTINCT) seen.add(key)
  }
  const token = await (pattern === undefined ? cache.clear() : cache.invalidatePattern(pattern))
  return { count, token }
}
