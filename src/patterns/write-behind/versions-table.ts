/**
 * The table of versions, and every statement on it.
 *
 * One row for each key that was written: the version that the target has, and since when the key
 * is deleted. `deleted_at` alone has an index, so that a write over an older one touches none.
 *
 * Keys are bytes: they hold what `text` does not, in a database of any encoding.
 */
import type { ResolvedVersionedUpserts } from './versioned-upserts-options.js'

/** A write as the statement takes it. */
export interface RowWrite {
  /** What the store of a cache would call the key: below 2 KiB. */
  readonly name: string
  readonly version: number
  readonly isSet: boolean
  /** JSON of its columns; of a delete, those of the key. */
  readonly row: string
}

/** Any number would do: what the migrations of all such tables of a database queue up for. */
const MIGRATION_LOCK = 7_265_101_972_104
const PRUNED_AT_ONCE = 1_000
const MAX_PRUNINGS = 100

export class VersionsTable {
  readonly migration: string
  readonly #options: ResolvedVersionedUpserts<never>
  readonly #versions: string
  readonly #apply: string

  constructor(options: ResolvedVersionedUpserts<never>) {
    this.#options = options
    this.#versions = nameIn(options.schema, options.versions)
    this.migration = migrationOf(options, this.#versions)
    this.#apply = applyOf(options, this.#versions)
  }

  /**
   * IF NOT EXISTS does not see a table that another session is just creating, so processes that
   * start together queue up first. One statement, because not every client takes several.
   */
  async migrate(): Promise<void> {
    const lock = `PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});`
    const text = `DO $migration$ BEGIN ${lock} ${this.migration} END $migration$`
    await this.#options.client.query(text, [])
  }

  /** All of them or none, in one statement; each key once. */
  async apply(writes: readonly RowWrite[]): Promise<void> {
    const json = writes.map(({ name, version, isSet, row }) => {
      const key = JSON.stringify(`\\x${Buffer.from(name).toString('hex')}`)
      return `{"key":${key},"version":${version},"is_set":${isSet},"row":${row}}`
    })
    await this.#options.client.query(this.#apply, [this.#options.source, `[${json.join(',')}]`])
  }

  /** Resolves to how many were forgotten, at most 100 000. */
  async prune(olderThanMs: number): Promise<number> {
    const text = `WITH old AS (
        SELECT source, key FROM ${this.#versions}
        WHERE source = $1::text AND deleted_at < now() - $2::float8 * interval '1 millisecond'
        LIMIT $3::int FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM ${this.#versions} AS v USING old
        WHERE v.source = old.source AND v.key = old.key RETURNING 1
      )
      SELECT count(*)::int AS pruned FROM gone`
    const values = [this.#options.source, olderThanMs, PRUNED_AT_ONCE]
    let all = 0
    for (let i = 0; i < MAX_PRUNINGS; i++) {
      const { rows } = await this.#options.client.query(text, values)
      const { pruned } = rows[0] as { pruned: number }
      all += pruned
      if (pruned < PRUNED_AT_ONCE) break
    }
    return all
  }
}

function migrationOf({ versions }: ResolvedVersionedUpserts<never>, name: string): string {
  const remover = removerOf(name)
  return `CREATE TABLE IF NOT EXISTS ${name} (
  source text NOT NULL,
  key bytea NOT NULL,
  version bigint NOT NULL,
  written_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (source, key)
) WITH (fillfactor = 85);
CREATE INDEX IF NOT EXISTS "${versions}_deleted" ON ${name} (source, deleted_at)
  WHERE deleted_at IS NOT NULL;
CREATE OR REPLACE FUNCTION ${remover}(target regclass, columns text[], rows json)
RETURNS bigint LANGUAGE plpgsql STRICT AS $remove$
DECLARE
  names text := (SELECT string_agg(quote_ident(name), ', ') FROM unnest(columns) AS name);
  typed text := (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod),
      ', ') FROM pg_attribute WHERE attrelid = target AND attname::text = ANY (columns));
  removed bigint;
BEGIN
  EXECUTE format('DELETE FROM %s WHERE (%s) IN (SELECT %s FROM json_to_recordset($1) AS r(%s))',
    target, names, names, typed) USING rows;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END $remove$;
`
}

/**
 * Whoever writes a key holds the row of its version until the commit, so writes of a key come one
 * after another, and one that waited compares with what the other has left. Rows are locked in the
 * order of keys: no two batches wait for each other.
 *
 * A statement sees rows as they were when it began, before it waited. INSERT ... ON CONFLICT finds
 * a row that came since; a DELETE beside it would not. A volatile function looks anew, and it is
 * called with what was taken, so it comes after the wait.
 */
function applyOf(options: ResolvedVersionedUpserts<never>, versions: string): string {
  const { schema, table, key, columns } = options
  const target = nameIn(schema, table)
  const keys = key.map(({ name }) => name)
  const others = columns.map(({ name }) => name)
  const all = [...keys, ...others]
  const list = (names: readonly string[], of = (name: string) => `"${name}"`) =>
    names.map(of).join(', ')
  const update = `DO UPDATE SET ${list(others, (name) => `"${name}" = excluded."${name}"`)}`
  return `WITH given AS (
    SELECT * FROM json_to_recordset($2::json)
      AS g(key bytea, version bigint, is_set boolean, "row" json)
  ), taken AS (
    INSERT INTO ${versions} AS v (source, key, version, written_at, deleted_at)
    SELECT $1::text, key, version, now(), CASE WHEN is_set THEN NULL ELSE now() END
    FROM given ORDER BY key
    ON CONFLICT (source, key) DO UPDATE SET version = excluded.version,
      written_at = excluded.written_at, deleted_at = excluded.deleted_at
    WHERE v.version < excluded.version
    RETURNING key
  ), stored AS (
    INSERT INTO ${target} (${list(all)}) OVERRIDING SYSTEM VALUE
    SELECT ${list(all, (name) => `r."${name}"`)}
    FROM given JOIN taken USING (key), json_populate_record(NULL::${target}, given."row") AS r
    WHERE given.is_set
    ON CONFLICT (${list(keys)}) ${others.length === 0 ? 'DO NOTHING' : update}
  )
  SELECT ${removerOf(versions)}('${target}', ARRAY[${list(keys, (name) => `'${name}'`)}],
    (SELECT json_agg(given."row") FROM given JOIN taken USING (key) WHERE NOT given.is_set))`
}

/** The name of the function, beside the table. */
function removerOf(versions: string): string {
  return versions.replace(/"$/, '_remove"')
}

function nameIn(schema: string, name: string): string {
  return `"${schema}"."${name}"`
}
