/** Values of every form, small, to be encoded and then damaged. */

export class Money {
  readonly cents: number
  readonly currency: string

  constructor(cents: number, currency: string) {
    this.cents = cents
    this.currency = currency
  }
}

const row = (id: number) => ({
  id,
  name: `name of ${id}`,
  price: id * 1.25,
  isActive: id % 3 === 0,
  none: null,
  tags: ['a', `b${id}`],
})

export const FUZZED_VALUES: Readonly<Record<string, unknown>> = {
  number: 42,
  text: 'é🧊 text',
  JSON: { a: [1, 'two', null, -3.5e-7], 'b c': { d: true, e: {} }, long: 'x'.repeat(100) },
  'rows of one shape': Array.from({ length: 20 }, (_, id) => row(id)),
  'rows of many shapes': Array.from({ length: 70 }, (_, id) => ({ [`k${id}`]: id, n: [id] })),
  'a deep tree': nested(60, { pad: 'x'.repeat(600), n: 2 ** 40 }),
  builtins: {
    at: new Date(5),
    dates: [new Date(-1e12 - 7), new Date(Number.NaN), new Date(2 ** 33 * 1_000 + 3)],
    map: new Map<unknown, unknown>([
      ['k', Buffer.from('bytes')],
      [{ id: 1 }, new Set([1, 'a', new Date(0)])],
    ]),
    patterns: [/a\/b[^c]+/giu, /(?<y>\d{4})|\p{L}/u],
    big: [2n ** 70n, -(2n ** 200n), 5n, 2n ** 63n],
    none: undefined,
  },
  views: [
    ...[new Float64Array([1.5, Number.NaN]), new Uint8Array([0, 1, 255]), new BigInt64Array([-5n])],
    ...[new DataView(new ArrayBuffer(3)), new Uint8Array([1, 2, 3]).buffer, new Int16Array(40)],
  ],
  cycle: cycle(),
  'shapes that take turns': Array.from({ length: 140 }, (_, n) => ({
    [`k${n % 70}`]: n,
    none: undefined,
  })),
  'shared objects': shared(),
  table: {
    zero: -0,
    holes: Object.assign([], { 3: 1, 9: new Date(1) }),
    lone: ['\ud800', '\ufeffx'],
    at: new Date(5),
    url: new URL('https://u:p@x.y/z?q=1#h'),
    patterns: [/\ud800/g, patternWithSets(), /a+/],
    rows: Array.from({ length: 12 }, (_, id) => row(id)),
    bytes: [Buffer.from('bytes'), new Float32Array([1.5]), new Uint8Array([9, 8]).buffer],
    map: new Map([[{ a: -0 }, new Set(['\udc00'])]]),
    big: 2n ** 90n,
  },
  'names of a prototype': Object.assign(JSON.parse('{"__proto__":{"x":1},"constructor":{"y":2}}'), {
    none: undefined,
  }),
  errors: [
    stackless(Object.assign(new RangeError('r', { cause: -0 }), { code: 'E', status: 4n })),
    stackless(new AggregateError([stackless(new TypeError('part')), 'text'], 'many')),
  ],
  instances: [new Money(5, 'CHF'), { paid: new Money(-0, 'EUR'), at: new Map([[1, 2]]) }],
}

function nested(levels: number, leaf: unknown): unknown {
  let value = leaf
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value }
  return value
}

function cycle(): object {
  const value: Record<string, unknown> = { n: 1, list: [], map: new Map(), set: new Set() }
  value.self = value
  ;(value.list as unknown[]).push(value, value.list)
  ;(value.map as Map<unknown, unknown>).set('me', value).set(value, value.map)
  ;(value.set as Set<unknown>).add(value).add(value.set)
  return value
}

function shared(): object {
  const [one, at, pattern] = [{ s: 1 }, new Date(7), /x/y]
  return { one, again: one, at, later: at, pattern, same: pattern, list: [one, at, [one]] }
}

/** The stack has paths of this machine. */
function stackless<E extends Error>(error: E): E {
  Reflect.deleteProperty(error, 'stack')
  return error
}

/** Written out, the compiler would want a later language. */
function patternWithSets(): RegExp {
  const [source, flags] = ['[\\p{L}--[a-z]]', 'v']
  return new RegExp(source, flags)
}
