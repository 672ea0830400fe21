/** What every pattern over a source offers beside its reads and writes. */
import type { SessionToken } from '../core/api.js'
import type { InvalidateOptions } from '../core/invalidate-options.js'
import type { PatternParts } from './pattern-options.js'

export interface KeyedEntries<I> {
  /**
   * Removes the value from the cache, and from nowhere else: for what has changed behind it. As
   * `delete` of a cache: resolves to a token, or to `false` where the store has not confirmed. 1
   * round trip. Rejects with KEY_INVALID.
   */
  invalidate(id: I, options?: InvalidateOptions): Promise<SessionToken | false>
  /** Under which key the value of `id` lies. Throws KEY_INVALID. */
  keyOf(id: I): string
}

export function keyedEntries<I, V>({ cache, keyOf }: PatternParts<I, V>): KeyedEntries<I> {
  return { invalidate: async (id, options) => cache.delete(keyOf(id), options), keyOf }
}
