/**
 * Entries of at most 128 KiB, made to take seconds, gigabytes, or what is nobody's to touch. Each
 * but the last few did so once, or does where a reader trusts its bytes.
 */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { Encoder } from '@toondepauw/node-zstd'
import { Packr } from 'msgpackr'
import { algorithmNamed } from '../../src/codecs/compression/algorithms/algorithms.js'
import { SERIALIZER_GRAPH, SERIALIZER_JSON, SERIALIZER_TREE } from '../../src/codecs/envelope.js'
import { forge } from './entry-corpus.js'

type Part = number | readonly number[] | string | Uint8Array

/** Numbers are bytes, texts are texts of msgpack. */
function packed(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.of(part)
      return typeof part === 'string' ? text(part) : Buffer.from(part)
    }),
  )
}

function text(content: string): Buffer {
  const bytes = Buffer.from(content)
  if (bytes.length < 32) return packed(0xa0 + bytes.length, bytes)
  return packed(0xdb, uint32(bytes.length), bytes)
}

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

const list = (length: number) => packed(0xdd, uint32(length))
const times = (count: number, part: Buffer) =>
  Buffer.concat(Array.from({ length: count }, () => part))
const each = (count: number, part: (at: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, at) => part(at)))
const ones = (count: number) => Buffer.alloc(count, 1)
const identified = (id: number) => packed([0xd6, 0x69], uint32(id))
const pointer = (id: number) => packed([0xd6, 0x70], uint32(id))
const pattern = (source: string, flags: string) => packed([0xd4, 0x78, 0, 0x92], source, flags)
const record = (id: number) => packed([0xd4, 0x72, id])

const tablePackr = new Packr({ useRecords: false, structuredClone: false, moreTypes: true })
const table = (nodes: readonly unknown[]) => packed(0xc1, tablePackr.pack([[1], ...nodes]))
const slots = (count: number, first: number) =>
  Array.from({ length: count }, (_, at) => [at + first])

/** Each of them twice in the next: a few hundred bytes that are thousands of millions of parts. */
function twiceInTheNext(levels: number): Buffer {
  const level = (at: number) => {
    const inner = at === 0 ? packed(0x91, 1) : packed(0x92, pointer(at - 1), pointer(at - 1))
    return packed(identified(at), inner)
  }
  return packed(list(levels), each(levels, level))
}

const longNames = JSON.stringify(Array.from({ length: 6_000 }, (_, at) => `k${at}`))
const tree = (payload: Buffer) => forge(SERIALIZER_TREE, payload, false, false)
const graph = (payload: Buffer) => forge(SERIALIZER_GRAPH, payload, false, false)
const json = (content: string) => forge(SERIALIZER_JSON, Buffer.from(content), false, false)

/** Of what is packed. */
const PACKED_BOMBS: Readonly<Record<string, () => Buffer>> = {
  'a list of 2^32 parts': () => tree(packed([0xdd, 255, 255, 255, 255], ones(100))),
  'a map of 2^31 pairs': () => graph(packed([0xdf, 127, 255, 255, 255], ones(100))),
  'lists in lists, each of fifteen': () => tree(Buffer.alloc(60_000, 0x9f)),
  'lists in lists, each of all that is left': () =>
    tree(times(5_000, packed(0xdd, uint32(30_000)))),
  'a tree of 60 000 levels': () => tree(packed(Buffer.alloc(60_000, 0x91), 1)),
  'a tree of 3 000 levels': () => tree(packed(Buffer.alloc(3_000, 0x91), 1)),
  'a graph of 3 000 levels': () => graph(packed(Buffer.alloc(3_000, 0x91), 1)),
  'a graph of 3 000 sets': () => graph(packed(times(3_000, packed([0xd4, 0x73, 0, 0x91])), 1)),
  'references that double, as a tree': () => tree(twiceInTheNext(40)),
  'references that double, and a byte more': () => graph(packed(twiceInTheNext(40), 0xc0)),
  'one list as many sets': () => {
    const set = packed([0xd4, 0x73, 0], pointer(1))
    return graph(
      packed(
        list(3_001),
        identified(1),
        list(32_000),
        Buffer.alloc(32_000, 0x90),
        times(3_000, set),
      ),
    )
  },
  'many names of one list': () =>
    graph(packed(...[each(2_500, identified), list(32_500), each(2_500, pointer), ones(30_000)])),
  'one long list of names, for records in records': () => {
    const names = packed(identified(1), list(20_000), times(20_000, text('a')))
    return graph(packed(list(2), names, times(1_500, packed(record(0x40), pointer(1)))))
  },
  'a long record in itself': () => {
    const names = packed(
      list(10_000),
      each(10_000, (at) => text(`k${at}`)),
    )
    const rows = times(4, packed(0x40, ones(10_000)))
    return tree(
      packed(list(9), record(0x40), names, ones(10_000), rows, Buffer.alloc(20_000, 0x40)),
    )
  },
  'a shape for every four rows': () => {
    const rows = packed(record(0x40), 0x91, 'a', 1, times(3, packed(0x40, 1)))
    return tree(packed(list(4 * 3_000), times(3_000, rows)))
  },
  'texts in bundles': () => {
    const bundle = packed([0xd6, 0x62], uint32(28_000 - 5), 1)
    return tree(packed(list(4_000), times(4_000, bundle), 'x'.repeat(30_000), 'y'))
  },
  'a record of names that are no list': () => tree(packed(record(0x40), 'names', 1)),
  'a date in plain data': () => tree(packed([0x91, 0xd6, 0xff, 0, 0, 0, 1])),
  'a view in plain data': () => tree(packed([0x91, 0xc7, 3, 0x74, 1, 1, 2])),
  'the byte that nobody uses': () => tree(packed([0x92, 0xc1, 1])),
  'a function by its name': () => graph(packed([0xd4, 0x66, 0], 'process.exit')),
}

/** Of what stands for itself, and of patterns. */
const VALUE_BOMBS: Readonly<Record<string, () => Buffer>> = {
  'JSON of 60 000 levels': () => json('['.repeat(60_000) + ']'.repeat(60_000)),
  'JSON of 20 000 records': () => json(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
  'a number of 60 000 digits': () => json('1'.repeat(60_000)),
  'a fraction of 60 000 digits': () => json(`0.${'1'.repeat(60_000)}`),
  'a bigint of 60 000 bytes': () =>
    graph(packed(0xc9, uint32(60_000), 0x42, Buffer.alloc(60_000, 0x7f))),
  'a bigint of 60 000 bytes, and one more': () =>
    graph(packed(0xc9, uint32(60_000), 0x42, Buffer.alloc(60_000, 0x7f), 1)),
  'a bigint of 60 000 bytes as a name': () =>
    graph(packed(0x81, 0xc9, uint32(60_000), 0x42, Buffer.alloc(60_000, 0x7f), 1)),
  'properties of letters': () => graph(pattern('\\p{L}'.repeat(12_000), 'u')),
  'sets of emoji': () => graph(pattern('[\\p{RGI_Emoji}]'.repeat(3_000), 'vi')),
  'patterns of emoji': () =>
    graph(
      packed(
        list(900),
        each(900, (at) => pattern(`[\\p{RGI_Emoji}]${at}`, 'vi')),
      ),
    ),
  'classes of letters': () => graph(pattern(letters(20_000), 'u')),
  'parentheses in parentheses': () => graph(pattern('('.repeat(30_000) + ')'.repeat(30_000), '')),
  'repetitions of repetitions': () =>
    graph(pattern('(?:'.repeat(9_000) + 'a){9}'.repeat(9_000), '')),
  'sets of emoji, in a table': () =>
    graph(table([[9, [JSON.stringify('[\\p{RGI_Emoji}]'.repeat(300)), 'vi']]])),
  'two million holes': () => graph(table([[3, [2 ** 21, [], []]]])),
  'more holes than there may be': () => graph(table([[3, [2 ** 32 - 1, [], []]]])),
  'many names for short records': () =>
    graph(
      table([[2, slots(4_000, 3)], [1, [longNames]], ...slots(4_000, 0).map(() => [0, [[2], []]])]),
    ),
  'many names for short errors': () =>
    graph(
      table([
        ...[
          [2, slots(4_000, 3)],
          [1, [longNames]],
        ],
        ...slots(4_000, 0).map(() => [12, [-1, [2], [], []]]),
      ]),
    ),
  'many errors': () =>
    graph(
      table([
        ...[
          [2, slots(4_500, 3)],
          [1, ['[]']],
        ],
        ...slots(4_500, 0).map(() => [12, [-1, [2], [], []]]),
      ]),
    ),
  'an address of one long label': () => graph(table([[10, [`http://xn--${'a'.repeat(60_000)}/`]]])),
  'an address in many letters': () => graph(table([[10, [`http://${'é'.repeat(30_000)}/`]]])),
  'a table that is its own root': () => graph(table([[2, [[1], [1], [0], [2]]]])),
}

function letters(count: number): string {
  const all = Array.from({ length: count }, (_, at) => String.fromCharCode(0x2000 + 2 * at))
  return `[${all.reverse().join('')}]`
}

/** Against its head and the limits, an algorithm brings more, or says so. */
function compressed(code: number, rawBytes: number, ...parts: readonly Uint8Array[]): Buffer {
  const payload = packed(code, uint32(rawBytes), ...parts)
  return forge(SERIALIZER_JSON, payload, false)
}

const END_BITS = 32

/**
 * A text of one letter by lz-string, each code standing for one letter more than the code before:
 * made here, since the package takes a minute for it.
 */
function everLonger(bytes: number): Buffer {
  let bits = ''
  const write = (value: number, size: number) => {
    for (let bit = 0; bit < size; bit++) bits += (value >> bit) & 1
  }
  write(1, 2)
  write(0x3042, 16)
  let [size, codes, untilLonger] = [3, 4, 4]
  while (bits.length + size < 8 * bytes - END_BITS) {
    write(codes++, size)
    if (--untilLonger === 0) untilLonger = 2 ** size++
  }
  write(2, size)
  bits = bits.padEnd(8 * bytes, '0')
  return Buffer.from(Array.from({ length: bytes }, (_, at) => byteAt(bits, at)))
}

function byteAt(bits: string, at: number): number {
  return Number.parseInt(bits.slice(8 * at, 8 * at + 8), 2)
}

const ZEROS = Buffer.alloc(2 ** 24)
const IN_PIECES = 16
const [GZIP, BROTLI, ZSTD, LZ_STRING, LZ4, SNAPPY] = [1, 2, 3, 4, 5, 6]
const EXPANDED: Readonly<Record<string, readonly [code: number, bytes: () => Uint8Array]>> = {
  gzip: [GZIP!, () => gzipSync(ZEROS)],
  brotli: [BROTLI!, () => brotliCompressSync(ZEROS)],
  zstd: [ZSTD!, () => new Encoder(1).encodeSync(ZEROS)],
  lz4: [LZ4!, () => algorithmNamed('lz4')!.compressSync(ZEROS)],
  snappy: [
    SNAPPY!,
    () =>
      algorithmNamed('snappy')!
        .compressSync(ZEROS)
        .subarray(0, 2 ** 16),
  ],
  'lz-string': [LZ_STRING!, () => everLonger(4_960)],
}

const COMPRESSED_BOMBS: Readonly<Record<string, () => Buffer>> = Object.fromEntries(
  Object.entries(EXPANDED).flatMap(([name, [code, bytes]]) => [
    [`more than it says, by ${name}`, () => compressed(code, 20_000, bytes())],
    [`more than it says, later, by ${name}`, () => compressed(code, 2 ** 20, bytes())],
    [
      `pieces of nothing, by ${name}`,
      () => compressed(code | IN_PIECES, 2 ** 26, uint32(2 ** 20), Buffer.alloc(256)),
    ],
    [
      `pieces of more than they say, by ${name}`,
      () => {
        const piece = bytes()
        const parts = times(64, packed(uint32(piece.length), piece)).subarray(0, 120_000)
        return compressed(code | IN_PIECES, 2 ** 26, uint32(2 ** 20), parts)
      },
    ],
  ]),
)

export const DECODER_BOMBS = { ...PACKED_BOMBS, ...VALUE_BOMBS, ...COMPRESSED_BOMBS }
