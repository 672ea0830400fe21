/** The options of `sqlite()`: checked and resolved once, never written to. */
import { type Duration, durationMs, type Size, sizeBytes } from '../../core/duration.js'
import type { CacheError } from '../../core/errors.js'
import { checkKnown, invalidOption } from '../../core/option-reading.js'
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

export interface ResolvedSqliteOptions {
  readonly path: string
  readonly table: string
  readonly maxEntries: number
  readonly maxBytes: number
  readonly sweepIntervalMs: number
}

const NAMES: readonly (keyof SqliteOptions)[] = [
  'path',
  'table',
  'maxEntries',
  'maxBytes',
  'sweepInterval',
]
const IDENTIFIER = /^[a-zA-Z_][a-zA-Z0-9_]{0,39}$/
const IDENTIFIER_RANGE = '1 to 40 letters, digits and _, not beginning with a digit'
const MIN_ENTRIES = 1_000
const MAX_ENTRIES = 1_000_000_000
const DEFAULT_ENTRIES = 1_000_000
const MIB = 1_024 ** 2

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveSqliteOptions(options: SqliteOptions): ResolvedSqliteOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalid('options', options, 'an object')
  }
  checkKnown(options, NAMES, 'sqlite')
  const { path = IN_MEMORY, table = 'cachewright', maxEntries = DEFAULT_ENTRIES } = options
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw invalid('path', path, "a path to a file, or ':memory:'")
  }
  if (typeof table !== 'string' || !IDENTIFIER.test(table)) {
    throw invalid('table', table, IDENTIFIER_RANGE)
  }
  if (!Number.isInteger(maxEntries) || maxEntries < MIN_ENTRIES || maxEntries > MAX_ENTRIES) {
    const range = `a whole number from ${MIN_ENTRIES} to ${MAX_ENTRIES}`
    throw invalid('maxEntries', maxEntries, range)
  }
  const maxBytes = sizeBytes(options.maxBytes ?? 1_024 * MIB)
  if (maxBytes === undefined || maxBytes < MIB || maxBytes > MIB * MIB) {
    throw invalid('maxBytes', options.maxBytes, "1 MiB to 1 TiB, as bytes or as '512mb', '2gb'")
  }
  const sweepIntervalMs = durationMs(options.sweepInterval ?? '10s')
  if (sweepIntervalMs === undefined || sweepIntervalMs < 100 || sweepIntervalMs > 3_600_000) {
    const range = "100ms to 1h, as seconds or as '500ms', '5s'"
    throw invalid('sweepInterval', options.sweepInterval, range)
  }
  return Object.freeze({ path, table, maxEntries, maxBytes, sweepIntervalMs })
}

function invalid(name: string, value: unknown, allowed: string): CacheError {
  return invalidOption('sqlite', name, value, allowed)
}
