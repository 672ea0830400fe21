/** The tables of the proof, and what is written into them. */
import type {
  BehindWrite,
  FailedWrite,
  SqlClient,
  VersionedUpserts,
} from '../../../src/patterns/index.js'
import { versionedUpserts } from '../../../src/patterns/index.js'
import type { Delivery, FinalKey } from './history.js'

const SOURCE = 'proof'
const TABLES = [
  'CREATE TABLE proof_rows (key text PRIMARY KEY, value text NOT NULL)',
  `CREATE TABLE proof_deliveries (id bigserial PRIMARY KEY, key text NOT NULL, value text,
    version bigint NOT NULL, epoch bigint NOT NULL, idempotency_key text NOT NULL,
    by int NOT NULL)`,
  'CREATE INDEX ON proof_deliveries (key)',
]

export function upserts(client: SqlClient): VersionedUpserts<string> {
  return versionedUpserts<string>({
    client,
    table: 'proof_rows',
    source: SOURCE,
    key: { key: (key) => key },
    columns: { value: ({ value }) => value },
  })
}

export async function createTables(client: SqlClient): Promise<void> {
  for (const text of TABLES) await client.query(text, [])
  await upserts(client).migrate()
}

/** Before they are written, for whoever is killed in between has been given them all the same. */
export async function noteDeliveries(
  client: SqlClient,
  by: number,
  writes: readonly BehindWrite<string>[],
): Promise<void> {
  const text = `INSERT INTO proof_deliveries (key, value, version, epoch, idempotency_key, by)
    SELECT key, value, version, epoch, name, $2::int FROM json_to_recordset($1::json)
    AS w(key text, value text, version bigint, epoch bigint, name text)`
  const rows = writes.map(({ key, value = null, version, epoch, idempotencyKey: name }) => {
    return { key, value, version, epoch, name }
  })
  await client.query(text, [JSON.stringify(rows), by])
}

/** As somebody writes it who does not look at versions. */
export async function writeUnguarded(
  client: SqlClient,
  writes: readonly BehindWrite<string>[],
): Promise<readonly FailedWrite[]> {
  for (const { key, op, value, version } of writes) {
    const row = `INSERT INTO proof_rows VALUES ($1, $2) ON CONFLICT (key)
      DO UPDATE SET value = excluded.value`
    if (op === 'set') await client.query(row, [key, value])
    else await client.query('DELETE FROM proof_rows WHERE key = $1', [key])
    const noted = `INSERT INTO cachewright_versions VALUES ($1, $2, $3, now())
      ON CONFLICT (source, key) DO UPDATE SET version = excluded.version`
    await client.query(noted, [SOURCE, Buffer.from(key), version])
  }
  return []
}

export async function rowOf(client: SqlClient, key: string): Promise<string | undefined> {
  const { rows } = await client.query('SELECT value FROM proof_rows WHERE key = $1', [key])
  return (rows[0] as { value: string } | undefined)?.value
}

export async function deliveriesOf(
  client: SqlClient,
  keys: readonly string[],
): Promise<readonly Delivery[]> {
  const text = `SELECT key, value, version::float8, epoch::float8,
    idempotency_key AS "idempotencyKey", by FROM proof_deliveries WHERE key = ANY($1) ORDER BY id`
  return (await client.query(text, [keys])).rows as Delivery[]
}

/** In the order of `keys`. */
export async function finalsOf(
  client: SqlClient,
  keys: readonly string[],
): Promise<readonly Omit<FinalKey, 'got'>[]> {
  const text = `SELECT k.key, r.value, v.version::float8 FROM unnest($1::text[])
    WITH ORDINALITY AS k(key, at) LEFT JOIN proof_rows r USING (key)
    LEFT JOIN cachewright_versions v
    ON v.source = $2 AND v.key = convert_to(k.key, 'UTF8') ORDER BY k.at`
  const rows = (await client.query(text, [keys, SOURCE])).rows
  return (rows as { key: string; value: string | null; version: number | null }[]).map((row) => {
    return { ...row, version: row.version ?? undefined }
  })
}
