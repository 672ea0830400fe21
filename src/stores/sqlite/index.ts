/**
 * The door `cachewright/sqlite`: a store inside of the process, in a file that processes of one
 * machine share, or in memory.
 *
 * Needs Node 22.13 or newer, which has `node:sqlite`, or `@photostructure/sqlite`.
 */
import type { Store } from '../../core/contracts.js'
import { KeptLink } from '../kept-link.js'
import { resolveSqliteOptions, type SqliteOptions } from './options.js'
import { dialWith, IN_MEMORY, type SqliteConnection } from './sqlite-connection.js'
import { loadSqlite } from './sqlite-library.js'
import { SqliteStore } from './sqlite-store.js'
import { Sweeper } from './sweeper.js'
import { namesIn, tables } from './tables.js'

export type { SqliteOptions } from './options.js'

const CONNECT_TIMEOUT_MS = 5_000

/**
 * A store in SQLite, opened when a cache opens it. Throws OPTION_UNKNOWN or OPTION_INVALID at once.
 * A missing library, or a file that cannot be opened, is told to the cache instead, and recovered
 * from when it can be. No round trips: a call takes some ten microseconds of this process.
 *
 * ```ts
 * const cache = createCache({ store: sqlite({ path: 'cache.db' }) })
 * ```
 */
export function sqlite(options: SqliteOptions = {}): Store {
  const resolved = resolveSqliteOptions(options)
  const name = namesIn(resolved.table)
  const target = {
    path: resolved.path,
    script: tables(name),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  }
  const ping = async (on: SqliteConnection) => void on.prepare('SELECT 1').get()
  // It has nothing to wait for that would keep the process alive.
  const keepsAlive = false
  const load = async () => dialWith(await loadSqlite())
  const link = new KeptLink(target, load, { ping, keepsAlive })
  const isFile = resolved.path !== IN_MEMORY
  return new SqliteStore(link, name, new Sweeper(resolved, name), { isFile })
}
