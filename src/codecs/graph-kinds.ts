/**
 * What a graph table can hold besides primitives: one row for each kind, its place being its code
 * on the wire.
 * A new kind gets a new code; a reader that does not know a code takes it for a fault.
 *
 * `make` and `fill` read bytes of strangers: they throw on a wrong part and define properties
 * instead of assigning where a name could mean a prototype. Lists that belong together must be of
 * one length: many short nodes that share one long list of names would take room for all of them.
 */
import { bareError, ERROR_CLASSES } from '../core/bare-error.js'
import { isRecord } from '../core/is-record.js'
import type { PatternBudget } from './pattern-budget.js'

/** The table that is being written. */
export interface TableContext {
  /** What stands for a part: itself or its place. */
  slot(part: unknown): unknown
  /** The slot of a list of names; one for the same names, so that rows share it. */
  names(names: readonly string[]): unknown
}

/** The table that is being read. */
export interface TableParts {
  /** What a slot stands for. */
  value(slot: unknown): unknown
  /** The list of names there. */
  names(slot: unknown): readonly string[]
}

export interface GraphKind<T> {
  holds(value: unknown): boolean
  /** The parts as they lie in a table. */
  write(value: T, table: TableContext): unknown[]
  /** The value, without what may point back to it. */
  make(parts: readonly unknown[], patterns: PatternBudget): T
  /** Adds the rest. */
  fill?(value: T, parts: readonly unknown[], table: TableParts): void
}

const minusZero: GraphKind<number> = {
  holds: (value) => value === 0,
  write: () => [],
  make: () => -0,
}

/** Text that UTF-8 would change, in the escapes of JSON. */
const text: GraphKind<string> = {
  holds: (value) => typeof value === 'string',
  write: (value) => [JSON.stringify(value)],
  make: ([json]) => textOf(JSON.parse(textOf(json))),
}

/** The names of a record: no value by itself, and no level of depth. */
const names: GraphKind<readonly string[]> = {
  holds: () => false,
  write: (value) => [JSON.stringify(value)],
  make: ([json]) => listOf(JSON.parse(textOf(json))).map(textOf),
}

const denseArray: GraphKind<unknown[]> = {
  holds: (value) => Array.isArray(value) && !hasHole(value),
  write: (value, table) => value.map(table.slot),
  make: () => [],
  fill(value, parts, table) {
    for (const slot of parts) value.push(table.value(slot))
  },
}

const sparseArray: GraphKind<unknown[]> = {
  holds: (value) => Array.isArray(value),
  write: (value, table) => [
    value.length,
    Object.keys(value).map(Number),
    Object.values(value).map(table.slot),
  ],
  make([length]) {
    if (!isIndexBelow(length, 2 ** 32)) throw new RangeError('no length')
    const value: unknown[] = []
    // Setting `length` would make room for all of them.
    value[length - 1] = 0
    delete value[length - 1]
    return value
  },
  fill(value, [, indices, slots], table) {
    const list = listOf(indices)
    const parts = asManyAs(list, slots)
    for (const [at, index] of list.entries()) {
      if (!isIndexBelow(index, value.length)) throw new RangeError('no index')
      value[index] = table.value(parts[at])
    }
  },
}

const map: GraphKind<Map<unknown, unknown>> = {
  holds: (value) => value instanceof Map,
  write: (value, table) => [...value].flat().map(table.slot),
  make: () => new Map(),
  fill(value, parts, table) {
    for (let i = 0; i < parts.length; i += 2) {
      value.set(table.value(parts[i]), table.value(parts[i + 1]))
    }
  },
}

const set: GraphKind<Set<unknown>> = {
  holds: (value) => value instanceof Set,
  write: (value, table) => [...value].map(table.slot),
  make: () => new Set(),
  fill(value, parts, table) {
    for (const slot of parts) value.add(table.value(slot))
  },
}

const date: GraphKind<Date> = {
  holds: (value) => value instanceof Date,
  write: (value) => [value.getTime()],
  make: ([ms]) => new Date(Number(ms)),
}

const pattern: GraphKind<RegExp> = {
  holds: (value) => value instanceof RegExp,
  write: (value) => [JSON.stringify(value.source), value.flags],
  make([json, flags], patterns) {
    const source = text.make([json], patterns)
    patterns.spend(source, textOf(flags))
    return new RegExp(source, textOf(flags))
  },
}

const address: GraphKind<URL> = {
  holds: (value) => value instanceof URL,
  write: (value) => [value.href],
  make: ([href]) => new URL(textOf(href)),
}

/** Classes of views. One that this process has not throws where it is made. */
const VIEW_NAMES: readonly string[] = [
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
]

const binary: GraphKind<ArrayBufferView | ArrayBuffer> = {
  holds: (value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer,
  write(value) {
    if (!ArrayBuffer.isView(value)) return ['ArrayBuffer', Buffer.from(value)]
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    if (Buffer.isBuffer(value)) return ['Buffer', bytes]
    const name = Object.prototype.toString.call(value).slice(8, -1)
    return [VIEW_NAMES.includes(name) ? name : 'Uint8Array', bytes]
  },
  make([name, bytes]) {
    if (!Buffer.isBuffer(bytes)) throw new TypeError('no bytes')
    // A view wants its bytes aligned.
    const own = new Uint8Array(bytes).buffer
    if (name === 'ArrayBuffer') return own
    if (name === 'Buffer') return Buffer.from(own)
    if (!VIEW_NAMES.includes(textOf(name))) throw new TypeError('no view')
    return Reflect.construct(Reflect.get(globalThis, textOf(name)), [own])
  },
}

/** An error is its class and its own properties; message, stack and cause are no more than that. */
const error: GraphKind<Error> = {
  holds: (value) => value instanceof Error,
  write(value, table) {
    const own = Object.getOwnPropertyNames(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    return [
      ERROR_CLASSES.findIndex((kind) => kind.prototype === prototype),
      table.names(own),
      own.map((name) => table.slot(Reflect.get(value, name))),
      own.map((name) => Object.prototype.propertyIsEnumerable.call(value, name)),
    ]
  },
  make: ([code]) => bareError(ERROR_CLASSES[Number(code)]),
  fill(value, [, own, slots, flags], table) {
    const list = table.names(own)
    const parts = asManyAs(list, slots)
    for (const [at, name] of list.entries()) {
      define(value, name, table.value(parts[at]), listOf(flags)[at] === true)
    }
  },
}

const record: GraphKind<Record<string, unknown>> = {
  holds: isRecord,
  write: (value, table) => [table.names(Object.keys(value)), Object.values(value).map(table.slot)],
  make: () => ({}),
  fill(value, [own, slots], table) {
    const list = table.names(own)
    const parts = asManyAs(list, slots)
    for (let i = 0; i < list.length; i++) {
      const name = list[i]!
      if (name === '__proto__') define(value, name, table.value(parts[i]), true)
      else value[name] = table.value(parts[i])
    }
  },
}

/** By code, the frequent ones first. */
export const GRAPH_KINDS: readonly GraphKind<unknown>[] = [
  record,
  names,
  denseArray,
  sparseArray,
  text,
  minusZero,
  date,
  map,
  set,
  pattern,
  address,
  binary,
  error,
]

/** An instance of a user's class: what it is called, and made of (graph-table.ts). */
export const INSTANCE_CODE = 64

export const NAMES_CODE = GRAPH_KINDS.indexOf(names)

function hasHole(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++) {
    if (array[i] === undefined && !(i in array)) return true
  }
  return false
}

function textOf(part: unknown): string {
  if (typeof part !== 'string') throw new TypeError('no text')
  return part
}

function listOf(part: unknown): readonly unknown[] {
  if (!Array.isArray(part)) throw new TypeError('no list')
  return part
}

function asManyAs(list: readonly unknown[], part: unknown): readonly unknown[] {
  const parts = listOf(part)
  if (parts.length !== list.length) throw new TypeError('not as many parts')
  return parts
}

function isIndexBelow(part: unknown, end: number): part is number {
  return Number.isInteger(part) && (part as number) >= 0 && (part as number) < end
}

/** Assignment to `__proto__` would set the prototype. */
function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  const property = { value, enumerable, configurable: true, writable: true }
  Object.defineProperty(target, name, property)
}
