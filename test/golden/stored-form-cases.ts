/**
 * Entries that are compressed, sealed, or written by a user's codec or class, each held in
 * stored-forms-v1/. Algorithms change what they write from version to version, and what is sealed
 * never looks the same twice: these bytes are read for ever. Those with `isStable` are also written
 * the same.
 */
import { type CompressionAlgorithm, msgpack } from '../../src/index.js'
import type { CodecOptions } from '../support/entry-codec.js'

export interface StoredFormCase {
  readonly says: string
  readonly options: CodecOptions
  readonly value: unknown
  readonly isStable?: true
}

class Point {
  readonly x: number
  readonly y: number
  constructor(x: number, y: number) {
    this.x = x
    this.y = y
  }
}

const ROWS = Array.from({ length: 40 }, (_, id) => ({ id, name: `city ${id}`, at: new Date(id) }))
const TEXT = Array.from({ length: 40 }, (_, i) => `the ${i}th line of forty\n`).join('')
const by = (algorithm: CompressionAlgorithm) => ({ algorithm, threshold: 64 })
const encryptionKeys = [{ id: 'golden', key: Buffer.alloc(32, 7) }]
const points = msgpack().register(Point, {
  name: 'point',
  toPlain: ({ x, y }) => [x, y] as const,
  fromPlain: ([x, y]) => new Point(x, y),
})
const lines = {
  name: 'lines',
  encode: (value: unknown) => (value as string[]).join('\n'),
  decode: (bytes: Uint8Array) => Buffer.from(bytes).toString().split('\n'),
}

export const STORED_FORM_CASES: Readonly<Record<string, StoredFormCase>> = {
  gzip: { says: 'by gzip', options: { compress: by('gzip') }, value: ROWS },
  brotli: { says: 'by brotli', options: { compress: by('brotli') }, value: ROWS },
  zstd: { says: 'by zstd', options: { compress: by('zstd') }, value: ROWS },
  lz4: { says: 'by lz4', options: { compress: by('lz4') }, value: TEXT.repeat(3) },
  snappy: { says: 'by snappy', options: { compress: by('snappy') }, value: TEXT.repeat(3) },
  pieces: {
    says: 'by lz-string, in pieces of 8 KiB',
    options: { compress: by('lz-string') },
    value: TEXT.repeat(12),
  },
  dictionary: {
    says: 'against a dictionary',
    options: { compress: { dictionary: true } },
    value: { id: 9_001, name: 'Zürich', country: 'CH', population: 421_878 },
  },
  sealed: { says: 'sealed', options: { encrypt: true, encryptionKeys }, value: { secret: TEXT } },
  'sealed-gzip': {
    says: 'by gzip, then sealed',
    options: { encrypt: true, encryptionKeys, compress: by('gzip') },
    value: ROWS,
  },
  own: { says: "by a user's codec", options: { codec: lines }, value: ['a', 'ü'], isStable: true },
  instance: {
    says: "an instance of a user's class",
    options: { codec: points },
    value: { at: new Point(1, -2.5), again: [new Point(0, 0)] },
    isStable: true,
  },
}

/** What the store has beside the entries, for the case of that name. */
export const GOLDEN_DICTIONARY = Buffer.from(
  '{"id":1000,"name":"Bern","country":"CH","population":134591}',
)
