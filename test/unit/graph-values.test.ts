/** Graphs of any shape through bytes and back: the same content and identities, or a fault. */
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { GRAPH_KINDS } from '../../src/codecs/graph-kinds.js'
import { packGraph, unpackGraph } from '../../src/codecs/graph-values.js'
import { admit, cloneValue } from '../../src/core/value.js'
import { entryCodec } from '../support/entry-codec.js'
import { EXTREME_VALUES } from '../support/extreme-values.js'
import { differenceOf } from '../support/same-value.js'

const TABLE_MARK = 0xc1
const LONE = '\ud800'
const trip = (value: unknown): unknown => unpackGraph(Buffer.from(packGraph(value)))
const isTable = (value: unknown): boolean => packGraph(value)[0] === TABLE_MARK

/** A leaf, or the place of a node. */
type Part = { leaf: unknown } | { to: number }
interface NodeSpec {
  kind: string
  names: string[]
  parts: Part[]
}

const ERRORS = [Error, RangeError, TypeError]
const EMPTY: Record<string, () => object> = {
  array: () => [],
  sparse: () => [],
  record: () => ({}),
  map: () => new Map(),
  set: () => new Set(),
  error: () => new Error('m\ud800'),
  kind: () => new RangeError(''),
  aggregate: () => new AggregateError([], 'many'),
  date: () => new Date(7),
  pattern: () => new RegExp(LONE, 'g'),
  url: () => new URL('https://x.y/z?q'),
  bytes: () => new Uint8Array([1, 2]),
}
const PLAIN_KINDS = ['array', 'record', 'map', 'set', 'date', 'bytes']

/** Builds what the specs say: any node may point to any other, itself included. */
function build(specs: readonly NodeSpec[]): unknown {
  const nodes = specs.map(({ kind }) => EMPTY[kind]!())
  const partOf = (part: Part): unknown =>
    'leaf' in part ? part.leaf : nodes[part.to % nodes.length]
  specs.forEach(({ kind, names, parts }, index) => {
    const node = nodes[index]!
    parts.forEach(
      (part, at) => void attach(node, kind, names[at % names.length]!, at, partOf(part)),
    )
  })
  return nodes[0]
}

function attach(node: object, kind: string, name: string, at: number, part: unknown): void {
  if (node instanceof Map) node.set(at % 2 === 0 ? part : name, at % 3 === 0 ? name : part)
  else if (node instanceof Set) node.add(part)
  else if (node instanceof AggregateError) node.errors.push(part)
  else if (ERRORS.some((Kind) => node instanceof Kind)) (node as Error).cause = part
  else if (kind === 'array') (node as unknown[])[at] = part
  else if (kind === 'sparse') (node as unknown[])[at * 3 + 1] = part
  else if (kind === 'record')
    Object.defineProperty(node, name, { value: part, enumerable: true, configurable: true })
}

const ODD_LEAVES = [-0, '\ud800', 'a\udc00', '\ufeffmark', `\ufeff${'x'.repeat(80)}`]
const ODD_NAMES = ['__proto__', '__keys__', 'constructor', 'toJSON', '\udc00', '\ufeff']
const PLAIN_LEAVES = [undefined, null, 0, 1.5, Number.NaN, -1, 2n ** 70n, -5n, true, '', 'é🧊']
const PLAIN_NAMES = ['a', 'b', '', '0', '17', 'x y', 'hasOwnProperty', '__proto_', 'length']

function graphs(kinds: readonly string[], leaves: readonly unknown[], names: readonly string[]) {
  const part = fc.oneof(
    fc.record({ leaf: fc.constantFrom(...leaves) }),
    fc.record({ to: fc.nat(20) }),
  )
  const spec = fc.record({
    kind: fc.constantFrom(...kinds),
    names: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
    parts: fc.array(part, { maxLength: 5 }),
  })
  return fc.array(spec, { minLength: 1, maxLength: 12 }).map(build)
}

const anyGraph = graphs(
  Object.keys(EMPTY),
  [...PLAIN_LEAVES, ...ODD_LEAVES],
  [...PLAIN_NAMES, ...ODD_NAMES],
)

describe('a graph', () => {
  it('of any shape comes back the same', () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        expect(differenceOf(trip(graph), graph)).toBeUndefined()
      }),
      { numRuns: 5_000 },
    )
  })

  it('that msgpackr keeps comes back the same, and is left to it', () => {
    fc.assert(
      fc.property(graphs(PLAIN_KINDS, PLAIN_LEAVES, PLAIN_NAMES), (graph) => {
        expect(isTable(graph)).toBe(false)
        expect(differenceOf(trip(graph), graph)).toBeUndefined()
      }),
      { numRuns: 5_000 },
    )
  })

  it('comes back as memory keeps it', () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        const kept = admit(graph).value
        expect(differenceOf(trip(kept), kept)).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })
})

function sparse(length: number, parts: Record<number, unknown>): unknown[] {
  return Object.assign([], parts, { length })
}

describe('what msgpackr would lose', () => {
  const withName = (name: string, value: unknown = 1): object =>
    Object.defineProperty({ at: new Date(0) }, name, { value, enumerable: true })

  it.each<[string, unknown]>([
    ['minus zero', -0],
    ['minus zero as key and member', [new Map([[0, -0]]), new Set([{ n: -0 }])]],
    ['holes', sparse(6, { 1: undefined, 3: new Date(1) })],
    ['holes alone', new Array(5)],
    ['holes in thousands', sparse(100_000, { 70000: new Set([1]) })],
    ['lone surrogates', [new Map([['\ud800', '\udc00\ud800']])]],
    ['a pattern with a lone surrogate', new RegExp(LONE, 'u')],
    ['a text that begins with a byte order mark', [`\ufeff${'x'.repeat(100)}`, undefined]],
    ['an own __proto__', withName('__proto__', { polluted: true })],
    ['a name that msgpackr keeps for itself', [withName('__keys__'), {}]],
    ['a constructor and a toJSON that are data', { ...withName('constructor'), toJSON: 1 }],
    ['a URL twice', Array(2).fill(new URL('https://u:p@x.y/z?q=1#h'))],
    [
      'views beside it',
      [-0, Buffer.from('b'), new DataView(new ArrayBuffer(3)), new BigInt64Array(2)],
    ],
    ['an array buffer and its lengths', [-0, new Uint8Array([1, 2, 3]).buffer, new ArrayBuffer(0)]],
    ['an invalid date', [-0, new Date(Number.NaN)]],
    ['large integers beside it', [-0, 2n ** 4_000n, -(2n ** 63n) - 1n, 7n]],
    ['more objects than levels', [-0, ...Array.from({ length: 2_000 }, (_, n) => ({ n }))]],
    ['more than 65 536 parts', [-0, Array.from({ length: 70_000 }, (_, n) => n)]],
  ])('comes back: %s', (_, value) => {
    expect(isTable(value)).toBe(true)
    expect(differenceOf(trip(value), value)).toBeUndefined()
  })

  it.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    'comes back with class, message, name, stack and causes: %o',
    (Kind) => {
      const cause = Object.assign(new TypeError('inner'), { name: 'HttpError' })
      const error = new Kind('outer', { cause: { deep: [cause] } })
      expect(differenceOf(trip(error), error)).toBeUndefined()
      expect(trip(error)).toBeInstanceOf(Kind)
    },
  )

  it('comes back with the errors of an AggregateError, which may lead back to it', () => {
    const error = new AggregateError([new Error('a')], 'many')
    error.errors.push(error)
    error.cause = error.errors
    expect(differenceOf(trip({ error, again: error }), { error, again: error })).toBeUndefined()
  })

  it('comes back as bytes where a class of views is unknown', () => {
    class Frame extends Uint16Array {}
    const { frame } = trip({ frame: new Frame([1, 2]) }) as { frame: unknown }
    expect(frame).toStrictEqual(new Uint16Array([1, 2]))
  })

  it.each(Object.entries(EXTREME_VALUES))('comes back however deep or long: %s', (_, make) => {
    const kept = admit(make()).value
    expect(differenceOf(trip(kept), kept)).toBeUndefined()
  })

  it('goes into a table where it is deep, since that takes little stack', () => {
    const nested = (depth: number) => {
      let value: unknown = new Date(0)
      for (let level = 1; level < depth; level++) value = new Set([value])
      return value
    }
    expect([isTable(nested(200)), isTable(nested(300))]).toEqual([false, true])
  })

  it('comes back from as deep as a cache admits', () => {
    let value: unknown = -0
    for (let depth = 0; depth < 1_000; depth++)
      value = depth % 2 === 1 ? [value] : { [`name${depth}`]: value }
    const kept = admit(value).value
    expect(differenceOf(cloneValue(trip(kept)), kept)).toBeUndefined()
  })

  it('does not spoil what is packed after it', () => {
    for (const name of ['__keys__', '__proto__', 'constructor']) trip(withName(name))
    expect(trip({ at: new Date(0), empty: {} })).toEqual({ at: new Date(0), empty: {} })
  })
})

describe('a table of strangers', () => {
  const codec = entryCodec()
  const packr = new Packr({ useRecords: false, useBigIntExtension: true })
  const meta = { born: 1, freshUntilWallMs: 1e12, graceMs: 0, loadMs: 0, tags: [] }
  const ours = codec.encodeNow({ ...meta, ...admit({ n: -0 }) })
  const head = ours.subarray(0, ours.indexOf(TABLE_MARK) + 1)
  const bytesOf = (table: unknown) => Buffer.concat([head, packr.pack(table)])
  const codeOf = (value: unknown): number => {
    const [, node] = packr.unpack(packGraph(value).subarray(1))
    return node[0]
  }
  const RECORD = codeOf({ n: -0 })
  const NAMES = packr.unpack(packGraph({ n: -0 }).subarray(1))[2][0]
  const SPARSE = codeOf(sparse(2, { 1: -0 }))
  const ARRAY = codeOf([-0])
  const ERROR = codeOf(new RangeError('r'))
  const PATTERN = codeOf(new RegExp(LONE))
  const DATE = GRAPH_KINDS.findIndex((kind) => kind.holds(new Date(0)))

  it.each<[string, unknown]>([
    ['no table', { 0: 1 }],
    ['a place beyond the table', [[7]]],
    ['a place that is no number', [['__proto__']]],
    ['a place that is no index', [[0.5]]],
    ['a place of a text', [[1], 'no']],
    ['an unknown code', [[1], [99, []]]],
    ['a code that is a name', [[1], ['map', []]]],
    ['parts that are no list', [[1], [ARRAY, 5]]],
    ['an object as a slot', [{ a: 1 }]],
    ['names that are no list', [[1], [RECORD, [[2], [1]]], [NAMES, ['"a"']]]],
    ['a name that is no text', [[1], [RECORD, [[2], [1]]], [NAMES, ['[["a"]]']]]],
    ['names that lead to what is being made', [[1], [RECORD, [[1], [1]]]]],
    ['more names than parts', [[1], [RECORD, [[2], [1]]], [NAMES, ['["a","b"]']]]],
    ['more names of an error than parts', [[1], [ERROR, [0, [2], [], []]], [NAMES, ['["a"]']]]],
    ['more indices than parts', [[1], [SPARSE, [3, [0, 1], [1]]]]],
    ['a list of names as a value', [[1], [ARRAY, [[2]]], [NAMES, ['["a"]']]]],
    ['an index beyond the length', [[1], [SPARSE, [3, [3], [1]]]]],
    ['an index that is a name', [[1], [SPARSE, [3, ['length'], [1]]]]],
    ['a length beyond all arrays', [[1], [SPARSE, [2 ** 32, [], []]]]],
    ['more holes than a cache admits', [[1], [SPARSE, [2 ** 24 + 1, [], []]]]],
    [
      'more holes together than a cache admits',
      [[1], [ARRAY, [[2], [3]]], ...Array(2).fill([SPARSE, [2 ** 24, [], []]])],
    ],
    [
      'something deeper than a cache admits',
      [[1], ...Array.from({ length: 1_001 }, (_, n) => [ARRAY, n === 1_000 ? [] : [[n + 2]]])],
    ],
    [
      'a date deeper than a cache admits',
      [[1], ...Array.from({ length: 1_000 }, (_, n) => [ARRAY, [[n + 2]]]), [DATE, [1]]],
    ],
    ['patterns that take long', [[1], [PATTERN, [JSON.stringify('\\p{L}'.repeat(999)), 'u']]]],
  ])('is a fault: %s', (_, table) => {
    expect(codec.decodeNow(bytesOf(table))).toBe('payload')
  })

  it('cannot reach a prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const table = [[1], [RECORD, [[2], [[3]]]], [NAMES, ['["__proto__"]']]]
    table.push([RECORD, [[4], [true]]], [NAMES, ['["polluted"]']])
    const entry = codec.decodeNow(bytesOf(table)) as { value: object }
    expect(Object.getPrototypeOf(entry.value)).toBe(Object.prototype)
    expect(Object.keys(entry.value)).toEqual(['__proto__'])
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })

  it('of any content, or ours with any byte changed, never throws', () => {
    const slot = fc.oneof(fc.tuple(fc.nat(6)), fc.constantFrom(...PLAIN_LEAVES, ...ODD_NAMES))
    const parts = fc.array(fc.oneof(slot, fc.array(slot, { maxLength: 3 })), { maxLength: 4 })
    const tables = fc.array(fc.tuple(fc.nat(12), parts), { maxLength: 6 })
    fc.assert(
      fc.property(tables, (nodes) => void codec.decodeNow(bytesOf([[1], ...nodes]))),
      { numRuns: 5_000 },
    )
    fc.assert(
      fc.property(anyGraph, fc.nat(), fc.nat(255), (graph, at, byte) => {
        const bytes = Buffer.concat([head.subarray(0, -1), packGraph(graph)])
        bytes[head.length + (at % (bytes.length - head.length))] = byte
        codec.decodeNow(bytes)
      }),
      { numRuns: 5_000 },
    )
  })
})
