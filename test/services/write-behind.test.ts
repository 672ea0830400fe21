/**
 * Write-behind over real stores: several processes' worth of caches, a real Postgres as the source.
 * What is killed and frozen is in write-behind-proof.test.ts.
 */
import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import {
  type BehindWriter,
  type VersionedUpserts,
  versionedUpserts,
  type WriteBehind,
  type WriteBehindOptions,
  writeBehind,
} from '../../src/patterns/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { PATIENT } from '../support/patient.js'
import { type FilePlace, POSTGRES_PLACE, REDIS_PLACES } from '../support/places.js'
import { Postgres } from '../support/postgres.js'
import { startRedisCluster } from '../support/redis-cluster.js'
import { startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

interface Order {
  readonly total: number
  readonly at: Date
}

const CLUSTER: FilePlace = {
  name: 'Redis Cluster',
  start: async () => {
    const cluster = await startRedisCluster()
    return { store: () => redis({ cluster: cluster.seeds }), stop: () => cluster.stop() }
  },
}
const SOON = { delay: '20ms', partitions: 8, retryDelay: '10ms' } as const

let source: Postgres
let pool: Pool
let orders: VersionedUpserts<Order>
let runs = 0
const open: Cache[] = []
beforeAll(async () => {
  source = await Postgres.start()
  pool = source.pool(4)
  await pool.query(
    'CREATE TABLE orders (id text PRIMARY KEY, total int CHECK (total >= 0), at timestamptz)',
  )
  orders = versionedUpserts<Order>({
    client: pool,
    table: 'orders',
    key: { id: (key) => key },
    columns: { total: ({ value }) => value.total, at: ({ value }) => value.at },
  })
  await orders.migrate()
})
afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close()
})
afterAll(async () => {
  await pool?.end()
  await source?.stop()
})

async function load(id: string): Promise<Order | undefined> {
  const { rows } = await pool.query('SELECT total, at FROM orders WHERE id = $1', [id])
  return rows[0] as Order | undefined
}

const order = (total: number): Order => ({ total, at: new Date(total * 1_000) })

describe.each([...REDIS_PLACES, CLUSTER, POSTGRES_PLACE])(
  'write-behind over $name',
  ({ start }) => {
    let place: Awaited<ReturnType<FilePlace['start']>>
    beforeAll(async () => {
      place = await start()
    })
    afterAll(() => place.stop())

    /** As two processes would have it; the second only reads and sets. */
    async function pair(options: WriteBehindOptions<string, Order> = {}, ids = `r${++runs}`) {
      const make = (own: WriteBehindOptions<string, Order>): WriteBehind<string, Order> => {
        const cache = createCache({ ...PATIENT, prefix: 'shop', ttl: '1h', store: place.store() })
        open.push(cache as Cache)
        const all = { ...SOON, key: (id: string) => `${ids}:${id}`, name: ids, ...options, ...own }
        return writeBehind(cache.namespace('orders') as Cache, {
          ...all,
          load: (id: string) => load(`${ids}:${id}`),
        }) as WriteBehind<string, Order>
      }
      return { a: make({ write: orders.write as BehindWriter<Order> }), b: make({}), ids }
    }

    it('brings what was set to the source, and shows it to everybody before', async () => {
      const { a, b, ids } = await pair({ delay: '10s' })
      const versions = await Promise.all([1, 2, 3].map((n) => a.set(`${n}`, order(n))))
      expect(versions.every(Number.isSafeInteger)).toBe(true)
      expect(await b.get('1')).toEqual(order(1))
      expect(await load(`${ids}:1`)).toBeUndefined()
      expect(await b.status()).toMatchObject({ pending: 3, deadLetters: 0 })
      expect(await a.flush(['1', '2'])).toBe(true)
      expect(await load(`${ids}:1`)).toEqual(order(1))
      expect(await a.drain()).toBe(true)
      expect(await b.get('3')).toEqual(order(3))
      await b.delete('3')
      expect(await a.get('3')).toBeUndefined()
      expect(await load(`${ids}:3`)).toEqual(order(3))
      expect(await a.drain()).toBe(true)
      expect(await load(`${ids}:3`)).toBeUndefined()
      expect(await b.status()).toMatchObject({ pending: 0, oldestMs: 0 })
    })

    it('keeps the last of what two processes set at once, in source and caches', async () => {
      const { a, b, ids } = await pair()
      const last = new Map<string, { version: number; total: number }>()
      for (let round = 0; round < 20; round++) {
        const calls = [a, b].flatMap((behind, who) =>
          ['k', 'l', 'm'].map(async (key) => {
            const total = round * 2 + who
            const version = await behind.set(key, order(total))
            if ((last.get(key)?.version ?? 0) < version) last.set(key, { version, total })
          }),
        )
        await Promise.all(calls)
        for (const key of ['k', 'l', 'm']) {
          const expected = order(last.get(key)!.total)
          expect([await a.get(key), await b.get(key)]).toEqual([expected, expected])
        }
      }
      expect(await a.drain()).toBe(true)
      for (const [key, { total }] of last) expect(await load(`${ids}:${key}`)).toEqual(order(total))
    })

    it('puts aside what the source refuses, and writes its neighbours', async () => {
      const { a, b, ids } = await pair({ attempts: 3, partitions: 1, batch: 10 })
      await Promise.all([-1, 2, 3, 4, 5].map((n) => a.set(`${n}`, order(n))))
      await until(async () => (await b.status()).pending <= 1, 'the neighbours are written')
      // It is put aside where the source takes others meanwhile.
      for (let n = 6; (await b.status()).deadLetters === 0; n++) {
        expect(n).toBeLessThan(300)
        await b.set(`${n}`, order(n))
        await b.flush([`${n}`])
      }
      const [letter, ...others] = await b.deadLetters()
      expect(others).toEqual([])
      expect(letter).toMatchObject({ key: `${ids}:-1`, op: 'set', value: order(-1), attempts: 3 })
      expect(letter!.error).toMatch(/violates check constraint/)
      expect(await b.get('-1')).toBeUndefined()
      expect(await b.replay([letter!.key])).toBe(1)
      expect(await a.get('-1')).toEqual(order(-1))
      await a.set('-1', order(1))
      expect(await a.drain()).toBe(true)
      expect(await load(`${ids}:-1`)).toEqual(order(1))
      expect(await a.status()).toMatchObject({ pending: 0, deadLetters: 0 })
    })

    it('refuses another number of partitions, and says so at every call', async () => {
      const { a, ids } = await pair()
      await a.set('k', order(1))
      const { b } = await pair({ partitions: 9 }, ids)
      const message = expect.stringMatching(/'partitions' is 9.*8/)
      await expect(b.set('k', order(2))).rejects.toMatchObject({ code: 'OPTION_INVALID', message })
      expect(await a.get('k')).toEqual(order(1))
    })
  },
)

describe('write-behind', () => {
  it('answers from the source while the store is away, and takes nothing', async () => {
    const server = await startRedisServer()
    const cache = createCache({ prefix: 'away', ttl: '1h', store: redis({ url: server.url }) })
    open.push(cache as Cache)
    const rows = new Map([['k', 'in the source']])
    const make = (options: WriteBehindOptions<string, string>) =>
      writeBehind(cache as Cache, { ...SOON, load: (id: string) => rows.get(id), ...options })
    const patient = make({})
    const strict = make({ whenAway: 'reject' })
    await until(() => patient.set('queued', 'v').then(Boolean, () => false), 'it is there')
    expect(await patient.get('queued')).toBe('v')
    await server.kill()
    await until(async () => (await cache.health()).status === 'degraded', 'it is away')
    expect(await patient.get('k')).toBe('in the source')
    rows.set('k', 'newer')
    // What nobody knows to be the newest is not kept.
    expect(await patient.get('k')).toBe('newer')
    await expect(strict.get('k')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(patient.set('k', 'v')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(patient.status()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await server.stop()
  })
})
