/**
 * A store whose module is loaded when a cache opens it, so that naming a store in the environment
 * does not make the front door import a driver. Calls before it is there reject, as for a store
 * that is away.
 */
import type { LeaseAnswer, Store, StoreFill, StoreListener, StoreWrite } from './core/contracts.js'
import { CacheError } from './core/errors.js'
import { forwardedQueue } from './core/forwarded-queue.js'
import type { Log, LogListener, LogMember } from './core/log.js'
import { invalidOption } from './core/option-reading.js'
import { NO_HEALTH, type StoreHealth } from './core/store-health.js'
import type { WriteQueue } from './core/write-queue.js'

export function deferredStore(name: string, load: () => Promise<Store>): Store {
  return new DeferredStore(name, load)
}

class DeferredStore implements Store {
  readonly name: string
  readonly abilities = { shared: true, atomic: true, durable: true }
  readonly #load: () => Promise<Store>
  readonly #logs: DeferredLog[] = []
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
        for (const log of this.#logs) log.attach(store)
        store.open(listener)
      },
      (cause: unknown) => listener.onDown(cause),
    )
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#store?.getMany(keys) ?? away()
  }

  leaseMany(...call: Parameters<NonNullable<Store['leaseMany']>>): Promise<readonly LeaseAnswer[]> {
    return this.#store?.leaseMany?.(...call) ?? away()
  }

  fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    return this.#store?.fillMany?.(fills) ?? away()
  }

  setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void> {
    return this.#store?.setMany(writes, notAfterWallMs) ?? away()
  }

  deleteMany(...call: Parameters<Store['deleteMany']>): Promise<number> {
    return this.#store?.deleteMany(...call) ?? away()
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

  log(name: string): Log {
    const log = new DeferredLog(name)
    this.#logs.push(log)
    return log
  }

  writeQueue(name: string, partitions: number): WriteQueue {
    let queue: WriteQueue | undefined
    return forwardedQueue(partitions, async (run) => {
      if (this.#store === undefined) throw notLoaded()
      queue ??= this.#store.writeQueue?.(name, partitions)
      if (queue !== undefined) return run(queue)
      throw invalidOption('writeBehind', 'cache', this.name, 'a cache whose store keeps queues')
    })
  }

  bornFloor(key: string): number {
    return this.#store?.bornFloor?.(key) ?? 0
  }

  ping(): Promise<void> {
    return this.#store?.ping() ?? away()
  }

  async health(): Promise<StoreHealth> {
    return (await this.#store?.health?.()) ?? NO_HEALTH
  }

  reconnect(): void {
    this.#store?.reconnect()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#store?.close()
  }
}

/** The log of a store that is yet to come. */
class DeferredLog implements Log {
  readonly #name: string
  #log: Log | undefined
  #listening: Parameters<Log['listen']> | undefined

  constructor(name: string) {
    this.#name = name
  }

  attach(store: Store): void {
    this.#log = store.log?.(this.#name)
    if (this.#listening !== undefined) this.#log?.listen(...this.#listening)
  }

  join(member: LogMember): ReturnType<Log['join']> {
    return this.#log?.join(member) ?? away()
  }

  follow(member: LogMember): ReturnType<Log['follow']> {
    return this.#log?.follow(member) ?? away()
  }

  append(...call: Parameters<Log['append']>): ReturnType<Log['append']> {
    return this.#log?.append(...call) ?? away()
  }

  ack(...call: Parameters<Log['ack']>): Promise<void> {
    return this.#log?.ack(...call) ?? away()
  }

  tagSeqs(tags: readonly string[]): ReturnType<Log['tagSeqs']> {
    return this.#log?.tagSeqs(tags) ?? away()
  }

  leave(id: string): Promise<void> {
    return this.#log?.leave(id) ?? away()
  }

  listen(id: string, listener: LogListener): void {
    this.#listening = [id, listener]
    this.#log?.listen(id, listener)
  }
}

function notLoaded(): CacheError {
  return new CacheError('STORE_UNAVAILABLE', 'the store is still being loaded')
}

function away(): Promise<never> {
  return Promise.reject(notLoaded())
}
