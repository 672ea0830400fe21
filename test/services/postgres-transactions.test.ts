/**
 * What a transaction changes, and a cache whose store is the same database: nothing is invalidated
 * by a rollback, everything by a commit, in every process, and the transaction waits for nobody.
 */

import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import { type InvalidationOutbox, invalidationOutbox } from '../../src/patterns/index.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { PATIENT } from '../support/patient.js'
import { Postgres } from '../support/postgres.js'
import { until } from '../support/watched-store.js'

let server: Postgres
let pool: pg.Pool
const ends: (() => unknown)[] = []
beforeAll(async () => {
  server = await Postgres.start()
  pool = server.pool()
  await pool.query('CREATE TABLE person (id int PRIMARY KEY, name text)')
  await pool.query(`INSERT INTO person VALUES (42, 'Ann')`)
})
afterAll(() => server?.stop())
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function openCache(): Promise<Cache> {
  const cache = createCache({
    ...PATIENT,
    prefix: 'shop',
    store: postgres({ client: pool }),
    ttl: '1h',
  })
  ends.push(() => cache.close())
  await until(() => cache.stats().coherence.state === 'leased', 'leased')
  return cache as Cache
}

async function openOutbox(cache: Cache): Promise<InvalidationOutbox> {
  const listener = await server.client()
  const outbox = invalidationOutbox({ client: pool, cache, listener, pollInterval: '1h' })
  ends.push(() => outbox.stop())
  await outbox.migrate()
  outbox.start()
  return outbox
}

function nameOf(cache: Cache): Promise<string> {
  const load = async () => {
    return (await pool.query('SELECT name FROM person WHERE id = 42')).rows[0].name as string
  }
  return cache.getOrSet('person:42', load, { tags: ['team:7'] })
}

describe('a transaction beside a cache on the same database', () => {
  it.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
    'invalidates when it commits, and by no rollback: %s',
    async (level) => {
      const [ours, theirs] = [await openCache(), await openCache()]
      const outbox = await openOutbox(ours)
      await pool.query(`UPDATE person SET name = 'Ann' WHERE id = 42`)
      await ours.delete('person:42', { until: 'applied' })
      expect([await nameOf(ours), await nameOf(theirs)]).toEqual(['Ann', 'Ann'])
      for (const end of ['ROLLBACK', 'COMMIT']) {
        const tx = await pool.connect()
        await tx.query(`BEGIN ISOLATION LEVEL ${level}`)
        await tx.query(`UPDATE person SET name = 'Bea' WHERE id = 42`)
        await outbox.note(tx, { keys: ['person:42'], tags: ['team:7'] })
        // Others go on meanwhile: an open transaction holds nothing of the cache.
        expect(await theirs.set('other', end)).toBe(true)
        expect(await ours.invalidateTags(['another'])).not.toBe(false)
        expect(await nameOf(theirs)).toBe('Ann')
        await tx.query(end)
        tx.release()
      }
      await until(async () => (await nameOf(theirs)) === 'Bea', 'the new row, elsewhere')
      await until(async () => (await nameOf(ours)) === 'Bea', 'the new row')
      await until(async () => (await outbox.pending()).rows === 0, 'nothing is left')
    },
  )
})
