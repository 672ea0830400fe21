/**
 * The `Store` contract over SQLite in this process: one file that processes of one machine share,
 * or memory of its own.
 *
 * Calls run one after another in the order of the calling (serial-calls.ts). A batch is a
 * transaction, or some of a bounded size. A call that finds no database rejects with
 * STORE_UNAVAILABLE, one that fails with STORE_FAILED.
 */
import type {
  Expiry,
  LeaseAnswer,
  LeaseRequest,
  Store,
  StoreAbilities,
  StoreFill,
  StoreListener,
  StoreWrite,
} from '../../core/contracts.js'
import type { Log } from '../../core/log.js'
import type { StoreHealth } from '../../core/store-health.js'
import type { LinkTo } from '../kept-link.js'
import { keyPages } from '../key-pages.js'
import { textOf } from '../key-text.js'
import { slices } from '../slices.js'
import { storeAway } from '../store-errors.js'
import { SerialCalls } from './serial-calls.js'
import type { SqliteConnection } from './sqlite-connection.js'
import { SqliteEntries } from './sqlite-entries.js'
import { type RunCall, SqliteLog } from './sqlite-log.js'
import { SqliteRecords } from './sqlite-records.js'
import type { Sweeper } from './sweeper.js'
import type { Names } from './tables.js'

/** Keys in one transaction: some milliseconds. */
const MAX_KEYS = 200
const MAX_WAITING = 10_000

const EVER = Number.POSITIVE_INFINITY

export class SqliteStore implements Store {
  readonly name = 'sqlite'
  readonly abilities: StoreAbilities
  readonly #link: LinkTo<SqliteConnection>
  readonly #sweeper: Sweeper
  readonly #entries: SqliteEntries
  readonly #records: SqliteRecords
  readonly #calls = new SerialCalls()
  readonly #logs: SqliteLog[] = []

  constructor(
    link: LinkTo<SqliteConnection>,
    name: Names,
    sweeper: Sweeper,
    { isFile }: { readonly isFile: boolean },
  ) {
    this.abilities = Object.freeze({ shared: isFile, atomic: true, durable: isFile })
    this.#link = link
    this.#sweeper = sweeper
    this.#entries = new SqliteEntries(name)
    this.#records = new SqliteRecords(name)
  }

  open(listener: StoreListener): void {
    this.#link.open(listener)
    this.#sweeper.open(this.#run)
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 1) {
      return this.#run('getMany', (on) => [this.#entries.get(on, textOf(keys[0]!))])
    }
    return this.#inSlices('getMany', keys, (on, slice) => {
      return slice.map((key) => this.#entries.get(on, textOf(key)))
    })
  }

  leaseMany(
    requests: readonly LeaseRequest[],
    expiry: Expiry,
    notAfterWallMs = EVER,
  ): Promise<readonly LeaseAnswer[]> {
    return this.#inSlices('leaseMany', requests.map(withText), (on, slice) => {
      return this.#entries.lease(on, slice, expiry, notAfterWallMs)
    })
  }

  fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    return this.#inSlices('fillMany', fills.map(withText), (on, slice) => {
      return this.#entries.fill(on, slice)
    })
  }

  async setMany(writes: readonly StoreWrite[], notAfterWallMs = EVER): Promise<void> {
    await this.#inSlices('setMany', writes.map(withText), (on, slice) => {
      this.#entries.set(on, slice, notAfterWallMs)
      return []
    })
  }

  async deleteMany(keys: readonly string[], holdOffMs = 0, only?: Expiry): Promise<number> {
    const counts = await this.#inSlices('deleteMany', keys.map(textOf), (on, slice) => {
      return [this.#entries.delete(on, slice, holdOffMs, only)]
    })
    return counts.reduce((sum, count) => sum + count, 0)
  }

  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#run('patch', (on) => this.#entries.patch(on, textOf(key), offset, patch, ttlMs))
  }

  increment(
    key: string,
    by: number,
    head: Uint8Array,
    ttlMs: number,
    limits: readonly Expiry[] = [],
  ): Promise<number> {
    const how = { head, ttlMs, limits }
    return this.#run('increment', (on) => this.#entries.increment(on, textOf(key), by, how))
  }

  scan(prefix: string): AsyncGenerator<readonly string[]> {
    return keyPages(prefix, (from, end, limit) => {
      return this.#run('scan', (on) => this.#entries.scan(on, from, end, limit))
    })
  }

  log(name: string): Log {
    const onMoved = () => this.#link.reconnect()
    const log = new SqliteLog(name, this.#run, this.#link, this.#records, onMoved)
    this.#logs.push(log)
    return log
  }

  async ping(): Promise<void> {
    await this.#run('ping', (on) => on.prepare('SELECT 1').get())
  }

  async health(): Promise<StoreHealth> {
    const startMs = performance.now()
    const usedBytes = await this.#run('health', (on) => on.usedBytes)
    const latencyMs = performance.now() - startMs
    return { servers: [{ name: '', latencyMs, role: 'primary', usedBytes }], warnings: [] }
  }

  reconnect(): void {
    this.#link.reconnect()
  }

  async close(): Promise<void> {
    for (const log of this.#logs) log.close()
    await this.#sweeper.close()
    await this.#link.close()
  }

  /** In the order of the items, all slices queued at once: what is asked next comes after them. */
  async #inSlices<I, T>(
    op: string,
    items: readonly I[],
    call: (on: SqliteConnection, slice: readonly I[]) => readonly T[],
  ): Promise<readonly T[]> {
    if (items.length === 0) return []
    if (items.length <= MAX_KEYS) return this.#run(op, (on) => call(on, items))
    const parts = slices(items, MAX_KEYS).map((slice) => this.#run(op, (on) => call(on, slice)))
    return (await Promise.all(parts)).flat()
  }

  /** Not async: each turn of the microtask queue shows in a lone get. */
  readonly #run: RunCall = (op, call) => {
    if (this.#calls.waitingCount >= MAX_WAITING) {
      const cause = new Error(`${MAX_WAITING} calls wait already`)
      return Promise.reject(storeAway(this.name, op, cause))
    }
    return this.#calls.run(() => {
      const { connection, downCause } = this.#link
      if (connection === undefined) throw storeAway(this.name, op, downCause)
      return call(connection)
    }, op)
  }
}

function withText<T extends { readonly key: string }>(item: T): T {
  const text = textOf(item.key)
  return text === item.key ? item : { ...item, key: text }
}
