/** The options of `sqlite()`: checked and resolved once, never written to. */
import type { Duration, Size } from '../../core/duration.js'
import { OptionCheck } from '../../core/option-check.js'
import { resolveTableBounds, type TableBounds } from '../table-bounds.js'
import { IN_MEMORY } from './sqlite-connection.js'

export interface SqliteOptions {
  /**
   * Of a file, which is made where it is missing, on a disk of this machine; its folder must exist.
   * Default: ':memory:', tables of this store alone.
   */
  path?: string | undefined
  /** Of the entries; the names of the other tables begin with it. Default: 'cachewright'. */
  table?: string | undefined
  /** The oldest go first. 1 000 to 1 000 000 000. Default: 1 000 000. */
  maxEntries?: number | undefined
  /** Bytes of keys and values, as a number or '2gb': 1 MiB to 1 TiB. Default: 1 GiB. */
  maxBytes?: Size | undefined
  /** How often expired entries are removed: seconds or '10s', 100 ms to 1 h. Default: 10 s. */
  sweepInterval?: Duration | undefined
}

export interface ResolvedSqliteOptions extends TableBounds {
  readonly path: string
  readonly table: string
  readonly sweepIntervalMs: number
}

const NAMES: readonly (keyof SqliteOptions)[] = [
  'path',
  'table',
  'maxEntries',
  'maxBytes',
  'sweepInterval',
]
/** As in Postgres. */
const MAX_NAME = 40

const check = new OptionCheck('sqlite')

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveSqliteOptions(options: SqliteOptions): ResolvedSqliteOptions {
  check.known(options, NAMES)
  const { path = IN_MEMORY, maxEntries } = options
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw check.invalid('path', path, "a path to a file, or ':memory:'")
  }
  const table = check.identifier('table', options.table, MAX_NAME) ?? 'cachewright'
  // `null` stands for the default.
  const maxBytes = options.maxBytes ?? undefined
  const bounds = resolveTableBounds(check, { maxEntries, maxBytes })
  const sweepIntervalMs =
    check.duration('sweepInterval', options.sweepInterval, 100, 3_600_000) ?? 10_000
  return Object.freeze({ path, table, ...bounds, sweepIntervalMs })
}
