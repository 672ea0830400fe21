/** Write-around: a value goes to the source alone, and its key leaves the cache. */
import type { Cache } from '../core/api.js'
import { readWriting, type WriteOptions, type WrittenSource, writeOf } from './write-options.js'

export interface WriteAroundOptions<I, T, V = unknown> extends WriteOptions<I, T, V> {}

export interface WriteAround<I, T> extends WrittenSource<I, T> {
  /**
   * Writes to the source and then deletes the key; nothing is put. Resolves to what the writer
   * answered with, or to `value` where that is `undefined`. Order, bound and errors are those of
   * write-through. 1 round trip beside the source's.
   */
  set(id: I, value: T): Promise<T>
}

/**
 * Writes around `cache` to a source. Options beside those of the pattern are those of a call, for
 * every entry that `get` loads. Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function writeAround<V, I, T extends V>(
  cache: Cache<V>,
  options: WriteAroundOptions<I, T, V>,
): WriteAround<I, T> {
  const { parts, writer, face } = readWriting('writeAround', cache, options)
  const { write } = options
  return Object.freeze({
    ...face,
    set: async (id: I, value: T) => {
      const key = parts.keyOf(id)
      return writer.write<T>({
        key,
        run: writeOf(write, id, value),
        settle: () => cache.delete(key),
      })
    },
  })
}
