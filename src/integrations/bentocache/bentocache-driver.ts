/**
 * A store as bentocache wants its second layer. Bentocache has serialized the values.
 *
 * Every call that fails rejects: bentocache decides by its own options (`suppressL2Errors`, grace,
 * `l2CircuitBreakerDuration`) what its callers notice of it, and logs it.
 */
import { checkSpace } from '../key-path.js'
import { resolveStoreOptions, type StoreOptions } from '../open-guarded.js'
import { TextStore } from '../text-store.js'

export interface BentocacheDriverOptions extends StoreOptions {
  /**
   * What every key in the store begins with, with the namespaces at most 512 bytes: nothing that a
   * cache of this package has on the same server. Default: that of the bentocache, and of that
   * 'bentocache'.
   */
  prefix?: string | undefined
}

/** What a bentocache is given. All drivers made of one description share its store. */
export interface BentocacheDriverDescription {
  readonly options: Readonly<Record<string, unknown>>
  /** Makes a driver; the first one opens the store. Throws OPTION_INVALID for its prefix. */
  readonly factory: (config?: { readonly prefix?: string | undefined }) => BentocacheDriver
}

/**
 * What bentocache calls an L2 driver. Each call settles within the deadline of reads or writes, or
 * each page of it, where it goes page by page. What fails rejects with STORE_TIMEOUT,
 * STORE_UNAVAILABLE or STORE_FAILED; a write may have taken place all the same.
 */
export interface BentocacheDriver {
  readonly type: 'l2'
  /**
   * A driver for the keys that begin with `name:`, over the same connection. Throws OPTION_INVALID
   * where prefix and namespaces take more than 512 bytes.
   */
  namespace(name: string): BentocacheDriver
  /** The text, `undefined` if absent. One round trip. */
  get(key: string): Promise<string | undefined>
  /** Gets and deletes, in two round trips: two callers at once may both get it. */
  pull(key: string): Promise<string | undefined>
  /**
   * Resolves to `true` once it is stored; `ttl` is milliseconds, none or 0 is for ever. A value
   * that is no well-formed string is VALUE_UNSUPPORTED. One round trip.
   */
  set(key: string, value: string, ttl?: number): Promise<boolean>
  /** Resolves to whether it was there. One round trip. */
  delete(key: string): Promise<boolean>
  /** Resolves to `true`. One round trip. */
  deleteMany(keys: string[]): Promise<boolean>
  /**
   * Deletes what lies under prefix and namespaces, page by page; if it rejects, some are left. Two
   * round trips a page.
   */
  clear(): Promise<void>
  /**
   * Ends the connections that the store opened, for all drivers over it; it does not come back.
   * Never rejects.
   */
  disconnect(): Promise<void>
}

const WHERE = 'bentocacheDriver'
const DEFAULT_PREFIX = 'bentocache'

/**
 * Makes any store usable as the second layer of a bentocache, which opens it when it is first used;
 * the process is then kept alive until `disconnect()`. Throws OPTION_UNKNOWN or OPTION_INVALID.
 *
 * ```ts
 * bentostore().useL2Layer(bentocacheDriver({ store: redis({ url: process.env.REDIS_URL }) }))
 * ```
 */
export function bentocacheDriver(options: BentocacheDriverOptions): BentocacheDriverDescription {
  const settings = resolveStoreOptions(options, ['prefix'], WHERE)
  const { prefix } = options
  if (prefix !== undefined) spaceOf(prefix)
  let texts: TextStore | undefined
  return Object.freeze({
    // Bentocache puts them over its own and hands the sum to the factory.
    options: Object.freeze(prefix === undefined ? {} : { prefix }),
    factory: (config: { readonly prefix?: string | undefined } = {}) => {
      const space = spaceOf(config.prefix ?? prefix ?? DEFAULT_PREFIX)
      texts ??= new TextStore(settings, WHERE)
      return new StoreForBentocache(texts, space)
    },
  })
}

class StoreForBentocache implements BentocacheDriver {
  readonly type = 'l2'
  readonly #texts: TextStore
  readonly #space: string

  constructor(texts: TextStore, space: string) {
    this.#texts = texts
    this.#space = space
  }

  namespace(name: string): BentocacheDriver {
    const path = typeof name === 'string' ? `${this.#space}:${name}` : undefined
    const space = spaceOf(path, 'namespace', name)
    return new StoreForBentocache(this.#texts, space)
  }

  async get(key: string): Promise<string | undefined> {
    const { texts, failure } = await this.#texts.read(this.#space, [key])
    if (failure !== undefined) throw failure
    return texts[0]
  }

  async pull(key: string): Promise<string | undefined> {
    const text = await this.get(key)
    if (text !== undefined) await this.delete(key)
    return text
  }

  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    await this.#texts.write(this.#space, [{ key, text: value, ttl }])
    return true
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#texts.delete(this.#space, [key])) > 0
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    await this.#texts.delete(this.#space, keys)
    return true
  }

  async clear(): Promise<void> {
    await this.#texts.clear(this.#space)
  }

  disconnect(): Promise<void> {
    return this.#texts.close()
  }
}

/** Bentocache and its drivers drop colons at the end: `app:` and `app` are one prefix. */
function spaceOf(path: unknown, option = 'prefix', shown: unknown = path): string {
  let space = path
  while (typeof space === 'string' && space.endsWith(':')) space = space.slice(0, -1)
  checkSpace(space, WHERE, option, shown)
  return space
}
