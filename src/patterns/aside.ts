/**
 * Cache-aside: the application knows both the cache and the source, reads through one function, and
 * says by itself when a value was replaced or is out of date.
 */
import type { Cache } from '../core/api.js'
import type { GetOptions, SetOptions } from '../core/options.js'
import { entryToSet, readPattern, withCallOptions } from './pattern-options.js'
import { type ReadThrough, type ReadThroughOptions, readingThrough } from './read-through.js'
import { SourceReader } from './source-reader.js'

export interface AsideOptions<I, T, V = unknown> extends ReadThroughOptions<I, T, V> {}

export interface Aside<I, T> extends ReadThrough<I, T> {
  /**
   * Puts a value that the application has at hand; loads of this key that are under way will not
   * overwrite it. As `set` of a cache, tags of `options` beside those of the pattern: `true` when
   * the store has confirmed. 1 round trip. Rejects with KEY_INVALID, VALUE_UNSUPPORTED or an
   * OPTION error. After a write to the source `invalidate` is the safe verb: of two writers at
   * once, the one that sets last need not be the one that wrote last.
   */
  set(id: I, value: T, options?: SetOptions): Promise<boolean>
  /** Loads now, whatever is cached. */
  refresh(id: I, options?: GetOptions): Promise<T>
}

/**
 * A cache beside a source. Options beside `key`, `load` and `loadMany` are those of a call, for
 * every entry. Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function aside<V, I, T extends V>(
  cache: Cache<V>,
  options: AsideOptions<I, T, V>,
): Aside<I, T> {
  const parts = readPattern('aside', cache, options, ['load', 'loadMany'])
  const reads = readingThrough(parts, options)
  const reader = new SourceReader<V, I, T>(parts, options.load)
  const entry = entryToSet(parts.entry)
  return Object.freeze({
    ...reads,
    set: async (id: I, value: T, call?: SetOptions) =>
      cache.set(parts.keyOf(id), value, withCallOptions(entry, call, 'aside')),
    refresh: (id: I, call?: GetOptions) => reader.refresh(id, call),
  })
}
