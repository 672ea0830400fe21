/**
 * The options of versioned upserts, and what they make of the columns before anything is sent. What
 * the statements do is tested on a real database, in test/services.
 */
import { describe, expect, it } from 'vitest'
import {
  type BehindWrite,
  type VersionedUpsertsOptions,
  versionedUpserts,
} from '../../src/patterns/index.js'
import { columnJson } from '../../src/patterns/write-behind/column-json.js'

const client = { query: async () => ({ rows: [] }) }
const valid: VersionedUpsertsOptions<string> = {
  client,
  table: 'orders',
  key: { id: (key) => Number(key) },
  columns: { note: ({ value }) => value },
}
const context = { signal: new AbortController().signal }

function set(key: string, value = 'a', version = 1): BehindWrite<string> {
  return { op: 'set', key, value, version, epoch: 1, idempotencyKey: key, attempts: 0 }
}

describe('options', () => {
  const many = Array.from({ length: 33 }, (_, i) => [`c${i}`, String])

  it.each([
    [{ client: {} }, "'client' is an object; the range is an object with query(text, values)"],
    [{ client: undefined }, "'client' is undefined; the range is an object with query"],
    [{ table: undefined }, "'table' is undefined; the range is the name of a table"],
    [{ table: 'a.b' }, "'table' is 'a.b'; the range is 1 to 63 letters, digits and _"],
    [{ table: 'a'.repeat(64) }, 'the range is 1 to 63 letters'],
    [{ schema: 'a"b' }, `'schema' is 'a"b'; the range is 1 to 63 letters`],
    [{ versions: 'v'.repeat(49) }, 'the range is 1 to 48 letters'],
    [{ versions: 'orders' }, "'versions' is 'orders'; the range is another table than 'table'"],
    [{ source: '' }, "'source' is ''; the range is 1 to 128 letters, digits and _ . : -"],
    [{ source: 'ä' }, "'source' is 'ä'; the range is 1 to 128 letters"],
    [{ source: 7 }, "'source' is 7; the range is 1 to 128 letters"],
    [{ source: 's'.repeat(129) }, 'the range is 1 to 128 letters'],
    [{ key: 'id' }, "'key' is 'id'; the range is an object: a function for each column"],
    [{ key: {} }, "'key' is an object; the range is an object of 1 to 32 columns"],
    [{ key: Object.fromEntries(many) }, "'key' is an object; the range is an object of 1 to 32"],
    [{ key: { id: 'id' } }, "'key.id' is 'id'; the range is a function"],
    [{ columns: undefined }, "'columns' is undefined; the range is an object: a function for"],
    [{ columns: new Map() }, "'columns' is an object; the range is an object: a function for"],
    [{ columns: { 'a b': String } }, "'columns.a b' is 'a b'; the range is 1 to 63 letters"],
    [{ columns: { '': String } }, "'columns.' is ''; the range is 1 to 63 letters"],
    [{ columns: { note: null } }, "'columns.note' is null; the range is a function"],
    [{ columns: { id: String } }, "'columns.id' is 'id'; the range is a column that 'key' does"],
  ])('%o is refused', (option, says) => {
    const options = { ...valid, ...option } as VersionedUpsertsOptions<string>
    const refusal = { code: 'OPTION_INVALID', message: expect.stringContaining(says) }
    expect(() => versionedUpserts(options)).toThrow(expect.objectContaining(refusal))
  })

  it('that do not exist are refused, with those that do', () => {
    const options = { ...valid, keys: 'id' } as VersionedUpsertsOptions<string>
    const message = "versionedUpserts: unknown option 'keys'; known here: client, table, schema,"
    expect(() => versionedUpserts(options)).toThrow(
      expect.objectContaining({
        code: 'OPTION_UNKNOWN',
        message: expect.stringContaining(message),
      }),
    )
  })

  it('at the ends of their ranges are taken, and the object is left alone', () => {
    const options = {
      ...valid,
      table: 't'.repeat(63),
      schema: 'S',
      versions: 'v'.repeat(48),
      source: 's'.repeat(128),
      key: Object.freeze(Object.fromEntries(many.slice(1))),
      columns: Object.freeze({}),
    }
    expect(() => versionedUpserts(Object.freeze(options))).not.toThrow()
  })

  it('name the table in the migration', () => {
    const sql = versionedUpserts({ ...valid, schema: 'app', versions: 'Seen' }).migration()
    expect(sql).toContain('CREATE TABLE IF NOT EXISTS "app"."Seen" (')
    expect(sql).toContain('CREATE INDEX IF NOT EXISTS "Seen_deleted" ON "app"."Seen" (source')
    expect(sql).toContain('CREATE OR REPLACE FUNCTION "app"."Seen_remove"(')
  })
})

describe('before anything is sent', () => {
  function recording() {
    const sent: string[] = []
    const query = async (_: string, values: unknown[]) => {
      sent.push(values[1] as string)
      return { rows: [] }
    }
    return { sent, client: { query } }
  }

  it('more than 1 000 writes are refused, and no writes send nothing', async () => {
    const { sent, client: database } = recording()
    const { write } = versionedUpserts({ ...valid, client: database })
    const writes = Array.from({ length: 1_001 }, (_, i) => set(`${i}`))
    const says = "versionedUpserts: option 'writes' is 1001; the range is at most 1000"
    const refusal = { code: 'OPTION_INVALID', message: says }
    await expect(write(writes, context)).rejects.toMatchObject(refusal)
    expect(await write([], context)).toEqual([])
    expect(sent).toEqual([])
    expect(await write(writes.slice(1), context)).toEqual([])
    expect(sent.map((json) => (JSON.parse(json) as unknown[]).length)).toEqual([1_000])
  })

  it('a batch for which nobody waits is dropped', async () => {
    const { sent, client: database } = recording()
    const { write } = versionedUpserts({ ...valid, client: database })
    const reason = new Error('taken over')
    const aborted = { signal: AbortSignal.abort(reason) }
    await expect(write([set('1')], aborted)).rejects.toBe(reason)
    expect(sent).toEqual([])
  })

  it.each([undefined, '59s', '3651d', 'soon'])('prune refuses %o', async (olderThan) => {
    const { prune } = versionedUpserts(valid)
    const says = expect.stringContaining("versionedUpserts: option 'olderThan' is ")
    const refusal = { code: 'OPTION_INVALID', message: says }
    await expect(prune(olderThan as string)).rejects.toMatchObject(refusal)
  })

  it('writes whose columns cannot be made are answered, and the others sent', async () => {
    const { sent, client: database } = recording()
    const error = new Error('no note')
    const { write } = versionedUpserts<string>({
      client: database,
      table: 'orders',
      key: { id: (key) => (key === 'no key' ? null : key) },
      columns: {
        note: ({ value }) => {
          if (value === 'thrown') throw error
          return value === 'promised' ? Promise.resolve('later') : value
        },
      },
    })
    const writes = [set('a'), set('b', 'thrown'), set('c', 'promised'), set('no key'), set('d')]
    const failed = await write(writes, context)
    const said = (message: string) => expect.objectContaining({ name: 'TypeError', message })
    expect(failed).toEqual([
      { key: 'b', error },
      { key: 'c', error: said(expect.stringContaining("column value 'note' is a promise")) },
      { key: 'no key', error: said("column 'id' of the key is null") },
    ])
    const rows = (JSON.parse(sent[0]!) as { row: unknown }[]).map(({ row }) => row)
    expect(rows).toEqual([
      { id: 'a', note: 'a' },
      { id: 'd', note: 'a' },
    ])
    expect(await write([set('no key')], context)).toHaveLength(1)
    expect(sent).toHaveLength(1)
  })
})

describe('what a column holds', () => {
  it.each([
    ['text', 'text'],
    [1.5, 1.5],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [2n ** 64n, '18446744073709551616'],
    [true, true],
    [null, null],
    [undefined, undefined],
    [new Date(86_400_000), '1970-01-02T00:00:00.000Z'],
    [Uint8Array.of(0, 255), '\\x00ff'],
    [Buffer.from('a'), '\\x61'],
    [
      [1n, undefined, [Buffer.from('a')]],
      ['1', null, ['\\x61']],
    ],
    [{ at: new Date(0), toJSON: undefined }, { at: '1970-01-01T00:00:00.000Z' }],
    [{ toJSON: () => 'its own' }, 'its own'],
  ])('%o is written as %o', (value, written) => {
    expect(JSON.parse(columnJson({ value }))).toEqual({ value: written })
  })

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a promise: what a column holds is needed at once', Promise.resolve(1)],
  ])('%s is refused, wherever it is', (what, value) => {
    expect(() => columnJson({ value })).toThrow(new TypeError(`column value 'value' is ${what}`))
    expect(() => columnJson({ value: [{ in: value }] })).toThrow(`column value 'in' is ${what}`)
  })

  it('a date that is none is refused', () => {
    expect(() => columnJson({ value: new Date(Number.NaN) })).toThrow(RangeError)
  })
})
