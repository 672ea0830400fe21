/**
 * Entries of every form that the codecs write, to be damaged; and a forge for payloads that are
 * damaged before they are compressed or sealed, since behind a seal nothing else is ever read.
 *
 * Keys and dictionary are the same in each run, so that a seed says all but the bytes of a seal.
 */
import { algorithmNamed } from '../../src/codecs/compression/algorithms/algorithms.js'
import { compressAtOnce } from '../../src/codecs/compression/compressed-payload.js'
import { Dictionary } from '../../src/codecs/compression/dictionaries/dictionary.js'
import { KeyRing } from '../../src/codecs/encryption/key-ring.js'
import { seal } from '../../src/codecs/encryption/sealed-payload.js'
import {
  envelopeText,
  FIXED_BYTES,
  FLAG_COMPRESSED,
  FLAG_ENCRYPTED,
  readTags,
  serializerOf,
} from '../../src/codecs/envelope.js'
import { type MsgpackCodec, msgpack } from '../../src/core/class-registry.js'
import type { EntryMeta } from '../../src/core/codec.js'
import type { ValueCodec } from '../../src/core/stored-format.js'
import { admit } from '../../src/core/value.js'
import { type CodecOptions, entryCodec, KEY } from './entry-codec.js'
import { FUZZED_VALUES, Money } from './fuzzed-values.js'
import type { MutationSource } from './mutated-bytes.js'

export interface CorpusEntry extends MutationSource {
  readonly name: string
  /** Its payload as a serializer made it; `undefined` where it is compressed or sealed. */
  readonly payload: Buffer | undefined
  readonly serializer: number
}

export const FUZZ_ALGORITHMS = ['gzip', 'brotli', 'zstd', 'lz-string', 'lz4', 'snappy'] as const

const META: EntryMeta = { born: 7, freshUntilWallMs: 1e12, graceMs: 5, loadMs: 1, tags: [] }
const TAGS = ['team:7', 'é']
export const FUZZ_KEYS = [
  { id: 'k1', key: Buffer.alloc(32, 1) },
  { id: 'k2', key: Buffer.alloc(32, 2) },
]
const RING = new KeyRing(FUZZ_KEYS, 'fuzz')

/** JSON in capitals of hexadecimal digits: what it makes of nonsense is up to anybody. */
export const OWN_CODEC: ValueCodec = {
  name: 'own-1',
  encode: (value) => Buffer.from(JSON.stringify(value)).toString('hex'),
  decode: (bytes) => JSON.parse(Buffer.from(String(bytes), 'hex').toString()),
}

export const DICTIONARY = new Dictionary(
  Buffer.from(JSON.stringify(FUZZED_VALUES['rows of one shape']).slice(0, 2_048)),
)

/** `Money` comes back as such. */
export function fuzzRegistry(): MsgpackCodec {
  return msgpack().register(Money, {
    name: 'money',
    toPlain: ({ cents, currency }) => ({ cents, currency }),
    fromPlain: ({ cents, currency }) => new Money(cents, currency),
  })
}

export async function entryCorpus(): Promise<readonly CorpusEntry[]> {
  const entries: CorpusEntry[] = []
  const classes = fuzzRegistry()
  const add = async (name: string, value: unknown, options: CodecOptions, tags: string[] = []) => {
    const codec = entryCodec({ encryptionKeys: FUZZ_KEYS, ...options })
    const bytes = await codec.encode({ ...META, tags, ...admit(value, true, { classes }) })
    entries.push(corpusEntry(name, bytes))
  }
  for (const [name, value] of Object.entries(FUZZED_VALUES)) {
    await add(name, value, { codec: classes })
    await add(`${name}, tagged`, value, { codec: classes }, TAGS)
    await add(`${name}, sealed`, value, { codec: classes, encrypt: true })
  }
  const rows = FUZZED_VALUES['rows of one shape'] as readonly unknown[]
  const many = Array.from({ length: 100 }, () => structuredClone(rows))
  await add('rows as JSON', rows, { codec: 'json' })
  await add('rows by a codec of its own', rows, { codec: OWN_CODEC })
  for (const algorithm of FUZZ_ALGORITHMS) {
    const compress = { algorithm, threshold: 64 } as const
    await add(`rows by ${algorithm}`, rows, { compress })
    await add(`many rows by ${algorithm}`, many, { compress }, TAGS)
    await add(`rows by ${algorithm}, sealed`, rows, { compress, encrypt: true })
  }
  return [...entries, ...forged(entries)]
}

/** What no writer makes at that size: small pieces, a small value in pieces, a dictionary. */
function forged(entries: readonly CorpusEntry[]): CorpusEntry[] {
  return entries.flatMap(({ name, payload, serializer }) => {
    if (payload === undefined || name.endsWith('tagged')) return []
    const pieces = payload.length < 200 ? undefined : inPieces(payload, 'gzip')
    const small = byDictionary(payload)
    return [
      ...(pieces === undefined
        ? []
        : [corpusEntry(`${name}, in pieces`, forge(serializer, pieces, false))]),
      ...(small === undefined
        ? []
        : [corpusEntry(`${name}, by dictionary`, forge(serializer, small, false))]),
    ]
  })
}

function corpusEntry(name: string, bytes: Buffer): CorpusEntry {
  const isPlain = (bytes[1]! & (FLAG_COMPRESSED | FLAG_ENCRYPTED)) === 0
  const { end } = readTags(bytes)!
  const heads = Array.from({ length: 16 }, (_, at) => end + at)
  const tags = Array.from({ length: 4 }, (_, at) => FIXED_BYTES + at)
  return {
    name,
    bytes,
    places: [0, 1, ...tags, ...heads].filter((at) => at < bytes.length),
    payload: isPlain ? bytes.subarray(end) : undefined,
    serializer: serializerOf(bytes),
  }
}

export type FuzzAlgorithm = (typeof FUZZ_ALGORITHMS)[number]

const PIECE_BYTES = 512
const IN_PIECES = 16

/** As the payload of an entry, in pieces that are smaller than those of any writer. */
export function inPieces(payload: Buffer, algorithm: FuzzAlgorithm): Buffer {
  const { code, compressSync } = algorithmNamed(algorithm)!
  const head = Buffer.alloc(9)
  head[0] = code | IN_PIECES
  head.writeUInt32BE(payload.length, 1)
  head.writeUInt32BE(PIECE_BYTES, 5)
  const parts: Uint8Array[] = [head]
  for (let from = 0; from < payload.length; from += PIECE_BYTES) {
    const small = compressSync(payload.subarray(from, from + PIECE_BYTES))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(small.length)
    parts.push(length, small)
  }
  return Buffer.concat(parts)
}

export function byDictionary(payload: Buffer): Buffer | undefined {
  return DICTIONARY.compress(payload)
}

/** `undefined` where it does not shrink. */
export function whole(payload: Buffer, algorithm: FuzzAlgorithm): Buffer | undefined {
  return compressAtOnce(algorithmNamed(algorithm)!, payload)
}

/** An entry around a payload that says it is compressed, or not. */
export function forge(
  serializer: number,
  payload: Buffer,
  isSealed: boolean,
  isCompressed = true,
): Buffer {
  const flags = (isCompressed ? FLAG_COMPRESSED : 0) | (isSealed ? FLAG_ENCRYPTED : 0)
  const envelope = Buffer.from(envelopeText(META, serializer, flags))
  return isSealed ? seal(RING, KEY, envelope, payload) : Buffer.concat([envelope, payload])
}
