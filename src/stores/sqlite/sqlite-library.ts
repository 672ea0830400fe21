/**
 * SQLite inside of the process: `node:sqlite` where this Node has it, else
 * `@photostructure/sqlite`, which has the same interface. Both are synchronous.
 */
import { CacheError } from '../../core/errors.js'

export type SqliteValue = string | number | null | Uint8Array
export type SqliteRow = Readonly<Record<string, SqliteValue>>

export interface SqliteStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint }
  get(...values: SqliteValue[]): SqliteRow | undefined
  all(...values: SqliteValue[]): SqliteRow[]
}

export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  close(): void
}

export type OpenDatabase = (path: string) => SqliteDatabase

interface Library {
  readonly DatabaseSync: new (path: string) => SqliteDatabase
}

/** Imports one module; tests bring their own. */
export type ImportSqlite = (name: string) => Promise<unknown>

const LIBRARIES = ['node:sqlite', '@photostructure/sqlite'] as const
const ABSENT = ['ERR_UNKNOWN_BUILTIN_MODULE', 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']

const importInstalled: ImportSqlite = (name) =>
  name === 'node:sqlite' ? import(BUILT_IN) : import('@photostructure/sqlite')
/** In a variable, for the type checker: the types of older Nodes have no such module. */
const BUILT_IN: string = 'node:sqlite'

/** Rejects with CLIENT_MISSING where there is neither. */
export async function loadSqlite(importOne = importInstalled): Promise<OpenDatabase> {
  for (const name of LIBRARIES) {
    try {
      const { DatabaseSync } = (await importOne(name)) as Library
      return (path) => new DatabaseSync(path)
    } catch (cause) {
      const { code, message } = cause as { code?: string; message?: string }
      const isAbsent = ABSENT.includes(code ?? '') && message?.includes(name) === true
      if (!isAbsent) throw cause
    }
  }
  const message = 'sqlite: this Node has no node:sqlite; add @photostructure/sqlite'
  throw new CacheError('CLIENT_MISSING', message)
}
