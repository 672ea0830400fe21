/** Values that a cache must bring back as they were, by name. */
import { inspect, isDeepStrictEqual } from 'node:util'

/** Plain data: trees without anything that stays mutable when frozen. */
export const PLAIN_VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  false: false,
  zero: 0,
  numbers: [1, -1, 0.1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31) - 1, 1e300, 5e-324, 4_294_967_296.5],
  'empty text': '',
  text: 'é🧊\0"\\\n',
  'long text': 'x'.repeat(10_000),
  'a lone surrogate': ['\ud800', 'a\udc00b', '\udc00\ud800'],
  'a name with a lone surrogate': { '\ud800': 1 },
  'empty things': [{}, [], ''],
  nested: { a: [{ b: { c: [[[1]]] } }] },
  'an own __proto__': JSON.parse('{"__proto__":{"x":1},"a":1}'),
  'names of Object.prototype': { constructor: 1, toString: 2, hasOwnProperty: 3, valueOf: null },
  'odd names': { '': 1, 'a b': 2, '0': 3, '10': 4, '-1': 5, "'": 6, '🧊': 7 },
  'rows of one shape': Array.from({ length: 50 }, (_, id) => ({ id, name: `n${id}`, on: true })),
  'rows of many shapes': Array.from({ length: 80 }, (_, id) => ({ [`k${id}`]: id })),
}

/** What a tree serializer would lose, though frozen it stays as it is. */
export const GRAPH_VALUES: Readonly<Record<string, unknown>> = {
  'not a number': Number.NaN,
  infinities: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  'minus zero': -0,
  'minus zero inside': { a: [-0] },
  undefined: { a: undefined, b: [undefined, 1] },
  'a sparse array': sparse(),
  bigint: [0n, 1n, -1n, 2n ** 63n, 2n ** 64n, -(2n ** 63n), -(2n ** 200n)],
  'a lone surrogate beside undefined': { a: '\ud800', b: undefined },
  'an own __proto__ beside undefined': withProto(undefined),
  'a shared reference': shared({ s: 1 }),
  'a cycle': cycle(),
  'a cycle of arrays': arrayCycle(),
}

/** Built-in classes: mutable, whatever is frozen. */
export const BUILTIN_VALUES: Readonly<Record<string, unknown>> = {
  'a date': new Date(5),
  'odd dates': [new Date(-1e12), new Date(8.64e15), new Date(1.7e12)],
  'an invalid date': new Date(Number.NaN),
  'a map': new Map<unknown, unknown>([
    ['a', 1],
    [{ k: 1 }, new Map([[1, 2]])],
    [undefined, null],
  ]),
  'a map with a lone surrogate': new Map([['\ud800', '\udc00']]),
  'a set': new Set<unknown>([1, 'a', Number.NaN, { x: 1 }]),
  'a pattern': /a\/b[^c]/giu,
  'an empty pattern': /(?:)/,
  'a URL': new URL('https://u:p@x.y/z?q=1#h'),
  'a buffer': Buffer.from('hi\0'),
  bytes: new Uint8Array([0, 1, 255]),
  'a part of an array buffer': new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4),
  'clamped bytes': new Uint8ClampedArray([255]),
  integers: [
    new Int8Array([-1]),
    new Int16Array([-2]),
    new Uint16Array([65_535]),
    new Int32Array([-5]),
    new Uint32Array([5]),
  ],
  floats: [new Float32Array([1.5]), new Float64Array([1.5, Number.NaN, -0])],
  'big integers': [new BigInt64Array([1n, -5n]), new BigUint64Array([2n ** 64n - 1n])],
  'an array buffer': new Uint8Array([1, 2, 3]).buffer,
  'a data view': new DataView(new Uint8Array([9, 8]).buffer),
  'empty ones': [new Map(), new Set(), Buffer.alloc(0), new Float64Array(0), new ArrayBuffer(0)],
  'a shared date': shared(new Date(1)),
  'a map in itself': mapCycle(),
  'an own __proto__ beside a date': withProto(new Date(0)),
}

export const ALL_VALUES = { ...PLAIN_VALUES, ...GRAPH_VALUES, ...BUILTIN_VALUES }

function sparse(): unknown[] {
  const array: unknown[] = [1]
  array[3] = 4
  array.length = 6
  return array
}

function withProto(other: unknown): object {
  const value = { enumerable: true, configurable: true, writable: true, value: { x: 1 } }
  return Object.defineProperty({ other }, '__proto__', value)
}

function shared(one: unknown): object {
  return { first: one, list: [one, one] }
}

function cycle(): object {
  const value: Record<string, unknown> = { n: 1, child: {} }
  value.self = value
  ;(value.child as Record<string, unknown>).parent = value
  return value
}

function arrayCycle(): unknown[] {
  const value: unknown[] = [1]
  value.push(value)
  return value
}

function mapCycle(): Map<string, unknown> {
  const value = new Map<string, unknown>()
  return value.set('me', value)
}

/** Whether two values are the same in kind, structure and content. */
export function isSame(one: unknown, other: unknown): boolean {
  if (isDeepStrictEqual(one, other)) return true
  // To Node an invalid date differs from every other.
  const text = show(one)
  return text.includes('Invalid Date') && text === show(other)
}

function show(value: unknown): string {
  return inspect(value, { depth: 99, maxArrayLength: null, maxStringLength: null })
}
