/**
 * The `Store` contract over Postgres: a batch is one statement, and what needs more than one is a
 * function on the server (entry-functions.ts). Refuses to queue, retry or time.
 *
 * A call that finds no connection rejects with STORE_UNAVAILABLE; one that fails later with
 * STORE_FAILED: it may have happened. Each call is one round trip, also where it is cut into
 * several statements of a bounded size.
 */
import { attempt } from '../../core/attempt.js'
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
import type { WriteQueue } from '../../core/write-queue.js'
import type { CallOrder } from '../key-lanes.js'
import { keyPages } from '../key-pages.js'
import { textOf } from '../key-text.js'
import { slices } from '../slices.js'
import { UnansweredCalls } from '../unanswered-calls.js'
import { awayError, failedError } from './call-errors.js'
import type { Notifications } from './notifications.js'
import { PostgresLog } from './postgres-log.js'
import { PostgresWriteQueue } from './queue/postgres-write-queue.js'
import { readHealth } from './server-health.js'
import type { Row, SqlConnection, SqlLink, Statement } from './sql-connection.js'
import type { Statements } from './statements.js'
import type { Sweeper } from './sweeper.js'
import { asBuffer, ttlOf, writtenValues } from './written-values.js'

/** Keys in one statement: more would keep the connection from everyone else. */
const MAX_KEYS = 5_000

export interface PostgresParts {
  readonly link: SqlLink
  readonly statements: Statements
  /** Schema and table, as the names of channels are made of them. */
  readonly place: string
  readonly notifications: Notifications | undefined
  readonly sweeper: Sweeper
}

export class PostgresStore implements Store {
  readonly name = 'postgres'
  readonly abilities: StoreAbilities = Object.freeze({ shared: true, atomic: true, durable: true })
  readonly #parts: PostgresParts
  readonly #logs: PostgresLog[] = []
  readonly #unanswered = new UnansweredCalls()

  constructor(parts: PostgresParts) {
    this.#parts = parts
  }

  open(listener: StoreListener): void {
    const { link, notifications, sweeper } = this.#parts
    link.open(listener)
    notifications?.open()
    sweeper.open(link)
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 0) return []
    const texts = keys.map(textOf)
    const { get, getOne } = this.#parts.statements
    if (texts.length === 1) {
      const order = { keys: texts, isWrite: false }
      const [row] = await this.#query('getMany', getOne, texts, order)
      return [row?.value as Uint8Array | undefined]
    }
    const parts = slices(texts, MAX_KEYS).map((slice) => {
      return this.#query('getMany', get, [slice], { keys: slice, isWrite: false })
    })
    const rows = (await Promise.all(parts)).flat()
    const values = new Map(rows.map(({ key, value }) => [key, value as Uint8Array]))
    return texts.map((text) => values.get(text))
  }

  async leaseMany(
    requests: readonly LeaseRequest[],
    { offset, now }: Expiry,
    notAfterWallMs?: number,
  ): Promise<readonly LeaseAnswer[]> {
    if (requests.length === 0) return []
    const keys = requests.map(({ key }) => textOf(key))
    const values = [
      keys,
      requests.map(({ token }) => token),
      requests.map(({ leaseMs }) => leaseMs),
      requests.map(({ how }) => how),
      requests.map(({ replaces }) => replaces ?? null),
      requests.map(({ unusable }) => (unusable === undefined ? '' : hexOf(unusable))),
      offset + 1,
      asBuffer(now),
      momentOf(notAfterWallMs),
    ]
    const { lease } = this.#parts.statements
    const answers: LeaseAnswer[] = []
    for (const row of await this.#query('leaseMany', lease, values, { keys, isWrite: true })) {
      const bytes = (row.value as Uint8Array | null) ?? undefined
      answers[Number(row.i) - 1] = { bytes, isLeased: row.is_granted === true }
    }
    return answers
  }

  async fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    if (fills.length === 0) return []
    const keys = fills.map(({ key }) => textOf(key))
    const { places, sizes, bytes, ttls } = writtenValues(fills.map(({ write }) => write))
    const tokens = fills.map(({ token }) => token)
    // All fills of a call are of one cache, and so of one log.
    const log = this.#logs.find(({ name }) => fills[0]!.key.startsWith(`${name}:`))
    const values = [keys, tokens, places, sizes, bytes, ttls, log?.channel ?? '']
    const { fill } = this.#parts.statements
    const [row] = await this.#query('fillMany', fill, values, { keys, isWrite: true })
    const had = new Set((row!.answer as readonly unknown[]).map(Number))
    return fills.map((_, i) => had.has(i + 1))
  }

  async setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void> {
    if (writes.length === 0) return
    // A key that comes twice is written once: one statement writes a row once.
    const last = new Map(writes.map((write) => [write.key, write]))
    const parts = slices([...last.values()], MAX_KEYS).map((slice) => {
      const keys = slice.map(({ key }) => textOf(key))
      const { places, sizes, bytes, ttls } = writtenValues(slice)
      const hasHolds = slice.some(({ holdOffMs = 0 }) => holdOffMs > 0)
      const holds = hasHolds ? slice.map(({ holdOffMs = 0 }) => holdOffMs) : null
      const values = [keys, places, sizes, bytes, ttls, holds, momentOf(notAfterWallMs)]
      return this.#query('setMany', this.#parts.statements.set, values, { keys, isWrite: true })
    })
    await Promise.all(parts)
  }

  async deleteMany(keys: readonly string[], holdOffMs = 0, only?: Expiry): Promise<number> {
    const { statements } = this.#parts
    const counts = slices([...new Set(keys)], MAX_KEYS).map(async (slice) => {
      if (slice.length === 0) return 0
      const texts = slice.map(textOf)
      const order = { keys: texts, isWrite: true }
      const holds = holdOffMs > 0 ? texts.map(() => holdOffMs) : null
      const [row] =
        only === undefined
          ? await this.#query('deleteMany', statements.delete, [texts, holds], order)
          : await this.#query('deleteMany', statements.deleteOnly, [texts, ...limit(only)], order)
      return Number(row!.answer)
    })
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }

  async patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    const text = textOf(key)
    const values = [text, offset + 1, asBuffer(patch), ttlOf(ttlMs)]
    const order = { keys: [text], isWrite: true }
    const [row] = await this.#query('patch', this.#parts.statements.patch, values, order, key)
    return row!.answer === true
  }

  async increment(
    key: string,
    by: number,
    head: Uint8Array,
    ttlMs: number,
    limits: readonly Expiry[] = [],
  ): Promise<number> {
    const text = textOf(key)
    const past = [limits.map(({ offset }) => offset + 1), limits.map(({ now }) => hexOf(now))]
    const values = [text, by, asBuffer(head), ttlOf(ttlMs), ...past]
    const order = { keys: [text], isWrite: true }
    const { increment } = this.#parts.statements
    const [row] = await this.#query('increment', increment, values, order, key)
    return Number(row!.answer)
  }

  scan(prefix: string): AsyncGenerator<readonly string[]> {
    return keyPages(prefix, async (from, end, limit) => {
      const values = [from, end ?? null, limit]
      const rows = await this.#query('scan', this.#parts.statements.scan, values)
      return rows.map(({ key }) => String(key))
    })
  }

  log(name: string): Log {
    const { place, link, statements, notifications } = this.#parts
    const log = new PostgresLog(name, place, link, statements, notifications)
    this.#logs.push(log)
    return log
  }

  writeQueue(name: string, partitions: number): WriteQueue {
    const { queue } = this.#parts.statements
    return new PostgresWriteQueue(name, partitions, queue, (...call) => this.#query(...call))
  }

  async ping(): Promise<void> {
    await this.#query('ping', this.#parts.statements.ping, [])
  }

  async health(): Promise<StoreHealth> {
    const { statements, sweeper } = this.#parts
    const startMs = performance.now()
    const [row] = await this.#query('health', statements.health, [])
    return readHealth(row!, performance.now() - startMs, sweeper.maxBytes)
  }

  reconnect(): void {
    this.#parts.link.reconnect()
  }

  async close(): Promise<void> {
    const { link, notifications, sweeper } = this.#parts
    await Promise.all([sweeper.close(), notifications?.close(), link.close()])
  }

  async #query(
    op: string,
    statement: Statement,
    values: unknown[],
    order?: CallOrder,
    key?: string,
  ): Promise<readonly Row[]> {
    const { connection, downCause } = this.#parts.link
    if (connection === undefined) throw awayError(op, downCause)
    const refusal = this.#unanswered.begin()
    if (refusal !== undefined) throw awayError(op, refusal)
    try {
      return await attempt(() => connection.query(statement, values, order))
    } catch (cause) {
      throw failedError(op, cause, key)
    } finally {
      this.#unanswered.end()
    }
  }
}

/** A probe for links: answered in the order of sending. */
export async function ping(connection: SqlConnection): Promise<void> {
  await connection.query({ name: 'cachewright_ping', text: 'SELECT 1' }, [])
}

function limit({ offset, now }: Expiry): readonly unknown[] {
  return [offset + 1, asBuffer(now)]
}

function hexOf(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('hex')
}

/** A moment up to which something may be done; `null` for ever. */
function momentOf(wallMs = Number.POSITIVE_INFINITY): number | null {
  return Number.isFinite(wallMs) ? wallMs : null
}
