/** Write-through: a value goes to the source, and once that has it, into the cache. */
import type { Cache } from '../core/api.js'
import type { SetOptions } from '../core/options.js'
import { entryToSet, withCallOptions } from './pattern-options.js'
import { readWriting, type WriteOptions, type WrittenSource, writeOf } from './write-options.js'

export interface WriteThroughOptions<I, T, V = unknown> extends WriteOptions<I, T, V> {}

export interface WriteThrough<I, T> extends WrittenSource<I, T> {
  /**
   * Writes to the source and then puts what is stored there into the cache: what the writer
   * answered with, or `value` where it answered with `undefined`. Resolves to that. Writes of one
   * key by this pattern run one after another, and at most 1 000 wait.
   *
   * Rejects with what the writer throws, untouched, or with WRITER_TIMEOUT: the key has been
   * deleted then, since nobody knows whether the value was written. With WRITE_QUEUE_FULL,
   * KEY_INVALID or an OPTION error nothing has been written. A cache that is away, or cannot keep
   * the value, rejects nothing. 1 round trip beside the source's.
   */
  set(id: I, value: T, options?: SetOptions): Promise<T>
}

/**
 * Writes through `cache` to a source. Options beside those of the pattern are those of a call, for
 * every entry. Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function writeThrough<V, I, T extends V>(
  cache: Cache<V>,
  options: WriteThroughOptions<I, T, V>,
): WriteThrough<I, T> {
  const where = 'writeThrough'
  const { parts, writer, face } = readWriting(where, cache, options)
  const { write } = options
  const entry = entryToSet(parts.entry)
  return Object.freeze({
    ...face,
    set: async (id: I, value: T, call?: SetOptions) => {
      const key = parts.keyOf(id)
      const life = withCallOptions(entry, call, where)
      return writer.write<T>({
        key,
        run: writeOf(write, id, value),
        settle: (stored) => cache.set(key, stored, life),
      })
    },
  })
}
