/**
 * An outbox in Postgres: what a transaction invalidates is written by that transaction itself, and
 * carried out on the cache by a relay once it has committed. A rollback takes it back; a crash
 * after the commit loses nothing.
 */
import { checkKnown, invalidOption } from '../core/option-reading.js'
import { checkNote, type Note, type NoteKind } from './note.js'
import { type OutboxOptions, resolveOutboxOptions, type SqlClient } from './outbox-options.js'
import { type OutboxPending, OutboxTable } from './outbox-table.js'
import { Relay } from './relay.js'

export interface NotedInvalidations {
  keys?: readonly string[] | undefined
  /** Tags know no namespaces. */
  tags?: readonly string[] | undefined
  /** As `invalidatePattern` takes them. */
  patterns?: readonly string[] | undefined
  /** Where keys and patterns are. Default: the cache of the outbox itself. */
  namespace?: string | undefined
}

export interface InvalidationOutbox {
  /** The SQL that makes table and index, for your own tool. It may be run again. */
  migration(): string
  /** Runs it; processes that do so together wait for each other. One round trip. */
  migrate(): Promise<void>
  /**
   * Writes down, on the connection of your transaction, what is to be invalidated once it commits.
   * Resolves to the number of rows; rejects with the database's error, or before anything is sent
   * with KEY_INVALID, NAMESPACE_INVALID or OPTION_INVALID: at most 10 000 different names, and no
   * pool, which would write beside the transaction. One round trip.
   */
  note(tx: SqlClient, invalidations: NotedInvalidations): Promise<number>
  /**
   * Starts the relay of this process: it looks at once, at every `pollInterval`, and when it is
   * woken. Does not keep the process alive. A second call does nothing.
   */
  start(): void
  /** Ends it, after the rows in hand. Your connections stay open. Never rejects. */
  stop(): Promise<void>
  /**
   * Carries out what is due now, with or without a relay: after a commit that should not wait, or
   * from a timer of your own. Resolves to the number of rows that are done: those that the store
   * has not confirmed stay, and 0 while it is known to be away. Rejects with the database's error.
   * Round trips: two to the database for each `batch`, and those of the cache.
   */
  publish(): Promise<number>
  /** What is not done yet, for a gauge: counts at most 1 000 000 rows. One round trip. */
  pending(): Promise<OutboxPending>
}

/**
 * An outbox on the table that `migrate()` makes. It asks nothing of the database by itself until
 * `start()`. Needs Postgres 10 or newer. Throws OPTION_UNKNOWN or OPTION_INVALID.
 *
 * ```ts
 * const outbox = invalidationOutbox({ client: pool, cache })
 * await outbox.note(tx, { keys: ['user:42'], tags: ['team:7'] }) // inside the transaction
 * ```
 */
export function invalidationOutbox(options: OutboxOptions): InvalidationOutbox {
  const resolved = resolveOutboxOptions(options)
  const table = new OutboxTable(resolved)
  const relay = new Relay(resolved, table)
  return {
    migration: () => table.migration,
    migrate: () => table.migrate(),
    note: async (tx, invalidations) => {
      refusePool(tx)
      return table.insert(tx, notesOf(invalidations))
    },
    start: () => relay.start(),
    stop: () => relay.stop(),
    publish: () => relay.publish(),
    pending: () => table.pending(),
  }
}

const LISTS = { keys: 'key', tags: 'tag', patterns: 'pattern' } as const satisfies Record<
  string,
  NoteKind
>

/** Throws what is wrong with one of them. */
function notesOf(invalidations: NotedInvalidations): Note[] {
  if (typeof invalidations !== 'object' || invalidations === null) {
    throw invalidOption('note', 'invalidations', invalidations, 'an object')
  }
  checkKnown(invalidations, [...Object.keys(LISTS), 'namespace'], 'note')
  const notes: Note[] = []
  for (const list of Object.keys(LISTS) as (keyof typeof LISTS)[]) {
    const names: unknown = invalidations[list] ?? []
    if (!Array.isArray(names)) throw invalidOption('note', list, names, 'an array')
    const kind = LISTS[list]
    const namespace = kind === 'tag' ? '' : (invalidations.namespace ?? '')
    for (const name of names) {
      const note = { kind, namespace, name }
      checkNote(note, 'note')
      notes.push(note)
    }
  }
  return notes
}

/** Through a pool a note commits at once, and is carried out before the transaction has. */
function refusePool(tx: SqlClient): void {
  const isClient = typeof (tx as { query?: unknown } | undefined)?.query === 'function'
  if (isClient && !('totalCount' in tx)) return
  throw invalidOption('note', 'tx', tx, 'the connection of your transaction, not a pool')
}
