/** The codec of a namespace for tests that need no cache around it. */
import { entryCodecs } from '../../src/codecs/index.js'
import { systemClock } from '../../src/core/clock.js'
import type { Codec, Codecs, Decoded, DecodedEntry, EncodableEntry } from '../../src/core/codec.js'
import type { Clock } from '../../src/core/contracts.js'
import type { EncryptionKeys } from '../../src/core/encryption-keys.js'
import type { Shelf } from '../../src/core/shelf.js'
import { DEFAULT_FORMAT, type FormatOptions, resolveFormat } from '../../src/core/stored-format.js'

export interface CodecOptions extends FormatOptions {
  encryptionKeys?: EncryptionKeys
  maxDecompressedBytes?: number
  shelf?: Shelf
  clock?: Clock
  random?: () => number
}

export const KEY = 'p:n:k'

export function testCodecs(options: CodecOptions = {}): Codecs {
  const { encryptionKeys, maxDecompressedBytes = 2 ** 26 } = options
  const { clock = systemClock, random = Math.random } = options
  const patienceMs = 10_000
  return entryCodecs({ encryptionKeys, maxDecompressedBytes, patienceMs, clock, random })
}

export interface EntryCodecForTests {
  readonly codec: Codec
  /** As a store would hand it out: a string stands for its UTF-8. */
  encode(entry: EncodableEntry, key?: string): Promise<Buffer>
  encodeNow(entry: EncodableEntry, key?: string): Buffer
  decode(bytes: Uint8Array, key?: string): Promise<Decoded>
  decodeNow(bytes: Uint8Array, key?: string): Decoded
  /** Throws where there is none. */
  entryOf(bytes: Uint8Array, key?: string): DecodedEntry
}

export function entryCodec(options: CodecOptions = {}): EntryCodecForTests {
  const { codec: kind, compress, encrypt, shelf } = options
  const format = resolveFormat(DEFAULT_FORMAT, { codec: kind, compress, encrypt }, 'test')
  const codec = testCodecs(options).forNamespace('n', format, shelf, 'test')
  const withFormat = (entry: EncodableEntry) => ({ compression: format.compression, ...entry })
  const decodeNow = (bytes: Uint8Array, key = KEY) => atOnce(codec.decode(key, bytes))
  return {
    codec,
    encode: async (entry, key = KEY) => asBytes(await codec.encode(key, withFormat(entry))),
    encodeNow: (entry, key = KEY) => asBytes(atOnce(codec.encode(key, withFormat(entry)))),
    decode: async (bytes, key = KEY) => codec.decode(key, bytes),
    decodeNow,
    entryOf(bytes, key) {
      const entry = decodeNow(bytes, key)
      if (typeof entry === 'string') throw new Error(`not decoded: ${entry}`)
      return entry
    },
  }
}

function atOnce<T>(answer: T | Promise<T>): T {
  if (answer instanceof Promise) throw new Error('a promise, where the answer was to be there')
  return answer
}

function asBytes(encoded: Uint8Array | string): Buffer {
  return Buffer.from(encoded as Uint8Array)
}
