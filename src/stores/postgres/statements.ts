/**
 * The statements that the store sends, each prepared once on a connection. Its name is made of its
 * text, so that two stores can share a caller's connection.
 */
import { createHash } from 'node:crypto'
import type { Statement } from './sql-connection.js'
import { type Names, namesIn, type TableOptions } from './tables.js'

export type Statements = ReturnType<typeof statementsFor>

/** `told`: an expression that comes with each value, as `life`. */
export function statementsFor(tables: Pick<TableOptions, 'schema' | 'table'>, told?: string) {
  const name = namesIn(tables)
  const life = told === undefined ? '' : `, ${told} AS life`
  return Object.freeze({
    ...onEntries(name, life),
    ...onLogs(name),
    ...forTheSweeper(name),
    queue: onQueues(name, life),
  })
}

/** A call of a function, its answer as `answer`. */
function call(name: Names, part: string, count: number): Statement {
  const args = Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ')
  return prepared(`SELECT ${name(part)}(${args}) AS answer`)
}

function onEntries(name: Names, life: string) {
  return {
    /** A third less work for the server than a list of one. */
    getOne: prepared(
      `SELECT value${life} FROM ${name()} WHERE key = $1 AND expires_at > statement_timestamp()`,
    ),
    get: prepared(`SELECT key, value${life} FROM ${name()}
      WHERE key = ANY($1::text[]) AND expires_at > statement_timestamp()`),
    set: call(name, 'set', 7),
    delete: call(name, 'delete', 2),
    deleteOnly: call(name, 'delete_only', 3),
    lease: prepared(
      `SELECT i, value, is_granted${life}
        FROM ${name('lease')}($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    ),
    fill: call(name, 'fill', 7),
    patch: call(name, 'patch', 4),
    increment: call(name, 'increment', 6),
    scan: prepared(`SELECT key FROM ${name()} WHERE key >= $1 AND ($2::text IS NULL OR key < $2)
      AND expires_at > statement_timestamp() ORDER BY key LIMIT $3`),
    ping: prepared('SELECT 1'),
    health: prepared(`SELECT pg_is_in_recovery() AS is_replica,
      pg_table_size('${name()}'::regclass)::float8 AS used_bytes,
      (SELECT greatest(reltuples, 0)::float8 FROM pg_class
        WHERE oid = '${name()}'::regclass) AS keys,
      (SELECT sum(numbackends)::float8 FROM pg_stat_database) AS clients,
      current_setting('max_connections')::float8 AS max_clients,
      (SELECT count(*)::float8 FROM pg_stat_replication) AS replicas,
      (SELECT max(pg_wal_lsn_diff(sent_lsn, replay_lsn))::float8 FROM pg_stat_replication)
        AS lag_bytes`),
  }
}

function onLogs(name: Names) {
  return {
    follow: call(name, 'follow', 6),
    append: call(name, 'append', 9),
    leave: prepared(`DELETE FROM ${name('members')} WHERE log = $1 AND id = $2`),
    ack: prepared('SELECT pg_notify($1, $2)'),
    tagSeqs: prepared(`SELECT t.seq, (SELECT r.floor FROM ${name('log')} AS r WHERE r.log = $1
        ORDER BY r.seq DESC LIMIT 1) AS floor
      FROM unnest($2::text[]) WITH ORDINALITY AS k(name, i) LEFT JOIN ${name('names')} AS t
        ON t.log = $1 AND t.kind = 't' AND t.hash = sha256(convert_to(k.name, 'UTF8'))
      ORDER BY k.i`),
  }
}

function forTheSweeper(name: Names) {
  return {
    claim: prepared(`INSERT INTO ${name('chores')} AS c
      VALUES ($1, clock_timestamp() + $2::float8 * interval '1 millisecond')
      ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at
      WHERE c.due_at <= clock_timestamp() RETURNING 1`),
    postpone: prepared(`UPDATE ${name('chores')}
      SET due_at = clock_timestamp() + $2::float8 * interval '1 millisecond' WHERE name = $1`),
    pages: prepared(`SELECT pg_relation_size($1::regclass)::float8
      / current_setting('block_size')::float8 AS pages`),
    sweepPages: prepared(sweepPages(name)),
    sweepLeases: prepared(`DELETE FROM ${name('leases')} WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM ${name('leases')} WHERE ends_at <= statement_timestamp()
      LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING 1`),
  }
}

function onQueues(name: Names, life: string) {
  return {
    prepare: prepared(`SELECT known, has_standby FROM ${name('queue_prepare')}($1, $2)`),
    put: call(name, 'queue_put', 12),
    waiting: prepared(`SELECT *${life} FROM ${name('queue_waiting')}($1, $2)`),
    claim: prepared(`SELECT * FROM ${name('queue_claim')}($1, $2, $3, $4, $5, $6, $7)`),
    renew: call(name, 'queue_renew', 4),
    settle: call(name, 'queue_settle', 8),
    release: call(name, 'queue_release', 3),
    letters: call(name, 'queue_letters', 4),
    state: prepared(`SELECT * FROM ${name('queue_state')}($1)`),
    dead: prepared(`SELECT key, version, attempts, op, value, error,
        floor(extract(epoch FROM died_at) * 1000)::float8 AS died_at_ms
      FROM ${name('dead')} WHERE queue = $1 LIMIT $2`),
  }
}

/**
 * From one page up to another: deletes what has expired or was written up to a moment, past rows
 * that somebody writes just now, and tells of the rest: how many, their bytes, and when every so
 * manieth was written. Needs Postgres 14, which reads a range of pages alone.
 */
function sweepPages(name: Names): string {
  const range = `ctid >= format('(%s,0)', $1::bigint)::tid
    AND ctid < format('(%s,0)', $2::bigint)::tid`
  const isGone = `(expires_at <= statement_timestamp()
    OR written_at <= coalesce(to_timestamp($3::float8), '-infinity'))`
  return `WITH gone AS (DELETE FROM ${name()} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${name()}
      WHERE ${range} AND ${isGone} FOR UPDATE SKIP LOCKED)) RETURNING 1),
    kept AS (SELECT octet_length(value) + octet_length(key) AS size, written_at,
      row_number() OVER () AS i FROM ${name()} WHERE ${range} AND NOT ${isGone})
    SELECT (SELECT count(*) FROM gone)::float8 AS deleted, count(*)::float8 AS entries,
      coalesce(sum(size), 0)::float8 AS bytes,
      coalesce(json_agg(extract(epoch FROM written_at)) FILTER (WHERE i % $4::bigint = 1),
        '[]')::text AS moments
    FROM kept`
}

function prepared(text: string): Statement {
  return {
    name: `cachewright_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`,
    text,
  }
}
