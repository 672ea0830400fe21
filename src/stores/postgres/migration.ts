/**
 * Tables and functions as one script, and how a process makes sure of them.
 *
 * The comment on the table of entries says by which script it was made; a process that finds
 * another runs its own, which changes no table that is there. A later version that needs another
 * table or function gives it another name, so two versions can work on one database.
 */
import { createHash } from 'node:crypto'
import { LOG_LIMITS, type LogLimits } from '../log-limits.js'
import { entryFunctions } from './entry-functions.js'
import { logFunctions } from './log-functions.js'
import { queueFunctions } from './queue/queue-functions.js'
import { queueTables } from './queue/queue-tables.js'
import type { SqlConnection } from './sql-connection.js'
import { namesIn, type TableOptions, tables } from './tables.js'

/** Any number would do: what the migrations of a database queue up for. */
const MIGRATION_LOCK = 7_265_101_972_104

export class Migration {
  readonly script: string
  readonly #mark: string
  readonly #name: string

  constructor(options: TableOptions, limits: LogLimits = LOG_LIMITS) {
    const name = namesIn(options)
    const made = tables(options) + queueTables(name, options.table)
    const script = made + entryFunctions(name) + logFunctions(name, limits) + queueFunctions(name)
    this.#mark = `cachewright 1 ${createHash('sha256').update(script).digest('hex').slice(0, 16)}`
    this.#name = name()
    this.script = `${script}COMMENT ON TABLE ${this.#name} IS '${this.#mark}';\n`
  }

  /** Rejects where the server is none that a cache can lie on. One round trip, two to migrate. */
  async ensure(connection: SqlConnection, migrates: boolean): Promise<void> {
    const [row] = await connection.query(LOOK, [this.#name])
    if (row!.is_standby === true) throw new Error('the server is a standby, which takes no writes')
    if (row!.encoding !== 'UTF8') throw new Error(`the database is ${row!.encoding}, not UTF8`)
    if (row!.isolation !== 'read committed') {
      throw new Error(`the sessions are ${row!.isolation} by default, not read committed`)
    }
    if (row!.mark === this.#mark) return
    if (!migrates && row!.mark === null) throw new Error(`there is no table ${this.#name}`)
    if (migrates) await this.run(connection)
  }

  /** IF NOT EXISTS does not see what another session is just making: they queue up. */
  run(connection: SqlConnection): Promise<void> {
    const lock = `PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});`
    return connection.run(`DO $migration$ BEGIN ${lock}\n${this.script}END $migration$`)
  }
}

const LOOK = {
  name: 'cachewright_look',
  text: `SELECT obj_description(to_regclass($1::text), 'pg_class') AS mark,
    pg_is_in_recovery() AS is_standby, current_setting('server_encoding') AS encoding,
    current_setting('default_transaction_isolation') AS isolation`,
}
