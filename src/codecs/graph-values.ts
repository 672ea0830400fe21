/**
 * Graph values to bytes and back, the same as they were.
 *
 * msgpackr keeps most of them by itself. Where a walk finds what it would lose (-0, holes, lone
 * surrogates, a leading byte order mark, own `__proto__`, URL, Error, a user's class) or stumble
 * over (views of unknown classes, the names `__keys__` and `constructor`, great depth), the graph
 * travels as a table (graph-table.ts) behind 0xc1, the byte that msgpack never uses.
 *
 * Nothing is registered: extensions of msgpackr belong to the process, not to an instance. The
 * options below are the instances' own and reach nobody else. What others register reaches us: an
 * extension for Date, Set, RegExp or bytes, or one of a type that msgpackr uses itself, changes how
 * these are written and read in graphs. A table meets that for bytes and large integers only.
 *
 * The walk stops at the first find, and adds a third to two thirds to the time of packing. A table
 * takes five to ten times that time, and half as many bytes again; its names stand once for all
 * rows of a shape.
 */
import { Packr } from 'msgpackr'
import type { MsgpackCodec } from '../core/class-registry.js'
import { isRecord } from '../core/is-record.js'
import { isOddText, tableOf, valueOfTable } from './graph-table.js'
import { checkGraph, checkTable } from './packed-check.js'
import { MAX_PACKED_DEPTH } from './packed-kinds.js'

const TABLE_MARK = 0xc1

const graphPackr = new Packr({
  useRecords: true,
  structuredClone: true,
  moreTypes: true,
  copyBuffers: true,
})
/** References in a table are its own. Bytes are copied as their views are made. */
const tablePackr = new Packr({ useRecords: false, structuredClone: false, moreTypes: true })

export function packGraph(value: unknown, classes?: MsgpackCodec): Buffer {
  if (!new LossCheck(classes).finds(value)) return graphPackr.pack(value)
  return Buffer.concat([Buffer.of(TABLE_MARK), tablePackr.pack(tableOf(value, classes))])
}

/** Throws on bytes that `packGraph` does not make. */
export function unpackGraph(bytes: Buffer, classes?: MsgpackCodec): unknown {
  if (bytes[0] !== TABLE_MARK) {
    checkGraph(bytes)
    return graphPackr.unpack(bytes)
  }
  const table = bytes.subarray(1)
  checkTable(table)
  return valueOfTable(tablePackr.unpack(table), classes)
}

/** The views that msgpackr reads back; it writes others, and then cannot read them. */
const PACKED_VIEWS: ReadonlySet<string> = new Set([
  'Buffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
])

/** One walk in search of what msgpackr would lose. */
class LossCheck {
  readonly #classes: MsgpackCodec | undefined
  readonly #seen = new Set<object>()
  /** The names of the record before, by place: rows of one shape are looked at once. */
  readonly #knownNames: string[] = []
  #depth = 0

  constructor(classes: MsgpackCodec | undefined) {
    this.#classes = classes
  }

  finds(value: unknown): boolean {
    if (typeof value === 'string') return isOddText(value)
    if (typeof value === 'number') return Object.is(value, -0)
    if (typeof value !== 'object' || value === null) return false
    if (this.#classes?.of(value) !== undefined) return true
    if (value instanceof Date) return false
    if (ArrayBuffer.isView(value)) return !PACKED_VIEWS.has(value.constructor.name)
    if (this.#seen.has(value)) return false
    this.#seen.add(value)
    if (this.#depth === MAX_PACKED_DEPTH) return true
    this.#depth++
    const isFound = this.#findsIn(value)
    this.#depth--
    return isFound
  }

  #findsIn(value: object): boolean {
    if (Array.isArray(value)) return this.#findsInArray(value)
    if (isRecord(value)) return this.#findsInRecord(value)
    if (value instanceof Map) return this.#findsInMap(value)
    if (value instanceof Set) return this.#findsInArray([...value])
    if (value instanceof RegExp) return isOddText(value.source)
    // URL, Error, or a class that a later version admits.
    return !(value instanceof ArrayBuffer)
  }

  #findsInArray(value: readonly unknown[]): boolean {
    for (let i = 0; i < value.length; i++) {
      const part = value[i]
      if (part === undefined ? !(i in value) : this.finds(part)) return true
    }
    return false
  }

  #findsInMap(value: ReadonlyMap<unknown, unknown>): boolean {
    for (const [key, part] of value) if (this.finds(key) || this.finds(part)) return true
    return false
  }

  #findsInRecord(value: Record<string, unknown>): boolean {
    const names = Object.keys(value)
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      if (name !== this.#knownNames[i]) {
        if (isOddName(name)) return true
        this.#knownNames[i] = name
      }
      if (this.finds(value[name])) return true
    }
    return false
  }
}

/**
 * msgpackr renames `__proto__`; takes `__keys__` for its own note in a table that all values share,
 * which then fails for each empty object; calls `toJSON` where `constructor` is not Object.
 */
function isOddName(name: string): boolean {
  return name === '__proto__' || name === '__keys__' || name === 'constructor' || isOddText(name)
}
