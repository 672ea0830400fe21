/** Values on their way in: the copy is what was given, and nothing that was given is touched. */
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { admit, cloneValue, freezeOwned } from '../../src/core/value.js'
import { differenceOf } from '../support/same-value.js'
import { ALL_VALUES, BUILTIN_VALUES, GRAPH_VALUES, isSame, PLAIN_VALUES } from './odd-values.js'

const entries = Object.entries

describe('an admitted value', () => {
  it.each(entries(ALL_VALUES))('is what was given: %s', (_, value) => {
    expect(isSame(admit(value).value, value)).toBe(true)
  })

  it.each(entries(ALL_VALUES))('is a copy, and the original is left as it was: %s', (_, value) => {
    const before = inspect(value, { depth: 9 })
    const { value: copy } = admit(value)
    if (typeof value === 'object' && value !== null) {
      expect(copy).not.toBe(value)
      expect(Object.isFrozen(value)).toBe(false)
    }
    expect(inspect(value, { depth: 9 })).toBe(before)
  })

  it.each(entries({ ...PLAIN_VALUES, ...GRAPH_VALUES }))('is frozen throughout: %s', (_, value) => {
    const admitted = admit(value)
    expect(admitted.plain).toBe(true)
    expectFrozen(admitted.value, new Set())
  })

  it.each(entries(BUILTIN_VALUES))('is known to stay mutable: %s', (_, value) => {
    const admitted = admit(value)
    expect([admitted.plain, admitted.form]).toEqual([false, 'graph'])
  })

  it.each(entries(PLAIN_VALUES))(
    'is a tree, or text where only JSON keeps it: %s',
    (name, value) => {
      const isText = /surrogate|__proto__|Object.prototype/.test(name)
      expect(admit(value).form).toBe(isText ? 'text' : 'tree')
    },
  )

  it('keeps shared references shared', () => {
    const one = { n: 1 }
    const { value } = admit({ a: one, b: [one] })
    const copy = value as { a: object; b: object[] }
    expect(copy.a).toBe(copy.b[0])
    expect(copy.a).not.toBe(one)
  })

  it('may be frozen before', () => {
    const given = Object.freeze({ a: Object.freeze([1]), at: Object.freeze(new Date(3)) })
    expect(admit(given).value).toEqual(given)
  })

  it('weighs more the more it holds', () => {
    const weights = [null, 'a', 'a'.repeat(100), { a: 'a'.repeat(100) }, Buffer.alloc(1_000)]
    const bytes = weights.map((value) => admit(value).weightBytes)
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b))
    expect(admit(Array.from({ length: 1_000 }, (_, i) => i)).weightBytes).toBeGreaterThan(8_000)
    expect(admit(new Map([['k', Buffer.alloc(5_000)]])).weightBytes).toBeGreaterThan(5_000)
  })
})

describe('what is kept as plain data', () => {
  class Point {
    readonly x = 1
    #hidden = 2
    get sum() {
      return this.x + this.#hidden
    }
    move() {}
  }
  it.each<[string, unknown, unknown]>([
    ['an instance of a class: its own properties', new Point(), { x: 1 }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [
      'the answer of toJSON',
      {
        at: new (class {
          toJSON = () => ({ y: 1 })
        })(),
      },
      undefined,
    ],
    ['a name that is a symbol: not at all', { a: 1, [Symbol('s')]: 2 }, { a: 1 }],
    [
      'a getter: what it answers',
      {
        get a() {
          return [1]
        },
      },
      { a: [1] },
    ],
    ['a hidden property: not at all', Object.defineProperty({}, 'a', { value: 1 }), {}],
    ['a list of a class of its own', Object.assign(new (class extends Array {})(), [1]), [1]],
  ])('%s', (_, given, wanted) => {
    if (wanted !== undefined) expect(admit(given).value).toStrictEqual(wanted)
  })

  it('the answer of toJSON of a class, with all that it holds', () => {
    class Money {
      readonly cents = 150
      toJSON() {
        return { amount: this.cents / 100, at: new Date(0) }
      }
    }
    const { value, plain } = admit({ price: new Money(), list: [new Money()] })
    const money = { amount: 1.5, at: new Date(0) }
    expect(value).toStrictEqual({ price: money, list: [money] })
    expect(plain).toBe(false)
  })

  it.each<[string, unknown, unknown]>([
    ['a number', new Number(-5), -5],
    ['a text', [new String('ab')], ['ab']],
    ['a boolean', { on: new Boolean(false) }, { on: false }],
    ['a large integer', Object(5n), 5n],
  ])('a boxed primitive, as the primitive: %s', (_, given, wanted) => {
    expect(admit(given).value).toStrictEqual(wanted)
  })

  it('a view of a class of its own, as one of the built-in class', () => {
    class Frame extends Uint16Array {
      override readonly [Symbol.toStringTag] = 'Frame' as never
    }
    const { value } = admit([new Frame([1, 2])])
    expect(differenceOf(value, [new Uint16Array([1, 2])])).toBeUndefined()
  })

  it('a view on shared memory, as one on bytes of its own', () => {
    const memory = new SharedArrayBuffer(4)
    const given = { bytes: new Uint8Array(memory, 1, 2), view: new DataView(memory) }
    const copy = admit(given).value as typeof given
    new Uint8Array(memory).fill(7)
    const [bytes, view] = [new Uint8Array(2), new DataView(new ArrayBuffer(4))]
    expect(differenceOf(copy, { bytes, view })).toBeUndefined()
    expect(copy.bytes.buffer).toBeInstanceOf(ArrayBuffer)
  })
})

describe('cloneValue', () => {
  it.each(entries(ALL_VALUES))('gives an equal value that nobody else holds: %s', (_, value) => {
    const kept = admit(value).value
    const copy = cloneValue(kept)
    expect(isSame(copy, kept)).toBe(true)
    if (typeof kept !== 'object' || kept === null) return
    expect(copy).not.toBe(kept)
    expect(Object.isFrozen(copy)).toBe(false)
  })

  it('shares nothing mutable: a change to the copy stays there', () => {
    const kept = admit({ list: [1], at: new Date(0), bytes: Buffer.from('a') }).value
    const copy = cloneValue(kept) as { list: number[]; at: Date; bytes: Buffer }
    copy.list.push(2)
    copy.at.setTime(9)
    copy.bytes[0] = 0
    expect(kept).toEqual({ list: [1], at: new Date(0), bytes: Buffer.from('a') })
  })
})

describe('an array of holes', () => {
  it('is copied by what it holds, not by what it spans', () => {
    const sparse: unknown[] = []
    sparse[2 ** 24 - 1] = { last: true }
    sparse[5] = 'five'
    Object.assign(sparse, { named: 1 })
    const { value, form } = admit(sparse)
    const copy = value as unknown[]
    expect([copy.length, Object.keys(copy)]).toEqual([2 ** 24, ['5', String(2 ** 24 - 1)]])
    expect([copy[5], copy[2 ** 24 - 1], form]).toEqual(['five', { last: true }, 'graph'])
  })
})

describe('freezeOwned', () => {
  it.each(entries(PLAIN_VALUES))('freezes throughout and weighs: %s', (_, value) => {
    const own = structuredClone(value)
    expect(freezeOwned(own)).toBeGreaterThan(0)
    expectFrozen(own, new Set())
  })
})

function expectFrozen(value: unknown, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  expect(Object.isFrozen(value)).toBe(true)
  for (const part of Object.values(value)) expectFrozen(part, seen)
}
