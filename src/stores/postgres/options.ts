/**
 * The options of `postgres()`: checked and resolved once, never written to.
 *
 * Names of schema and table are the only ones that become part of a statement, so they may hold
 * nothing but letters, digits and `_`. No message shows a URL or a password.
 */
import type { Duration, Size } from '../../core/duration.js'
import { CacheError } from '../../core/errors.js'
import { OptionCheck } from '../../core/option-check.js'
import { resolveTableBounds, type TableBounds } from '../table-bounds.js'
import type { PostgresClient } from './given-connection.js'
import type { SqlTarget } from './sql-connection.js'
import type { TableOptions } from './tables.js'

export interface PostgresOptions {
  /**
   * `postgres://user:password@host:5432/database`, as `pg` takes it. Not with `client`, `host`,
   * `port`, `user`, `password`, `database`. Default: the `PG…` variables that `pg` reads.
   */
  url?: string | undefined
  host?: string | undefined
  /** 1 to 65535. Default: 5432. */
  port?: number | undefined
  user?: string | undefined
  password?: string | undefined
  database?: string | undefined
  /** `true`, `false`, or options as `tls.connect` takes them. Default: by the URL. */
  tls?: boolean | object | undefined
  /** From dialing to the first answer: seconds or '5s', 10 ms to 60 s. Default: 5 s. */
  connectTimeout?: Duration | undefined
  /**
   * A Pool of `pg`, PGlite, or any object with `query(text, values)`; you connect and close it. For
   * what is notified, a pool's settings dial one connection more. Excludes what says where to dial.
   */
  client?: PostgresClient | undefined
  /** Default: 'public'. */
  schema?: string | undefined
  /** Of the entries; the names of the other tables begin with it. Default: 'cachewright'. */
  table?: string | undefined
  /**
   * Whether tables are made without a write-ahead log: twice as fast to write, and empty after a
   * crash of the server or on a replica. Tables that exist stay as they are. Default: true.
   */
  unlogged?: boolean | undefined
  /** Whether tables and functions are made where they are missing. Default: true. */
  migrate?: boolean | undefined
  /** Entries in the table, the oldest go first: 1 000 to 1 000 000 000. Default: 1 000 000. */
  maxEntries?: number | undefined
  /** Bytes of keys and values, as a number or '2gb': 1 MiB to 1 TiB. Default: 1 GiB. */
  maxBytes?: Size | undefined
  /** How often expired entries are removed: seconds or '10s', 100 ms to 1 h. Default: 10 s. */
  sweepInterval?: Duration | undefined
  /** Whether statements are prepared by name; some poolers forget them. Default: true. */
  prepare?: boolean | undefined
}

export interface ResolvedPostgresOptions extends TableOptions, TableBounds {
  readonly client: PostgresClient | undefined
  readonly target: SqlTarget
  readonly migrates: boolean
  readonly prepares: boolean
  readonly sweepIntervalMs: number
}

const DIALING = [
  'url',
  'host',
  'port',
  'user',
  'password',
  'database',
  'tls',
  'connectTimeout',
] as const
const NAMES: readonly (keyof PostgresOptions)[] = [
  ...DIALING,
  'client',
  'schema',
  'table',
  'unlogged',
  'migrate',
  'maxEntries',
  'maxBytes',
  'sweepInterval',
  'prepare',
]
/** Postgres cuts names at 63 characters, and ours are longer than that of the table. */
const MAX_NAME = 40

const check = new OptionCheck('postgres')

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolvePostgresOptions(options: PostgresOptions): ResolvedPostgresOptions {
  checkNames(options)
  const { client } = options
  if (client !== undefined && typeof (client as { query?: unknown }).query !== 'function') {
    throw check.invalid('client', client, 'an object with query(text, values), as a Pool of pg')
  }
  return Object.freeze({
    client,
    target: Object.freeze({
      settings: settingsOf(options),
      connectTimeoutMs:
        check.duration('connectTimeout', options.connectTimeout, 10, 60_000) ?? 5_000,
    }),
    schema: check.identifier('schema', options.schema, MAX_NAME) ?? 'public',
    table: check.identifier('table', options.table, MAX_NAME) ?? 'cachewright',
    isUnlogged: check.flag('unlogged', options.unlogged) ?? true,
    migrates: check.flag('migrate', options.migrate) ?? true,
    prepares: check.flag('prepare', options.prepare) ?? true,
    ...resolveTableBounds(check, options),
    sweepIntervalMs:
      check.duration('sweepInterval', options.sweepInterval, 100, 3_600_000) ?? 10_000,
  })
}

function checkNames(options: PostgresOptions): void {
  check.known(options, NAMES)
  const given = DIALING.filter((name) => options[name] !== undefined)
  if (options.client !== undefined) check.alone('client', given)
  const parts = given.filter((name) => !['url', 'tls', 'connectTimeout'].includes(name))
  if (options.url !== undefined) check.alone('url', parts)
}

/** As the client library takes them; what is absent it finds in the environment. */
function settingsOf(options: PostgresOptions): SqlTarget['settings'] {
  const tls = check.tls(options.tls)
  const settings = {
    connectionString: urlOf(options.url),
    host: check.text('host', options.host),
    port: check.port('port', options.port),
    user: check.text('user', options.user),
    password: check.password(options.password),
    database: check.text('database', options.database),
    ssl: typeof tls === 'object' ? { ...tls } : tls,
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return Object.freeze(Object.fromEntries(given))
}

function urlOf(input: unknown): string | undefined {
  if (input === undefined) return undefined
  const isUrl =
    typeof input === 'string' && /^postgres(ql)?:\/\//.test(input) && URL.canParse(input)
  if (isUrl) return input
  const range = "a string as 'postgres://user:password@host:5432/database'"
  throw new CacheError('OPTION_INVALID', `postgres: option 'url' must be ${range}`)
}
