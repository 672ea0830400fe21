/**
 * Arguments as text: equal by structure, the same text; different, another one. The order in which
 * properties, elements of a Set and entries of a Map were added does not matter.
 *
 * The text lies in stores as part of keys: what it says of a value stays as it is. No text of a
 * kind is one of another kind: strings have quotes, a bigint its `n`, all that has no literal its
 * name in front. What cannot be told apart by its content is refused; two callers with different
 * objects of that kind would get each other's answers.
 *
 * Cost: one walk over the arguments; a single string costs one JSON.stringify.
 */
import { types } from 'node:util'
import { CacheError } from './errors.js'
import { isRecord } from './is-record.js'

/** Beyond it there is a mistake more often than data. */
const MAX_DEPTH = 64

/** The objects around a part, the nearest first. */
interface Above {
  readonly value: object
  readonly depth: number
  readonly next: Above | undefined
}

/** Throws KEY_INVALID; `owner` is whose arguments they are, for its message. */
export function argumentsKey(args: readonly unknown[], owner: string): string {
  if (args.length === 1) return argumentKey(args, 0, owner)
  return args.map((_, at) => argumentKey(args, at, owner)).join(',')
}

function argumentKey(args: readonly unknown[], at: number, owner: string): string {
  try {
    return keyPart(args[at], undefined)
  } catch (error) {
    if (!(error instanceof NoText)) throw error
    const whose = owner === '' ? '' : ` of ${owner}`
    const which = `argument ${at + 1}${whose} ${error.message}`
    throw new CacheError('KEY_INVALID', `${which}: no key can be made of it; pass the option 'key'`)
  }
}

class NoText extends Error {}

function keyPart(value: unknown, above: Above | undefined): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return value === null ? 'null' : objectPart(value, within(value, above))
    default:
      throw new NoText(`holds a ${typeof value}`)
  }
}

function within(value: object, next: Above | undefined): Above {
  for (let at = next; at !== undefined; at = at.next)
    if (at.value === value) throw new NoText('holds a circle')
  const depth = next === undefined ? 1 : next.depth + 1
  if (depth > MAX_DEPTH) throw new NoText(`is nested too deeply, over ${MAX_DEPTH} levels`)
  return { value, depth, next }
}

function objectPart(value: object, above: Above): string {
  if (isRecord(value)) return recordPart(value, above)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value) && prototype === Array.prototype) return listPart(value, above)
  if (types.isDate(value) && isDatePrototype(prototype)) return `Date(${value.getTime()})`
  if (types.isMap(value) && prototype === Map.prototype) return mapPart(value, above)
  if (types.isSet(value) && prototype === Set.prototype) {
    return `Set(${sorted([...value].map((element) => keyPart(element, above)))})`
  }
  if (types.isRegExp(value) && prototype === RegExp.prototype) {
    const { source, flags, lastIndex } = value
    return `RegExp(${JSON.stringify(source)},${flags}${lastIndex === 0 ? '' : `,${lastIndex}`})`
  }
  if (value instanceof URL && prototype === URL.prototype) {
    return `URL(${JSON.stringify(value.href)})`
  }
  return bytesPart(value, prototype)
}

const DATE_PROTOTYPE: unknown = Date.prototype

/** Fake timers put a class of their own in the place of Date. */
function isDatePrototype(prototype: unknown): boolean {
  return prototype === DATE_PROTOTYPE || prototype === Date.prototype
}

function recordPart(record: Record<string, unknown>, above: Above): string {
  if (Object.getOwnPropertySymbols(record).length > 0)
    throw new NoText('holds a property named by a symbol')
  const parts = Object.keys(record)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${keyPart(record[name], above)}`)
  return `{${parts.join(',')}}`
}

function listPart(list: readonly unknown[], above: Above): string {
  const parts: string[] = []
  let holes = 0
  for (let at = 0; at < list.length; at++) {
    const isHole = !Object.hasOwn(list, at)
    if (isHole) holes++
    parts.push(isHole ? 'empty' : keyPart(list[at], above))
  }
  // What a RegExp has matched is such a list.
  if (Object.keys(list).length !== list.length - holes)
    throw new NoText('holds a list with properties of its own')
  return `[${parts.join(',')}]`
}

function mapPart(map: ReadonlyMap<unknown, unknown>, above: Above): string {
  const entries = [...map].map(([key, value]) => `${keyPart(key, above)}=>${keyPart(value, above)}`)
  return `Map(${sorted(entries)})`
}

function sorted(parts: string[]): string {
  return parts.sort().join(',')
}

const TYPED_ARRAY: unknown = Object.getPrototypeOf(Uint8Array.prototype)

/** By their bits, so that every NaN is itself and -0 is not 0. */
function bytesPart(value: object, prototype: unknown): string {
  const isBuffer = prototype === Buffer.prototype
  const isTyped = types.isTypedArray(value) && Object.getPrototypeOf(prototype) === TYPED_ARRAY
  if (ArrayBuffer.isView(value) && (isBuffer || isTyped || prototype === DataView.prototype)) {
    const name = isBuffer ? 'Buffer' : Object.prototype.toString.call(value).slice(8, -1)
    return `${name}(${base64(value.buffer, value.byteOffset, value.byteLength)})`
  }
  if (types.isArrayBuffer(value) && prototype === ArrayBuffer.prototype) {
    return `ArrayBuffer(${base64(value, 0, value.byteLength)})`
  }
  throw new NoText(`holds an instance of ${nameOf(prototype)}`)
}

function base64(buffer: ArrayBufferLike, offset: number, length: number): string {
  return Buffer.from(buffer, offset, length).toString('base64')
}

function nameOf(prototype: unknown): string {
  const name = (prototype as { constructor?: { name?: unknown } }).constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'a class'
}
