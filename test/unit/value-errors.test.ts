/** Errors on their way in: what is kept of them, and what is left out rather than refused. */
import { describe, expect, it } from 'vitest'
import { isCacheError } from '../../src/core/errors.js'
import { admit } from '../../src/core/value.js'
import { differenceOf } from '../support/same-value.js'

const copyOf = <T>(value: T): T => admit(value).value as T

/** As client libraries have them: alive, and useless in a cache. */
const config = () => ({ url: '/x', headers: { a: 'b' }, transform: [() => 1] })

describe('a copy of an error', () => {
  const system = Object.assign(new Error('no such file'), {
    errno: -2,
    code: 'ENOENT',
    details: { at: new Date(0), tries: [1n, undefined, -0] },
  })
  const hidden = Object.defineProperty(new Error('m'), 'name', { value: 'Hidden' })
  const odd = Object.defineProperty(new Error('m'), '__proto__', {
    value: { a: 1 },
    enumerable: true,
  })

  it.each<[string, Error]>([
    ['message, name and stack', new RangeError('outer')],
    ['an empty message', new Error('')],
    ['no message', new TypeError()],
    ['no stack', Object.defineProperty(new Error('m'), 'stack', { value: undefined })],
    ['a cause that is an error', new RangeError('outer', { cause: new TypeError('inner') })],
    ['a cause that is undefined', new Error('m', { cause: undefined })],
    ['a cause that can be listed', Object.assign(new Error('m'), { cause: { code: 7 } })],
    ['a name of its own', Object.assign(new Error('m'), { name: 'HttpError' })],
    ['a name of its own, hidden', hidden],
    ['the name of another class', Object.assign(new Error('m'), { name: 'RangeError' })],
    ['a code and details', system],
    ['errors', new AggregateError([new Error('a'), { reason: 1 }], 'many', { cause: 7 })],
    ['errors that are no list', Object.assign(new Error('m'), { errors: { name: ['too long'] } })],
    ['odd names', Object.assign(odd, { '': 1, constructor: 2, toJSON: 3, 0: 4 })],
  ])('has all of it: %s', (_, error) => {
    expect(differenceOf(copyOf(error), error)).toBeUndefined()
  })

  it('leads back to itself where the error does', () => {
    const error: Error & { self?: Error; list?: Error[] } = new AggregateError([], 'many')
    error.cause = error
    error.self = error
    error.list = [error]
    expect(differenceOf(copyOf(error), error)).toBeUndefined()
  })

  it('is of the nearest built-in class, with the name that its own has', () => {
    class NotFound extends RangeError {
      status = 404
    }
    Object.defineProperty(NotFound.prototype, 'name', { value: 'NotFound' })
    const copy = copyOf(new NotFound('m'))
    expect(Object.getPrototypeOf(copy)).toBe(RangeError.prototype)
    expect(copy).toMatchObject({ name: 'NotFound', message: 'm', status: 404 })
    expect(Object.keys(copy)).toEqual(['status'])
    expect(differenceOf(copyOf(copy), copy)).toBeUndefined()
  })

  it('has the message and the name of what only looks like an error of JavaScript', () => {
    const copy = copyOf(new DOMException('stopped', 'AbortError'))
    expect(Object.getPrototypeOf(copy)).toBe(Error.prototype)
    expect([copy.name, copy.message]).toEqual(['AbortError', 'stopped'])
  })

  it('weighs what it holds', () => {
    const error = Object.assign(new Error('m'), { body: 'x'.repeat(10_000) })
    const [light, heavy] = [admit(new Error('m')), admit(error)]
    expect(heavy.weightBytes - light.weightBytes).toBeGreaterThan(10_000)
  })
})

describe('of the own properties of an error', () => {
  it('those are left out that a cache cannot keep, and nothing else is', () => {
    const error = Object.assign(new Error('m'), {
      code: 'E',
      retry() {},
      [Symbol('s')]: 1,
      kind: Symbol('s'),
      config: config(),
      socket: { peer: new WeakMap() },
      waiting: Promise.resolve(),
      status: 500,
    })
    const wanted = Object.assign(new Error('m'), { code: 'E', status: 500 })
    wanted.stack = error.stack!
    expect(differenceOf(copyOf(error), wanted)).toBeUndefined()
    expect(admit(error).weightBytes).toBe(admit(wanted).weightBytes)
  })

  it('one that is hidden is left out, unless JavaScript hides it', () => {
    const error = Object.defineProperty(new Error('m'), 'response', { value: 'r' })
    expect('response' in copyOf(error)).toBe(false)
  })

  it('what was met in one that is left out is copied in full where it comes again', () => {
    const shared = { parts: [] as unknown[] }
    const broken = { shared, bad: () => 1 }
    shared.parts.push({ n: 1 })
    const inner = Object.assign(new Error('inner'), { broken, shared })
    const given = { error: Object.assign(new Error('outer'), { broken, inner }), shared }
    const copy = copyOf(given) as unknown as {
      error: { inner: { shared: object } }
      shared: object
    }
    expect(copy.shared).toStrictEqual({ parts: [{ n: 1 }] })
    expect(copy.error.inner.shared).toBe(copy.shared)
    expect(copy.error).not.toHaveProperty('broken')
    expect(copy.error.inner).not.toHaveProperty('broken')
  })

  it('a half copy is never to be found, also of what leads back to it', () => {
    const broken: Record<string, unknown> = { bad: undefined, child: {} }
    Object.assign(broken, { child: { parent: broken }, bad: () => 1 })
    const error = Object.assign(new Error('m'), { broken })
    expect(() => admit([error, (broken as { child: object }).child])).toThrow('value[1].parent.bad')
  })

  it('levels count as before after one that is left out', () => {
    let deep: unknown = () => 1
    for (let level = 0; level < 990; level++) deep = [deep]
    let fits: unknown = 1
    for (let level = 0; level < 998; level++) fits = [fits]
    const error = Object.assign(new Error('m'), { deep, fits })
    expect(Object.keys(copyOf([error])[0]!)).toEqual(['fits'])
  })

  it('a cause and the errors are no such: a refusal tells where', () => {
    const messageOf = (value: unknown): string => {
      try {
        admit(value)
      } catch (error) {
        if (isCacheError(error, 'VALUE_UNSUPPORTED')) return error.message
      }
      return 'taken'
    }
    const inner = new Error('m', { cause: config() })
    expect(messageOf({ inner })).toContain('a function, at value.inner.cause.transform[0]')
    expect(messageOf(new AggregateError([1, () => 1]))).toContain('a function, at value.errors[1]')
    const outer = Object.assign(new Error('m'), { code: 7, inner })
    expect(copyOf(outer)).not.toHaveProperty('inner')
  })

  it('a refusal comes where copying in vain would take too long', () => {
    const rows = Array.from({ length: 2_000 }, (_, id) => ({ id }))
    // Each time all of it is met before the function.
    const errors = Array.from({ length: 100_000 }, () =>
      Object.assign(Object.create(Error.prototype), { reply: { rows, bad: () => 1 } }),
    )
    expect(() => admit(errors)).toThrow(/a function, at value\[\d+\].reply.bad/)
  })

  it('a refusal comes where parts that are left out hold each other twice', () => {
    // Twice the work for each level, were it not bounded.
    let reply: unknown = 1
    for (let level = 0; level < 100; level++) {
      const inner = Object.assign(new Error('m'), { one: reply, other: reply })
      reply = { inner, bad: () => 1 }
    }
    expect(() => admit(Object.assign(new Error('m'), { reply }))).toThrow('a function, at')
  })
})
