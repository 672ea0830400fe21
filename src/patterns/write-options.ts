/** The options of the patterns that write to a source, and what they make of them. */
import type { Cache } from '../core/api.js'
import type { Duration } from '../core/duration.js'
import { OptionCheck } from '../core/option-check.js'
import type { GetOptions } from '../core/options.js'
import { type KeyedEntries, keyedEntries } from './keyed-entries.js'
import {
  checkFunction,
  type EntryOptions,
  type KeyOptions,
  type PatternParts,
  readPattern,
} from './pattern-options.js'
import { type SourceLoader, SourceReader } from './source-reader.js'
import { SourceWriter, type WriteContext } from './source-writer.js'

export interface WriteOptions<I, T, V = unknown> extends KeyOptions<I>, EntryOptions {
  /**
   * Writes a value to the source. The value as stored, if that differs: else the one that was given
   * counts.
   */
  write: (
    id: I,
    value: T,
    context: WriteContext,
    // biome-ignore lint/suspicious/noConfusingVoidType: most writers answer with nothing
  ) => NoInfer<T> | void | PromiseLike<NoInfer<T> | void>
  /** Removes a value from the source. Default: none, and `delete` rejects. */
  remove?: ((id: I, context: WriteContext) => unknown) | undefined
  /** Brings the value of an id from the source, for `get`. Default: `get` reads the cache alone. */
  load?: SourceLoader<I, T | undefined, V> | undefined
  /**
   * How long a writer may take before its caller gets WRITER_TIMEOUT and the next write of that key
   * begins. 1 ms to 24 h, or `Infinity`. Default 60 s.
   */
  writeTimeout?: Duration | undefined
}

export interface WrittenSource<I, T> extends KeyedEntries<I> {
  /**
   * With `load` as `getOrSet`, else what `get` of the cache finds. Rejects with what `load` throws,
   * LOADER_TIMEOUT, KEY_INVALID. Round trips: 0 or 1.
   */
  get(id: I, options?: GetOptions): Promise<T | undefined>
  /**
   * Removes the value from the source, then from the cache. Rejects with what the remover throws,
   * untouched, or with WRITER_TIMEOUT: the key has been deleted then as well. With
   * WRITE_QUEUE_FULL, KEY_INVALID, or OPTION_INVALID where there is no `remove`, nothing was
   * removed. 1 round trip beside the source's.
   */
  delete(id: I): Promise<void>
}

export interface WriteParts<V, I, T> {
  readonly parts: PatternParts<I, V>
  readonly writer: SourceWriter
  readonly face: WrittenSource<I, T>
}

const OWN = ['write', 'remove', 'load', 'writeTimeout']
const DAY_MS = 86_400_000
const DEFAULT_TIMEOUT_MS = 60_000

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function readWriting<V, I, T extends V>(
  where: string,
  cache: Cache<V>,
  options: WriteOptions<I, T, V>,
): WriteParts<V, I, T> {
  const parts = readPattern<I, V>(where, cache, options, OWN)
  const { write, remove, load } = options
  checkFunction(where, 'write', write)
  if (remove !== undefined) checkFunction(where, 'remove', remove)
  if (load !== undefined) checkFunction(where, 'load', load)
  const check = new OptionCheck(where)
  const timeoutMs = check.endless('writeTimeout', options.writeTimeout, 1, DAY_MS)
  const writer = new SourceWriter(cache, timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const { keyOf } = parts
  // `undefined` is no value of a namespace, but any loader may answer with it: `get` says so.
  const reader = load && new SourceReader<V, I, T>(parts, load as SourceLoader<I, T, V>)
  const face: WrittenSource<I, T> = {
    get: async (id, call) => (reader ? reader.get(id, call) : cache.get<T>(keyOf(id), call)),
    delete: async (id) => {
      checkFunction(where, 'remove', remove)
      const key = keyOf(id)
      const run = async (context: WriteContext) => void (await remove!(id, context))
      await writer.write({ key, run, settle: () => cache.delete(key) })
    },
    ...keyedEntries(parts),
  }
  return { parts, writer, face }
}

/** A call of the writer; what it says nothing about is stored as it was given. */
export function writeOf<I, T, V>(
  write: WriteOptions<I, T, V>['write'],
  id: I,
  value: T,
): (context: WriteContext) => Promise<T> {
  return async (context) => {
    const stored = (await write(id, value, context)) as T | undefined
    return stored === undefined ? value : stored
  }
}
