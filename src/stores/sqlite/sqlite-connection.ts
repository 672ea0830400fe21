/**
 * One open database: its settings, its prepared statements, its transactions.
 *
 * Readers are never kept waiting (WAL), and a writer that finds another one at work fails at once:
 * SQLite would wait with the whole process. Who calls tries again (serial-calls.ts). After a crash
 * of the machine the last commits may be gone, all of them up to a moment and so also the records
 * of what they deleted; after a crash of a process nothing is.
 */
import { statSync } from 'node:fs'
import type { ConnectionListener, KeptConnection } from '../kept-link.js'
import type { OpenDatabase, SqliteDatabase, SqliteStatement } from './sqlite-library.js'

export interface SqliteTarget {
  /** Of a file, or ':memory:'. */
  readonly path: string
  /** Run when it is opened. */
  readonly script: string
  readonly connectTimeoutMs: number
}

export const IN_MEMORY = ':memory:'
const BUSY = 5
const LOCKED = 6
/** Of the low byte; the rest says more. */
const PRIMARY_CODE = 0xff

/** auto_vacuum counts where the file is new; elsewhere it says nothing. */
const SETTINGS = `PRAGMA auto_vacuum = incremental;
PRAGMA journal_mode = wal;
PRAGMA synchronous = normal;
PRAGMA busy_timeout = 0;
PRAGMA temp_store = memory;`

export class SqliteConnection implements KeptConnection {
  isReady = true
  readonly #database: SqliteDatabase
  readonly #path: string
  readonly #file: number | undefined
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(database: SqliteDatabase, { path, script }: SqliteTarget) {
    this.#database = database
    this.#path = path
    database.exec(SETTINGS)
    this.transact(() => database.exec(script))
    this.#file = this.#fileNow()
  }

  /** Prepared once. */
  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  /** All of it or nothing. Throws at once where another writes: see `isBusy`. */
  transact<T>(run: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** Some errors, as of a full disk, have rolled it back already. */
  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // There is nothing to roll back: what went wrong is told by the first error.
    }
  }

  /** In pages that are used, whatever the size of the file. */
  get usedBytes(): number {
    const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((name) => {
      return Number(this.prepare(`PRAGMA ${name}`).get()![name])
    }) as [number, number, number]
    return (pages - free) * size
  }

  /** Whether the path leads to another file by now, or to none: others are not met here. */
  get isMoved(): boolean {
    return this.#fileNow() !== this.#file
  }

  release(): void {
    if (!this.isReady) return
    this.isReady = false
    this.#statements.clear()
    this.#database.close()
  }

  #fileNow(): number | undefined {
    if (this.#path === IN_MEMORY) return undefined
    return statSync(this.#path, { throwIfNoEntry: false })?.ino
  }
}

/** What a link dials with. */
export function dialWith(open: OpenDatabase) {
  return (target: SqliteTarget, listener: ConnectionListener): SqliteConnection => {
    const database = open(target.path)
    try {
      const connection = new SqliteConnection(database, target)
      queueMicrotask(() => listener.onUp())
      return connection
    } catch (error) {
      database.close()
      throw error
    }
  }
}

/** Whether another connection kept this one from it, for a moment. */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && [BUSY, LOCKED].includes(errcode & PRIMARY_CODE)
}
