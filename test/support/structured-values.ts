/**
 * Values of every kind that a cache keeps, in any mixture: nodes that may hold leaves and each
 * other, so that cycles and shared references are as frequent as trees.
 *
 * Each is built twice from one plan: the twin tells whether anybody changed what was given. A
 * failing run prints its seed and the value as Node shows it.
 */
import { inspect } from 'node:util'
import fc from 'fast-check'
import { anyCodePoint } from './any-code-point.js'

export interface Structured {
  readonly value: unknown
  /** The same, made of other objects. */
  readonly twin: unknown
}

/** A leaf, or the place of a node. */
type Part = { readonly leaf: unknown } | { readonly to: number }

interface Plan {
  readonly make: () => object
  readonly names: readonly string[]
  readonly parts: readonly Part[]
}

/** An error as applications have them, the class of which does not come back. */
class HttpError extends TypeError {
  override readonly name = 'HttpError'
  readonly status = 404
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: anyCodePoint, maxLength: 8 }),
  fc.constantFrom('\ud800', 'a\udc00b', '\udc00\ud800', '\ufeff', `\ufeff${'x'.repeat(80)}`, '\0'),
  fc.constantFrom('x'.repeat(3_000), 'é🧊'.repeat(300)),
)

const ODD_NAMES = [
  '__proto__',
  'constructor',
  'toJSON',
  '__keys__',
  '',
  'length',
  'valueOf',
  'then',
]
const NUMERIC_NAMES = ['0', '1', '17', '01', '-1', '1.5', '4294967295', '4294967294', '1e3']
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'x y', 'type') },
  { weight: 2, arbitrary: fc.constantFrom(...ODD_NAMES, ...NUMERIC_NAMES) },
  { weight: 1, arbitrary: text },
)

/** Around powers of two, where integers change their encoding. */
const edge = fc.record({ power: fc.nat(520), add: fc.integer({ min: -1, max: 1 }) })
const bigint = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  edge.map(({ power, add }) => 2n ** BigInt(power) + BigInt(add)),
  edge.map(({ power, add }) => -(2n ** BigInt(power)) + BigInt(add)),
)
const number = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  edge.map(({ power, add }) => 2 ** power + add),
)
const leaf = fc.oneof(text, number, bigint, fc.boolean(), fc.constantFrom(null, undefined))

/** What needs no table (src/codecs/graph-values.ts): else nearly every graph would become one. */
const CALM_NAMES = ['a', 'b', 'x y', '', '17', '0', 'type', 'length']
const calmText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }).filter((given) => given.isWellFormed()),
  fc.constantFrom('x'.repeat(3_000), 'é🧊'.repeat(300)),
)
const calmNumber = number.map((given) => given + 0)
const calmLeaf = fc.oneof(calmText, calmNumber, bigint, fc.boolean(), fc.constant(undefined))

const date = fc.oneof(
  fc.date({ noInvalidDate: false }).map((given) => given.getTime()),
  fc.constantFrom(0, -1, -999, 8.64e15, -8.64e15, 2 ** 34 * 1_000, Number.NaN),
)
const pattern = fc.constantFrom(
  ['(?:)', ''],
  ['a\\/b[^c]', 'giu'],
  ['\n', 'ms'],
  ['\ud800', 'g'],
  ['(?<year>\\d{4})', 'dy'],
  ['[\\p{L}--[a-z]]', 'v'],
)
const address = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.constantFrom('https://u:p@x.y/z?q=1#h', 'data:,%20x', 'urn:a:b', 'file:///a%20b'),
)

type ViewKind = new (buffer: ArrayBuffer, start: number, length: number) => ArrayBufferView
const VIEWS: readonly ViewKind[] = [
  ...[DataView, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array],
  ...[Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array],
  // From Node 24 on.
  ...('Float16Array' in globalThis ? [Reflect.get(globalThis, 'Float16Array') as ViewKind] : []),
]

/** A part of a larger buffer, as views often are. */
const view = fc.record({
  Kind: fc.constantFrom(...VIEWS),
  slots: fc.nat(9),
  bytes: fc.uint8Array({ minLength: 80, maxLength: 80 }),
})

type ErrorKind = new (message?: string, options?: ErrorOptions) => Error
const ERRORS: readonly ErrorKind[] = [
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, HttpError],
]
const error: fc.Arbitrary<ErrorPlan> = fc.record({
  Kind: fc.option(fc.constantFrom(...ERRORS)),
  message: fc.option(text, { nil: undefined }),
  own: fc.dictionary(fc.constantFrom('code', 'name', 'status', 'toJSON'), leaf, { maxKeys: 2 }),
})

const bytes = fc.uint8Array({ maxLength: 9 })
const container = fc.constantFrom(
  () => [],
  Object,
  () => new Map(),
  () => new Set(),
)
const calmBuiltin: fc.Arbitrary<() => object> = fc.oneof(
  date.map((ms) => () => new Date(ms)),
  bytes.map((given) => () => Buffer.from(given)),
  bytes.map((given) => () => given.slice().buffer),
  view.map(
    ({ Kind, slots, bytes: given }) =>
      () =>
        new Kind(given.slice().buffer, 8, slots),
  ),
)
const wildBuiltin: fc.Arbitrary<() => object> = fc.oneof(
  fc.nat(40).map((length) => () => new Array(length)),
  error.map((given) => () => makeError(given)),
  pattern.map(
    ([source, flags]) =>
      () =>
        new RegExp(source!, flags),
  ),
  address.map((href) => () => new URL(href)),
)

interface Kinds {
  /** How a node is made, before others can point to it. */
  readonly make: fc.Arbitrary<() => object>
  readonly leaves: fc.Arbitrary<unknown>
  readonly names: fc.Arbitrary<string>
}

const WILD: Kinds = {
  make: fc.oneof({ weight: 5, arbitrary: container }, calmBuiltin, wildBuiltin),
  leaves: leaf,
  names: name,
}
const CALM: Kinds = {
  make: fc.oneof({ weight: 5, arbitrary: container }, calmBuiltin),
  leaves: calmLeaf,
  names: fc.constantFrom(...CALM_NAMES),
}

function graphs({ make, leaves, names }: Kinds): fc.Arbitrary<Structured> {
  const part = fc.oneof(
    leaves.map((given): Part => ({ leaf: given })),
    fc.nat(30).map((to): Part => ({ to })),
  )
  const plan: fc.Arbitrary<Plan> = fc.record({
    make,
    names: fc.array(names, { minLength: 1, maxLength: 6 }),
    parts: fc.array(part, { maxLength: 6, size: 'max' }),
  })
  return fc
    .array(plan, { minLength: 1, maxLength: 16, size: 'max' })
    .map((plans) => legible({ value: build(plans), twin: build(plans) }))
}

/** Data as JSON has it, often rows of one shape, sometimes with odd names and texts. */
function trees(names: fc.Arbitrary<string>, texts: fc.Arbitrary<string>): fc.Arbitrary<Structured> {
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(texts, calmNumber.filter(Number.isFinite), fc.boolean(), fc.constant(null)),
      fc.array(tie('tree'), { maxLength: 6 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 6, noNullPrototype: true }),
    ),
  }))
  return fc
    .tuple(tree, fc.nat(20))
    .map(([given, more]) => Array.from({ length: more + 1 }, () => structuredClone(given)))
    .map((rows) => legible({ value: structuredClone(rows), twin: structuredClone(rows) }))
}

/** Never `undefined`, which means a miss. */
export const structuredValues: fc.Arbitrary<Structured> = fc.oneof(
  {
    weight: 1,
    arbitrary: leaf
      .filter((value) => value !== undefined)
      .map((value) => legible({ value, twin: value })),
  },
  { weight: 10, arbitrary: graphs(WILD) },
  { weight: 5, arbitrary: graphs(CALM) },
  { weight: 2, arbitrary: trees(fc.constantFrom(...CALM_NAMES), calmText) },
  { weight: 2, arbitrary: trees(name, text) },
)

interface ErrorPlan {
  /** None: an AggregateError. */
  readonly Kind: ErrorKind | null
  readonly message: string | undefined
  readonly own: Readonly<Record<string, unknown>>
}

function makeError({ Kind, message, own }: ErrorPlan): Error {
  const made = Kind === null ? new AggregateError([], message) : new Kind(message)
  // The stack of the twin would be another.
  made.stack = `stack of ${message}`
  return Object.assign(made, own)
}

function build(plans: readonly Plan[]): unknown {
  const nodes = plans.map(({ make }) => make())
  plans.forEach(({ names, parts }, index) => {
    parts.forEach((given, at) => {
      const value = 'leaf' in given ? given.leaf : nodes[given.to % nodes.length]
      attach(nodes[index]!, { name: names[at % names.length]!, at, value })
    })
  })
  return nodes[0]
}

interface Attached {
  readonly name: string
  readonly at: number
  readonly value: unknown
}

function attach(node: object, { name, at, value }: Attached): void {
  if (node instanceof Map) node.set(at % 2 === 0 ? value : name, at % 3 === 0 ? name : value)
  else if (node instanceof Set) node.add(value)
  // One that was made with a length keeps holes.
  else if (Array.isArray(node)) node[node.length > 0 ? at * 3 : at] = value
  else if (node instanceof Error) attachToError(node, { name, at, value })
  else if (Object.getPrototypeOf(node) === Object.prototype) define(node, name, value, true)
}

function attachToError(node: Error, { name, at, value }: Attached): void {
  if (at === 0) define(node, 'cause', value, false)
  else if (node instanceof AggregateError) node.errors.push(value)
  else if (!Object.hasOwn(node, name)) define(node, name, value, true)
}

/** Assignment to `__proto__` would set the prototype. */
function define(node: object, name: string, value: unknown, enumerable: boolean): void {
  const attributes = { value, enumerable, configurable: true, writable: true }
  Object.defineProperty(node, name, attributes)
}

function legible(structured: Structured): Structured {
  const shown = () => inspect(structured.value, { depth: 30, showHidden: true })
  return Object.assign(structured, { [fc.toStringMethod]: shown })
}
