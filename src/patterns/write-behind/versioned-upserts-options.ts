/**
 * The options of `versionedUpserts()`: checked and resolved once, never written to. Names of
 * schema, tables and columns become part of statements, so they may hold nothing but letters,
 * digits and `_`. They are taken as they are written: `Orders` and `orders` are two tables.
 */
import { isRecord } from '../../core/is-record.js'
import { OptionCheck } from '../../core/option-check.js'
import type { SqlClient } from '../outbox-options.js'
import type { BehindSet } from './behind-write.js'

export interface VersionedUpsertsOptions<T = unknown> {
  /** A pool, or a connection on which you run no transactions. Never closed. */
  client: SqlClient
  /** The table that is written to. */
  table: string
  /** Where it lies, and the table of versions too. Default: 'public'. */
  schema?: string | undefined
  /**
   * The columns of its primary key, or of another unique index: what each holds for a key of the
   * cache. 1 to 32 of them. Two keys must never name the same row.
   */
  key: Readonly<Record<string, (key: string) => unknown>>
  /** What else is written: what each column holds for a value. Columns that are not named stay. */
  columns: Readonly<Record<string, (write: BehindSet<T>) => unknown>>
  /** The table of versions; many tables may share one. Default: 'cachewright_versions'. */
  versions?: string | undefined
  /**
   * Whose keys they are: writers of other keys into the same table take another name. 1 to 128
   * letters, digits and `_ . : -`. Default: schema and table, as 'public.orders'.
   */
  source?: string | undefined
}

/** A column, and what it holds. */
export interface Column<I> {
  readonly name: string
  readonly of: (input: I) => unknown
}

export interface ResolvedVersionedUpserts<T> {
  readonly client: SqlClient
  readonly schema: string
  readonly table: string
  readonly key: readonly Column<string>[]
  readonly columns: readonly Column<BehindSet<T>>[]
  readonly versions: string
  readonly source: string
}

const NAMES: readonly (keyof VersionedUpsertsOptions)[] = [
  'client',
  'table',
  'schema',
  'key',
  'columns',
  'versions',
  'source',
]
/** Where Postgres cuts names. */
const MAX_NAME = 63
/** Index and function of the table of versions have longer names than the table. */
const MAX_VERSIONS_NAME = 48
const MAX_KEY_COLUMNS = 32
const SOURCE = /^[\w.:-]{1,128}$/

const check = new OptionCheck('versionedUpserts')

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveVersionedUpserts<T>(
  options: VersionedUpsertsOptions<T>,
): ResolvedVersionedUpserts<T> {
  check.known(options, NAMES)
  const { client } = options
  if (typeof client?.query !== 'function') {
    throw check.invalid('client', client, 'an object with query(text, values), as a Pool of pg')
  }
  if (options.table === undefined) throw check.invalid('table', undefined, 'the name of a table')
  const schema = check.identifier('schema', options.schema ?? 'public', MAX_NAME)
  const table = check.identifier('table', options.table, MAX_NAME)
  const versions = options.versions ?? 'cachewright_versions'
  if (versions === table) throw check.invalid('versions', versions, "another table than 'table'")
  return Object.freeze({
    client,
    schema,
    table,
    ...columnsOf(options),
    versions: check.identifier('versions', versions, MAX_VERSIONS_NAME),
    source: sourceOf(options.source ?? `${schema}.${table}`),
  })
}

function columnsOf<T>(options: VersionedUpsertsOptions<T>) {
  const key = readColumns('key', options.key)
  if (key.length < 1 || key.length > MAX_KEY_COLUMNS) {
    throw check.invalid('key', options.key, `an object of 1 to ${MAX_KEY_COLUMNS} columns`)
  }
  const columns = readColumns('columns', options.columns)
  for (const { name } of columns) {
    if (!key.some((each) => each.name === name)) continue
    throw check.invalid(`columns.${name}`, name, "a column that 'key' does not name")
  }
  return { key, columns }
}

function readColumns<I>(
  option: string,
  given: Readonly<Record<string, (input: I) => unknown>>,
): readonly Column<I>[] {
  if (!isRecord(given)) throw check.invalid(option, given, 'an object: a function for each column')
  return Object.entries<(input: I) => unknown>(given).map(([name, of]) => {
    check.identifier(`${option}.${name.slice(0, MAX_NAME)}`, name, MAX_NAME)
    if (typeof of !== 'function') throw check.invalid(`${option}.${name}`, of, 'a function')
    return { name, of }
  })
}

function sourceOf(source: string): string {
  if (typeof source === 'string' && SOURCE.test(source)) return source
  throw check.invalid('source', source, '1 to 128 letters, digits and _ . : -')
}
