/**
 * A store whose module is loaded when a cache opens it, so that naming a store in the environment
 * does not make the front door import a driver. Calls before it is there reject, as for a store
 * that is away.
 */
import type { Store, StoreListener, StoreWrite } from './core/contracts.js'
import { CacheError } from './core/errors.js'

export function deferredStore(name: string, load: () => Promise<Store>): Store {
  return new DeferredStore(name, load)
}

class DeferredStore implements Store {
  readonly name: string
  readonly abilities = { shared: true, atomic: true, durable: true }
  readonly #load: () => Promise<Store>
  #store: Store | undefined
  #isClosed = false

  constructor(name: string, load: () => Promise<Store>) {
    this.name = name
    this.#load = load
  }

  open(listener: StoreListener): void {
    this.#load().then(
      (store) => {
        if (this.#isClosed) return
        this.#store = store
        store.open(listener)
      },
      (cause: unknown) => listener.onDown(cause),
    )
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#store?.getMany(keys) ?? away()
  }

  setMany(writes: readonly StoreWrite[]): Promise<void> {
    return this.#store?.setMany(writes) ?? away()
  }

  deleteMany(keys: readonly string[]): Promise<number> {
    return this.#store?.deleteMany(keys) ?? away()
  }

  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#store?.patch(key, offset, patch, ttlMs) ?? away()
  }

  increment(...call: Parameters<Store['increment']>): Promise<number> {
    return this.#store?.increment(...call) ?? away()
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[], void, void> {
    if (this.#store === undefined) throw notLoaded()
    yield* this.#store.scan(prefix)
  }

  ping(): Promise<void> {
    return this.#store?.ping() ?? away()
  }

  reconnect(): void {
    this.#store?.reconnect()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#store?.close()
  }
}

function notLoaded(): CacheError {
  return new CacheError('STORE_UNAVAILABLE', 'the store is still being loaded')
}

function away(): Promise<never> {
  return Promise.reject(notLoaded())
}
