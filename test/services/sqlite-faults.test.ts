/** What can go wrong with a file: others write for long, it is not ours, it cannot be opened. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { createCache } from '../../src/index.js'
import { type SqliteOptions, sqlite } from '../../src/stores/sqlite/index.js'
import { loadSqlite, type SqliteDatabase } from '../../src/stores/sqlite/sqlite-library.js'
import { until, watched } from '../support/watched-store.js'

const folder = mkdtempSync(join(tmpdir(), 'cachewright-sqlite-'))
const stores: Store[] = []
let files = 0
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

const newPath = () => join(folder, `f${++files}.db`)
const entry = (key: string, ttlMs = 60_000) => ({ key, bytes: Buffer.from('v'), ttlMs })

async function open(options: SqliteOptions): Promise<Store> {
  const store = sqlite(options)
  stores.push(store)
  await watched(store).up()
  return store
}

async function openRaw(path: string): Promise<SqliteDatabase> {
  return (await loadSqlite())(path)
}

function rows(database: SqliteDatabase, table = 'cachewright'): number {
  return Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n)
}

describe('a file where somebody else writes', () => {
  it('is read meanwhile, and written afterwards, in the order of the calls', async () => {
    const path = newPath()
    const store = await open({ path })
    await store.setMany([entry('a')])
    const other = await openRaw(path)
    other.exec('BEGIN IMMEDIATE')
    expect(Buffer.from((await store.getMany(['a']))[0]!).toString()).toBe('v')
    const settled: string[] = []
    const note = (name: string) => () => void settled.push(name)
    const calls = [
      store.setMany([{ ...entry('a'), bytes: 'first' }]).then(note('first')),
      store
        .getMany(['a'])
        .then(([value]) => settled.push(`read ${Buffer.from(value!).toString()}`)),
      store.setMany([{ ...entry('a'), bytes: 'second' }]).then(note('second')),
    ]
    let turns = 0
    while (turns < 50) await new Promise((resolve) => setImmediate(resolve, ++turns))
    expect(settled).toEqual([])
    other.exec('COMMIT')
    await Promise.all(calls)
    expect(settled.sort()).toEqual(['first', 'read first', 'second'])
    other.close()
  })

  it('is given up on after a while, and used again', async () => {
    const path = newPath()
    const store = await open({ path })
    const other = await openRaw(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.setMany([entry('a')])).rejects.toMatchObject({ code: 'STORE_FAILED' })
    other.exec('ROLLBACK')
    other.close()
    await store.setMany([entry('a')])
    expect(await store.getMany(['a'])).toHaveLength(1)
  })

  it('does not keep a caller of the cache waiting', async () => {
    const path = newPath()
    const cache = createCache({ store: sqlite({ path }) })
    await until(() => cache.stats().coherence.state === 'leased', 'leased')
    await cache.set('known', 1)
    const other = await openRaw(path)
    other.exec('BEGIN IMMEDIATE')
    expect(await cache.set('during', 1)).toBe(false)
    expect(await cache.getOrSet('cold', () => 'loaded')).toBe('loaded')
    other.exec('ROLLBACK')
    other.close()
    await until(() => cache.set('after', 1), 'it writes again')
    await cache.close()
  })
})

describe('a file that is none of ours', () => {
  it('is not touched where it is no database, and told', async () => {
    const path = newPath()
    writeFileSync(path, 'a text that somebody needs')
    const store = sqlite({ path })
    stores.push(store)
    expect(String(await watched(store).down())).toMatch(/not a database/)
    expect(readFileSync(path, 'utf8')).toBe('a text that somebody needs')
    await expect(store.getMany(['a'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('is opened as soon as its folder is there', async () => {
    const path = join(folder, 'later', 'cache.db')
    const store = sqlite({ path })
    stores.push(store)
    const { up, down } = watched(store)
    expect(String(await down())).toMatch(/unable to open|directory does not exist/i)
    mkdirSync(join(folder, 'later'))
    await up()
    await store.setMany([entry('a')])
  })

  it('keeps the tables of others', async () => {
    const path = newPath()
    const other = await openRaw(path)
    other.exec('CREATE TABLE mine (x); INSERT INTO mine VALUES (7)')
    const store = await open({ path, table: 'theirs' })
    await store.setMany([entry('a')])
    expect(
      other
        .prepare('SELECT x FROM mine')
        .all()
        .map(({ x }) => x),
    ).toEqual([7])
    expect(rows(other, 'theirs')).toBe(1)
    other.close()
  })
})

describe('the sweeper', () => {
  it('removes what has expired, and gives the pages back', async () => {
    const path = newPath()
    const store = await open({ path, sweepInterval: '100ms' })
    const other = await openRaw(path)
    const many = Array.from({ length: 1_000 }, (_, i) => ({
      ...entry(`k${i}`, i < 900 ? 20 : 60_000),
      bytes: Buffer.alloc(1_000),
    }))
    await store.setMany(many)
    const pages = () => Number(other.prepare('PRAGMA page_count').get()!.page_count)
    const before = pages()
    await until(() => rows(other) === 100, 'the expired ones are gone')
    await until(() => pages() < before / 2, 'the file is smaller')
    expect(await store.getMany(['k900', 'k999'])).not.toContain(undefined)
    other.close()
  })

  it.each<[string, SqliteOptions, number]>([
    ['entries', { maxEntries: 1_000 }, 10],
    ['bytes', { maxBytes: 1_024 ** 2 }, 1_000],
  ])('removes the oldest where there are too many %s', async (_, bound, size) => {
    const path = newPath()
    const store = await open({ path, sweepInterval: '100ms', ...bound })
    const other = await openRaw(path)
    const write = (i: number) => ({
      ...entry(`k${String(i).padStart(6, '0')}`),
      bytes: Buffer.alloc(size),
    })
    await store.setMany(Array.from({ length: 3_000 }, (_, i) => write(i)))
    // Written once more, it is the youngest.
    await store.setMany([write(0)])
    const most = bound.maxEntries ?? Math.floor(1_024 ** 2 / (size + 7 + 40))
    await until(() => rows(other) <= most, 'the bound is kept')
    const keys = other
      .prepare('SELECT key FROM cachewright ORDER BY key')
      .all()
      .map(({ key }) => key)
    // A write in the middle of a walk may be counted twice.
    expect(keys.length).toBeGreaterThan(most - 3)
    const others = keys.length - 1
    const youngest = Array.from({ length: others }, (_, i) => write(3_000 - others + i).key)
    expect(keys).toEqual([write(0).key, ...youngest])
    other.close()
  })
})
