/**
 * Entries of one namespace to bytes and back: value → payload → compressed → sealed, behind one
 * envelope. Each step is there only where the namespace asks for it; without the last two, encoding
 * is one pass.
 *
 * Decoding never throws: the bytes come from a server that others write to as well.
 */
import type {
  Codec,
  Decoded,
  DecodedEntry,
  DecodeFault,
  EncodableEntry,
  Encoded,
  LearnedSizeClass,
} from '../core/codec.js'
import type { StoredFormat } from '../core/stored-format.js'
import type { Compression } from './compression/compression.js'
import type { KeyRing } from './encryption/key-ring.js'
import { seal, unseal } from './encryption/sealed-payload.js'
import {
  envelopeFault,
  envelopeText,
  FLAG_COMPRESSED,
  FLAG_ENCRYPTED,
  flagsOf,
  readEntry,
  readTags,
  SERIALIZER_OWN,
  serializerOf,
} from './envelope.js'
import { type Payload, readValue, writeValue } from './value-payload.js'

export class EntryCodec implements Codec {
  readonly #format: StoredFormat
  readonly #isEncrypted: boolean
  readonly #keys: KeyRing | undefined
  readonly #compression: Compression

  /** A namespace that encrypts is given keys. */
  constructor(format: StoredFormat, keys: KeyRing | undefined, compression: Compression) {
    this.#format = format
    this.#isEncrypted = format.isEncrypted
    this.#keys = keys
    this.#compression = compression
  }

  encode(key: string, entry: EncodableEntry): Encoded | Promise<Encoded> {
    const payload = writeValue(entry, this.#format)
    const { compression } = entry
    if (compression === undefined) return this.#finish(key, entry, payload)
    const small = this.#compression.compress(payload.bytes, compression)
    if (!(small instanceof Promise)) return this.#finishSmaller(key, entry, payload, small)
    return small.then((late) => this.#finishSmaller(key, entry, payload, late))
  }

  decode(key: string, bytes: Uint8Array): Decoded | Promise<Decoded> {
    const buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const fault = envelopeFault(buffer)
    if (fault !== undefined) return fault
    const tags = readTags(buffer)
    if (tags === undefined || tags.end >= buffer.length) return 'truncated'
    const flags = flagsOf(buffer)
    if ((flags & (FLAG_COMPRESSED | FLAG_ENCRYPTED)) === 0) {
      if (this.#isEncrypted) return 'unsealed'
      return this.#read(buffer, tags.names, buffer, tags.end)
    }
    return this.#open(key, buffer, tags, flags)
  }

  learned(): readonly LearnedSizeClass[] {
    return this.#compression.learned()
  }

  #open(
    key: string,
    buffer: Buffer,
    tags: { readonly names: readonly string[]; readonly end: number },
    flags: number,
  ): Decoded | Promise<Decoded> {
    const isSealed = (flags & FLAG_ENCRYPTED) !== 0
    if (!isSealed && this.#isEncrypted) return 'unsealed'
    const payload = isSealed ? unseal(this.#keys, key, buffer, tags.end) : buffer.subarray(tags.end)
    if (typeof payload === 'string') return payload
    const read = (raw: Buffer | DecodeFault) =>
      typeof raw === 'string' ? raw : this.#read(buffer, tags.names, raw, 0)
    if ((flags & FLAG_COMPRESSED) === 0) return read(payload)
    const raw = this.#compression.decompress(payload)
    return raw instanceof Promise ? raw.then(read) : read(raw)
  }

  #read(
    envelope: Buffer,
    tags: readonly string[],
    payload: Buffer,
    start: number,
  ): DecodedEntry | DecodeFault {
    const serializer = serializerOf(envelope)
    try {
      const read = readValue(payload, start, serializer, this.#format)
      if (read === undefined) return serializer === SERIALIZER_OWN ? 'version' : 'payload'
      return readEntry(envelope, read.value, read.plain, payload.length - start, tags)
    } catch {
      return 'payload'
    }
  }

  #finishSmaller(
    key: string,
    entry: EncodableEntry,
    payload: Payload,
    small: Buffer | undefined,
  ): Encoded {
    if (small === undefined) return this.#finish(key, entry, payload)
    return this.#finish(key, entry, { ...payload, bytes: small }, FLAG_COMPRESSED)
  }

  #finish(key: string, entry: EncodableEntry, { serializer, bytes }: Payload, flags = 0): Encoded {
    if (this.#isEncrypted) {
      const envelope = envelopeText(entry, serializer, flags | FLAG_ENCRYPTED)
      return seal(this.#keys!, key, Buffer.from(envelope), bytes)
    }
    const envelope = envelopeText(entry, serializer, flags)
    return typeof bytes === 'string' ? envelope + bytes : behind(envelope, bytes)
  }
}

function behind(envelope: string, payload: Uint8Array): Buffer {
  const start = Buffer.byteLength(envelope)
  const target = Buffer.allocUnsafe(start + payload.length)
  target.write(envelope, 0)
  target.set(payload, start)
  return target
}
