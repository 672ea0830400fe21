/**
 * The table of the outbox, and every statement on it. One row for each note.
 *
 * A row is due from `due_at` on. Taking it moves `due_at` to the end of a lease, so no connection
 * is held and no transaction stays open while the cache is asked: whoever crashes with rows in hand
 * leaves them to be due again. Nobody checks that a lease is still his when he deletes: the row was
 * carried out, which is all that counts, and carrying it out twice harms nothing.
 *
 * All times are the server's. Names are kept as JSON in plain ASCII: Postgres has no text for
 * U+0000 and lone surrogates, and a database need not be UTF-8.
 */
import { identityOf, MAX_NOTES, type Note, type NoteKind, tooManyNotes } from './note.js'
import type { ResolvedOutboxOptions, SqlClient } from './outbox-options.js'

export interface OutboxRow {
  readonly id: string
  readonly kind: NoteKind
  readonly namespace: string
  /** As it lies in the table. */
  readonly name: string
}

export interface OutboxPending {
  /** Rows that are not done, counted up to 1 000 000. */
  readonly rows: number
  /** The age of the oldest one, 0 without any. */
  readonly oldestMs: number
}

const MAX_COUNTED = 1_000_000
const BACK_OFF_MS = 250
const MAX_BACK_OFF_MS = 60_000
/** Any number would do: what the migrations of all outboxes of a database queue up for. */
const MIGRATION_LOCK = 7_265_101_972_103

export class OutboxTable {
  readonly channel: string
  readonly #name: string
  readonly #options: ResolvedOutboxOptions

  constructor(options: ResolvedOutboxOptions) {
    this.#options = options
    this.channel = options.table
    this.#name = `"${options.schema}"."${options.table}"`
  }

  get migration(): string {
    return `CREATE TABLE IF NOT EXISTS ${this.#name} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('key', 'tag', 'pattern')),
  namespace text NOT NULL,
  name text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  noted_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS "${this.#options.table}_due" ON ${this.#name} (due_at);
`
  }

  /**
   * IF NOT EXISTS does not see a table that another session is just creating, so processes that
   * start together queue up first. One statement, because not every client takes several.
   */
  async migrate(): Promise<void> {
    const lock = `PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});`
    await this.#ask(`DO $migration$ BEGIN ${lock} ${this.migration} END $migration$`, [])
  }

  /** One statement, on the caller's connection. Resolves to how many rows it wrote. */
  async insert(tx: SqlClient, notes: Iterable<Note>): Promise<number> {
    const unique = [...new Map([...notes].map((note) => [identityOf(note), note])).values()]
    if (unique.length > MAX_NOTES) throw tooManyNotes('note')
    if (unique.length === 0) return 0
    const insert = `INSERT INTO ${this.#name} (kind, namespace, name)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`
    const values: unknown[] = [
      unique.map(({ kind }) => kind),
      unique.map(({ namespace }) => namespace),
      unique.map(({ name }) => toAscii(name)),
    ]
    // Told to the listeners with the commit, and to nobody after a rollback.
    if (!this.#options.notify) await tx.query(insert, values)
    else {
      const both = `WITH noted AS (${insert}) SELECT pg_notify($4::text, '')`
      await tx.query(both, [...values, this.channel])
    }
    return unique.length
  }

  /**
   * Takes rows that are due, the longest due first, past those that another relay is just taking.
   *
   * On a connection where someone's transaction has written, it takes nothing: it would see rows
   * that may yet be rolled back. Only a subquery asks that once and first; the locks that this
   * statement takes would themselves make a transaction with an id.
   */
  async take(): Promise<readonly OutboxRow[]> {
    const text = `WITH due AS (
        SELECT id FROM ${this.#name}
        WHERE due_at <= now() AND (SELECT txid_current_if_assigned()) IS NULL
        ORDER BY due_at LIMIT $1::int FOR UPDATE SKIP LOCKED)
      UPDATE ${this.#name} AS o
      SET due_at = clock_timestamp() + $2::float8 * interval '1 millisecond',
        attempts = o.attempts + 1
      FROM due WHERE o.id = due.id
      RETURNING o.id::text AS id, o.kind, o.namespace, o.name`
    const { batch, leaseMs } = this.#options
    return (await this.#ask(text, [batch, leaseMs])) as readonly OutboxRow[]
  }

  async delete(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return
    const text = `DELETE FROM ${this.#name} WHERE id = ANY($1::text[]::bigint[])`
    await this.#ask(text, [rows.map(({ id }) => id)])
  }

  /**
   * Due again after a while drawn between 0 and 500 ms, doubled with each further attempt up to a
   * minute: what failed together is not tried together.
   */
  async putBack(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return
    const text = `UPDATE ${this.#name} SET due_at = clock_timestamp() + random()
        * least($2::float8, $3::float8 * 2.0 ^ least(attempts, 30)) * interval '1 millisecond'
      WHERE id = ANY($1::text[]::bigint[])`
    await this.#ask(text, [rows.map(({ id }) => id), MAX_BACK_OFF_MS, BACK_OFF_MS])
  }

  async pending(): Promise<OutboxPending> {
    const text = `SELECT count(*)::text AS counted,
        (SELECT extract(epoch FROM clock_timestamp() - noted_at) * 1000
          FROM ${this.#name} ORDER BY id LIMIT 1)::text AS age
      FROM (SELECT 1 FROM ${this.#name} LIMIT $1::int) AS kept`
    const [row] = (await this.#ask(text, [MAX_COUNTED])) as {
      counted: string
      age: string | null
    }[]
    return { rows: Number(row!.counted), oldestMs: Math.max(0, Number(row!.age ?? 0)) }
  }

  async #ask(text: string, values: unknown[]): Promise<readonly unknown[]> {
    return (await this.#options.client.query(text, values)).rows
  }
}

/** The note of a row. Throws SyntaxError where someone else has written what is no JSON. */
export function noteOf({ kind, namespace, name }: OutboxRow): Note {
  return { kind, namespace, name: JSON.parse(name) as string }
}

function toAscii(name: string): string {
  const toEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(name).replace(/[\u007f-\uffff]/g, toEscape)
}
