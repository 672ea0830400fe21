/**
 * Texts under the keys of another library, in any store: what the integrations share.
 *
 * It translates: keys to names (key-path.ts), texts to UTF-8, an absent ttl to one without end.
 * Deadlines and breaker are the guard's. It keeps no entry, repeats no call and steers nothing.
 */
import { CacheError } from '../core/errors.js'
import type { GuardedStore } from '../core/guarded-store.js'
import { invalidOption } from '../core/option-reading.js'
import { PartialFailure } from '../core/partial-failure.js'
import { deleteUnder } from '../core/store-sweeps.js'
import { nameOf, namesIn, pathOf } from './key-path.js'
import { openGuarded, type StoreSettings } from './open-guarded.js'

export interface TextWrite {
  readonly key: string
  readonly text: unknown
  /** Milliseconds; none or 0 is for ever. */
  readonly ttl?: unknown
}

export interface TextsRead {
  /** In the order of the keys; `undefined` where there is none, or nobody knows. */
  readonly texts: readonly (string | undefined)[]
  /** Why some or all are not known; `undefined` where all are. */
  readonly failure: unknown
}

export class TextStore {
  readonly #store: GuardedStore
  readonly #where: string
  #closing: Promise<void> | undefined

  /** Starts connecting. `where` begins the messages of what is refused. */
  constructor(settings: StoreSettings, where: string) {
    this.#store = openGuarded(settings)
    this.#where = where
  }

  /** Never rejects: a failure is part of the answer. One round trip. */
  async read(space: string, keys: readonly string[]): Promise<TextsRead> {
    if (keys.length === 0) return { texts: [], failure: undefined }
    try {
      const values = await this.#store.getMany(keys.map((key) => nameOf(space, key)))
      return { texts: values.map(textOf), failure: undefined }
    } catch (failure) {
      // Of several servers, those that are there have answered.
      const answers = failure instanceof PartialFailure ? failure.answers : []
      return { texts: keys.map((_, i) => textOf(answers[i])), failure }
    }
  }

  /**
   * Writes all, or rejects and nobody knows which. VALUE_UNSUPPORTED, KEY_INVALID and
   * OPTION_INVALID come before anything is written. One round trip.
   */
  async write(space: string, writes: readonly TextWrite[]): Promise<void> {
    if (writes.length === 0) return
    const all = writes.map(({ key, text, ttl }) => ({
      key: nameOf(space, key),
      bytes: this.#writable(text),
      ttlMs: this.#ttlMs(ttl),
    }))
    await this.#store.setMany(all)
  }

  /** Resolves to how many there were. One round trip. */
  async delete(space: string, keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0
    return this.#store.deleteMany(keys.map((key) => nameOf(space, key)))
  }

  /**
   * Deletes what lies in the space, page by page; rejects at the first page that fails. Two round
   * trips a page, each with the write deadline.
   */
  clear(space: string): Promise<void> {
    return deleteUnder(this.#store, namesIn(space))
  }

  /**
   * Paths and texts of what lies in the space, page by page, in two round trips each. Keys that are
   * known by their hash alone are left out. Throws at the first page that fails.
   */
  async *list(space: string): AsyncGenerator<readonly [path: string, text: string], void, void> {
    for await (const names of this.#store.scan(namesIn(space))) {
      const values = names.length === 0 ? [] : await this.#store.getMany(names)
      for (const [i, name] of names.entries()) {
        const text = textOf(values[i])
        const path = text === undefined ? undefined : pathOf(name)
        if (path !== undefined) yield [path, text!]
      }
    }
  }

  /** Ends the connections that the store opened; later calls fail at once. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#store.close()
    return this.#closing
  }

  #writable(text: unknown): string {
    if (typeof text === 'string' && text.isWellFormed()) return text
    const got =
      typeof text === 'string' ? 'one with a lone surrogate' : `a value of type ${typeof text}`
    const message = `${this.#where}: a store keeps well-formed strings, not ${got}: serialize it`
    throw new CacheError('VALUE_UNSUPPORTED', message)
  }

  #ttlMs(ttl: unknown): number {
    if (ttl === undefined || ttl === null || ttl === 0) return Number.POSITIVE_INFINITY
    if (typeof ttl !== 'number' || Number.isNaN(ttl)) {
      throw invalidOption(this.#where, 'ttl', ttl, 'milliseconds, or none for ever')
    }
    // What is over already replaces what was there, and goes at once.
    return Math.max(1, Math.ceil(ttl))
  }
}

function textOf(bytes: unknown): string | undefined {
  if (!(bytes instanceof Uint8Array)) return undefined
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}
