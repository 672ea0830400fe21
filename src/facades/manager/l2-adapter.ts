/** A manager in the words of a store. */

import type { CacheOptions } from './cache-manager-config.js'

export interface CacheEntry<T = unknown> {
  key: string
  value: T
  options?: CacheOptions | undefined
}

interface Verbs {
  get<T>(key: string): Promise<T | null>
  set<T>(key: string, value: T, options?: CacheOptions): Promise<boolean>
  delete(key: string): Promise<boolean>
  exists(key: string): Promise<boolean>
  // biome-ignore lint/suspicious/noExplicitAny: as the document types it
  mget(keys: string[]): Promise<Map<string, any>>
  isHealthy(): Promise<boolean>
}

export class L2Adapter {
  readonly #manager: Verbs

  constructor(manager: Verbs) {
    this.#manager = manager
  }

  get<T>(key: string): Promise<T | null> {
    return this.#manager.get<T>(key)
  }

  set<T>(key: string, value: T, options?: CacheOptions): Promise<boolean> {
    return this.#manager.set(key, value, options)
  }

  delete(key: string): Promise<boolean> {
    return this.#manager.delete(key)
  }

  exists(key: string): Promise<boolean> {
    return this.#manager.exists(key)
  }

  // biome-ignore lint/suspicious/noExplicitAny: as the document types it
  mget(keys: string[]): Promise<Map<string, any>> {
    return this.#manager.mget(keys)
  }

  /** Whether a tier has each of them. One round trip for all that share it. */
  async mset(entries: readonly CacheEntry[]): Promise<boolean> {
    const sets = entries.map(({ key, value, options }) => this.#manager.set(key, value, options))
    return (await Promise.all(sets)).every((isSet) => isSet)
  }

  isHealthy(): Promise<boolean> {
    return this.#manager.isHealthy()
  }
}
