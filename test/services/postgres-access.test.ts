/** Getting in, making tables, being kept out; and what a caller's client is left with. */

import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { WaitingWrite } from '../../src/core/write-queue.js'
import { createCache } from '../../src/index.js'
import {
  type PostgresOptions,
  postgres,
  postgresMigration,
} from '../../src/stores/postgres/index.js'
import { openedInTest } from '../support/opened-in-test.js'
import { PATIENT } from '../support/patient.js'
import { Postgres } from '../support/postgres.js'
import { until } from '../support/watched-store.js'

let server: Postgres
let admin: pg.Client
beforeAll(async () => {
  server = await Postgres.start()
  admin = await server.client()
})
afterAll(() => server?.stop())

function open(options: PostgresOptions = {}) {
  return openedInTest(postgres({ ...(options.client ? {} : { url: server.url }), ...options }))
}

const entry = (key: string) => ({ key, bytes: Buffer.from('v'), ttlMs: 60_000 })

describe('a store on Postgres', () => {
  it('makes its tables once, whoever starts at the same time', async () => {
    const all = Array.from({ length: 6 }, () => open({ table: 'together' }))
    await Promise.all(all.map(({ up }) => up()))
    await all[0]!.store.setMany([entry('a')])
    expect(await all[5]!.store.getMany(['a'])).toHaveLength(1)
  })

  it('makes them anew where another version has made them, and keeps what is there', async () => {
    const first = open({ table: 'version' })
    await first.up()
    await first.store.setMany([entry('a')])
    await admin.query(`COMMENT ON TABLE version IS 'cachewright 1 other'`)
    await admin.query('DROP FUNCTION version_set')
    const second = open({ table: 'version' })
    await second.up()
    await second.store.setMany([entry('b')])
    expect((await second.store.getMany(['a', 'b'])).map(String)).toEqual(['v', 'v'])
  })

  it('works on tables that its migration has made, by a user who may make none', async () => {
    await admin.query('CREATE SCHEMA app')
    await admin.query(postgresMigration({ schema: 'app', table: 'kept', unlogged: false }))
    await admin.query(`CREATE ROLE clerk LOGIN PASSWORD 'clerk';
      GRANT USAGE ON SCHEMA app TO clerk;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA app TO clerk`)
    const { host, port } = server.settings
    const access = { host, port, user: 'clerk', password: 'clerk', database: 'postgres' }
    const place = { schema: 'app', table: 'kept' }
    const store = postgres({ ...access, ...place, migrate: false })
    onTestFinished(() => store.close())
    const cache = createCache({ ...PATIENT, store, memory: false })
    await until(() => cache.stats().coherence.state === 'leased', 'leased')
    expect(await cache.set('k', 1, { tags: ['t'] })).toBe(true)
    expect(await cache.get('k')).toBe(1)
    expect(await cache.invalidateTags(['t'])).not.toBe(false)
    expect(await cache.get('k')).toBeUndefined()
    const queue = store.writeQueue!('q', 1)
    await queue.prepare('disk')
    const limits = { delayMs: 0, maxPending: 1, maxAgeMs: 60_000, durability: 'disk' } as const
    await queue.put([{ key: 'k', op: 'set', bytes: Buffer.from('v') }], limits)
    const holder = { id: 'a', leaseMs: 60_000 }
    const { epoch, writes } = await queue.claim(0, holder, { maxWrites: 1, maxBytes: 1 })
    const [{ key, version }] = writes as [WaitingWrite]
    const outcome = { kind: 'dead', error: 'no', maxDead: 1 } as const
    expect(await queue.settle(0, epoch!, [{ key, version, outcome }])).toEqual(['settled'])
    expect(await queue.replay(['k'])).toBe(1)
    await cache.close()
    const kinds = await admin.query(
      `SELECT DISTINCT relpersistence FROM pg_class WHERE relname LIKE 'kept%' AND relkind = 'r'`,
    )
    expect(kinds.rows).toEqual([{ relpersistence: 'p' }])
  })

  it.each<[string, PostgresOptions, RegExp]>([
    ['a wrong password', { password: 'wrong' }, /password authentication failed/],
    ['no such database', { database: 'nowhere' }, /database "nowhere" does not exist/],
    ['no such table', { table: 'nowhere', migrate: false }, /there is no table/],
    ['no such schema', { schema: 'nowhere' }, /schema "nowhere" does not exist/],
  ])('stays away and says why with %s', async (_, wrong, reason) => {
    const { host, port, user, password, database } = server.settings
    const store = postgres({ host, port, user, password, database, ...wrong })
    const { down } = openedInTest(store)
    expect(String(await down())).toMatch(reason)
    await expect(store.getMany(['a'])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(reason),
    })
  })

  it('refuses a database whose sessions see one moment for a whole transaction', async () => {
    await admin.query('CREATE DATABASE strict')
    await admin.query(`ALTER DATABASE strict SET default_transaction_isolation = 'serializable'`)
    const pool = server.pool(10, { database: 'strict' })
    const { down } = open({ client: pool })
    expect(String(await down())).toMatch(/serializable by default/)
    // A connection of our own asks for what it needs.
    const own = open({ url: server.url.replace(/postgres$/, 'strict') })
    await own.up()
    await pool.end()
  })
})

describe('a client given', () => {
  it('is left as it was by reconnect and close', async () => {
    const pool = server.pool()
    const watch = open({ client: pool })
    await watch.up()
    await watch.store.setMany([entry('given')])
    watch.store.reconnect()
    await watch.store.close()
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await expect(watch.store.getMany(['given'])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
  })

  it('hears what others invalidate by one connection more, made of its settings', async () => {
    const pool = server.pool(2)
    const ours = createCache({ ...PATIENT, store: postgres({ client: pool }), prefix: 'pushed' })
    const theirs = createCache({
      ...PATIENT,
      store: postgres({ url: server.url }),
      prefix: 'pushed',
    })
    for (const cache of [ours, theirs]) {
      await until(() => cache.stats().coherence.state === 'leased', 'leased')
    }
    const listening = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`
    await until(async () => (await admin.query(listening)).rows[0].n >= 1, 'it listens')
    await theirs.set('k', 1)
    await until(async () => {
      return (await ours.get('k')) === 1 && ours.peek('k') === 1
    }, 'the value, in memory')
    await theirs.delete('k')
    await until(() => ours.peek('k') === undefined, 'the news')
    await ours.close()
    await theirs.close()
  })

  it('is doubted when it leads to another life of the server, and not before', async () => {
    const pool = server.pool(10, { idleTimeoutMillis: 20 })
    const watch = open({ client: pool })
    await watch.up()
    const isEmpty = () => until(() => pool.totalCount === 0, 'no connection is left')
    await watch.store.setMany([entry('lives')])
    await isEmpty()
    expect(await watch.store.getMany(['lives'])).toHaveLength(1)
    expect([watch.ups, watch.downs]).toEqual([1, []])
    await isEmpty()
    await server.control.shutDown()
    await server.control.restart()
    admin = await server.client()
    // No call has failed, and no connection was lost: what is read tells it.
    await expect(watch.store.getMany(['lives'])).rejects.toThrow(/another life/)
    expect(watch.downs).toHaveLength(1)
    await watch.up(1)
    expect(await watch.store.getMany(['lives'])).toHaveLength(1)
    await watch.store.close()
    await pool.end()
  })

  it('keeps the order of calls on one key, and of a record behind its delete', async () => {
    const pool = server.pool(4)
    const cache = createCache({
      ...PATIENT,
      store: postgres({ client: pool }),
      prefix: 'order',
      memory: false,
    })
    await until(() => cache.stats().coherence.state === 'leased', 'leased')
    for (let round = 0; round < 100; round++) {
      const calls = [
        cache.set('k', round),
        cache.get('k'),
        cache.delete('k'),
        cache.get('k'),
        cache.set('k', -round),
        cache.get('k'),
      ]
      const [, first, , second, , third] = await Promise.all(calls)
      // Calls of one kind and tick travel together, so an earlier value may be passed over.
      expect([round, undefined, -round]).toContain(first)
      expect([round, undefined, -round]).toContain(second)
      expect([undefined, -round]).toContain(third)
      expect(await cache.get('k')).toBe(-round)
    }
    await cache.close()
  })

  it('comes back by itself after the server was away', async () => {
    const pool = server.pool(2)
    const watch = open({ client: pool })
    await watch.up()
    await server.control.restart()
    await until(async () => {
      return watch.store.getMany(['a']).then(
        () => true,
        () => false,
      )
    }, 'it works again')
    admin = await server.client()
  })
})
