/** Values through bytes and back: the same, of the same kinds, with what an entry carries. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DecodedEntry, EntryMeta, Expiry } from '../../src/core/contracts.js'
import { admit } from '../../src/core/value.js'
import { entryCodec, testCodecs } from '../support/entry-codec.js'
import { ALL_VALUES, BUILTIN_VALUES, isSame } from './odd-values.js'

const codec = entryCodec()
const codecs = testCodecs()
const META: EntryMeta = {
  born: 7,
  freshUntilWallMs: 1_767_225_600_000,
  graceMs: 5_000,
  loadMs: 12,
  tags: [],
}

function encode(value: unknown, meta: Partial<EntryMeta> = {}): Buffer {
  return codec.encodeNow({ ...META, ...meta, ...admit(value) })
}

const decode = (bytes: Uint8Array): DecodedEntry => codec.entryOf(bytes)
const trip = (value: unknown, meta?: Partial<EntryMeta>) => decode(encode(value, meta))

describe('a value through the codec', () => {
  it.each(Object.entries(ALL_VALUES))('comes back the same: %s', (_, value) => {
    expect(isSame(trip(value).value, admit(value).value)).toBe(true)
  })

  it.each(Object.entries(ALL_VALUES))('comes back the same from a large entry: %s', (_, value) => {
    const large = { pad: 'y'.repeat(2_000), rows: [{ value }, { value: 1 }] }
    expect(isSame(trip(large).value, admit(large).value)).toBe(true)
  })

  it.each(Object.entries(BUILTIN_VALUES))('is not taken for plain: %s', (_, value) => {
    expect(trip(value).plain).toBe(false)
  })

  it('keeps what is shared shared', () => {
    const one = new Date(5)
    const { value } = trip({ a: one, b: [one] })
    const copy = value as { a: Date; b: Date[] }
    expect(copy.a).toBe(copy.b[0])
  })

  it('shares no bytes with what it was read from', () => {
    const bytes = encode({ bytes: Buffer.from('abc'), view: new Uint8Array([1, 2]) })
    const { value } = decode(bytes)
    bytes.fill(0)
    expect(value).toEqual({ bytes: Buffer.from('abc'), view: new Uint8Array([1, 2]) })
  })

  it('is read from a view into something larger', () => {
    const bytes = encode({ a: [1, 'é'] }, { tags: ['t'] })
    const pool = new Uint8Array(bytes.length + 20).fill(0xff)
    pool.set(bytes, 9)
    const entry = decode(pool.subarray(9, 9 + bytes.length))
    expect([entry.value, entry.tags]).toEqual([{ a: [1, 'é'] }, ['t']])
  })

  it('errors come back with their kind, name, message and cause', () => {
    const error = new RangeError('outer', { cause: new TypeError('inner') })
    const copy = trip(error).value as RangeError
    expect(copy).toBeInstanceOf(RangeError)
    expect([copy.name, copy.message]).toEqual(['RangeError', 'outer'])
    expect(copy.cause).toBeInstanceOf(TypeError)
    expect(copy.cause).toMatchObject({ message: 'inner' })
    const named = Object.assign(new Error('m'), { name: 'HttpError' })
    expect(trip(named).value).toMatchObject({ name: 'HttpError', message: 'm' })
  })

  it.each([EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    'errors come back as they are kept in memory: %o',
    (Kind) => {
      const kept = admit({ error: new Kind('m') }).value as { error: Error }
      const { error } = trip({ error: new Kind('m') }).value as { error: Error }
      expect(error).toBeInstanceOf(Kind)
      expect([error.name, error.message]).toEqual([kept.error.name, kept.error.message])
    },
  )

  it('errors of kinds that hold more come back with what memory keeps of them', () => {
    const given = { error: new AggregateError([new Error('part')], 'many') }
    const kept = admit(given).value as { error: Error }
    const { error } = trip(given).value as { error: Error }
    expect([error.name, error.message]).toEqual([kept.error.name, kept.error.message])
  })

  it('errors keep their stack, which tells where they come from', () => {
    const given = new Error('m')
    expect((trip(given).value as Error).stack).toBe((admit(given).value as Error).stack)
  })

  it('of any shape comes back the same', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      stringUnit: 'binary',
      maxDepth: 4,
    })
    fc.assert(
      fc.property(anything, fc.boolean(), (value, isLarge) => {
        const given = isLarge ? { value, pad: 'z'.repeat(600) } : value
        if (given === undefined) return
        expect(isSame(trip(given).value, admit(given).value)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('what an entry carries', () => {
  it.each<[string, Partial<EntryMeta>]>([
    ['zeros', { born: 0, freshUntilWallMs: 0, graceMs: 0, loadMs: 0 }],
    ['the largest', { born: 2 ** 42 - 1, freshUntilWallMs: 2 ** 42 - 2, graceMs: 2 ** 32 - 1 }],
    ['what needs every digit', { born: 0x23456789abc, freshUntilWallMs: 0x2dcba987654 }],
    ['thirty days of grace', { graceMs: 2_592_000_000 }],
    ['for ever', { freshUntilWallMs: Number.POSITIVE_INFINITY }],
    ['a long load', { loadMs: 16_383 }],
    ['tags', { tags: ['a', '', '*', '__proto__', '🧊', 'x'.repeat(1_024)] }],
    ['as many tags as there may be', { tags: Array.from({ length: 64 }, (_, i) => `tag-${i}`) }],
  ])('comes back: %s', (_, meta) => {
    for (const value of [1, { a: new Date(0) }, { pad: 'x'.repeat(1_000) }])
      expect(trip(value, meta)).toMatchObject({ ...META, ...meta })
  })

  it('is cut to what fits, never to a longer life', () => {
    expect(trip(1, { loadMs: 1e9 }).loadMs).toBe(16_383)
    expect(trip(1, { graceMs: 1e12 }).graceMs).toBeLessThan(1e12)
    expect(trip(1, { freshUntilWallMs: 1_000.9 }).freshUntilWallMs).toBe(1_000)
    expect(trip(1, { freshUntilWallMs: -5 }).freshUntilWallMs).toBe(0)
    expect(trip(1, { freshUntilWallMs: 1_000.5, graceMs: 0.5 }).graceMs).toBeLessThanOrEqual(1)
  })
})

describe('counterHead', () => {
  it('makes an entry of a number that follows it', () => {
    for (const tags of [[], ['a', 'b']])
      for (const text of ['0', '42', '-1.5', '1e+21']) {
        const { head } = codecs.counterHead({ ...META, tags }, 0, 0)
        const entry = decode(Buffer.concat([head, Buffer.from(text)]))
        expect(entry).toMatchObject({ ...META, tags, value: Number(text), plain: true })
      }
  })
  it('is the head of a small number that was set', () => {
    const { head } = codecs.counterHead(META, 0, 0)
    expect(encode(5).subarray(0, head.length)).toEqual(Buffer.from(head))
  })
  it.each([
    [0, 5, true],
    [4, 5, true],
    [5, 5, false],
    [2 ** 41, 2 ** 41, false],
    [2 ** 41 - 1, 2 ** 41, true],
  ])('tells one that was born at %s from those born since %s', (born, oldest, isPast) => {
    const [, limit] = codecs.counterHead(META, 0, oldest).limits as [Expiry, Expiry]
    const bytes = encode(1, { born }).subarray(limit.offset, limit.offset + limit.now.length)
    expect(Buffer.compare(bytes, limit.now) <= 0).toBe(isPast)
  })
  it.each([
    [1_000, 999, false],
    [1_000, 1_000, true],
    [1_000, 1_001, true],
    [2 ** 41, 2 ** 41 - 1, false],
    [Number.POSITIVE_INFINITY, 2 ** 41, false],
  ])('tells one that is fresh until %s from one that is not, at %s', (until, now, isPast) => {
    const [expiry] = codecs.counterHead(META, now, 0).limits as [Expiry]
    const moment = encode(1, { freshUntilWallMs: until }).subarray(expiry.offset)
    expect(Buffer.compare(moment.subarray(0, expiry.now.length), expiry.now) <= 0).toBe(isPast)
  })
})

describe('lifePatch', () => {
  it.each([0, 5_000, 2 ** 42 - 2, Number.POSITIVE_INFINITY])('gives a life until %s', (until) => {
    for (const value of [1, { a: new Date(0) }]) {
      const bytes = encode(value, { tags: ['t'] })
      const patch = codecs.lifePatch(until, 777)
      bytes.set(patch.bytes, patch.offset)
      expect(decode(bytes)).toMatchObject({
        ...META,
        value,
        tags: ['t'],
        freshUntilWallMs: until,
        graceMs: 777,
      })
    }
  })
})
