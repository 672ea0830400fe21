/**
 * A dictionary: what small values of a namespace have in common, against which each of them is
 * compressed (RFC 1951, with a preset window). Its id is its own hash: it is the same for all,
 * whoever has trained it, and bytes that others have changed are not taken for it.
 *
 * What it has compressed stands behind 7 bytes, since of 250 each is almost half a per cent: the
 * first byte as of all that is compressed (compressed-payload.ts), and 6 of its id. No length: none
 * is above `MAX_VALUE_BYTES`.
 */
import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { CODE_DEFLATE } from '../algorithms/algorithm.js'
import { BY_DICTIONARY, worthBytes } from '../compressed-payload.js'

const FIRST_BYTE = CODE_DEFLATE | BY_DICTIONARY
const ID_BYTES = 6
const HEAD_BYTES = 1 + ID_BYTES
/** Smaller ones are not worth it: the head alone takes a ninth. */
export const MIN_VALUE_BYTES = 64
/** Above that, what a value repeats of itself counts for more than what it shares with others. */
export const MAX_VALUE_BYTES = 2 ** 12
/** What may come out of a store. Each KiB takes a microsecond to compress against. */
export const MAX_DICTIONARY_BYTES = 2 ** 15
/** As good as 9; with a dictionary the levels below take as long. */
const LEVEL = 8
/** More gain neither time nor bytes at these sizes (bench/dictionary). */
const MEM_LEVEL = 5
const MIN_WINDOW_BITS = 9
const MAX_WINDOW_BITS = 15

export class Dictionary {
  readonly id: string
  readonly bytes: Buffer
  readonly #windowBits: number
  readonly #head: Buffer

  constructor(bytes: Buffer) {
    const hash = createHash('sha256').update(bytes).digest().subarray(0, ID_BYTES)
    this.id = hash.toString('hex')
    this.bytes = bytes
    this.#windowBits = windowFor(bytes.length + MAX_VALUE_BYTES)
    this.#head = Buffer.concat([Buffer.of(FIRST_BYTE), hash])
  }

  /** `undefined` where the payload does not shrink. */
  compress(payload: Uint8Array): Buffer | undefined {
    const small = deflateRawSync(payload, {
      dictionary: this.bytes,
      level: LEVEL,
      memLevel: MEM_LEVEL,
      windowBits: this.#windowBits,
      chunkSize: room(payload.length),
    })
    const length = this.#head.length + small.length
    if (length > worthBytes(payload.length)) return undefined
    const target = Buffer.allocUnsafe(length)
    target.set(this.#head)
    target.set(small, this.#head.length)
    return target
  }

  /** What `compress` has made, as it was. Throws on anything else, and where it grows too large. */
  decompress(bytes: Buffer, maxBytes: number): Buffer {
    return inflateRawSync(bytes.subarray(HEAD_BYTES), {
      dictionary: this.bytes,
      maxOutputLength: Math.min(MAX_VALUE_BYTES, maxBytes),
      chunkSize: room(MAX_VALUE_BYTES),
    })
  }
}

/** The id of the dictionary that a payload was compressed against; `undefined` if it is another. */
export function idIn(payload: Buffer): string | undefined {
  if (payload[0] !== FIRST_BYTE || payload.length <= HEAD_BYTES) return undefined
  return payload.toString('hex', 1, HEAD_BYTES)
}

function windowFor(bytes: number): number {
  const bits = Math.ceil(Math.log2(bytes + 1))
  return Math.max(MIN_WINDOW_BITS, Math.min(MAX_WINDOW_BITS, bits))
}

const MIN_ROOM_BYTES = 64

function room(rawBytes: number): number {
  return Math.max(MIN_ROOM_BYTES, rawBytes + 1)
}
