/**
 * The outbox against a real Postgres and a real Redis: what rolls back invalidates nothing, what
 * commits is invalidated, whoever dies in between.
 */

import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Cache } from '../../src/core/api.js'
import { createCache } from '../../src/index.js'
import {
  type InvalidationOutbox,
  invalidationOutbox,
  type OutboxOptions,
} from '../../src/patterns/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { killWhenItSays } from '../support/kill-child.js'
import { LONE_SURROGATES, ODD_NAMES } from '../support/odd-names.js'
import type { OutboxChildOrders } from '../support/outbox-child.js'
import { PATIENT } from '../support/patient.js'
import { Postgres } from '../support/postgres.js'
import { recordingTarget } from '../support/recording-target.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

const CHILD = fileURLToPath(new URL('../support/outbox-child.ts', import.meta.url))
let postgres: Postgres
let server: RedisServer
let pool: pg.Pool
let caches: Cache[] = []
let outboxes: InvalidationOutbox[] = []
let prefix = ''
let table = ''
let count = 0

beforeAll(async () => {
  const started = await Promise.all([Postgres.start(), startRedisServer()])
  postgres = started[0]
  server = started[1]
  pool = postgres.pool(8)
  await pool.query('CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL)')
})

afterAll(async () => {
  await postgres?.stop()
  await server?.stop()
})

beforeEach(async () => {
  count++
  prefix = `outbox${count}`
  table = `outbox_${count}`
  await pool.query(
    `INSERT INTO person VALUES (42, 'Ann') ON CONFLICT (id) DO UPDATE SET name = 'Ann'`,
  )
})

afterEach(async () => {
  for (const outbox of outboxes) await outbox.stop()
  for (const cache of caches) await cache.close()
  caches = []
  outboxes = []
})

async function openCache(port = server.port): Promise<Cache> {
  const cache = createCache({
    ...PATIENT,
    prefix,
    store: redis({ host: '127.0.0.1', port }),
    ttl: '1h',
  })
  caches.push(cache as Cache)
  await until(() => cache.stats().coherence.state === 'leased', 'leased')
  return cache as Cache
}

async function openOutbox(options: Partial<OutboxOptions> & Pick<OutboxOptions, 'cache'>) {
  const outbox = invalidationOutbox({ client: pool, table, ...options })
  outboxes.push(outbox)
  await outbox.migrate()
  return outbox
}

async function inTransaction(
  end: 'COMMIT' | 'ROLLBACK',
  work: (tx: pg.PoolClient) => Promise<unknown>,
): Promise<void> {
  const tx = await pool.connect()
  try {
    await tx.query('BEGIN')
    await work(tx)
    await tx.query(end)
  } finally {
    tx.release()
  }
}

function loadPerson(cache: Cache): Promise<string> {
  return cache.getOrSet('person:42', async () => {
    const { rows } = await pool.query<{ name: string }>('SELECT name FROM person WHERE id = 42')
    return rows[0]!.name
  })
}

const rowsLeft = async (outbox: InvalidationOutbox) => (await outbox.pending()).rows

describe('a transaction', () => {
  it('that rolls back invalidates nothing, one that commits does, elsewhere too', async () => {
    const [a, b] = [await openCache(), await openCache()]
    const outbox = await openOutbox({ cache: a })
    expect(await loadPerson(b)).toBe('Ann')

    for (const end of ['ROLLBACK', 'COMMIT'] as const) {
      await inTransaction(end, async (tx) => {
        await tx.query(`UPDATE person SET name = 'Bea' WHERE id = 42`)
        expect(await outbox.note(tx, { keys: ['person:42'] })).toBe(1)
        // Not even in between: another connection does not see the row.
        expect(await outbox.publish()).toBe(0)
        expect(await b.get('person:42')).toBe('Ann')
      })
      const isCommitted = end === 'COMMIT'
      expect(await outbox.pending()).toMatchObject({ rows: isCommitted ? 1 : 0 })
      expect(await outbox.publish()).toBe(isCommitted ? 1 : 0)
      if (!isCommitted) expect(await b.get('person:42')).toBe('Ann')
    }
    await until(async () => (await loadPerson(b)) === 'Bea', 'the new row')
    expect(await outbox.pending()).toEqual({ rows: 0, oldestMs: 0 })
  })

  it('invalidates keys, tags and patterns, also of namespaces', async () => {
    const [a, b] = [await openCache(), await openCache()]
    const outbox = await openOutbox({ cache: a })
    const users = b.namespace('app').namespace('users')
    await b.set('1', 'root')
    await users.set('1', 'by key')
    await users.set('list:1', 'by pattern')
    await users.set('2', 'by tag', { tags: ['team:7'] })
    await users.set('3', 'kept', { tags: ['team:8'] })
    await inTransaction('COMMIT', (tx) =>
      outbox.note(tx, {
        ...{ keys: ['1', '1'], tags: ['team:7'], patterns: ['list:*'] },
        namespace: 'app.users',
      }),
    )
    expect(await outbox.publish()).toBe(3)
    const values = () => users.getMany(['1', 'list:1', '2', '3'])
    const [gone, kept] = [undefined, 'kept']
    await until(async () => (await values()).filter(Boolean).length === 1, 'three are gone')
    expect(await values()).toEqual([gone, gone, gone, kept])
    expect(await b.get('1')).toBe('root')
  })

  it('writes all of its notes in one statement', async () => {
    const outbox = await openOutbox({ cache: recordingTarget() })
    const keys = Array.from({ length: 5_000 }, (_, i) => `key:${i}`)
    let statements = 0
    await inTransaction('COMMIT', (tx) => {
      const counting = {
        query(text: string, values: unknown[]) {
          statements++
          return tx.query(text, values)
        },
      }
      return outbox.note(counting, { keys, tags: keys.slice(1), patterns: ['a:*'] })
    })
    expect([statements, await rowsLeft(outbox)]).toEqual([1, 10_000])
  })

  it('cannot be noted through a pool, which would commit at once', async () => {
    const outbox = await openOutbox({ cache: recordingTarget() })
    const refusal = { code: 'OPTION_INVALID', message: expect.stringContaining('not a pool') }
    await expect(outbox.note(pool, { keys: ['k'] })).rejects.toMatchObject(refusal)
    expect(await rowsLeft(outbox)).toBe(0)
  })

  it('on the connection of the relay is not looked into before it commits', async () => {
    const client = await postgres.client()
    const cache = recordingTarget()
    const outbox = await openOutbox({ cache, client })
    for (const end of ['ROLLBACK', 'COMMIT']) {
      await client.query('BEGIN')
      await outbox.note(client, { keys: ['k'] })
      expect(await outbox.publish()).toBe(0)
      await client.query(end)
      expect(cache.asked).toEqual([])
    }
    expect(await outbox.publish()).toBe(1)
    expect(cache.asked).toEqual([['delete', '', 'k']])
  })
})

describe('odd names', () => {
  it.each(['UTF8', 'LATIN1'])('arrive as they were noted, in %s', async (encoding) => {
    const cache = recordingTarget()
    const name = `odd_${encoding.toLowerCase()}`
    await pool.query(`CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0 LOCALE 'C'`)
    const client = await postgres.client(name)
    const outbox = await openOutbox({ cache, client })
    const keys = [...ODD_NAMES, ...LONE_SURROGATES]
    const patterns = ODD_NAMES.filter((each) => each !== '')
    await outbox.note(client, { keys, tags: ODD_NAMES, patterns })
    expect(await outbox.publish()).toBe(keys.length + ODD_NAMES.length + patterns.length)
    const arrived = (verb: string) => cache.asked.filter(([each]) => each === verb)
    const names = (verb: string) => arrived(verb).map(([, , name]) => name)
    expect(names('delete').sort()).toEqual([...keys].sort())
    expect(names('tag').sort()).toEqual([...ODD_NAMES].sort())
    expect(names('pattern').sort()).toEqual([...patterns].sort())
  })

  it('are gone from the caches, and only those', async () => {
    const [a, b] = [await openCache(), await openCache()]
    const outbox = await openOutbox({ cache: a })
    const keys = [...ODD_NAMES, ...LONE_SURROGATES]
    const others = keys.map((key) => `${key}!`)
    await b.setMany([...keys, ...others].map((key) => [key, key]))
    await inTransaction('COMMIT', (tx) => outbox.note(tx, { keys }))
    await outbox.publish()
    const isGone = async () => (await b.getMany(keys)).every((value) => value === undefined)
    await until(isGone, 'all are gone')
    expect(await b.getMany(others)).toEqual(others)
  })
})

describe('the relay', () => {
  it('finds by polling what nobody told it of', async () => {
    const [a, b] = [await openCache(), await openCache()]
    const outbox = await openOutbox({ cache: a, pollInterval: '50ms', notify: false })
    outbox.start()
    await b.set('k', 'old')
    await inTransaction('COMMIT', (tx) => outbox.note(tx, { keys: ['k'] }))
    await until(async () => (await b.get('k')) === undefined, 'invalidated')
    await until(async () => (await rowsLeft(outbox)) === 0, 'the row is done')
  })

  it('is woken by a commit of another process', async () => {
    const listener = await postgres.client()
    const cache = recordingTarget()
    const outbox = await openOutbox({ cache, listener, pollInterval: '1h' })
    outbox.start()
    // Its first look is over, and LISTEN is known to the server: no other way is left.
    await outbox.publish()
    await listener.query('SELECT 1')
    const writer = await openOutbox({ cache: recordingTarget() })
    await inTransaction('COMMIT', (tx) => writer.note(tx, { keys: ['k'] }))
    await until(() => cache.asked.length > 0, 'woken')
    await outbox.stop()
    const { rows } = await listener.query('SELECT pg_listening_channels()')
    expect(rows).toEqual([])
    expect(listener.listenerCount('notification')).toBe(0)
  })

  it('shares the rows with others: each is done once, none is lost', async () => {
    const relays = [recordingTarget(), recordingTarget(), recordingTarget()]
    // No lease ends during the test, so whatever is done twice was taken twice.
    const shared = { batch: 7, lease: '1h' }
    const each = await Promise.all(relays.map((cache) => openOutbox({ cache, ...shared })))
    const keys = Array.from({ length: 1_000 }, (_, i) => `key:${i}`)
    await inTransaction('COMMIT', (tx) => each[0]!.note(tx, { keys }))
    const done = async () => {
      await Promise.all(each.map((outbox) => outbox.publish()))
      return (await rowsLeft(each[0]!)) === 0
    }
    await until(done, 'all rows are done')
    const asked = relays.flatMap((relay) => relay.asked.map(([, , name]) => name))
    expect(asked.sort()).toEqual([...keys].sort())
  })

  it('keeps what the cache has not confirmed, and tries it again', async () => {
    const cache = recordingTarget()
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    // It is put back, and need not wait for the end of a lease.
    const outbox = await openOutbox({ cache, onError, lease: '1h' })
    await inTransaction('COMMIT', (tx) => outbox.note(tx, { keys: ['a', 'b'], tags: ['t'] }))
    cache.answer = async (name) => name !== 'b'
    expect(await outbox.publish()).toBe(2)
    expect(errors).toEqual([expect.objectContaining({ code: 'STORE_UNAVAILABLE' })])
    expect(await rowsLeft(outbox)).toBe(1)
    cache.answer = true
    await until(async () => (await outbox.publish()) === 1, 'tried again')
    expect(cache.asked.filter(([, , name]) => name === 'b').length).toBe(2)
    expect(await rowsLeft(outbox)).toBe(0)
  })

  it('backs off by a minute at the most', async () => {
    const cache = recordingTarget()
    const outbox = await openOutbox({ cache })
    const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`)
    await inTransaction('COMMIT', (tx) => outbox.note(tx, { keys }))
    await pool.query(`UPDATE ${table} SET attempts = 1000`)
    cache.answer = false
    const before = await pool.query('SELECT clock_timestamp() AS now')
    await outbox.publish()
    const { rows } = await pool.query(
      `SELECT bool_and(due_at BETWEEN $1 AND clock_timestamp() + interval '1 minute') AS is_within,
        max(due_at) - min(due_at) > interval '10 seconds' AS is_spread FROM ${table}`,
      [before.rows[0].now],
    )
    expect(rows).toEqual([{ is_within: true, is_spread: true }])
  })

  it('waits while the store is away, and publishes when it is back', async () => {
    const proxy = await startFaultProxy(server.port)
    try {
      const [a, b] = [await openCache(proxy.port), await openCache()]
      await b.set('k', 'old')
      const outbox = await openOutbox({ cache: a, pollInterval: '50ms' })
      outbox.start()
      proxy.set({ kind: 'refuse' })
      proxy.reset()
      await until(() => a.stats().store?.breaker === 'open', 'away')
      await inTransaction('COMMIT', (tx) => outbox.note(tx, { keys: ['k'] }))
      expect(await outbox.publish()).toBe(0)
      expect([await rowsLeft(outbox), await b.get('k')]).toEqual([1, 'old'])
      proxy.set({ kind: 'pass' })
      await until(async () => (await rowsLeft(outbox)) === 0, 'published')
      await until(async () => (await b.get('k')) === undefined, 'invalidated')
    } finally {
      await proxy.close()
    }
  })

  it('passes a row that it cannot read, and says so', async () => {
    const cache = recordingTarget()
    const errors: unknown[] = []
    const outbox = await openOutbox({ cache, onError: (error) => errors.push(error) })
    await pool.query(`INSERT INTO ${table} (kind, namespace, name) VALUES ('key', '', 'no json')`)
    await inTransaction('COMMIT', (tx) => outbox.note(tx, { keys: ['k'] }))
    expect(await outbox.publish()).toBe(1)
    expect(cache.asked).toEqual([['delete', '', 'k']])
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringMatching(/row 1 /) })])
    expect(await rowsLeft(outbox)).toBe(1)
  })
})

describe('a process that is killed', () => {
  it('after its commit and before its relay has looked loses nothing', async () => {
    const [a, b] = [await openCache(), await openCache()]
    const outbox = await openOutbox({ cache: a, pollInterval: '50ms' })
    expect(await loadPerson(b)).toBe('Ann')
    await killWhen('committed')
    expect([await rowsLeft(outbox), await b.get('person:42')]).toEqual([1, 'Ann'])
    outbox.start()
    await until(async () => (await loadPerson(b)) === 'Bea', 'the new row')
    await until(async () => (await rowsLeft(outbox)) === 0, 'the row is done')
  })

  it('with rows in hand leaves them to the next', async () => {
    const [a, b] = [await openCache(), await openCache()]
    const outbox = await openOutbox({ cache: a, pollInterval: '50ms' })
    await b.set('k', 'old')
    await inTransaction('COMMIT', (tx) => outbox.note(tx, { keys: ['k'] }))
    await killWhen('taken')
    expect([await rowsLeft(outbox), await b.get('k')]).toEqual([1, 'old'])
    outbox.start()
    await until(async () => (await b.get('k')) === undefined, 'invalidated')
    await until(async () => (await rowsLeft(outbox)) === 0, 'the row is done')
  })
})

describe('the table', () => {
  it('can be made by many at once, and again', async () => {
    const outboxes = Array.from({ length: 6 }, () =>
      invalidationOutbox({ client: pool, cache: recordingTarget(), table }),
    )
    await Promise.all(outboxes.map((outbox) => outbox.migrate()))
    await pool.query(outboxes[0]!.migration())
    expect(await rowsLeft(outboxes[0]!)).toBe(0)
  })

  it('lies in the schema that is named, whatever the path of the connection', async () => {
    await pool.query(`CREATE SCHEMA "Other${count}"`)
    const cache = recordingTarget()
    const outbox = await openOutbox({ cache, schema: `Other${count}`, table: 'select' })
    await inTransaction('COMMIT', async (tx) => {
      await tx.query('SET LOCAL search_path = pg_catalog')
      await outbox.note(tx, { keys: ['k'] })
    })
    const { oldestMs, rows } = await outbox.pending()
    expect([rows, oldestMs > 0]).toEqual([1, true])
    expect(await outbox.publish()).toBe(1)
  })
})

/** Starts a process that shares table and cache, and kills it as soon as it has got there. */
async function killWhen(dieWhen: OutboxChildOrders['dieWhen']): Promise<void> {
  const { settings } = postgres
  const orders: OutboxChildOrders = { settings, redisUrl: server.url, prefix, table, dieWhen }
  await killWhenItSays(CHILD, orders, dieWhen)
}
