/** What is given back: expired entries, rights that have ended, the oldest beyond the bounds. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { type PostgresOptions, postgres } from '../../src/stores/postgres/index.js'
import { openedInTest } from '../support/opened-in-test.js'
import { Postgres } from '../support/postgres.js'
import { until } from '../support/watched-store.js'

let server: Postgres
let admin: pg.Client
let tables = 0
beforeAll(async () => {
  server = await Postgres.start()
  admin = await server.client()
})
afterAll(() => server?.stop())

async function open(options: PostgresOptions): Promise<Store> {
  const store = postgres({ url: server.url, sweepInterval: '100ms', ...options })
  await openedInTest(store).up()
  return store
}

async function rows(table: string): Promise<number> {
  return (await admin.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n
}

function entries(from: number, count: number, size: number, ttlMs = 3_600_000) {
  return Array.from({ length: count }, (_, i) => {
    return { key: `k${String(from + i).padStart(6, '0')}`, bytes: Buffer.alloc(size, 97), ttlMs }
  })
}

describe('the sweeper', () => {
  it('removes what has expired, and rights that have ended, and nothing else', async () => {
    const table = `t${++tables}`
    const store = await open({ table })
    await store.setMany(entries(0, 300, 10, 20))
    await store.setMany(entries(1_000, 300, 3_000))
    const asked = Array.from({ length: 50 }, (_, i) => {
      const common = { leaseMs: 20, how: 'take', replaces: undefined, unusable: undefined } as const
      return { key: `l${i}`, token: 't', ...common }
    })
    await store.leaseMany!(asked, { offset: 0, now: Buffer.from('5') })
    await store.leaseMany!([{ ...asked[0]!, key: 'lasts', leaseMs: 60_000 }], {
      offset: 0,
      now: Buffer.from('5'),
    })
    await until(async () => (await rows(table)) === 300, 'the expired ones are gone')
    await until(async () => (await rows(`${table}_leases`)) === 1, 'the ended ones are gone')
    const left = await store.getMany(entries(1_000, 300, 1).map(({ key }) => key))
    expect(left.every((value) => value?.length === 3_000)).toBe(true)
  })

  it.each<[string, PostgresOptions, number]>([
    ['entries', { maxEntries: 1_000 }, 100],
    ['bytes', { maxBytes: 1_024 ** 2 }, 1_000],
  ])('removes the oldest where there are too many %s', async (_, bound, size) => {
    const table = `t${++tables}`
    const store = await open({ table, ...bound })
    for (let i = 0; i < 30; i++) {
      await store.setMany(entries(i * 100, 100, size))
      // Written again, so they are as young as the youngest, whenever they were made.
      await store.setMany(entries(0, 50, size))
    }
    const most = bound.maxEntries ?? Math.floor(1_024 ** 2 / (size + 7 + 60))
    await until(async () => (await rows(table)) <= most * 1.05, 'the bound is kept')
    const count = await rows(table)
    expect(count).toBeGreaterThan(most * 0.85)
    const left = await admin.query(`SELECT key FROM ${table} ORDER BY key`)
    const keys = left.rows.map(({ key }: { key: string }) => key)
    // The oldest batches are gone as a whole, but for what was written again; the youngest stay.
    const oldest = 3_000 - Math.ceil(count * 1.05)
    for (const { key } of entries(100, Math.max(0, oldest - 300), 1)) {
      expect(keys).not.toContain(key)
    }
    for (const { key } of entries(0, 50, 1)) expect(keys).toContain(key)
    for (const { key } of entries(3_000 - Math.floor(count * 0.8), 1, 1))
      expect(keys).toContain(key)
  })

  it('keeps its bounds also where all entries were written in one moment', async () => {
    const table = `t${++tables}`
    const store = await open({ table, maxEntries: 1_000 })
    await store.setMany(entries(0, 3_000, 100))
    await until(async () => (await rows(table)) <= 1_050, 'the bound is kept')
    expect(await rows(table)).toBeGreaterThan(850)
  })

  it('is one process at a time', async () => {
    const table = `t${++tables}`
    const walks: { begin: number; end: number }[] = []
    const pool = server.pool(8)
    let turn = 0
    const stores: Store[] = []
    for (let i = 0; i < 4; i++) {
      let begin = 0
      const client = {
        query: async (text: string, values?: unknown[]) => {
          if (text.includes('WITH gone AS')) {
            begin = ++turn
            // Long enough for the others to come by.
            await new Promise((resolve) => setTimeout(resolve, 40))
          }
          const found = await pool.query(text, values)
          if (text.includes('WITH gone AS')) walks.push({ begin, end: ++turn })
          return found
        },
      }
      stores.push(await open({ client, url: undefined, table }))
    }
    await stores[0]!.setMany(entries(0, 10, 10))
    await until(() => walks.length >= 5, 'five walks')
    // Each ended before another began.
    for (const { begin, end } of walks) expect(end).toBe(begin + 1)
  })

  it('leaves rows alone that somebody writes just now, and does not wait for them', async () => {
    const table = `t${++tables}`
    const store = await open({ table })
    await store.setMany(entries(0, 20, 10, 20))
    await admin.query('BEGIN')
    await admin.query(`SELECT 1 FROM ${table} WHERE key = $1 FOR UPDATE`, [
      entries(0, 1, 1)[0]!.key,
    ])
    const other = await server.client()
    const count = async () =>
      (await other.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n
    await until(async () => (await count()) === 1, 'the others are gone')
    await admin.query('ROLLBACK')
    await until(async () => (await count()) === 0, 'it follows')
  })
})
