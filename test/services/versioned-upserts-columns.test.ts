/** What versioned upserts make of values and keys, in columns of all types, on a real Postgres. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { versionedUpserts } from '../../src/patterns/index.js'
import { deleteOf, setOf, writeAll } from '../support/behind-writes.js'
import { LONE_SURROGATES, ODD_NAMES } from '../support/odd-names.js'
import { Postgres } from '../support/postgres.js'

let postgres: Postgres
let pool: pg.Pool

beforeAll(async () => {
  postgres = await Postgres.start()
  pool = postgres.pool(2, { options: '-c timezone=UTC' })
  await versionedUpserts({ client: pool, table: 't', key: { id: String }, columns: {} }).migrate()
})

afterAll(() => postgres?.stop())

describe('columns', () => {
  const moment = new Date('2024-02-29T12:34:56.789Z')
  const big = '12345678901234567890.123456789'
  /** Type, value, and what the database shows of it. */
  const TYPES: readonly (readonly [type: string, value: unknown, shown: string | null])[] = [
    ['smallint', -7, '-7'],
    ['bigint', 2n ** 63n - 1n, '9223372036854775807'],
    ['bigint', Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['numeric', big, big],
    ['numeric', 0.1, '0.1'],
    ['numeric(10, 2)', 1.005, '1.01'],
    ['numeric', 1e21, '1000000000000000000000'],
    ['float8', 0.1 + 0.2, '0.30000000000000004'],
    ['float8', Number.NaN, 'NaN'],
    ['float4', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['boolean', false, 'false'],
    ['text', `quote' "double" \\back\nline 😀`, `quote' "double" \\back\nline 😀`],
    ['text', '', ''],
    ['text', null, null],
    ['text', undefined, null],
    ['text', { a: 1 }, '{"a":1}'],
    ['varchar(3)', 'abc', 'abc'],
    ['uuid', '6f0c0e9e-8c0e-4b0a-9d57-0123456789ab', '6f0c0e9e-8c0e-4b0a-9d57-0123456789ab'],
    ['timestamptz', moment, '2024-02-29 12:34:56.789+00'],
    ['timestamp', moment, '2024-02-29 12:34:56.789'],
    ['date', moment, '2024-02-29'],
    ['interval', '1 day 02:00', '1 day 02:00:00'],
    ['bytea', Uint8Array.of(0, 127, 255), '\\x007fff'],
    ['json', { b: [1, null, 'x'], a: {} }, '{"b":[1,null,"x"],"a":{}}'],
    ['jsonb', { b: [1, null, moment] }, '{"b": [1, null, "2024-02-29T12:34:56.789Z"]}'],
    ['jsonb', 'text', '"text"'],
    ['jsonb', null, null],
    ['int[]', [1, null, 3], '{1,NULL,3}'],
    ['int[]', [], '{}'],
    ['int[][]', [[1], [2]], '{{1},{2}}'],
    ['text[]', ['a,b', '"', 'NULL', ''], '{"a,b","\\"","NULL",""}'],
    ['float8[]', [Number.NaN, 1.5], '{NaN,1.5}'],
    ['bytea[]', [Uint8Array.of(1)], '{"\\\\x01"}'],
    ['mood', 'fine', 'fine'],
    ['spot', { x: 1, label: 'a b' }, '(1,"a b")'],
    ['present', 'is there', 'is there'],
    ['inet', '10.0.0.0/8', '10.0.0.0/8'],
    ['int4range', '[1,5)', '[1,5)'],
  ]

  it('of all types hold what was meant, inserted and updated', async () => {
    const names = TYPES.map((_, i) => `c${i}`)
    await pool.query(`CREATE TYPE mood AS ENUM ('fine'); CREATE TYPE spot AS (x int, label text);
      CREATE DOMAIN present AS text NOT NULL;
      CREATE TABLE kinds (id int PRIMARY KEY, ${TYPES.map(([type], i) => `c${i} ${type}`)})`)
    const columns = TYPES.map(([type, given], i) => [
      names[i],
      ({ value }: { value: boolean }) => (value || type === 'present' ? given : undefined),
    ])
    const kinds = versionedUpserts<boolean>({
      client: pool,
      table: 'kinds',
      key: { id: (key) => key },
      columns: Object.fromEntries(columns),
    })
    const shown = async () => {
      const { rows } = await pool.query(`SELECT ${names.map((each) => `${each}::text`)} FROM kinds`)
      return names.map((name) => (rows[0] as Record<string, unknown>)[name])
    }
    const wanted = TYPES.map(([, , text]) => text)
    await writeAll(kinds, [setOf('1', 1, true)])
    expect(await shown()).toEqual(wanted)
    await writeAll(kinds, [setOf('1', 2, false)])
    expect((await shown()).filter((text) => text !== null)).toEqual(['is there'])
    await writeAll(kinds, [setOf('1', 3, true)])
    expect(await shown()).toEqual(wanted)
    await writeAll(kinds, [deleteOf('1', 4)])
    expect((await pool.query('SELECT FROM kinds')).rowCount).toBe(0)
  })

  it.each([
    ['U+0000', 'nul\0inside'],
    ['a lone surrogate', 'a\ud800'],
    ['a value of another type', 'seven'],
  ])('with %s are refused by the database, and nothing is written', async (_, given) => {
    await pool.query('CREATE TABLE IF NOT EXISTS texts (id int PRIMARY KEY, text text, number int)')
    const texts = versionedUpserts<string>({
      client: pool,
      table: 'texts',
      key: { id: Number },
      columns: { text: ({ value }) => value, number: ({ value }) => (value === given ? value : 7) },
    })
    const writes = [setOf('1', 1, 'good'), setOf('2', 1, given)]
    await expect(writeAll(texts, writes)).rejects.toThrow(/Unicode|json|integer/)
    expect((await pool.query('SELECT FROM texts')).rowCount).toBe(0)
    const counted = await pool.query(
      "SELECT FROM cachewright_versions WHERE source = 'public.texts'",
    )
    expect(counted.rowCount).toBe(0)
  })

  it('of the key may be several, and all there are', async () => {
    await pool.query('CREATE TABLE members (team char(3), id bigint, PRIMARY KEY (team, id))')
    const members = versionedUpserts({
      client: pool,
      table: 'members',
      key: { team: (key) => key.split(':')[0], id: (key) => BigInt(key.split(':')[1]!) },
      columns: {},
    })
    const keys = ['a:1', 'a:2', 'b:1', `b:${2n ** 60n}`]
    for (const version of [1, 2]) {
      await writeAll(
        members,
        keys.map((key) => setOf(key, version, undefined)),
      )
    }
    await writeAll(
      members,
      ['a:1', keys[3]!, 'c:1'].map((key) => deleteOf(key, 3)),
    )
    const { rows } = await pool.query("SELECT trim(team) || ':' || id AS key FROM members")
    expect(rows.map(({ key }) => key).sort()).toEqual(['a:2', 'b:1'])
  })

  it('that the table makes by itself are no obstacle', async () => {
    await pool.query(`CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      total int, twice int GENERATED ALWAYS AS (total * 2) STORED)`)
    const numbered = versionedUpserts<number>({
      client: pool,
      table: 'numbered',
      key: { id: Number },
      columns: { total: ({ value }) => value },
    })
    await writeAll(numbered, [setOf('1', 1, 1), setOf('2', 1, 1)])
    await writeAll(numbered, [setOf('1', 2, 2)])
    const { rows } = await pool.query('SELECT id, twice FROM numbered ORDER BY id')
    expect(rows.map(({ id, twice }) => [id, twice])).toEqual([
      [1, 4],
      [2, 2],
    ])
  })

  it('and tables are found by their names as written', async () => {
    await pool.query('CREATE TABLE "Order" (id int, "Id" int PRIMARY KEY, "select" text)')
    const named = versionedUpserts<string>({
      client: pool,
      table: 'Order',
      key: { Id: Number },
      columns: { select: ({ value }) => value },
    })
    await writeAll(named, [setOf('1', 1, 'a'), setOf('2', 1, 'b')])
    await writeAll(named, [deleteOf('1', 2)])
    const { rows } = await pool.query('SELECT id, "Id", "select" FROM "Order"')
    expect(rows).toEqual([{ id: null, Id: 2, select: 'b' }])
  })
})

describe('keys', () => {
  it.each(['UTF8', 'LATIN1'])('that are odd are told apart, in %s', async (encoding) => {
    const name = `odd_keys_${encoding.toLowerCase()}`
    await pool.query(`CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0 LOCALE 'C'`)
    const client = await postgres.client(name)
    await client.query('CREATE TABLE odd (id int PRIMARY KEY, version int)')
    const long = 'é'.repeat(1_500)
    const keys = [...ODD_NAMES, ...LONE_SURROGATES, long, `${long}!`]
    const odd = versionedUpserts({
      client,
      table: 'odd',
      key: { id: (key) => keys.indexOf(key) },
      columns: { version: ({ version }) => version },
    })
    await odd.migrate()
    const at = (version: number) => (key: string) => setOf(key, version, undefined)
    await writeAll(odd, keys.map(at(2)))
    await writeAll(odd, keys.filter((_, i) => i % 2 === 0).map(at(3)))
    await writeAll(odd, keys.map(at(1)))
    const { rows } = await client.query('SELECT version FROM odd ORDER BY id')
    expect(rows.map(({ version }) => version)).toEqual(keys.map((_, i) => (i % 2 === 0 ? 3 : 2)))
  })

  it('of another source are other keys, also in the same table', async () => {
    await pool.query('CREATE TABLE shared (id int PRIMARY KEY, version int)')
    const bySign = (sign: number, source?: string) =>
      versionedUpserts({
        client: pool,
        table: 'shared',
        source,
        key: { id: (key) => sign * Number(key) },
        columns: { version: ({ version }) => version },
      })
    await writeAll(bySign(1), [setOf('1', 5, undefined)])
    await writeAll(bySign(-1, 'below-zero'), [setOf('1', 1, undefined)])
    const { rows } = await pool.query('SELECT id, version FROM shared ORDER BY id')
    expect(rows.map(({ id, version }) => [id, version])).toEqual([
      [-1, 1],
      [1, 5],
    ])
  })
})
