/**
 * Reads over a source: what the patterns that load have in common. Each read is one `getOrSet`, so
 * that single flight, the fence, grace and timeouts are the engine's, and only its.
 */
import type { BulkAnswer, Cache, Loader, LoaderContext } from '../core/api.js'
import { checkNames } from '../core/option-reading.js'
import type { CallOptions, GetOptions } from '../core/options.js'
import type { EntryOptions, PatternParts } from './pattern-options.js'

/** Loads the value of one id. What it throws reaches the callers untouched. */
export type SourceLoader<I, T, V = unknown> = (
  id: I,
  context: LoaderContext<V>,
) => T | PromiseLike<T>

/** Values in the order of the ids (`undefined`: none), or a Map by id. */
export type SourceAnswer<I, T> = readonly (T | undefined)[] | ReadonlyMap<I, T>

/** Loads many ids at once, none of them twice. */
export type SourceBulkLoader<I, T> = (
  ids: I[],
  context: { readonly signal: AbortSignal },
) => SourceAnswer<I, T> | PromiseLike<SourceAnswer<I, T>>

export class SourceReader<V, I, T extends V> {
  readonly #where: string
  readonly #cache: Cache<V>
  readonly #entry: EntryOptions
  readonly #load: SourceLoader<I, T, V>
  readonly #loadMany: SourceBulkLoader<I, T> | undefined
  readonly keyOf: (id: I) => string

  constructor(
    { where, cache, keyOf, entry }: PatternParts<I, V>,
    load: SourceLoader<I, T, V>,
    loadMany?: SourceBulkLoader<I, T>,
  ) {
    this.#where = where
    this.#cache = cache
    this.#entry = entry
    this.#load = load
    this.#loadMany = loadMany
    this.keyOf = keyOf
  }

  get(id: I, options?: GetOptions): Promise<T> {
    try {
      const entry = this.#forCall(options)
      return this.#cache.getOrSet<T>(this.keyOf(id), this.#loaderOf(id), entry)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async getMany(ids: readonly I[], options?: GetOptions): Promise<(T | undefined)[]> {
    const loadMany = this.#loadMany
    if (loadMany === undefined) return Promise.all(ids.map((id) => this.get(id, options)))
    return loadByKeys(this.#cache, ids.map(this.keyOf), ids, loadMany, this.#forCall(options))
  }

  async refresh(id: I, options?: GetOptions): Promise<T> {
    const entry = this.#forCall(options)
    return this.#cache.refresh<T>(this.keyOf(id), this.#loaderOf(id), entry)
  }

  #loaderOf(id: I): Loader<T, V> {
    return (context) => this.#load(id, context)
  }

  #forCall(options: GetOptions | undefined): CallOptions {
    if (options === undefined) return this.#entry
    checkNames(options, 'get', this.#where)
    return { ...this.#entry, ...options }
  }
}

/** One `getOrSetMany`: keys towards the cache, ids towards the loader. */
export function loadByKeys<V, I, T extends V>(
  cache: Cache<V>,
  keys: readonly string[],
  ids: readonly I[],
  loadMany: SourceBulkLoader<I, T>,
  entry: CallOptions,
): Promise<(T | undefined)[]> {
  const idOf = new Map(keys.map((key, at) => [key, ids[at]!]))
  const load = async (lacking: string[], context: { readonly signal: AbortSignal }) => {
    const asked = lacking.map((key) => idOf.get(key)!)
    const answer = await loadMany([...asked], context)
    // Anything that is neither a Map nor a list is the engine's to refuse: LOADER_RESULT.
    return (answer instanceof Map ? asked.map((id) => answer.get(id)) : answer) as BulkAnswer<T>
  }
  return cache.getOrSetMany<T>(keys, load, entry)
}
