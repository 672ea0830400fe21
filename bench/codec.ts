/**
 * Which serializer at which size: JSON, msgpack of a tree, msgpack that keeps identities, and the
 * cache's codec, which chooses among them and adds its envelope.
 *
 * The ratios are against JSON to and from a Buffer, as it would travel. Rows of one shape, as a
 * table gives them: where msgpack's records help most.
 */
import { Packr } from 'msgpackr'
import type { DecodedEntry, EncodableEntry } from '../src/core/codec.js'
import { DEFAULT_FORMAT } from '../src/core/stored-format.js'
import type { Bench, StartSubject } from './harness/bench.js'
import { entryOf, plainCodec } from './harness/plain-codec.js'
import { realValues, sourcesOf } from './harness/real-values.js'
import { makeRow, type Size } from './harness/rows.js'
import { digest, timed } from './harness/timed.js'

const VALUES = 256
/** Bytes of JSON that a round goes through, about. */
const BYTES_A_ROUND = 50_000_000
const BYTES: Record<Size, number> = {
  '100 B': 100,
  '400 B': 400,
  '1 KB': 1_000,
  '2 KB': 2_000,
  '50 KB': 50_000,
}

/** Both ways of an object of 2 KB take at most 1.3 times as long as JSON does. */
const BOTH_WAYS = 1 / 1.3

/** Rows of one shape as a table gives them, or documents: a country each, of 2 KB about. */
type Data = 'rows' | 'countries'

interface Value {
  readonly id: number
}

interface Serializer {
  /** What is known of a value before it is encoded; not part of the time. */
  prepare(value: Value): unknown
  encode(prepared: unknown): Uint8Array | string
  decode(bytes: Uint8Array): Value
}

function valuesOf(data: Data, size: Size): Value[] {
  if (data === 'rows') return Array.from({ length: VALUES }, (_, id) => makeRow(size, id))
  const { unseen } = realValues('countries', BYTES[size], VALUES)
  return unseen.map((country, id) => ({ id, ...(country as object) }))
}

function subject(make: () => Serializer): StartSubject {
  return async (setting) => {
    const serializer = make()
    const { size, data, way } = setting.params as { size: Size; data: Data; way: string }
    const values = valuesOf(data, size)
    const prepared = values.map((value) => serializer.prepare(value))
    // A copy: some encoders answer with a view on a buffer that they use again.
    const encoded = prepared.map((each) => Buffer.from(serializer.encode(each) as string))
    const content = digest(encoded.map((bytes) => serializer.decode(bytes)))
    const calls = setting.tiny ? VALUES : Math.ceil(BYTES_A_ROUND / BYTES[size] / VALUES) * VALUES
    const loops: Readonly<Record<string, () => number>> = {
      encode: () => encodeLoop(serializer, prepared, calls),
      decode: () => decodeLoop(serializer, encoded, calls),
      'both ways': () => bothLoop(serializer, prepared, calls),
    }
    const meanBytes = encoded.reduce((sum, bytes) => sum + bytes.length, 0) / encoded.length
    return {
      run: async () => ({
        ...(await timed(calls, content, loops[way]!)),
        figures: { 'bytes encoded': meanBytes },
      }),
      stop: async () => {},
    }
  }
}

function encodeLoop(to: Serializer, prepared: readonly unknown[], calls: number): number {
  const { length } = prepared
  let done = 0
  for (let call = 0; call < calls; call++) if (to.encode(prepared[call % length]).length > 0) done++
  return done
}

function decodeLoop(from: Serializer, encoded: readonly Buffer[], calls: number): number {
  const { length } = encoded
  let sum = 0
  for (let call = 0; call < calls; call++) sum += from.decode(encoded[call % length]!).id
  return sum
}

/** Through a Buffer, as it would travel. */
function bothLoop(by: Serializer, prepared: readonly unknown[], calls: number): number {
  const { length } = prepared
  let sum = 0
  for (let call = 0; call < calls; call++) {
    const encoded = by.encode(prepared[call % length])
    sum += by.decode(typeof encoded === 'string' ? Buffer.from(encoded) : encoded).id
  }
  return sum
}

function msgpack(options: ConstructorParameters<typeof Packr>[0]): StartSubject {
  return subject(() => {
    const packr = new Packr(options)
    return {
      prepare: (row) => row,
      encode: (row) => packr.pack(row),
      decode: (bytes) => packr.unpack(bytes) as Value,
    }
  })
}

export const subjects = {
  JSON: subject(() => ({
    prepare: (row) => row,
    encode: (row) => Buffer.from(JSON.stringify(row)),
    decode: (bytes) => JSON.parse((bytes as Buffer).toString()) as Value,
  })),
  'msgpack, tree': msgpack({ useRecords: true }),
  'msgpack, graph': msgpack({ useRecords: true, structuredClone: true, moreTypes: true }),
  codec: subject(() => {
    const codec = plainCodec()
    return {
      prepare: (row) => entryOf(row, DEFAULT_FORMAT),
      encode: (entry) => codec.encode('k', entry as EncodableEntry) as string,
      decode: (bytes) => (codec.decode('k', bytes as Buffer) as DecodedEntry).value as Value,
    }
  }),
}

export const bench: Bench = {
  name: 'codec',
  says:
    'Serializers against JSON to and from a Buffer, by size. "codec" is the one of the cache, ' +
    `with its envelope. ${sourcesOf(['countries'])}`,
  async run(lab) {
    const ours = ['msgpack, tree', 'msgpack, graph', 'codec']
    const rows = []
    for (const size of (lab.tiny ? ['2 KB'] : Object.keys(BYTES)) as Size[]) {
      for (const way of ['decode', 'encode']) {
        const compared = await lab.compare({
          case: `${way} ${size}`,
          params: { size, way, data: 'rows' },
          bare: ['JSON'],
          ours: ours.map((subject) => ({ subject })),
        })
        rows.push(...compared)
      }
    }
    for (const data of ['rows', 'countries'] satisfies Data[]) {
      const compared = await lab.compare({
        case: `both ways 2 KB, ${data}`,
        params: { size: '2 KB', way: 'both ways', data },
        bare: ['JSON'],
        ours: ours.map((subject) => ({
          subject,
          target: subject === 'codec' ? BOTH_WAYS : undefined,
        })),
      })
      rows.push(...compared)
    }
    return rows
  },
}
