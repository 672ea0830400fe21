/**
 * The cities in PostgreSQL: a table, its indexes, its 135 000 rows, and a pool that counts queries.
 *
 * Every statement is prepared once per connection and has a deadline. Names are stored a second
 * time in plain form, in byte order (collation C), which lets an index answer a prefix.
 */
import pg from 'pg'
import { type ServerAddress, startPostgres } from '../../test/support/postgres-server.js'
import type { City } from './cities.js'
import type { Progress } from './progress.js'
import type { Teardown } from './teardown.js'

const MAX_CONNECTIONS = 10
const STATEMENT_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000
const POOL_END_MS = 1_000
const ROWS_PER_INSERT = 10_000
const EARTH_DIAMETER_KM = 12_742

const SCHEMA = `
  CREATE TABLE city (
    id int NOT NULL, name text NOT NULL, plain_name text COLLATE "C" NOT NULL,
    country text COLLATE "C" NOT NULL, kind text NOT NULL, population int NOT NULL,
    lat float8 NOT NULL, lon float8 NOT NULL
  );
  CREATE FUNCTION distance_km(lat1 float8, lon1 float8, lat2 float8, lon2 float8) RETURNS float8
  LANGUAGE sql IMMUTABLE AS $$
    SELECT ${EARTH_DIAMETER_KM} * asin(least(1, sqrt(
      power(sin(radians(lat2 - lat1) / 2), 2)
      + cos(radians(lat1)) * cos(radians(lat2)) * power(sin(radians(lon2 - lon1) / 2), 2))))
  $$`

/** Built after the rows are in, which is several times faster. */
const INDEXES = `
  ALTER TABLE city ADD PRIMARY KEY (id);
  CREATE INDEX ON city (country, population DESC);
  CREATE INDEX ON city (plain_name);
  CREATE INDEX ON city (lat, lon)`

const INSERT = `
  INSERT INTO city SELECT * FROM unnest(
    $1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[],
    $7::float8[], $8::float8[])`

export interface Query {
  /** Under which the server keeps it prepared. */
  readonly name: string
  readonly text: string
}

export interface Database {
  /** Rejects with PostgreSQL's error, or after 30 s. One round trip. */
  rows<Row extends pg.QueryResultRow>(query: Query, values: readonly unknown[]): Promise<Row[]>
  /** Queries sent since the start. */
  readonly queryCount: number
}

/** A started server with all `cities` in it. */
export async function openDatabase(
  cities: readonly City[],
  teardown: Teardown,
  progress: Progress,
): Promise<Database> {
  progress.update('starting PostgreSQL')
  const pool = openPool((await startPostgres(teardown)).address, teardown)
  await fill(pool, cities, progress)
  let queryCount = 0
  return {
    async rows<Row extends pg.QueryResultRow>(query: Query, values: readonly unknown[]) {
      queryCount++
      const result = await pool.query<Row>({ ...query, values: [...values] })
      return result.rows
    },
    get queryCount() {
      return queryCount
    },
  }
}

function openPool(address: ServerAddress, teardown: Teardown): pg.Pool {
  const settings: pg.PoolConfig = {
    ...address,
    database: 'postgres',
    ssl: false,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  }
  const pool = teardown.own('connections', () => new pg.Pool(settings), endPool)
  // an idle connection that breaks is replaced by the pool; a busy one rejects its query
  pool.on('error', () => {})
  return pool
}

/** A query still under way is not waited for: the server that runs it goes away next. */
async function endPool(pool: pg.Pool): Promise<void> {
  const waited = new Promise((resolve) => setTimeout(resolve, POOL_END_MS).unref())
  await Promise.race([pool.end(), waited])
}

async function fill(pool: pg.Pool, cities: readonly City[], progress: Progress): Promise<void> {
  await pool.query(SCHEMA)
  for (let from = 0; from < cities.length; from += ROWS_PER_INSERT) {
    progress.update(`filling PostgreSQL: ${from} of ${cities.length} cities`)
    await pool.query(INSERT, columns(cities.slice(from, from + ROWS_PER_INSERT)))
  }
  progress.update('building indexes')
  await pool.query(INDEXES)
  await pool.query('VACUUM (ANALYZE) city')
}

function columns(cities: readonly City[]): unknown[][] {
  return [
    cities.map((city) => city.id),
    cities.map((city) => city.name),
    cities.map((city) => city.plain),
    cities.map((city) => city.country),
    cities.map((city) => city.kind),
    cities.map((city) => city.population),
    cities.map((city) => city.latitude),
    cities.map((city) => city.longitude),
  ]
}
