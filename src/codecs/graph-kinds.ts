/**
 * What a graph table can hold besides primitives: one row for each kind, its place being its code
 * on the wire.
 * A new kind gets a new code; a reader that does not know a code takes it for a fault.
 *
 * `make` and `fill` read bytes of strangers: they throw on a wrong part and define properties
 * instead of assigning where a name could mean a prototype.
 */

/** The table that is being written. */
export interface TableContext {
  /** What stands for a part: itself or its place. */
  slot(part: unknown): unknown
  /** The slot of a list of names; one for the same names, so that rows share it. */
  names(names: readonly string[]): unknown
}

export interface GraphKind<T> {
  holds(value: unknown): boolean
  /** The parts as they lie in a table. */
  write(value: T, table: TableContext): unknown[]
  /** The value, without what may point back to it. */
  make(parts: readonly unknown[]): T
  /** Adds the rest; `part` reads a slot. */
  fill?(value: T, parts: readonly unknown[], part: (slot: unknown) => unknown): void
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
  fill(value, parts, part) {
    for (const slot of parts) value.push(part(slot))
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
  fill(value, [, indices, slots], part) {
    for (const [at, index] of listOf(indices).entries()) {
      if (!isIndexBelow(index, value.length)) throw new RangeError('no index')
      value[index] = part(listOf(slots)[at])
    }
  },
}

const map: GraphKind<Map<unknown, unknown>> = {
  holds: (value) => value instanceof Map,
  write: (value, table) => [...value].flat().map(table.slot),
  make: () => new Map(),
  fill(value, parts, part) {
    for (let i = 0; i < parts.length; i += 2) value.set(part(parts[i]), part(parts[i + 1]))
  },
}

const set: GraphKind<Set<unknown>> = {
  holds: (value) => value instanceof Set,
  write: (value, table) => [...value].map(table.slot),
  make: () => new Set(),
  fill(value, parts, part) {
    for (const slot of parts) value.add(part(slot))
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
  make: ([source, flags]) => new RegExp(text.make([source]), textOf(flags)),
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

const ERROR_CLASSES: readonly (abstract new (...args: never[]) => Error)[] = [
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
]

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
  make([code]) {
    const Kind = ERROR_CLASSES[Number(code)]
    const value: Error = Kind === undefined ? new Error() : Reflect.construct(Kind, [[]])
    for (const name of Object.getOwnPropertyNames(value)) Reflect.deleteProperty(value, name)
    return value
  },
  fill(value, [, own, slots, flags], part) {
    for (const [at, name] of listOf(part(own)).entries()) {
      define(value, textOf(name), part(listOf(slots)[at]), listOf(flags)[at] === true)
    }
  },
}

const record: GraphKind<Record<string, unknown>> = {
  holds: isRecord,
  write: (value, table) => [table.names(Object.keys(value)), Object.values(value).map(table.slot)],
  make: () => ({}),
  fill(value, [own, slots], part) {
    const list = listOf(part(own))
    const parts = listOf(slots)
    for (let i = 0; i < list.length; i++) {
      const name = textOf(list[i])
      if (name === '__proto__') define(value, name, part(parts[i]), true)
      else value[name] = part(parts[i])
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

export const NAMES_CODE = GRAPH_KINDS.indexOf(names)

export function isRecord(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

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

function isIndexBelow(part: unknown, end: number): part is number {
  return Number.isInteger(part) && (part as number) >= 0 && (part as number) < end
}

/** Assignment to `__proto__` would set the prototype. */
function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  const property = { value, enumerable, configurable: true, writable: true }
  Object.defineProperty(target, name, property)
}
