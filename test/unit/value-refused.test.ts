/** Values that no tier can keep: refused by a named error that shows the way to the fault. */
import { describe, expect, it } from 'vitest'
import { isCacheError } from '../../src/core/errors.js'
import { admit } from '../../src/core/value.js'
import { trackedCache } from './tracked-cache.js'

function messageOf(value: unknown): string {
  try {
    admit(value)
  } catch (error) {
    if (isCacheError(error, 'VALUE_UNSUPPORTED')) return error.message
    throw error
  }
  throw new Error('it was taken')
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

describe('a value is refused', () => {
  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'a function, at value'],
    ['a class', class A {}, 'a function, at value'],
    ['a symbol', Symbol('s'), 'a symbol, at value'],
    ['a function inside', { a: [0, { b: () => 1 }] }, 'a function, at value.a[1].b'],
    ['a method', { toJSON() {} }, 'a function, at value.toJSON'],
    ['a symbol in a set', { s: new Set([Symbol('x')]) }, 'a symbol, at value.s.(member)'],
    ['a function in a map', new Map([['k', () => 1]]), 'a function, at value.k'],
    ['a function as key of a map', new Map([[() => 1, 1]]), 'a function, at value.(key)'],
    ['a promise', { a: Promise.resolve(1) }, 'a promise (is an await missing?), at value.a'],
    ['a WeakMap', [new WeakMap()], 'a WeakMap, at value[0]'],
    ['a WeakSet', new WeakSet(), 'a WeakSet, at value'],
    ['a WeakRef', new WeakRef({}), 'a WeakRef, at value'],
    ['a SharedArrayBuffer', new SharedArrayBuffer(8), 'a SharedArrayBuffer, at value'],
    ['a cause', new Error('m', { cause: () => 1 }), 'a function, at value.cause'],
    [
      'what toJSON answers',
      {
        a: new (class {
          toJSON() {
            return { b: () => 1 }
          }
        })(),
      },
      'value.a.b',
    ],
    ['a huge sparse array', new Array(2 ** 24 + 1), 'an array of 16777217 slots, at value'],
  ])('%s', (_, value, says) => {
    expect(messageOf(value)).toContain(says)
  })

  it('where it is nested deeper than a thousand levels, and not before', () => {
    expect(admit(nested(1_000)).value).toEqual(nested(1_000))
    expect(messageOf(nested(1_001))).toContain('nested deeper than 1000 levels')
    expect(messageOf(nested(50_000)).length).toBeLessThan(400)
  })

  it('in a long way that is cut', () => {
    const value = { ['x'.repeat(5_000)]: () => 1 }
    expect(messageOf(value).length).toBeLessThan(400)
  })

  it('where toJSON never ends', () => {
    class Endless {
      toJSON(): Endless {
        return new Endless()
      }
    }
    expect(messageOf(new Endless())).toContain('nested deeper')
  })
})

describe('the cache', () => {
  it('rejects a set and keeps what was there', async () => {
    const { cache } = trackedCache()
    await cache.set('k', 1)
    for (const value of [() => 1, { a: Symbol('s') }, undefined])
      await expect(cache.set('k', value)).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
    expect(await cache.get('k')).toBe(1)
    expect(cache.stats().total.sets).toBe(1)
  })

  it('reports the worst of setMany once all are done, also where its list throws', async () => {
    const { cache } = trackedCache()
    const pairs = [['a', 1] as const, ['b', () => 1] as const, ['c', 3] as const]
    await expect(cache.setMany(pairs)).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([1, undefined, 3])
  })

  it('leaves no rejection unhandled where the list of setMany throws', async () => {
    const { cache, clock } = trackedCache()
    function* list(): Generator<readonly [string, unknown]> {
      yield ['a', () => 1]
      throw new Error('the list broke')
    }
    await expect(cache.setMany(list())).rejects.toThrow('the list broke')
    await clock.settle()
  })
})
