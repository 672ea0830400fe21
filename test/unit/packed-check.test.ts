/** Packed bytes before they are unpacked: all that writers make passes, and what none makes not. */
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { packGraph, unpackGraph } from '../../src/codecs/graph-values.js'
import { checkGraph, checkTable, checkTree } from '../../src/codecs/packed-check.js'
import { EXTREME_VALUES } from '../support/extreme-values.js'
import { PLAIN_VALUES } from './odd-values.js'

const TABLE_MARK = 0xc1
const treePackr = new Packr({ useRecords: true })
const bytes = (...given: number[]) => Buffer.from(given)
const record = [0xd4, 0x72, 0x40, 0x92, 0xa1, 0x61, 0xa1, 0x62]

describe('what our writers make', () => {
  it.each(Object.entries(PLAIN_VALUES))('passes as a tree: %s', (_, value) => {
    expect(() => checkTree(treePackr.pack(value))).not.toThrow()
  })

  it.each(Object.entries(EXTREME_VALUES))('passes as a graph: %s', (_, make) => {
    const packed = packGraph(make())
    const check = packed[0] === TABLE_MARK ? () => checkTable(packed.subarray(1)) : undefined
    expect(check ?? (() => checkGraph(packed))).not.toThrow()
  })

  it('passes where shapes take turns, whose names are then pointed to', () => {
    const rows = Array.from({ length: 500 }, (_, n) => ({ [`k${n % 90}`]: n, none: undefined }))
    const packed = packGraph(rows)
    expect(packed.includes(bytes(0xd4, 0x72, 0x40, 0xd6, 0x70))).toBe(true)
    expect(unpackGraph(packed)).toEqual(rows)
  })

  it('passes cut nowhere: one byte less or more is refused', () => {
    const packed = treePackr.pack([{ a: 1.5, b: 'text' }, [300, -5, null, 'x'.repeat(40)]])
    for (let end = 0; end < packed.length; end++) {
      expect(() => checkTree(packed.subarray(0, end))).toThrow(Error)
    }
    expect(() => checkTree(Buffer.concat([packed, bytes(0xc0)]))).toThrow('not as long')
  })
})

describe('what claims more than there is', () => {
  it.each([
    ['a list', bytes(0xdd, 0xff, 0xff, 0xff, 0xff, 1)],
    ['lists in lists', Buffer.alloc(100, 0x9f)],
    ['a record in itself', bytes(...record, ...Array.from({ length: 50 }, () => 0x40))],
  ])('is refused: %s', (_, packed) => {
    expect(() => checkTree(packed)).toThrow('more is claimed than there is')
  })

  it('is refused of a map and of a text', () => {
    expect(() => checkGraph(bytes(0xdf, 0x7f, 0xff, 0xff, 0xff, 1))).toThrow('more is claimed')
    expect(() => checkGraph(bytes(0xdb, 0x7f, 0xff, 0xff, 0xff, 1))).toThrow('cut short')
    expect(() => checkGraph(bytes(0xc9, 0x7f, 0xff, 0xff, 0xff, 0x42))).toThrow('cut short')
  })
})

describe('what no writer makes', () => {
  const pointer = [0xd6, 0x70, 0, 0, 0, 1]
  const id = [0xd6, 0x69, 0, 0, 0, 1]

  it.each([
    ['a date', bytes(0xd6, 0xff, 0, 0, 0, 1)],
    ['a map', bytes(0x80)],
    ['bytes', bytes(0xc4, 0)],
    ['undefined', bytes(0xd4, 0, 0)],
    ['a reference', bytes(0x92, ...id, 0x90, ...pointer)],
    ['the byte that nobody uses', bytes(0xc1)],
    ['a record that is not defined', bytes(0x41)],
    ['names by a pointer', bytes(0xd4, 0x72, 0x40, ...pointer)],
  ])('is refused in a tree: %s', (_, packed) => {
    expect(() => checkTree(packed)).toThrow(TypeError)
  })

  it.each([
    ['an error', bytes(0xd4, 0x65, 0, 0x93, 0xa1, 0x61, 0xa1, 0x61, 0xc0)],
    ['texts in bundles', bytes(0xd6, 0x62, 0, 0, 0, 5, 1)],
    ['a set of a pointer', bytes(0x92, ...id, 0x91, 1, 0xd4, 0x73, 0, ...pointer)],
    ['an id of an id', bytes(...id, ...id, 0x90)],
    ['an id of a pointer', bytes(...id, ...pointer)],
    ['names by a pointer to a value', bytes(0x92, ...id, 0x91, 1, 0xd4, 0x72, 0x40, ...pointer)],
    ['a record of two bytes', bytes(0xd5, 0x72, 0x40, 0, 0x90)],
    ['a pattern of a list', bytes(0xd4, 0x78, 0, 0x92, 0x90, 0xa0)],
    ['an extension of others', bytes(0xd4, 0x21, 0)],
    ['a long undefined', bytes(0xc7, 2, 0, 0, 0)],
  ])('is refused in a graph: %s', (_, packed) => {
    expect(() => checkGraph(packed)).toThrow(TypeError)
  })

  it.each([
    ['a map', bytes(0x80)],
    ['a record', bytes(...record, 1, 1)],
    ['a set', bytes(0xd4, 0x73, 0, 0x90)],
    ['a date', bytes(0xd6, 0xff, 0, 0, 0, 1)],
  ])('is refused in a table: %s', (_, packed) => {
    expect(() => checkTable(packed)).toThrow(TypeError)
  })

  it('is deeper than a value may be', () => {
    const deep = (levels: number) => Buffer.concat([Buffer.alloc(levels, 0x91), bytes(1)])
    expect(() => checkTree(deep(1_000))).not.toThrow()
    expect(() => checkTree(deep(1_001))).toThrow('deeper than 1000 levels')
    expect(() => checkGraph(deep(200))).not.toThrow()
    expect(() => checkGraph(deep(201))).toThrow('deeper than 200 levels')
    expect(() => checkTable(deep(9))).toThrow('deeper than 8 levels')
  })
})
