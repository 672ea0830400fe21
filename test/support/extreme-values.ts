/** Values as deep as a cache admits, and long ones. */

/** core/value.ts refuses one level more. */
const LEVELS = 1_000
/** Past the 16 bits in which msgpack counts. */
const LONG = 66_000

export const EXTREME_VALUES: Readonly<Record<string, () => unknown>> = {
  'a thousand arrays': () => nested((inner) => [inner]),
  'a thousand records': () => nested((inner, level) => ({ [`name${level % 7}`]: inner })),
  'a thousand records, plain': () => nested((inner) => ({ inner }), 'leaf'),
  'a thousand maps, by value and by key': () =>
    nested((inner, level) => new Map([level % 2 === 0 ? ['k', inner] : [inner, 'v']])),
  'a thousand sets': () => nested((inner) => new Set([inner])),
  'a thousand causes': () => nested((cause) => stackless(new Error('m', { cause }))),
  'a thousand errors of errors': () =>
    nested((inner) => stackless(new AggregateError([inner])), 1, LEVELS / 2),
  'a thousand errors by another property': () =>
    nested((reason) => stackless(Object.assign(new Error('m'), { reason }))),
  'a thousand of each kind in turn': () =>
    nested(
      (inner, level) => [[inner], { inner }, new Map([[1, inner]]), new Set([inner])][level % 4],
    ),
  'a chain that leads back': () => {
    const root: Record<string, unknown> = {}
    root.next = nested((next) => ({ next, root }), root, LEVELS - 1)
    return root
  },
  'a long array': () => Array.from({ length: LONG }, (_, n) => (n % 3 === 0 ? undefined : n)),
  'a long array with holes': () => Object.assign([], { [LONG]: 1, [2 * LONG]: new Date(0) }),
  'a long map': () => new Map(Array.from({ length: LONG }, (_, n) => [n, `${n}`])),
  'a long set': () => new Set(Array.from({ length: LONG }, (_, n) => `${n}`)),
  'a record of many names': () => named(LONG / 20, (n) => `n${n}`),
  'a record of many numbers as names': () => named(LONG / 20, (n) => `${n * 7}`),
  'many shapes': () =>
    Array.from({ length: LONG / 20 }, (_, n) => ({ [`k${n}`]: n, at: undefined })),
  'many shapes, plain': () => Array.from({ length: LONG / 20 }, (_, n) => ({ [`k${n}`]: n })),
  'one object in many places': () => {
    const [one, at] = [{ n: -0 }, new Date(0)]
    return Array.from({ length: LONG / 20 }, (_, n) => (n % 2 === 0 ? one : { at }))
  },
  'a long text': () => ['é🧊\ud800'.repeat(LONG / 10), 'x'.repeat(LONG * 10)],
  'long bytes': () => [Buffer.alloc(LONG * 10, 'ab'), new Float64Array(LONG).fill(-0)],
  'large integers': () => [2n ** 20_000n, -(3n ** 12_000n), { edge: -0 }],
  'large integers, by msgpack': () => [2n ** 20_000n, -(3n ** 12_000n)],
}

function nested(
  wrap: (inner: unknown, level: number) => unknown,
  leaf: unknown = -0,
  levels = LEVELS,
): unknown {
  let value = leaf
  for (let level = 0; level < levels; level++) value = wrap(value, level)
  return value
}

function named(count: number, nameOf: (n: number) => string): object {
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => [nameOf(n), n % 2 === 0 ? n : 1n]),
  )
}

/** The stack of a twin would be another. */
function stackless(error: Error): Error {
  error.stack = 'stack'
  return error
}
