/**
 * Versioned upserts on a real Postgres: a table has of each key what its highest version says,
 * whatever comes late, twice, or at once.
 */
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type BehindWrite,
  type VersionedUpserts,
  type VersionedUpsertsOptions,
  versionedUpserts,
} from '../../src/patterns/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { deleteOf, setOf, writeAll } from '../support/behind-writes.js'
import { Postgres } from '../support/postgres.js'
import { until } from '../support/watched-store.js'

interface Order {
  readonly total: number
  readonly note?: string | undefined
}

let postgres: Postgres
let pool: pg.Pool
let table = ''
let orders: VersionedUpserts<Order>
let count = 0

beforeAll(async () => {
  postgres = await Postgres.start()
  pool = postgres.pool(6)
})

afterAll(() => postgres?.stop())

beforeEach(async () => {
  count++
  table = `orders_${count}`
  await pool.query(`CREATE TABLE ${table} (id int PRIMARY KEY, total numeric NOT NULL CHECK
    (total >= 0), note text UNIQUE, made_by text DEFAULT 'the table')`)
  orders = writer()
  await orders.migrate()
})

function optionsOf(client: VersionedUpsertsOptions['client']) {
  return { client, table, versions: `versions_${count}` }
}

function writer(client: VersionedUpsertsOptions['client'] = pool): VersionedUpserts<Order> {
  return versionedUpserts<Order>({
    ...optionsOf(client),
    key: { id: (key) => Number(key) },
    columns: { total: ({ value }) => value.total, note: ({ value }) => value.note },
  })
}

/** Its total is the version, unless `value` says otherwise. */
function set(key: string, version: number, value: Order = { total: version }): BehindWrite<Order> {
  return setOf(key, version, value)
}

function write(by: VersionedUpserts<Order>, ...writes: BehindWrite<Order>[]): Promise<void> {
  return writeAll(by, writes)
}

/** The total of each row, by its id. */
async function totals(): Promise<Record<string, number>> {
  const { rows } = await pool.query(`SELECT id, total::int FROM ${table} ORDER BY id`)
  return Object.fromEntries(rows.map(({ id, total }) => [id, total]))
}

async function versions(): Promise<Record<string, number>> {
  const text = `SELECT convert_from(key, 'UTF8') AS key, version::int FROM versions_${count}`
  const { rows } = await pool.query(text)
  return Object.fromEntries(rows.map(({ key, version }) => [key, version]))
}

describe('of two writes of a key', () => {
  const cases = [
    ['a set', 'an older set', set('1', 2), set('1', 1), { 1: 2 }],
    ['a delete', 'an older set', deleteOf('1', 2), set('1', 1), {}],
    ['a set', 'an older delete', set('1', 2), deleteOf('1', 1), { 1: 2 }],
    ['a set', 'a newer set', set('1', 1), set('1', 2), { 1: 2 }],
    ['a set', 'a newer delete', set('1', 1), deleteOf('1', 2), {}],
    ['a delete', 'a newer set', deleteOf('1', 1), set('1', 2), { 1: 2 }],
  ] as const

  it.each(cases)('%s, then %s: the newer one counts', async (_, __, first, second, left) => {
    await write(orders, first)
    await write(orders, second)
    expect(await totals()).toEqual(left)
    expect(await versions()).toEqual({ 1: 2 })
  })

  it.each(cases)('%s and %s at once: the newer one counts', async (_, __, first, second, left) => {
    const tx = await postgres.client()
    await tx.query('BEGIN')
    await write(writer(tx), first)
    const waiting = write(orders, second)
    await until(isWaiting, 'the second waits for the first')
    await tx.query('COMMIT')
    await waiting
    expect(await totals()).toEqual(left)
    expect(await versions()).toEqual({ 1: 2 })
  })

  it('a delete that waited removes also what was deleted and inserted meanwhile', async () => {
    await write(orders, set('1', 1))
    const tx = await postgres.client()
    await tx.query('BEGIN')
    await write(writer(tx), deleteOf('1', 2))
    await write(writer(tx), set('1', 3))
    const waiting = write(orders, deleteOf('1', 4))
    await until(isWaiting, 'the delete waits')
    await tx.query('COMMIT')
    await waiting
    expect(await totals()).toEqual({})
  })

  it('one that is rolled back does not stand in the way of an older one', async () => {
    const tx = await postgres.client()
    await tx.query('BEGIN')
    await write(writer(tx), set('1', 2))
    const waiting = write(orders, set('1', 1))
    await until(isWaiting, 'the second waits for the first')
    await tx.query('ROLLBACK')
    await waiting
    expect(await totals()).toEqual({ 1: 1 })
  })

  it('one that waited in repeatable read is rejected, and can be tried again', async () => {
    const strict = postgres.pool(1, {
      options: '-c default_transaction_isolation=repeatable\\ read',
    })
    for (const first of [set('1', 1), set('2', 1)]) {
      const tx = await postgres.client()
      await tx.query('BEGIN')
      await write(writer(tx), first)
      const waiting = write(writer(strict), deleteOf(first.key, 2))
      await until(isWaiting, 'the delete waits')
      const rejected = expect(waiting).rejects.toMatchObject({ code: '40001' })
      await tx.query('COMMIT')
      await rejected
      await write(writer(strict), deleteOf(first.key, 2))
    }
    expect(await totals()).toEqual({})
  })

  it('one that comes again is without effect', async () => {
    await write(orders, set('1', 1), set('2', 1), deleteOf('3', 1))
    await pool.query(`UPDATE ${table} SET total = 7 WHERE id = 1`)
    await pool.query(`DELETE FROM ${table} WHERE id = 2`)
    await pool.query(`INSERT INTO ${table} VALUES (3, 7)`)
    await write(orders, set('1', 1), set('2', 1), deleteOf('3', 1))
    expect(await totals()).toEqual({ 1: 7, 3: 7 })
  })

  async function isWaiting(): Promise<boolean> {
    const { rows } = await pool.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%given%'`,
    )
    return rows.length > 0
  }
})

describe('a batch', () => {
  it('is one statement, in which each key is compared by itself', async () => {
    await write(orders, set('1', 5), set('2', 5), deleteOf('3', 5), set('4', 5))
    let statements = 0
    const counting = {
      query(text: string, values: unknown[]) {
        statements++
        return pool.query(text, values)
      },
    }
    const batch = [set('4', 4), set('3', 6), deleteOf('2', 6), deleteOf('1', 4), set('5', 1)]
    await write(writer(counting), ...batch)
    expect(await totals()).toEqual({ 1: 5, 3: 6, 4: 5, 5: 1 })
    expect(statements).toBe(1)
  })

  it('may hold a key twice, in any order: the newest counts', async () => {
    await write(orders, set('1', 2), set('1', 3), set('1', 1), set('2', 1), deleteOf('2', 2))
    expect(await totals()).toEqual({ 1: 3 })
    expect(await versions()).toEqual({ 1: 3, 2: 2 })
  })

  it('of 1 000 writes is taken', async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `${i}`)
    await write(orders, ...keys.map((key) => set(key, 1)))
    expect(Object.keys(await totals())).toHaveLength(1_000)
    await write(orders, ...keys.map((key) => deleteOf(key, 2)))
    expect(await totals()).toEqual({})
  })

  it('is written as a whole or not at all', async () => {
    await write(orders, set('1', 1), set('2', 1))
    const bad = set('3', 2, { total: -1 })
    const good = [set('1', 2), deleteOf('2', 2), set('4', 1)]
    await expect(write(orders, ...good, bad)).rejects.toMatchObject({ code: '23514' })
    expect(await totals()).toEqual({ 1: 1, 2: 1 })
    expect(await versions()).toEqual({ 1: 1, 2: 1 })
    await write(orders, ...good)
    expect(await totals()).toEqual({ 1: 2, 4: 1 })
  })

  it('deletes first, so that a unique value may go from one row to another', async () => {
    await write(orders, set('1', 1, { total: 1, note: 'one of a kind' }))
    await write(orders, set('2', 1, { total: 2, note: 'one of a kind' }), deleteOf('1', 2))
    expect(await totals()).toEqual({ 2: 2 })
  })

  it('leaves columns alone that are not named, and the defaults of new rows', async () => {
    await pool.query(`INSERT INTO ${table} VALUES (1, 1, 'old', 'a person')`)
    await write(orders, set('1', 1), set('2', 1, { total: 2, note: 'new' }))
    const { rows } = await pool.query(`SELECT id, note, made_by FROM ${table} ORDER BY id`)
    expect(rows).toEqual([
      { id: 1, note: null, made_by: 'a person' },
      { id: 2, note: 'new', made_by: 'the table' },
    ])
  })
})

describe('many at once', () => {
  const KEYS = 50
  const VERSIONS = 40
  const BATCHES = 60

  it('leave each key as its highest version says, and none waits in a circle', async () => {
    const random = seededRandom(7)
    const below = (end: number) => Math.floor(random() * end)
    const highest = new Map<string, number>()
    const isDelete = (key: string, version: number) => (Number(key) + version) % 3 === 0
    const draw = () => {
      const key = `${below(KEYS)}`
      const version = 1 + below(VERSIONS)
      highest.set(key, Math.max(version, highest.get(key) ?? 0))
      return isDelete(key, version) ? deleteOf(key, version) : set(key, version)
    }
    const writeOneByOne = async (client: pg.Client) => {
      for (let i = 0; i < BATCHES; i++) {
        await write(writer(client), ...Array.from({ length: 1 + below(30) }, draw))
      }
    }
    const clients = await Promise.all([1, 2, 3, 4].map(() => postgres.client()))
    await Promise.all(clients.map(writeOneByOne))
    expect(await versions()).toEqual(Object.fromEntries(highest))
    const left = [...highest].filter(([key, version]) => !isDelete(key, version))
    expect(await totals()).toEqual(Object.fromEntries(left))
    expect(left.length).toBeGreaterThan(10)
    expect(left.length).toBeLessThan(KEYS - 5)
  })
})

describe('the migration', () => {
  it('may be run again, by itself too, and keeps what is there', async () => {
    await write(orders, set('1', 1))
    await orders.migrate()
    await pool.query(orders.migration())
    expect(await versions()).toEqual({ 1: 1 })
  })

  it('may be run by several processes at once', async () => {
    for (let round = 0; round < 5; round++) {
      const versionsTable = `at_once_${round}`
      const each = [1, 2, 3, 4].map(() => {
        const options = { client: pool, table, versions: versionsTable, columns: {} }
        return versionedUpserts({ ...options, key: { id: Number } })
      })
      await Promise.all(each.map((one) => one.migrate()))
      const { rows } = await pool.query(`SELECT to_regclass('${versionsTable}') AS name`)
      expect(rows).toEqual([{ name: versionsTable }])
    }
  })

  it('is needed: without it writes are rejected', async () => {
    const options = { client: pool, table, versions: 'absent', columns: {} }
    const early = versionedUpserts({ ...options, key: { id: Number } })
    await expect(writeAll(early, [setOf('1', 1, undefined)])).rejects.toThrow(/absent/)
  })
})

describe('prune', () => {
  function age(hours: number, where: string): Promise<unknown> {
    return pool.query(`UPDATE versions_${count}
      SET deleted_at = deleted_at - interval '1 hour' * ${hours},
        written_at = written_at - interval '1 hour' * ${hours} WHERE ${where}`)
  }

  it('forgets the versions of what was deleted longer ago, and no others', async () => {
    await write(orders, set('1', 2), deleteOf('2', 2), deleteOf('3', 2), deleteOf('4', 2))
    await age(2, "key <> '3'")
    await write(orders, set('4', 3))
    const others = versionedUpserts({
      ...optionsOf(pool),
      ...{ source: 'others', key: { id: Number }, columns: {} },
    })
    expect(await others.prune('1h')).toBe(0)
    expect(await orders.prune('1h')).toBe(1)
    expect(await versions()).toEqual({ 1: 2, 3: 2, 4: 3 })
    await write(orders, set('2', 1), set('3', 1))
    expect(await totals()).toEqual({ 1: 2, 2: 1, 4: 3 })
  })

  it('leaves what somebody is just writing', async () => {
    await write(orders, deleteOf('1', 1), deleteOf('2', 1))
    await age(2, 'true')
    const tx = await postgres.client()
    await tx.query('BEGIN')
    await write(writer(tx), set('1', 2))
    expect(await orders.prune('1h')).toBe(1)
    await tx.query('COMMIT')
    expect(await versions()).toEqual({ 1: 2 })
  })

  it('ends after 100 statements of 1 000, and goes on when it is called again', async () => {
    await pool.query(`INSERT INTO versions_${count}
      SELECT 'public.${table}', i::text::bytea, 1, now(), now() - interval '1 day'
      FROM generate_series(1, 100001) AS i`)
    let statements = 0
    const counting = {
      query(text: string, values: unknown[]) {
        statements++
        return pool.query(text, values)
      },
    }
    expect(await writer(counting).prune('1h')).toBe(100_000)
    expect(statements).toBe(100)
    expect(await orders.prune('1h')).toBe(1)
    expect(await versions()).toEqual({})
  })
})
