/**
 * Gives room back: what has expired, rights that have ended, and the oldest entries where there are
 * too many. Works through the table in pieces of a fraction of a millisecond, one in each turn of
 * the queue of calls, and counts on the way. Every process on the file does so: a piece costs less
 * than agreeing on who does it.
 */
import { Chore } from '../chore.js'
import type { TableBounds } from '../table-bounds.js'
import type { SqliteConnection } from './sqlite-connection.js'
import type { RunCall } from './sqlite-log.js'
import type { Names } from './tables.js'

export interface SweeperOptions extends TableBounds {
  readonly sweepIntervalMs: number
}

const PIECE = 200
/** What an entry takes beside key and value: two trees. */
const OVERHEAD_BYTES = 40
const FREE_PAGES = 200

interface Count {
  entries: number
  bytes: number
}

export class Sweeper {
  readonly #options: SweeperOptions
  readonly #sql: ReturnType<typeof statements>
  #run: RunCall | undefined
  readonly #chore = new Chore(() => this.#sweep())

  constructor(options: SweeperOptions, name: Names) {
    this.#options = options
    this.#sql = statements(name)
  }

  open(run: RunCall): void {
    this.#run = run
    this.#chore.begin(this.#options.sweepIntervalMs)
  }

  /** Resolves after the piece in hand. Never rejects. */
  async close(): Promise<void> {
    this.#run = undefined
    await this.#chore.end()
  }

  /** How long it rests then. */
  async #sweep(): Promise<number> {
    try {
      const count: Count = { entries: 0, bytes: 0 }
      let from: number | undefined = 0
      while (from !== undefined) {
        const at: number = from
        from = await this.#ask((on) => this.#sweepPiece(on, at, count))
      }
      while (this.#isTooMuch(count) && (await this.#ask((on) => this.#evict(on, count)))) {}
      await this.#ask((on) => on.transact(() => on.prepare(this.#sql.leases).run(Date.now())))
      await this.#ask((on) => on.prepare(`PRAGMA incremental_vacuum(${FREE_PAGES})`).all())
    } catch {
      // Busy, or closed: the next turn finds the same.
    }
    return this.#options.sweepIntervalMs
  }

  /** Adds up what stays; resolves to where the next piece begins, `undefined` at the end. */
  #sweepPiece(on: SqliteConnection, from: number, count: Count): number | undefined {
    const rows = on.prepare(this.#sql.piece).all(from, PIECE)
    const last = rows.at(-1)
    if (last === undefined) return undefined
    const nowMs = Date.now()
    let expired = 0
    for (const { expires_at, bytes } of rows) {
      if (Number(expires_at) <= nowMs) expired += 1
      else {
        count.entries += 1
        count.bytes += Number(bytes) + OVERHEAD_BYTES
      }
    }
    const upTo = Number(last.rowid)
    if (expired > 0) {
      on.transact(() => on.prepare(this.#sql.expired).run(from, upTo, nowMs))
    }
    return upTo
  }

  #isTooMuch({ entries, bytes }: Count): boolean {
    return entries > this.#options.maxEntries || bytes > this.#options.maxBytes
  }

  /** Some of the oldest; resolves to whether there were any. */
  #evict(on: SqliteConnection, count: Count): boolean {
    const rows = on.prepare(this.#sql.piece).all(0, PIECE)
    const going: number[] = []
    for (const { rowid, bytes } of rows) {
      if (!this.#isTooMuch(count)) break
      going.push(Number(rowid))
      count.entries -= 1
      count.bytes -= Number(bytes) + OVERHEAD_BYTES
    }
    on.transact(() => {
      for (const rowid of going) on.prepare(this.#sql.evict).run(rowid)
    })
    return going.length > 0
  }

  #ask<T>(call: (on: SqliteConnection) => T): Promise<T> {
    if (this.#run === undefined) return Promise.reject(new Error('the store is closed'))
    return this.#run('sweep', call)
  }
}

function statements(name: Names) {
  return {
    piece: `SELECT rowid, expires_at, length(value) + length(key) AS bytes FROM ${name()}
      WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    expired: `DELETE FROM ${name()} WHERE rowid > ? AND rowid <= ? AND expires_at <= ?`,
    evict: `DELETE FROM ${name()} WHERE rowid = ?`,
    leases: `DELETE FROM ${name('leases')} WHERE ends_at <= ?`,
  }
}
