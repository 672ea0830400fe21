/** Codecs other than the default: JSON for other languages, and a user's own. */
import { describe, expect, it } from 'vitest'
import { FIXED_BYTES } from '../../src/codecs/envelope.js'
import type { ValueCodec } from '../../src/index.js'
import { record, trackedCache, trackedPair, trackedWithStore } from './tracked-cache.js'

const ROW = { id: 42, name: 'Zoë', tags: ['a', null, true], none: undefined, zero: -0, deep: [{}] }
const JSON_OF_ROW = '{"id":42,"name":"Zoë","tags":["a",null,true],"zero":0,"deep":[{}]}'

describe("codec 'json'", () => {
  it('writes text behind the envelope, that any language can read', async () => {
    const { cache, clock, data } = trackedWithStore({ codec: 'json' })
    await clock.settle()
    await cache.set('k', ROW)
    await cache.set('rows', { rows: Array.from({ length: 50 }, () => ROW) })
    const [bytes, rows] = await data.getMany(['cw::k', 'cw::rows'])
    expect(Buffer.from(bytes!).toString('utf8', FIXED_BYTES)).toBe(JSON_OF_ROW)
    expect(JSON.parse(Buffer.from(rows!).toString('utf8', FIXED_BYTES)).rows).toHaveLength(50)
  })

  it('hands out the same from every tier', async () => {
    const { a, b } = await trackedPair({ codec: 'json' })
    const loaded = await a.cache.getOrSet('k', () => ROW)
    for (const each of [loaded, await a.cache.get('k'), await b.cache.get('k')]) {
      expect(JSON.stringify(each)).toBe(JSON_OF_ROW)
      expect(Object.keys(each as object)).not.toContain('none')
      expect(Object.is((each as typeof ROW).zero, 0)).toBe(true)
    }
  })

  it('keeps what is shared, twice', async () => {
    const { a, b } = await trackedPair({ codec: 'json' })
    const part = { n: 1 }
    await a.cache.set('k', { one: part, two: part })
    expect(await b.cache.get('k')).toEqual({ one: part, two: part })
  })

  const cycle: unknown[] = []
  cycle.push([cycle])
  it.each<[string, unknown, string]>([
    ['a Date', { at: [new Date(5)] }, 'value.at[0]'],
    ['a Map', new Map(), 'value'],
    ['a Buffer', { bytes: Buffer.from('a') }, 'value.bytes'],
    ['NaN', [1, Number.NaN], 'value[1]'],
    ['Infinity', { n: Number.POSITIVE_INFINITY }, 'value.n'],
    ['a bigint', { n: 1n }, 'value.n'],
    ['undefined', ['a', undefined], 'value[1]'],
    ['a cycle', cycle, 'value[0][0]'],
  ])('refuses %s by its path', async (what, value, path) => {
    const { cache } = trackedCache({ codec: 'json' })
    await expect(cache.set('k', value)).rejects.toMatchObject({
      code: 'VALUE_UNSUPPORTED',
      message: `JSON cannot keep ${what}, at ${path}; codec 'msgpack' can`,
    })
    const events = record(cache, 'fill-refused')
    expect(await cache.getOrSet('k', () => value)).toBe(value)
    expect(events).toMatchObject([['fill-refused', { reason: 'unsupported' }]])
  })

  it('reads what was written in another', async () => {
    const { cache, clock, data } = trackedWithStore({ memory: false })
    await cache.set('k', { at: new Date(5), rows: Array.from({ length: 50 }, () => ROW) })
    const json = trackedWithStore({ codec: 'json', memory: false }, clock, data)
    expect(await json.cache.get('k')).toMatchObject({ at: new Date(5) })
  })
})

describe('a codec of the user', () => {
  const own: ValueCodec = {
    name: 'lines',
    encode: (value) => (value as string[]).join('\n'),
    decode: (bytes) => Buffer.from(bytes).toString().split('\n'),
  }

  it('writes and reads', async () => {
    const { a, b, data } = await trackedPair({ codec: own })
    await a.cache.set('k', ['a', 'b', 'ü'])
    expect(await b.cache.get('k')).toEqual(['a', 'b', 'ü'])
    const [bytes] = await data.getMany(['cw::k'])
    expect(Buffer.from(bytes!).toString('utf8', FIXED_BYTES)).toBe('\x05linesa\nb\nü')
  })

  it('may answer with what it keeps: readers get copies', async () => {
    const kept = [['a']]
    const codec = { name: 'same', encode: () => Buffer.of(1), decode: () => kept }
    const { a, b } = await trackedPair({ codec })
    await a.cache.set('k', [])
    const read = await b.cache.get('k')
    expect(read).toEqual([['a']])
    expect(read).not.toBe(kept)
    expect(Object.isFrozen(kept)).toBe(false)
  })

  it('does not read what another has written, nor a cache without it', async () => {
    const { cache, clock, data } = trackedWithStore({ codec: own })
    await cache.set('k', ['a'])
    for (const codec of [{ ...own, name: 'other' }, 'msgpack', 'json'] as const) {
      const reader = trackedWithStore({ codec }, clock, data)
      const events = record(reader.cache, 'entry-refused')
      await clock.settle()
      expect(await reader.cache.get('k')).toBeUndefined()
      expect(events).toMatchObject([['entry-refused', { reason: 'version' }]])
    }
  })

  it.each<[string, Partial<ValueCodec>]>([
    [
      'throws',
      {
        encode: () => {
          throw new Error('boom')
        },
      },
    ],
    ['answers with no bytes', { encode: () => 5 as unknown as string }],
  ])('that %s refuses the value', async (_, part) => {
    const { cache } = trackedWithStore({ codec: { ...own, ...part } })
    await expect(cache.set('k', ['a'])).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
    expect(await cache.getOrSet('k', () => ['b'])).toEqual(['b'])
  })

  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['a function', () => () => 1],
    ['a promise', async () => 1],
    [
      'what throws',
      () => {
        throw new Error('boom')
      },
    ],
  ])('that reads %s is a miss', async (_, decode) => {
    const { cache, clock, data } = trackedWithStore({ codec: own })
    await cache.set('k', ['a'])
    const reader = trackedWithStore({ codec: { ...own, decode } }, clock, data)
    await clock.settle()
    expect(await reader.cache.get('k')).toBeUndefined()
  })
})
