import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

describe('wrap', () => {
  it('caches the answers of a function, by its arguments', async () => {
    const { cache } = trackedWithStore()
    const add = vi.fn(async (a: number, b: number) => a + b)
    const cached = cache.wrap(add)
    expect([await cached(1, 2), await cached(1, 2), await cached(2, 1)]).toEqual([3, 3, 3])
    expect(add.mock.calls).toEqual([
      [1, 2],
      [2, 1],
    ])
  })

  it('forgets an answer on demand', async () => {
    const { cache } = trackedCache()
    let count = 0
    const cached = cache.wrap(() => ++count)
    expect([await cached(), await cached()]).toEqual([1, 1])
    expect(await cached.invalidate()).toEqual(expect.any(String))
    expect(await cached()).toBe(2)
  })

  it('takes a key and options of its own', async () => {
    const { cache } = trackedCache()
    const cached = cache.wrap((user: { id: number }) => user.id, {
      key: (user) => `user:${user.id}`,
      ttl: 7,
    })
    expect(cached.keyOf({ id: 5 })).toBe('user:5')
    await cached({ id: 5 })
    expect([await cache.get('user:5'), await cache.ttl('user:5')]).toEqual([5, 7])
  })

  it('passes errors of the function and of the key on as rejections', async () => {
    const { cache } = trackedCache()
    const boom = new Error('boom')
    const failing = cache.wrap(() => {
      throw boom
    })
    await expect(failing()).rejects.toBe(boom)
    const keyless = cache.wrap((_: unknown) => 1, {
      key: () => {
        throw boom
      },
    })
    await expect(keyless(1)).rejects.toBe(boom)
    await expect(keyless.invalidate(1)).rejects.toBe(boom)
  })

  it.each([() => 1, Symbol('s'), new Map(), new (class A {})(), Promise.resolve()])(
    'refuses %o as an argument, by a named error',
    async (argument) => {
      const { cache } = trackedCache()
      const cached = cache.wrap((_: unknown) => 1)
      await expect(cached(argument)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    },
  )

  it('refuses what nests too deeply, also in a circle', async () => {
    const { cache } = trackedCache()
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const cached = cache.wrap((_: unknown) => 1)
    await expect(cached(circle)).rejects.toMatchObject({ code: 'KEY_INVALID' })
  })

  it('refuses what is no function, and options that are none', () => {
    const { cache } = trackedCache()
    expect(() => cache.wrap(42 as never)).toThrow("option 'fn' is 42")
    expect(() => cache.wrap(() => 1, { tll: 5 } as never)).toThrow("unknown option 'tll'")
    expect(() => cache.wrap(() => 1, { ttl: -1 })).toThrow("option 'ttl' is -1")
  })
})

describe('the key of a call', () => {
  const { cache } = trackedCache()
  const keyOf = (...args: unknown[]) => cache.wrap((..._: unknown[]) => 1).keyOf(...args)

  it('does not mind the order of properties', () => {
    expect(keyOf({ a: 1, b: { c: 2, d: 3 } })).toBe(keyOf({ b: { d: 3, c: 2 }, a: 1 }))
  })

  it.each<[unknown[], unknown[]]>([
    [[1], ['1']],
    [[1n], [1]],
    [[null], [undefined]],
    [[null], ['null']],
    [[], [undefined]],
    [[true], ['true']],
    [[0], [-0]],
    [['a', 'b'], ['a,b']],
    [[['a', 'b']], ['a', 'b']],
    [[[]], [{}]],
    [[{ a: undefined }], [{}]],
    [[new Date(5)], ['Date(5)']],
    [['\ud800'], ['\ud801']],
    [['a"'], ['a\\"']],
    [[[1, [2]]], [[[1], 2]]],
  ])('%o is not that of %o', (one, other) => {
    expect(keyOf(...one)).not.toBe(keyOf(...other))
  })

  it('differs wherever the arguments do', () => {
    const plain = fc.anything({ maxDepth: 3, withBigInt: true, stringUnit: 'binary' })
    fc.assert(
      fc.property(fc.array(plain), fc.array(plain), (one, other) => {
        const same = fc.stringify(one) === fc.stringify(other)
        if (!same) expect(keyOf(...one) === keyOf(...other)).toBe(sameButForOrder(one, other))
      }),
      { numRuns: 1_000 },
    )
  })
})

/** Whether two lists differ in the order of properties alone. */
function sameButForOrder(one: unknown, other: unknown): boolean {
  const sorted = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(sorted)
    const names = Object.keys(value).sort()
    // Not an array: an empty record is not an empty list.
    return new Map(names.map((name) => [name, sorted((value as Record<string, unknown>)[name])]))
  }
  return fc.stringify(sorted(one)) === fc.stringify(sorted(other))
}
