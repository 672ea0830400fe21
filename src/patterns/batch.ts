/**
 * Batching: reads of one tick, asked for one by one, become one bulk load. Over `getOrSetMany`, so
 * what is cached is not loaded, and what another process loads is waited for.
 *
 * A batch goes out at the end of its tick, or as soon as it is full.
 */
import type { Cache } from '../core/api.js'
import { OptionCheck } from '../core/option-check.js'
import type { CallOptions } from '../core/options.js'
import { type KeyedEntries, keyedEntries } from './keyed-entries.js'
import {
  checkFunction,
  type EntryOptions,
  type KeyOptions,
  type PatternParts,
  readPattern,
} from './pattern-options.js'
import { loadByKeys, type SourceBulkLoader } from './source-reader.js'

export interface BatchOptions<I, T> extends KeyOptions<I>, EntryOptions {
  /** Brings the values of many ids: in their order, or as a Map by id. */
  loadMany: SourceBulkLoader<I, T>
  /** How many ids go into one load. 1 to 10 000. Default 1 000. */
  maxBatch?: number | undefined
}

export interface Batch<I, T> extends KeyedEntries<I> {
  /**
   * The value of `id`, `undefined` where the source has none. Asked for together with all others of
   * this tick; an id that is asked for twice is loaded once. Rejects with what `loadMany` throws,
   * untouched, LOADER_TIMEOUT, LOADER_RESULT, KEY_INVALID. Round trips: 0, or 1 for the batch.
   */
  get(id: I): Promise<T | undefined>
  /** As `get` for each, in the order of `ids`. Rejects with the first error. */
  getMany(ids: readonly I[]): Promise<(T | undefined)[]>
}

const MAX_BATCH = 10_000
const DEFAULT_MAX_BATCH = 1_000

/**
 * Gathers what is read in one tick. Options beside `key`, `loadMany` and `maxBatch` are those of a
 * call, for every entry. Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function batch<V, I, T extends V>(
  cache: Cache<V>,
  options: BatchOptions<I, T>,
): Batch<I, T> {
  const parts = readPattern<I, V>('batch', cache, options, ['loadMany', 'maxBatch'])
  const { loadMany } = options
  checkFunction('batch', 'loadMany', loadMany)
  const check = new OptionCheck('batch')
  const maxBatch = check.whole('maxBatch', options.maxBatch, 1, MAX_BATCH) ?? DEFAULT_MAX_BATCH
  const gathering = new Gathering<V, I, T>(parts, loadMany, maxBatch)
  const get = async (id: I) => gathering.ask(id)
  return Object.freeze({
    get,
    getMany: (ids: readonly I[]) => Promise.all(ids.map(get)),
    ...keyedEntries(parts),
  })
}

interface Asked<I, T> {
  readonly id: I
  readonly answer: Promise<T | undefined>
  readonly resolve: (value: T | undefined | PromiseLike<T | undefined>) => void
}

class Gathering<V, I, T extends V> {
  readonly #parts: PatternParts<I, V>
  readonly #loadMany: SourceBulkLoader<I, T>
  readonly #maxBatch: number
  #asked = new Map<string, Asked<I, T>>()

  constructor(parts: PatternParts<I, V>, loadMany: SourceBulkLoader<I, T>, maxBatch: number) {
    this.#parts = parts
    this.#loadMany = loadMany
    this.#maxBatch = maxBatch
  }

  ask(id: I): Promise<T | undefined> {
    const key = this.#parts.keyOf(id)
    const known = this.#asked.get(key)
    if (known !== undefined) return known.answer
    let resolve!: Asked<I, T>['resolve']
    const answer = new Promise<T | undefined>((settle) => {
      resolve = settle
    })
    if (this.#asked.size === 0) this.#sendAfterTick()
    this.#asked.set(key, { id, answer, resolve })
    if (this.#asked.size >= this.#maxBatch) this.#send()
    return answer
  }

  /**
   * After the promises of this tick: what is asked for in the callbacks of others that were
   * answered together belongs into one batch as well. One that was sent because it was full leaves
   * this to the next: that goes out earlier in its tick, or holds nothing.
   */
  #sendAfterTick(): void {
    void Promise.resolve().then(() => process.nextTick(() => this.#send()))
  }

  #send(): void {
    const batch = this.#asked
    this.#asked = new Map()
    void this.#load(batch)
  }

  async #load(batch: ReadonlyMap<string, Asked<I, T>>): Promise<void> {
    const { cache, entry } = this.#parts
    const ids = [...batch.values()].map(({ id }) => id)
    const keys = [...batch.keys()]
    try {
      const values = await loadByKeys<V, I, T>(cache, keys, ids, this.#loadMany, entry)
      keys.forEach((key, at) => {
        batch.get(key)!.resolve(values[at])
      })
    } catch (error) {
      for (const [key, { resolve }] of batch) resolve(this.#withoutLoad(key, error, entry))
    }
  }

  /**
   * A bulk load that fails rejects the whole call. Who asked for a key that was cached all along,
   * or that has a stale value to stand in, gets that; everybody else the error, as it was thrown.
   */
  #withoutLoad(key: string, error: unknown, entry: CallOptions): Promise<T | undefined> {
    const fail = () => Promise.reject(error)
    return this.#parts.cache.getOrSet<T>(key, fail, entry)
  }
}
