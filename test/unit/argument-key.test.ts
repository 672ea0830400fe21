/** The key of a call: what it is today, what it tells apart, and what it refuses. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { argumentsKey } from '../../src/core/argument-key.js'

const keyOf = (...args: unknown[]) => argumentsKey(args, 'search')

describe('the text of arguments', () => {
  // These lie in stores: a process that writes them in another way misses what others have kept.
  it.each<[unknown[], string]>([
    [[], ''],
    [['a"b', 1, -0, Number.NaN, 1e21], '"a\\"b",1,-0,NaN,1e+21'],
    [[1n, true, null, undefined], '1n,true,null,undefined'],
    [['\ud800'], '"\\ud800"'],
    [[{ b: 1, a: [1, 'x', []], 2: {} }], '{"2":{},"a":[1,"x",[]],"b":1}'],
    [[Object.assign(Object.create(null), { a: 1 })], '{"a":1}'],
    [[new Date(5), new Date(Number.NaN)], 'Date(5),Date(NaN)'],
    [[new Map([['b', 1]]).set('a', 2)], 'Map("a"=>2,"b"=>1)'],
    [[new Set(['b', 'a', 1])], 'Set("a","b",1)'],
    [[/a\/b/gi], 'RegExp("a\\\\/b",gi)'],
    [[new URL('https://a.b/c?d=1')], 'URL("https://a.b/c?d=1")'],
    [[Buffer.from('hi'), new Uint8Array([104, 105])], 'Buffer(aGk=),Uint8Array(aGk=)'],
    [[new Uint8Array([0, 104, 105]).subarray(1)], 'Uint8Array(aGk=)'],
    [[new Uint8Array([104, 105]).buffer], 'ArrayBuffer(aGk=)'],
    [[new DataView(new Uint8Array([104, 105]).buffer)], 'DataView(aGk=)'],
    [[new Array(2), [undefined]], '[empty,empty],[undefined]'],
  ])('of %o is %s', (args, text) => {
    expect(keyOf(...args)).toBe(text)
  })

  it.each<[unknown[], unknown[]]>([
    [[1], ['1']],
    [[1n], [1]],
    [[1n], ['1n']],
    [[null], [undefined]],
    [[null], ['null']],
    [[], [undefined]],
    [[], ['']],
    [[true], ['true']],
    [[0], [-0]],
    [[Number.NaN], ['NaN']],
    [['a', 'b'], ['a,b']],
    [['a', 'b'], ['a","b']],
    [[['a', 'b']], ['a', 'b']],
    [[[]], [{}]],
    [[[]], [new Array(1)]],
    [[[undefined]], [new Array(1)]],
    [[{}], [new Map()]],
    [[[]], [new Set()]],
    [[new Map()], [new Set()]],
    [[new Map([['a', 1]])], [{ a: 1 }]],
    [[new Map([[1, 1]])], [new Map([['1', 1]])]],
    [[new Set([[1], [1]])], [new Set([[1]])]],
    [[new Set(['a,b'])], [new Set(['a', 'b'])]],
    [[{ a: undefined }], [{}]],
    [[{ a: 1, b: 2 }], [{ a: { b: 2 } }]],
    [[new Date(5)], [5]],
    [[new Date(5)], ['Date(5)']],
    [[new Date(5)], [{}]],
    [[/a/], ['/a/']],
    [[/a/], [/a/g]],
    [[/a,g/], [/a/g]],
    [[Object.assign(/a/g, { lastIndex: 2 })], [/a/g]],
    [[new URL('a:b')], ['a:b']],
    [[Buffer.from('a')], [new Uint8Array([97])]],
    [[new Int8Array([1])], [new Uint8Array([1])]],
    [[new Uint8Array([1])], [[1]]],
    [[new Float64Array([0])], [new Float64Array([-0])]],
    [['\ud800'], ['\ud801']],
    [['\ud800'], ['\ufffd']],
    [['\ud800'], ['\\ud800']],
    [['a"'], ['a\\"']],
    [[[1, [2]]], [[[1], 2]]],
    [[JSON.parse('{"__proto__":1}')], [{}]],
  ])('of %o is not that of %o', (one, other) => {
    expect(keyOf(...one)).not.toBe(keyOf(...other))
  })

  it('does not mind in which order an object was made', () => {
    expect(keyOf({ a: 1, b: { c: 2, d: 3 } })).toBe(keyOf({ b: { d: 3, c: 2 }, a: 1 }))
    const one = new Map<unknown, unknown>([[{ x: 1 }, new Set([1, '1'])]]).set(2, [])
    const other = new Map<unknown, unknown>([[2, []]]).set({ x: 1 }, new Set(['1', 1]))
    expect(keyOf(one)).toBe(keyOf(other))
  })

  it('takes the same object twice, if it is no circle', () => {
    const shared = { a: [1] }
    expect(keyOf([shared, shared], shared)).toBe('[{"a":[1]},{"a":[1]}],{"a":[1]}')
  })

  it('takes dates of fake timers', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 5 })
    try {
      expect(keyOf(new Date())).toBe('Date(5)')
    } finally {
      vi.useRealTimers()
    }
  })
})

/** Values that look alike, so that two of them are equal, or nearly, often. */
const LEAVES: readonly (() => unknown)[] = [
  () => 1,
  () => '1',
  () => 1n,
  () => 0,
  () => -0,
  () => Number.NaN,
  () => null,
  () => undefined,
  () => 'null',
  () => '',
  () => ',',
  () => '"',
  () => '\ud800',
  () => new Date(1),
  () => /1/g,
  () => Buffer.from('1'),
  () => new Uint8Array([49]),
  () => new Float32Array([-0]),
  () => [],
  () => new Array(1),
  () => ({}),
  () => new Map(),
  () => new Set(),
]

type Build = (isReversed: boolean) => unknown

/** How to make a value, and the same one with all that has no order the other way round. */
const { value: builds } = fc.letrec<{ value: Build; leaf: Build; node: Build }>((tie) => {
  const inOrder = <T>(list: readonly T[], isReversed: boolean) =>
    isReversed ? list.toReversed() : list
  const entries = fc.array(fc.tuple(fc.constantFrom('a', 'b', '1', '__proto__'), tie('value')), {
    maxLength: 3,
  })
  const parts = fc.array(tie('value'), { maxLength: 3 })
  return {
    value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, tie('leaf'), tie('node')),
    leaf: fc.constantFrom(...LEAVES).map((make) => () => make()),
    node: fc.oneof(
      parts.map(
        (list): Build =>
          (isReversed) =>
            list.map((build) => build(isReversed)),
      ),
      parts.map(
        (list): Build =>
          (isReversed) =>
            new Set(inOrder(list, isReversed).map((build) => build(isReversed))),
      ),
      entries.map(
        (list): Build =>
          (isReversed) => {
            const unique = [...new Map(list)]
            return Object.fromEntries(
              inOrder(unique, isReversed).map(([name, build]) => [name, build(isReversed)]),
            )
          },
      ),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map(
        (list): Build =>
          (isReversed) => {
            // A key that comes twice would have the value that comes last.
            const unique = new Map(list.map((pair) => [keyOf(new Set([pair[0](false)])), pair]))
            return new Map(
              inOrder([...unique.values()], isReversed).map(([key, value]) => [
                key(isReversed),
                value(isReversed),
              ]),
            )
          },
      ),
    ),
  }
})

describe('by random', () => {
  it('equal by structure, the same text', () => {
    fc.assert(
      fc.property(fc.array(builds, { maxLength: 3 }), (list) => {
        const key = keyOf(...list.map((build) => build(false)))
        expect(keyOf(...list.map((build) => build(true)))).toBe(key)
      }),
      { numRuns: 2_000 },
    )
  })

  it('different, another text', () => {
    let different = 0
    fc.assert(
      fc.property(builds, builds, (one, other) => {
        const [a, b] = [one(false), other(true)]
        const isEqual = isDeepStrictEqual(a, b)
        if (!isEqual) different++
        expect(keyOf(a) === keyOf(b)).toBe(isEqual)
      }),
      { numRuns: 5_000 },
    )
    expect(different).toBeGreaterThan(1_000)
  })

  it('any strings: where one ends and the next begins', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '\\', ',', 'a', '\ud800', '[', ']') })
    fc.assert(
      fc.property(fc.array(text), fc.array(text), (one, other) => {
        expect(keyOf(...one) === keyOf(...other)).toBe(isDeepStrictEqual(one, other))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('what no key can be made of', () => {
  class User {
    id = 1
  }
  const circle: unknown[] = []
  circle.push({ of: new Map([[1, new Set([circle])]]) })
  let deep: unknown = 1
  for (let level = 0; level < 65; level++) deep = [deep]

  it.each<[string, unknown]>([
    ['holds a function', () => 1],
    ['holds a symbol', Symbol('s')],
    ['holds a property named by a symbol', { [Symbol('s')]: 1 }],
    ['holds an instance of User', new User()],
    ['holds an instance of User', [{ user: new User() }]],
    ['holds an instance of Promise', Promise.resolve()],
    ['holds an instance of WeakMap', new WeakMap()],
    ['holds an instance of Error', new Error('no')],
    ['holds an instance of Number', Object(1)],
    ['holds an instance of Id', new (class Id extends Map {})()],
    ['holds an instance of Moment', new (class Moment extends Date {})()],
    ['holds an instance of List', new (class List extends Array {})()],
    ['holds an instance of Bytes', new (class Bytes extends Uint8Array {})()],
    ['holds an instance of Date', Object.create(Date.prototype)],
    ['holds an instance of a class', Object.create(Object.create(null))],
    ['holds a list with properties of its own', /a/.exec('a')],
    ['holds a circle', circle],
    ['is nested too deeply, over 64 levels', deep],
  ])('%s: %o', (what, argument) => {
    const refusal = () => argumentsKey(['fine', argument], 'search')
    expect(refusal).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
    expect(refusal).toThrow(
      `argument 2 of search ${what}: no key can be made of it; pass the option 'key'`,
    )
  })

  it('names no owner where there is none', () => {
    expect(() => argumentsKey([Symbol('s')], '')).toThrow(/^argument 1 holds a symbol:/)
  })

  it('passes on what a getter throws', () => {
    const boom = new Error('boom')
    const argument = {
      get id() {
        throw boom
      },
    }
    expect(() => keyOf(argument)).toThrow(boom)
  })
})
