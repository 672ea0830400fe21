/** Read-through: the source lies behind the cache, and whoever reads knows the cache alone. */
import type { Cache } from '../core/api.js'
import type { GetOptions } from '../core/options.js'
import { type KeyedEntries, keyedEntries } from './keyed-entries.js'
import {
  checkFunction,
  type EntryOptions,
  type KeyOptions,
  type PatternParts,
  readPattern,
} from './pattern-options.js'
import { type SourceBulkLoader, type SourceLoader, SourceReader } from './source-reader.js'

export interface SourceLoaders<I, T, V = unknown> {
  /** Brings the value of an id from the source. */
  load: SourceLoader<I, T, V>
  /** Brings many of them, for `getMany`. Default: `load` for each, all at once. */
  loadMany?: SourceBulkLoader<I, T> | undefined
}

export interface ReadThroughOptions<I, T, V = unknown>
  extends SourceLoaders<I, T, V>,
    KeyOptions<I>,
    EntryOptions {}

export interface ReadThrough<I, T> extends KeyedEntries<I> {
  /**
   * As `getOrSet`: the fresh value, else what `load` answers, once for all who ask. Rejects with
   * what `load` throws, LOADER_TIMEOUT, KEY_INVALID. Round trips: 0 or 1.
   */
  get(id: I, options?: GetOptions): Promise<T>
  /**
   * In the order of `ids`. With `loadMany` as `getOrSetMany`: one batch to the store, one load of
   * what is missing; without it as `get` for each, and the first error rejects.
   */
  getMany(ids: readonly I[], options?: GetOptions): Promise<(T | undefined)[]>
}

/**
 * Reads through `cache` from a source. Options beside `key`, `load` and `loadMany` are those of a
 * call, for every entry. Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function readThrough<V, I, T extends V>(
  cache: Cache<V>,
  options: ReadThroughOptions<I, T, V>,
): ReadThrough<I, T> {
  const parts = readPattern('readThrough', cache, options, ['load', 'loadMany'])
  return Object.freeze(readingThrough(parts, options))
}

/** The reads of a pattern, for those that add to them. Throws OPTION_INVALID. */
export function readingThrough<V, I, T extends V>(
  parts: PatternParts<I, V>,
  { load, loadMany }: SourceLoaders<I, T, V>,
): ReadThrough<I, T> {
  checkFunction(parts.where, 'load', load)
  if (loadMany !== undefined) checkFunction(parts.where, 'loadMany', loadMany)
  const reader = new SourceReader<V, I, T>(parts, load, loadMany)
  return {
    get: (id, options) => reader.get(id, options),
    getMany: (ids, options) => reader.getMany(ids, options),
    ...keyedEntries(parts),
  }
}
