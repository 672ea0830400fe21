/**
 * The SQL stores against bare statements: Postgres through `pg`, SQLite in a file.
 *
 * A bare client has a table with the same columns and asks by the same SQL, prepared by name, and
 * parses JSON. The fastest of three is what counts: a client, a client that pipelines, a pool of
 * ten. Ours has no memory, so each call goes to the store. A set of ours is coherent: it ends the
 * rights to fill and appends a record to the log, which a bare one does not; it is also held
 * against a client that sends these two statements by itself.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Store } from '../src/core/contracts.js'
import { createCache } from '../src/index.js'
import { postgres } from '../src/stores/postgres/index.js'
import { statementsFor } from '../src/stores/postgres/statements.js'
import { sqlite } from '../src/stores/sqlite/index.js'
import { loadSqlite } from '../src/stores/sqlite/sqlite-library.js'
import type { Bench, Setting, StartSubject } from './harness/bench.js'
import { inGroups } from './harness/in-flight.js'
import type { Lab } from './harness/lab.js'
import { makeRow, type Row, type Size } from './harness/rows.js'
import { digest, timed } from './harness/timed.js'

const KEYS = 1_000
const KEYS_A_BATCH = 100
const TTL_S = 3_600
const CALLS: Record<string, number> = { get: 4_000, set: 2_000, 'get many': 200, 'set many': 100 }

interface Kit {
  get(key: string): Promise<Row | undefined>
  set(key: string, row: Row): Promise<unknown>
  getMany(keys: string[]): Promise<(Row | undefined)[]>
  setMany(entries: [string, Row][]): Promise<unknown>
  close(): Promise<unknown>
}

function subject(make: (setting: Setting) => Promise<Kit>): StartSubject {
  return async (setting) => {
    const { task, size, atOnce } = setting.params
    const kit = await make(setting)
    const entries = Array.from({ length: KEYS }, (_, id): [string, Row] => {
      return [`row:${id}`, makeRow(size as Size, id)]
    })
    for (let from = 0; from < KEYS; from += KEYS_A_BATCH) {
      await kit.setMany(entries.slice(from, from + KEYS_A_BATCH))
    }
    const keys = entries.map(([key]) => key)
    const content = digest(await kit.getMany(keys))
    const perCall = atOnce as number
    const calls = setting.tiny ? 64 : CALLS[task as string]! * (perCall === 1 ? 1 : 4)
    const groups = Math.ceil(calls / perCall) * perCall
    const work = workOf(kit, task as string, entries)
    return {
      run: () => timed(groups, content, () => inGroups(groups, perCall, work, (id) => id)),
      stop: async () => void (await kit.close()),
    }
  }
}

/** Resolves to a number that tells whether the right thing was read or written. */
function workOf(kit: Kit, task: string, entries: [string, Row][]) {
  const at = (call: number) => entries[(call * 7) % KEYS]!
  const batch = (call: number) => {
    const from = (call * KEYS_A_BATCH) % KEYS
    return entries.slice(from, from + KEYS_A_BATCH)
  }
  const works: Record<string, (call: number) => Promise<number>> = {
    get: async (call) => (await kit.get(at(call)[0]))?.id ?? -1,
    set: async (call) => ((await kit.set(...at(call))) === false ? -1 : at(call)[1].id),
    'get many': async (call) => {
      const rows = await kit.getMany(batch(call).map(([key]) => key))
      return rows.reduce((sum, row) => sum + (row?.id ?? -1), 0)
    },
    'set many': async (call) => ((await kit.setMany(batch(call))) === false ? -1 : 1),
  }
  return works[task]!
}

function cached(makeStore: (setting: Setting) => Store): StartSubject {
  return subject(async (setting) => {
    const deadlines = { readDeadline: '5s', writeDeadline: '5s' } as const
    const store = makeStore(setting)
    const options = { store, prefix: 'bench', memory: false, ttl: TTL_S, ...deadlines } as const
    const cache = createCache(options)
    while (cache.stats().coherence.state !== 'leased') {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return {
      get: (key) => cache.get(key) as Promise<Row | undefined>,
      set: (key, row) => cache.set(key, row),
      getMany: (keys) => cache.getMany(keys) as Promise<(Row | undefined)[]>,
      setMany: (entries) => cache.setMany(entries),
      close: () => cache.close(),
    }
  })
}

type Ask = (query: pg.QueryConfig) => Promise<pg.QueryResult>

const TABLE = `CREATE UNLOGGED TABLE IF NOT EXISTS bare (key text COLLATE "C" PRIMARY KEY,
  value bytea NOT NULL, expires_at timestamptz NOT NULL, written_at timestamptz NOT NULL)
  WITH (fillfactor = 85)`
const UPSERT = `ON CONFLICT (key) DO UPDATE SET value = excluded.value,
  expires_at = excluded.expires_at, written_at = excluded.written_at`

function bare(open: (url: string) => Promise<{ ask: Ask; end(): Promise<unknown> }>) {
  return subject(async ({ params }) => {
    const { ask, end } = await open(String(params.url))
    await ask({ text: TABLE })
    return { ...bareKit(ask), close: end }
  })
}

function bareKit(ask: Ask): Omit<Kit, 'close'> {
  const bytesOf = (row: Row) => Buffer.from(JSON.stringify(row))
  const rowOf = (value: unknown) => JSON.parse(String(value)) as Row
  return {
    get: async (key) => {
      const text = 'SELECT value FROM bare WHERE key = $1 AND expires_at > statement_timestamp()'
      const { rows } = await ask({ name: 'get', text, values: [key] })
      return rows[0] && rowOf(rows[0].value)
    },
    set: (key, row) => {
      const life = `now() + $3::float8 * interval '1 second', now()`
      const text = `INSERT INTO bare VALUES ($1, $2, ${life}) ${UPSERT}`
      return ask({ name: 'set', text, values: [key, bytesOf(row), TTL_S] })
    },
    getMany: async (keys) => {
      const text = `SELECT key, value FROM bare
        WHERE key = ANY($1::text[]) AND expires_at > statement_timestamp()`
      const { rows } = await ask({ name: 'getMany', text, values: [keys] })
      const found = new Map(rows.map(({ key, value }) => [key, value]))
      return keys.map((key) => (found.has(key) ? rowOf(found.get(key)) : undefined))
    },
    setMany: (entries) => {
      const text = `INSERT INTO bare SELECT k, v, now() + $3::float8 * interval '1 second', now()
        FROM unnest($1::text[], $2::bytea[]) AS u(k, v) ORDER BY k ${UPSERT}`
      const values = [entries.map(([key]) => key), entries.map(([, row]) => bytesOf(row)), TTL_S]
      return ask({ name: 'setMany', text, values })
    },
  }
}

async function client(url: string, pipeline: boolean) {
  const one = new pg.Client({ connectionString: url, pipeline } as pg.ClientConfig)
  await one.connect()
  return { ask: (query: pg.QueryConfig) => one.query(query), end: () => one.end() }
}

/** The two statements of a coherent set, with the tables that ours has made. */
const sameSql = subject(async ({ params }) => {
  const { ask, end } = await client(String(params.url), true)
  const { set, append } = statementsFor({ schema: 'public', table: 'cachewright' })
  await ask({ text: TABLE })
  return {
    ...bareKit(ask),
    set: (key, row) => {
      const bytes = Buffer.from(JSON.stringify(row))
      const limit = Date.now() + 60_000
      const values = [[`same::${key}`], [1], [bytes.length], bytes, [TTL_S * 1_000], null, limit]
      const record = ['bench', 'same', -1, 'same', false, `[["k","","${key}"]]`, [], [], 'bench']
      return Promise.all([ask({ ...set, values }), ask({ ...append, values: record })])
    },
    close: end,
  }
})

const sqliteBare = subject(async ({ params }) => {
  const database = (await loadSqlite())(`${String(params.folder)}/bare.db`)
  database.exec(`PRAGMA journal_mode = wal; PRAGMA synchronous = normal;
    CREATE TABLE IF NOT EXISTS bare (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL,
      expires_at REAL NOT NULL)`)
  const get = database.prepare('SELECT value FROM bare WHERE key = ? AND expires_at > ?')
  const set = database.prepare('INSERT OR REPLACE INTO bare VALUES (?, ?, ?)')
  const read = (key: string) => {
    const row = get.get(key, Date.now())
    return row && (JSON.parse(Buffer.from(row.value as Uint8Array).toString()) as Row)
  }
  const write = (key: string, row: Row) => {
    set.run(key, Buffer.from(JSON.stringify(row)), Date.now() + TTL_S * 1_000)
  }
  return {
    get: async (key) => read(key),
    set: async (key, row) => write(key, row),
    getMany: async (keys) => keys.map(read),
    setMany: async (entries) => {
      database.exec('BEGIN IMMEDIATE')
      for (const entry of entries) write(...entry)
      database.exec('COMMIT')
    },
    close: async () => database.close(),
  }
})

export const subjects = {
  pg: bare((url) => client(url, false)),
  'pg, pipelined': bare((url) => client(url, true)),
  'pg, a pool of 10': bare(async (url) => {
    const pool = new pg.Pool({ connectionString: url, max: 10 })
    return { ask: (query) => pool.query(query), end: () => pool.end() }
  }),
  'pg, the two statements': sameSql,
  'no memory, postgres': cached(({ params }) => postgres({ url: String(params.url) })),
  'SQLite, bare': sqliteBare,
  'no memory, sqlite': cached(({ params }) => sqlite({ path: `${String(params.folder)}/ours.db` })),
}

const BARE = ['pg', 'pg, pipelined', 'pg, a pool of 10']
const BATCH_TARGET = 1 / 1.3

async function compareAll(lab: Lab, url: string, folder: string) {
  const rows = []
  for (const task of ['get', 'set', 'get many', 'set many']) {
    const isBatch = task.endsWith('many')
    for (const atOnce of isBatch ? [1] : [1, 64]) {
      const times = isBatch ? '100 keys' : atOnce === 1 ? 'one at a time' : `${atOnce} at once`
      const params = { task, size: '100 B', atOnce, url, folder }
      const compare = (store: string, names: readonly string[], ours: string, target: number) => {
        return lab.compare({
          case: `${store}, ${task}, ${times}`,
          params,
          bare: names,
          ours: [{ subject: ours, target }],
        })
      }
      const [pgTarget, liteTarget] = isBatch ? [BATCH_TARGET, 0.8] : [0.9, 0.8]
      rows.push(...(await compare('Postgres', BARE, 'no memory, postgres', pgTarget)))
      if (task === 'set') {
        const same = ['pg, the two statements']
        rows.push(...(await compare('Postgres, coherent', same, 'no memory, postgres', 0.9)))
      }
      rows.push(...(await compare('SQLite', ['SQLite, bare'], 'no memory, sqlite', liteTarget)))
    }
  }
  return rows
}

export const bench: Bench = {
  name: 'sql',
  says:
    '`get`, `set`, `getMany` and `setMany` of a cache without memory on Postgres and on SQLite ' +
    '(a file), against bare statements with JSON: the fastest of a `pg` client, one that ' +
    'pipelines and a pool of ten; rows of 100 B. A bare set keeps no other process informed; ' +
    '"coherent" is against a client that sends the same two statements as ours.',
  async run(lab) {
    const url = await lab.postgres()
    const folder = mkdtempSync(join(tmpdir(), 'cachewright-bench-'))
    try {
      return await compareAll(lab, url, folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
