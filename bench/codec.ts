/**
 * Which serializer at which size: JSON, msgpack of a tree, msgpack that keeps identities, and the
 * cache's codec, which chooses among them and adds its envelope.
 *
 * The ratios are against JSON to and from a Buffer, as it would travel. Rows of one shape, as a
 * table gives them: where msgpack's records help most.
 */
import { Packr } from 'msgpackr'
import { entryCodec } from '../src/codecs/index.js'
import type { DecodedEntry, EncodableEntry } from '../src/core/contracts.js'
import { admit } from '../src/core/value.js'
import type { Bench, StartSubject } from './harness/bench.js'
import { makeRow, type Row, type Size } from './harness/rows.js'
import { digest, timed } from './harness/timed.js'

const ROWS = 256
/** Bytes of JSON that a round goes through, about. */
const BYTES_A_ROUND = 50_000_000
const BYTES: Record<Size, number> = {
  '100 B': 100,
  '400 B': 400,
  '1 KB': 1_000,
  '2 KB': 2_000,
  '50 KB': 50_000,
}

interface Serializer {
  /** What is known of a row before it is encoded; not part of the time. */
  prepare(row: Row): unknown
  encode(prepared: unknown): Uint8Array | string
  decode(bytes: Uint8Array): Row
}

function subject(make: () => Serializer): StartSubject {
  return async (setting) => {
    const serializer = make()
    const size = setting.params.size as Size
    const rows = Array.from({ length: ROWS }, (_, id) => makeRow(size, id))
    const prepared = rows.map((row) => serializer.prepare(row))
    // A copy: some encoders answer with a view on a buffer that they use again.
    const encoded = prepared.map((each) => Buffer.from(serializer.encode(each) as string))
    const content = digest(encoded.map((bytes) => serializer.decode(bytes)))
    const calls = setting.tiny ? ROWS : Math.ceil(BYTES_A_ROUND / BYTES[size] / ROWS) * ROWS
    const loop = () =>
      setting.params.way === 'encode'
        ? encodeLoop(serializer, prepared, calls)
        : decodeLoop(serializer, encoded, calls)
    const meanBytes = encoded.reduce((sum, bytes) => sum + bytes.length, 0) / ROWS
    return {
      run: async () => ({
        ...(await timed(calls, content, loop)),
        figures: { 'bytes encoded': meanBytes },
      }),
      stop: async () => {},
    }
  }
}

function encodeLoop(to: Serializer, prepared: readonly unknown[], calls: number): number {
  let done = 0
  for (let call = 0; call < calls; call++) if (to.encode(prepared[call % ROWS]).length > 0) done++
  return done
}

function decodeLoop(from: Serializer, encoded: readonly Buffer[], calls: number): number {
  let sum = 0
  for (let call = 0; call < calls; call++) sum += from.decode(encoded[call % ROWS]!).id
  return sum
}

function msgpack(options: ConstructorParameters<typeof Packr>[0]): StartSubject {
  return subject(() => {
    const packr = new Packr(options)
    return {
      prepare: (row) => row,
      encode: (row) => packr.pack(row),
      decode: (bytes) => packr.unpack(bytes) as Row,
    }
  })
}

const META = { born: 1, freshUntilWallMs: 4e12, graceMs: 0, loadMs: 0, tags: [] }

export const subjects = {
  JSON: subject(() => ({
    prepare: (row) => row,
    encode: (row) => Buffer.from(JSON.stringify(row)),
    decode: (bytes) => JSON.parse((bytes as Buffer).toString()) as Row,
  })),
  'msgpack, tree': msgpack({ useRecords: true }),
  'msgpack, graph': msgpack({ useRecords: true, structuredClone: true, moreTypes: true }),
  codec: subject(() => {
    const codec = entryCodec()
    return {
      prepare: (row) => ({ ...META, ...admit(row) }),
      encode: (entry) => codec.encode(entry as EncodableEntry),
      decode: (bytes) => (codec.decode(bytes) as DecodedEntry).value as Row,
    }
  }),
}

export const bench: Bench = {
  name: 'codec',
  says:
    'Serializers against JSON to and from a Buffer, by size. "codec" is the one of the cache, ' +
    'with its envelope.',
  async run(lab) {
    const rows = []
    for (const size of (lab.tiny ? ['2 KB'] : Object.keys(BYTES)) as Size[]) {
      for (const way of ['decode', 'encode']) {
        const compared = await lab.compare({
          case: `${way} ${size}`,
          params: { size, way },
          bare: ['JSON'],
          ours: ['msgpack, tree', 'msgpack, graph', 'codec'].map((subject) => ({ subject })),
        })
        rows.push(...compared)
      }
    }
    return rows
  },
}
