/**
 * The door `cachewright/postgres`: a store on Postgres 14 or newer, and what speaks like it.
 *
 * Needs `pg` 8.14 or newer (8.22 and newer: calls do not wait for each other), or an object of your
 * own with `query(text, values)`.
 */
import type { Store } from '../../core/contracts.js'
import { KeptLink } from '../kept-link.js'
import { GivenLink, isPgPool, LIFE } from './given-connection.js'
import { Migration } from './migration.js'
import { Notifications } from './notifications.js'
import {
  type PostgresOptions,
  type ResolvedPostgresOptions,
  resolvePostgresOptions,
} from './options.js'
import { dialWith, loadPg, type PgClientClass } from './pg-connection.js'
import { PostgresStore, ping } from './postgres-store.js'
import type { SqlConnection, SqlLink } from './sql-connection.js'
import { statementsFor } from './statements.js'
import { Sweeper } from './sweeper.js'
import { namesIn } from './tables.js'

export type { PostgresClient } from './given-connection.js'
export type { PostgresOptions } from './options.js'

/**
 * A store on Postgres; it dials when a cache opens it, and keeps the process alive until `close()`.
 * Throws OPTION_UNKNOWN or OPTION_INVALID at once. A missing library, a wrong password or an absent
 * server is told to the cache instead, and recovered from when it can be.
 *
 * ```ts
 * const cache = createCache({ store: postgres({ url: process.env.DATABASE_URL }) })
 * ```
 */
export function postgres(options: PostgresOptions = {}): Store {
  const resolved = resolvePostgresOptions(options)
  // A connection of our own is known to be another one.
  const statements = statementsFor(resolved, resolved.client && LIFE)
  const migration = new Migration(resolved)
  const probe = (connection: SqlConnection) => migration.ensure(connection, resolved.migrates)
  const link = linkTo(resolved, probe)
  const listening = listeningLink(resolved)
  return new PostgresStore({
    link,
    statements,
    place: `${resolved.schema} ${resolved.table}`,
    notifications: listening && new Notifications(listening, ping),
    sweeper: new Sweeper({ ...resolved, table: namesIn(resolved)() }, statements),
  })
}

/**
 * The SQL that makes tables and functions, for your own tool: what `postgres()` runs by itself
 * unless told `migrate: false`. It may be run again. Throws as `postgres`.
 */
export function postgresMigration(
  options: Pick<PostgresOptions, 'schema' | 'table' | 'unlogged'> = {},
): string {
  return new Migration(resolvePostgresOptions(options)).script
}

type Probe = (connection: SqlConnection) => Promise<void>

function linkTo({ client, prepares, target }: ResolvedPostgresOptions, probe: Probe): SqlLink {
  if (client !== undefined) return new GivenLink(client, prepares, probe)
  return new KeptLink(target, () => loadPg(prepares), { ping, probe })
}

/** For what is notified; none where the object given tells of no way. */
function listeningLink({ client, prepares, target }: ResolvedPostgresOptions): SqlLink | undefined {
  if (client === undefined) return new KeptLink(target, () => loadPg(prepares), { ping })
  if (client.listen !== undefined) return new GivenLink(client, prepares, ping)
  if (!isPgPool(client) || client.Client === undefined) return undefined
  const dial = dialWith(client.Client as PgClientClass, prepares)
  // A pool hides its password from listings, and so from the spread.
  const { password } = client.options
  const settings = { ...client.options, ...(password === undefined ? {} : { password }) }
  const to = { settings, connectTimeoutMs: target.connectTimeoutMs }
  return new KeptLink(to, async () => dial, { ping, keepsAlive: false })
}
