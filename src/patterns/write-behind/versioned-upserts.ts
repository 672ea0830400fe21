/**
 * A writer for write-behind into a table of Postgres, which refuses what is older than what the
 * table has.
 *
 * Write-behind hands a write over at least once, and a worker that was frozen may hand over an
 * older one after a newer one. So the version of each key is kept beside the table, and a write
 * whose version is not above it is without effect, as is one that comes again.
 */
import type { Duration } from '../../core/duration.js'
import { encodeKey } from '../../core/key.js'
import { OptionCheck } from '../../core/option-check.js'
import type { BehindWrite, BehindWriteContext, FailedWrite } from './behind-write.js'
import { columnJson } from './column-json.js'
import {
  type ResolvedVersionedUpserts,
  resolveVersionedUpserts,
  type VersionedUpsertsOptions,
} from './versioned-upserts-options.js'
import { type RowWrite, VersionsTable } from './versions-table.js'

export interface VersionedUpserts<T = unknown> {
  /** The SQL that makes the table of versions, for your own tool. It may be run again. */
  migration(): string
  /** Runs it; processes that do so together wait for each other. One round trip. */
  migrate(): Promise<void>
  /**
   * The `write` of write-behind: inserts, updates and deletes rows, all of them or none. Resolves
   * to the writes whose columns could not be made, each with what was thrown; the others are
   * written. Of several writes of a key the newest counts. Rejects with the database's error, with
   * OPTION_INVALID beyond 1 000 writes, or with the reason of a signal that is aborted before
   * anything is sent. One statement, one round trip.
   */
  readonly write: (
    writes: readonly BehindWrite<T>[],
    context: BehindWriteContext,
  ) => Promise<readonly FailedWrite[]>
  /**
   * Forgets the versions of keys that were deleted longer ago: 1 min to 10 years. A write older
   * than such a delete would be taken afterwards. Resolves to how many it forgot; at 100 000 it
   * ends, call it again. Round trips: one for each 1 000. Rejects with the database's error or
   * OPTION_INVALID.
   */
  prune(olderThan: Duration): Promise<number>
}

const MAX_WRITES = 1_000
const MINUTE_MS = 60_000
const TEN_YEARS_MS = 315_360_000_000

const check = new OptionCheck('versionedUpserts')

/**
 * A writer into one table. It asks nothing of the database by itself; `migrate()` must have run.
 * Needs Postgres 10 or newer. Throws OPTION_UNKNOWN or OPTION_INVALID.
 *
 * ```ts
 * const orders = versionedUpserts<Order>({
 *   client: pool,
 *   table: 'orders',
 *   key: { id: (key) => Number(key) },
 *   columns: { total: ({ value }) => value.total },
 * })
 * ```
 */
export function versionedUpserts<T = unknown>(
  options: VersionedUpsertsOptions<T>,
): VersionedUpserts<T> {
  const resolved = resolveVersionedUpserts(options)
  const table = new VersionsTable(resolved)
  return {
    migration: () => table.migration,
    migrate: () => table.migrate(),
    write: (writes, { signal }) => write(resolved, table, writes, signal),
    prune: async (olderThan) => {
      const olderThanMs = check.duration('olderThan', olderThan, MINUTE_MS, TEN_YEARS_MS)
      if (olderThanMs === undefined) throw check.invalid('olderThan', olderThan, 'a duration')
      return table.prune(olderThanMs)
    },
  }
}

async function write<T>(
  options: ResolvedVersionedUpserts<T>,
  table: VersionsTable,
  writes: readonly BehindWrite<T>[],
  signal: AbortSignal,
): Promise<readonly FailedWrite[]> {
  if (writes.length > MAX_WRITES) {
    throw check.invalid('writes', writes.length, `at most ${MAX_WRITES}`)
  }
  signal.throwIfAborted()
  const rows: RowWrite[] = []
  const failed: FailedWrite[] = []
  for (const each of newestOf(writes)) {
    try {
      rows.push(rowOf(options, each))
    } catch (error) {
      failed.push({ key: each.key, error })
    }
  }
  if (rows.length > 0) await table.apply(rows)
  return failed
}

/** A statement takes each key once. */
function newestOf<T>(writes: readonly BehindWrite<T>[]): Iterable<BehindWrite<T>> {
  const newest = new Map<string, BehindWrite<T>>()
  for (const each of writes) {
    const other = newest.get(each.key)
    if (other === undefined || other.version < each.version) newest.set(each.key, each)
  }
  return newest.values()
}

/** Throws what its columns throw. */
function rowOf<T>(options: ResolvedVersionedUpserts<T>, write: BehindWrite<T>): RowWrite {
  const { key, version } = write
  const row: [name: string, value: unknown][] = options.key.map(({ name, of }) => {
    const value = of(key)
    if (value !== undefined && value !== null) return [name, value]
    // It would match no row, and a unique index may take it any number of times.
    throw new TypeError(`column '${name}' of the key is ${value}`)
  })
  if (write.op === 'set') for (const { name, of } of options.columns) row.push([name, of(write)])
  return {
    name: encodeKey(key, 'hash'),
    version,
    isSet: write.op === 'set',
    row: columnJson(Object.fromEntries(row)),
  }
}
