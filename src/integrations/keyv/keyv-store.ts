/**
 * A store as Keyv wants it. Keyv has serialized the values and put `namespace:` before the keys.
 *
 * Keyv catches what `set`, `delete` and `clear` reject with: it tells its 'error' listeners, and
 * answers `false` unless its `throwOnErrors` is on. So these reject here. Of a failed read it tells
 * nobody, and most of its reads it does not catch. So these tell the listeners here, and answer as
 * if nothing were there.
 */
import { EventEmitter } from 'node:events'
import { invalidOption, readOption } from '../../core/option-reading.js'
import { checkSpace } from '../key-path.js'
import { resolveStoreOptions, type StoreOptions } from '../open-guarded.js'
import { TextStore } from '../text-store.js'

export interface KeyvStoreOptions extends StoreOptions {
  /**
   * What every key in the store begins with, before Keyv's namespace: 1 to 64 letters, digits and
   * _ . -, that no cache of this package has on the same server. Default: 'keyv'.
   */
  prefix?: string | undefined
  /**
   * Whether reads reject when they fail. Turn Keyv's own option of that name on as well: its `get`
   * drops the rejection otherwise. Default: false, they find nothing.
   */
  throwOnErrors?: boolean | undefined
}

/**
 * What Keyv calls a storage adapter. Each call settles within the deadline of reads or writes, or
 * each page of it, where it goes page by page.
 */
export interface KeyvStore {
  /** Keyv looks here for whether it may offer `iterator()`. */
  opts: Record<string, unknown>
  /**
   * What `clear` empties and `iterator` lists; none is all that lies under the prefix. Keyv sets
   * it, so give each Keyv a store of its own. It throws OPTION_INVALID where prefix and namespace
   * take more than 512 bytes in the store.
   */
  namespace: string | undefined
  /** The text, `undefined` if absent or the store is away. One round trip. */
  get<Value = string>(key: string): Promise<Value | undefined>
  /** As `get`, in the order of the keys. One round trip. */
  getMany<Value = string>(keys: string[]): Promise<(Value | undefined)[]>
  /** Reads the value to tell. One round trip. */
  has(key: string): Promise<boolean>
  hasMany(keys: string[]): Promise<boolean[]>
  /**
   * Resolves to `true` once it is stored; `ttl` is milliseconds, none or 0 is for ever. Rejects
   * with STORE_TIMEOUT, STORE_UNAVAILABLE or STORE_FAILED: it may have been stored all the same. A
   * value that is no well-formed string is VALUE_UNSUPPORTED. One round trip.
   */
  set(key: string, value: unknown, ttl?: number): Promise<boolean>
  /** All of them or, if it rejects, any of them. One round trip. */
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<void>
  /** Resolves to whether it was there. Rejects as `set`. One round trip. */
  delete(key: string): Promise<boolean>
  /** Resolves to whether any was there. Rejects as `set`. One round trip. */
  deleteMany(keys: string[]): Promise<boolean>
  /**
   * Empties the namespace, page by page. Rejects as `set`: some are left. Two round trips a page.
   */
  clear(): Promise<void>
  /**
   * Keys and texts of a namespace, page by page; a key may come twice, one over 1 KiB never
   * comes. Throws as `set`: it has not seen all. Two round trips a page.
   */
  iterator(namespace?: string): AsyncGenerator<[key: string, value: string], void>
  /** Ends the connections that the store opened; it does not come back. Never rejects. */
  disconnect(): Promise<void>
  /** `'error'`: a read failed. */
  on(event: string, listener: (error: unknown) => void): this
}

const WHERE = 'keyvStore'
/** Keyv has `iterator()` for dialects that it knows; this one says nothing about the store. */
const LISTABLE = { dialect: 'redis', url: '' }

/**
 * Makes any store usable as the store of a Keyv. It connects at once, and keeps the process alive
 * until `disconnect()`. Throws OPTION_UNKNOWN or OPTION_INVALID.
 *
 * ```ts
 * const keyv = new Keyv({ store: keyvStore({ store: redis({ url: process.env.REDIS_URL }) }) })
 * ```
 */
export function keyvStore(options: KeyvStoreOptions): KeyvStore {
  const settings = resolveStoreOptions(options, ['prefix', 'throwOnErrors'], WHERE)
  const { throwOnErrors = false } = options
  if (typeof throwOnErrors !== 'boolean') {
    throw invalidOption(WHERE, 'throwOnErrors', throwOnErrors, 'true | false')
  }
  const prefix = (readOption(options, 'prefix', WHERE) as string | undefined) ?? 'keyv'
  return new StoreForKeyv(new TextStore(settings, WHERE), prefix, throwOnErrors)
}

class StoreForKeyv implements KeyvStore {
  opts: Record<string, unknown> = { ...LISTABLE }
  readonly #texts: TextStore
  readonly #prefix: string
  readonly #throwsOnErrors: boolean
  readonly #events = new EventEmitter()
  #namespace: string | undefined

  constructor(texts: TextStore, prefix: string, throwsOnErrors: boolean) {
    this.#texts = texts
    this.#prefix = prefix
    this.#throwsOnErrors = throwsOnErrors
  }

  get namespace(): string | undefined {
    return this.#namespace
  }

  set namespace(name: string | undefined) {
    this.#spaceOf(name)
    this.#namespace = name
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    const [text] = await this.#read([key])
    // Keyv lets the caller name the type of what it will make of the text.
    return text as Value | undefined
  }

  async getMany<Value = string>(keys: string[]): Promise<(Value | undefined)[]> {
    return [...(await this.#read(keys))] as (Value | undefined)[]
  }

  async has(key: string): Promise<boolean> {
    const [text] = await this.#read([key])
    return text !== undefined
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    const texts = await this.#read(keys)
    return texts.map((text) => text !== undefined)
  }

  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    await this.#texts.write(this.#prefix, [{ key, text: value, ttl }])
    return true
  }

  async setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<void> {
    const writes = entries.map(({ key, value, ttl }) => ({ key, text: value, ttl }))
    await this.#texts.write(this.#prefix, writes)
    // Keyv types it as nothing, and hands it out as its own answer: a boolean for each entry.
    return entries.map(() => true) as unknown as undefined
  }

  delete(key: string): Promise<boolean> {
    return this.deleteMany([key])
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    return (await this.#texts.delete(this.#prefix, keys)) > 0
  }

  async clear(): Promise<void> {
    await this.#texts.clear(this.#spaceOf(this.#namespace))
  }

  async *iterator(
    namespace: string | undefined = this.#namespace,
  ): AsyncGenerator<[key: string, value: string], void> {
    for await (const [path, text] of this.#texts.list(this.#spaceOf(namespace))) {
      yield [path.slice(this.#prefix.length + 1), text]
    }
  }

  disconnect(): Promise<void> {
    return this.#texts.close()
  }

  on(event: string, listener: (error: unknown) => void): this {
    this.#events.on(event, listener)
    return this
  }

  #spaceOf(namespace: unknown): string {
    if (namespace === undefined || namespace === '') return this.#prefix
    const space = typeof namespace === 'string' ? `${this.#prefix}:${namespace}` : undefined
    checkSpace(space, WHERE, 'namespace', namespace)
    return space
  }

  async #read(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    const { texts, failure } = await this.#texts.read(this.#prefix, keys)
    if (failure === undefined) return texts
    // Without a listener an emitter would throw.
    if (this.#events.listenerCount('error') > 0) this.#events.emit('error', failure)
    if (this.#throwsOnErrors) throw failure
    return texts
  }
}
