/** The judge of fidelity: what it must not take for the same, and what it must. */
import { describe, expect, it } from 'vitest'
import { changeOf, differenceOf } from '../support/same-value.js'

const one = { n: 1 }
const cycle: Record<string, unknown> = {}
cycle.self = cycle
const holes = (...at: number[]) =>
  at.reduce((array, index) => {
    array[index] = undefined
    return array
  }, new Array<unknown>(3))
const error = (own: object, message = 'm') => {
  const made = Object.assign(new Error(message), own)
  made.stack = 'stack'
  return made
}

describe('differenceOf', () => {
  it.each<[string, unknown, unknown, string]>([
    ['minus zero', [0], [-0], '["0"]: value is number 0, was given as -0'],
    ['null and undefined', { a: null }, { a: undefined }, '["a"]: value'],
    ['a missing member', {}, { a: undefined }, 'names'],
    ['the order of names', { a: 1, b: 2 }, { b: 2, a: 1 }, 'names'],
    ['a hole', holes(0, 1), holes(0), 'names'],
    ['the length of an array', [1], Object.assign([1], { length: 2 }), '["length"]: value'],
    ['bigint and number', 1, 1n, 'value is number 1, was given as 1n'],
    ['one object and two', [one, one], [{ n: 1 }, { n: 1 }], 'the same object as before'],
    ['two objects and one', [{ n: 1 }, { n: 1 }], [one, one], 'the same object as before'],
    ['a cycle one turn longer', { self: cycle }, cycle, 'the same object as before'],
    ['the order of a Map', map('a', 'b'), map('b', 'a'), '.member(0)'],
    ['the order of a Set', new Set([1, 2]), new Set([2, 1]), '.member(0)'],
    [
      'what is shared by a Set',
      [one, new Set([{ n: 1 }])],
      [one, new Set([one])],
      'object as before',
    ],
    ['minus zero in a Map', new Map([[1, 0]]), new Map([[1, -0]]), '.member(1)'],
    ['the class of bytes', new Uint8Array(2), Buffer.alloc(2), 'class'],
    ['the class of an error', new Error('m'), new TypeError('m'), 'class'],
    ['bytes', new Uint8Array([1]), new Uint8Array([2]), 'content'],
    ['kinds of NaN', floats(0xff, 0xff), floats(0x7f, 0xc0), 'content'],
    ['the length of a buffer', new ArrayBuffer(1), new ArrayBuffer(2), 'content'],
    ['a moment', new Date(0), new Date(Number.NaN), 'content'],
    ['flags', /a/g, /a/, 'content'],
    ['an address', new URL('a:b'), new URL('a:c'), 'content'],
    ['the code of an error', error({ code: 1 }), error({ code: 2 }), '["code"]: value'],
    ['a message', error({}, 'a'), error({}, 'b'), '["message"]: value'],
    ['whether it can be listed', error({ cause: 1 }), hiddenCause(), '["cause"]: enumerable'],
    ['a prototype', Object.create(null), {}, 'class is string none'],
    ['a map and an empty object', {}, new Map(), 'class'],
  ])('tells apart: %s', (_, kept, given, says) => {
    expect(differenceOf(kept, given)).toContain(says)
  })

  it.each<[string, unknown, unknown]>([
    ['not a number', [Number.NaN], [Number.NaN]],
    ['invalid dates', new Date(Number.NaN), new Date(Number.NaN)],
    ['an object without a prototype, as a plain one', {}, Object.create(null)],
    ['a subclass, as the built-in class', new Map(), new (class extends Map {})()],
    ['lastIndex', /a/g, Object.assign(/a/g, { lastIndex: 2 })],
    ['a part of a buffer', new Uint8Array([2]), new Uint8Array([1, 2, 3]).subarray(1, 2)],
  ])('takes for the same: %s', (_, kept, given) => {
    expect(differenceOf(kept, given)).toBeUndefined()
  })
})

it('changeOf takes two of one class for the same, but not two of different content', () => {
  class Own {
    n = 1
  }
  expect(changeOf(new Own(), new Own())).toBeUndefined()
  expect(changeOf(new Own(), Object.assign(new Own(), { n: 2 }))).toContain('["n"]: value')
})

function map(...keys: string[]): Map<string, number> {
  return new Map(keys.map((key) => [key, 0]))
}

/** A NaN of the given bits. */
function floats(high: number, next: number): Float32Array {
  return new Float32Array(new Uint8Array([1, 0, next, high]).buffer)
}

function hiddenCause(): Error {
  const made = error({})
  return Object.defineProperty(made, 'cause', { value: 1, configurable: true, writable: true })
}
