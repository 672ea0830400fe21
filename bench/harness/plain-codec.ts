/** Codecs of a namespace without a cache around it, and entries to give them. */
import { entryCodecs } from '../../src/codecs/index.js'
import { systemClock } from '../../src/core/clock.js'
import type { Codec, EncodableEntry } from '../../src/core/codec.js'
import type { EncryptionKeys } from '../../src/core/encryption-keys.js'
import type { Shelf } from '../../src/core/shelf.js'
import {
  DEFAULT_FORMAT,
  type FormatOptions,
  resolveFormat,
  type StoredFormat,
} from '../../src/core/stored-format.js'
import { admit } from '../../src/core/value.js'

export interface CodecContext {
  readonly shelf?: Shelf
  readonly encryptionKeys?: EncryptionKeys
}

/** The codec of a namespace with these options, and what turns a value into an entry for it. */
export function codecWith(options: FormatOptions, { shelf, encryptionKeys }: CodecContext = {}) {
  const codecs = entryCodecs({
    encryptionKeys,
    maxDecompressedBytes: 2 ** 26,
    patienceMs: 10_000,
    clock: systemClock,
    random: Math.random,
  })
  const format = resolveFormat(DEFAULT_FORMAT, options, 'bench')
  return {
    codec: codecs.forNamespace('', format, shelf, 'bench'),
    entryOf: (value: unknown) => entryOf(value, format),
  }
}

/** Admitted, as a cache gives it to the codec of a namespace with that format. */
export function entryOf(value: unknown, { compression }: StoredFormat): EncodableEntry {
  return { ...META, ...admit(value), compression }
}

/** That of a namespace that asks for nothing. */
export function plainCodec(): Codec {
  return codecWith({}).codec
}

const META = { born: 1, freshUntilWallMs: 4e12, graceMs: 0, loadMs: 0, tags: [] }
