/**
 * The statements that the store sends, each prepared once on a connection. Its name is made of its
 * text, so that two stores can share a caller's connection.
 */
import { createHash } from 'node:crypto'
import type { Statement } from './sql-connection.js'
import { namesIn, type TableOptions } from './tables.js'

export type Statements = ReturnType<typeof statementsFor>

export function statementsFor(tables: Pick<TableOptions, 'schema' | 'table'>) {
  const name = namesIn(tables)
  /** A call of a function, its answer as `answer`. */
  const call = (part: string, count: number): Statement => {
    const args = Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ')
    return prepared(`SELECT ${name(part)}(${args}) AS answer`)
  }
  return Object.freeze({
    get: prepared(`SELECT key, value FROM ${name()}
      WHERE key = ANY($1::text[]) AND expires_at > statement_timestamp()`),
    set: call('set', 7),
    delete: call('delete', 2),
    deleteOnly: call('delete_only', 3),
    lease: prepared(
      `SELECT i, value, is_granted FROM ${name('lease')}($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    ),
    fill: call('fill', 7),
    patch: call('patch', 4),
    increment: call('increment', 6),
    scan: prepared(`SELECT key FROM ${name()} WHERE key >= $1 AND ($2::text IS NULL OR key < $2)
      AND expires_at > statement_timestamp() ORDER BY key LIMIT $3`),
    ping: prepared('SELECT 1'),
    follow: call('follow', 6),
    append: call('append', 9),
    leave: prepared(`DELETE FROM ${name('members')} WHERE log = $1 AND id = $2`),
    ack: prepared('SELECT pg_notify($1, $2)'),
    tagSeqs: prepared(`SELECT t.seq, (SELECT r.floor FROM ${name('log')} AS r WHERE r.log = $1
        ORDER BY r.seq DESC LIMIT 1) AS floor
      FROM unnest($2::text[]) WITH ORDINALITY AS k(name, i) LEFT JOIN ${name('names')} AS t
        ON t.log = $1 AND t.kind = 't' AND t.hash = sha256(convert_to(k.name, 'UTF8'))
      ORDER BY k.i`),
    claim: prepared(`INSERT INTO ${name('chores')} AS c
      VALUES ($1, clock_timestamp() + $2::float8 * interval '1 millisecond')
      ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at
      WHERE c.due_at <= clock_timestamp() RETURNING 1`),
    sweepEntries: prepared(`DELETE FROM ${name()} WHERE key = ANY (ARRAY(
      SELECT key FROM ${name()} WHERE expires_at <= statement_timestamp()
      ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING 1`),
    sweepLeases: prepared(`DELETE FROM ${name('leases')} WHERE key = ANY (ARRAY(
      SELECT key FROM ${name('leases')} WHERE ends_at <= statement_timestamp()
      LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING 1`),
    size: prepared(`SELECT pg_table_size($1::regclass)::float8 AS bytes`),
    measure: prepared(`SELECT count(*)::float8 AS rows,
      coalesce(sum(octet_length(value) + octet_length(key)), 0)::float8 AS bytes FROM ${name()}`),
    evict: prepared(`WITH gone AS (DELETE FROM ${name()} WHERE key = ANY (ARRAY(
        SELECT key FROM ${name()} ORDER BY written_at LIMIT $1 FOR UPDATE SKIP LOCKED))
        RETURNING octet_length(value) + octet_length(key) AS size)
      SELECT count(*)::float8 AS rows, coalesce(sum(size), 0)::float8 AS bytes FROM gone`),
  })
}

function prepared(text: string): Statement {
  return {
    name: `cachewright_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`,
    text,
  }
}
