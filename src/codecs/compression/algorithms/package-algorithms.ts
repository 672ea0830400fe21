/**
 * Algorithms out of packages that a user may have installed: lz-string, lz4-napi, snappy, and
 * @toondepauw/node-zstd where Node itself has no zstd. Loaded when first needed.
 *
 * None of the four takes a bound for what it decompresses, so what the bytes claim is checked
 * before they are let near: lz4 and snappy make room for the length in front of their blocks and no
 * more, zstd for what its block headers add up to. lz-string is kept to pieces so short that the
 * longest text which codes of their number can stand for is bounded.
 */
import { createRequire } from 'node:module'
import {
  type Algorithm,
  CODE_LZ_STRING,
  CODE_LZ4,
  CODE_SNAPPY,
  CODE_ZSTD,
  PIECE_BYTES,
} from './algorithm.js'
import { boundOfZstd } from './zstd-frame.js'

const load = createRequire(import.meta.url)

/** The package, `undefined` where it is not installed or does not load. */
function find<T>(name: string): T | undefined {
  try {
    return load(name) as T
  } catch {
    return undefined
  }
}

interface Lz4Package {
  compressSync(bytes: Uint8Array): Buffer
  uncompressSync(bytes: Uint8Array): Buffer
  compress(bytes: Uint8Array): Promise<Buffer>
  uncompress(bytes: Uint8Array): Promise<Buffer>
}

export function lz4(): Algorithm | undefined {
  const lib = find<Lz4Package>('lz4-napi')
  if (lib === undefined) return undefined
  const checked = (bytes: Uint8Array, rawBytes: number) => {
    const claim = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt32LE(0)
    if (claim !== rawBytes) throw new RangeError('another length is claimed')
    return bytes
  }
  return {
    name: 'lz4',
    code: CODE_LZ4,
    maxBytes: PIECE_BYTES,
    compressSync: (bytes) => lib.compressSync(bytes),
    decompressSync: (bytes, rawBytes) => lib.uncompressSync(checked(bytes, rawBytes)),
    compress: (bytes) => lib.compress(bytes),
    decompress: async (bytes, rawBytes) => lib.uncompress(checked(bytes, rawBytes)),
  }
}

interface SnappyPackage {
  compressSync(bytes: Uint8Array, options: { copyOutputData: true }): Buffer
  uncompressSync(bytes: Uint8Array, options: { asBuffer: true; copyOutputData: true }): Buffer
  compress(bytes: Uint8Array): Promise<Buffer>
  uncompress(bytes: Uint8Array, options: { asBuffer: true }): Promise<Buffer>
}

export function snappy(): Algorithm | undefined {
  const lib = find<SnappyPackage>('snappy')
  if (lib === undefined) return undefined
  const asBytes = { asBuffer: true } as const
  // Copied into memory of Node's own: a finalizer for each result costs more than the copy (8 KB
  // compressed and back in 12 µs for 34). In another thread, for large ones, it gains nothing.
  const copied = { copyOutputData: true } as const
  const copiedBytes = { ...asBytes, ...copied } as const
  const checked = (bytes: Uint8Array, rawBytes: number) => {
    if (leadingVarint(bytes) !== rawBytes) throw new RangeError('another length is claimed')
    return bytes
  }
  return {
    name: 'snappy',
    code: CODE_SNAPPY,
    maxBytes: PIECE_BYTES,
    compressSync: (bytes) => lib.compressSync(bytes, copied),
    decompressSync: (bytes, rawBytes) => lib.uncompressSync(checked(bytes, rawBytes), copiedBytes),
    compress: (bytes) => lib.compress(bytes),
    decompress: async (bytes, rawBytes) => lib.uncompress(checked(bytes, rawBytes), asBytes),
  }
}

/** Seven bits a byte, the lowest first: how a snappy block begins. */
function leadingVarint(bytes: Uint8Array): number {
  let value = 0
  for (let at = 0; at < 5; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * 2 ** (7 * at)
    if (byte < 128) return value
  }
  return Number.NaN
}

interface ZstdPackage {
  readonly Encoder: new (level: number) => ZstdCoder<'encode'>
  readonly Decoder: new () => ZstdCoder<'decode'>
}

type ZstdCoder<Verb extends string> = Record<Verb, (bytes: Uint8Array) => Promise<Buffer>> &
  Record<`${Verb}Sync`, (bytes: Uint8Array) => Buffer>

export function packagedZstd(level: number): Algorithm | undefined {
  const lib = find<ZstdPackage>('@toondepauw/node-zstd')
  if (lib === undefined) return undefined
  const encoder = new lib.Encoder(level)
  const decoder = new lib.Decoder()
  const checked = (bytes: Uint8Array, rawBytes: number) => {
    if (!(boundOfZstd(bytes) <= roundedUp(rawBytes))) throw new RangeError('more would come of it')
    return bytes
  }
  return {
    name: 'zstd',
    code: CODE_ZSTD,
    maxBytes: PIECE_BYTES,
    compressSync: (bytes) => encoder.encodeSync(bytes),
    decompressSync: (bytes, rawBytes) => decoder.decodeSync(checked(bytes, rawBytes)),
    compress: (bytes) => encoder.encode(bytes),
    decompress: async (bytes, rawBytes) => decoder.decode(checked(bytes, rawBytes)),
  }
}

/** A block brings 128 KiB at most; only the headers of others tell how much they bring. */
const ZSTD_BLOCK_BYTES = 2 ** 17

function roundedUp(rawBytes: number): number {
  return (Math.ceil(rawBytes / ZSTD_BLOCK_BYTES) + 1) * ZSTD_BLOCK_BYTES
}

interface LzStringPackage {
  compressToUint8Array(text: string): Uint8Array
  decompressFromUint8Array(bytes: Uint8Array): string | null
}

/** Longer ones save more, a fifth of JSON at 8 KiB; but see below. */
const LZ_STRING_BYTES = 3 * 2 ** 10
/**
 * A piece in which nothing repeats grows by half: a code of 13 bits for each character at most. Of
 * so many bytes, each code can stand for as many characters as there were codes before it: some 6
 * million in all, 15 ms.
 */
const MAX_LZ_STRING_PIECE_BYTES = (LZ_STRING_BYTES * 13) / 8

export function lzString(): Algorithm | undefined {
  const lib = find<LzStringPackage>('lz-string')
  if (lib === undefined) return undefined
  return {
    name: 'lz-string',
    code: CODE_LZ_STRING,
    maxBytes: LZ_STRING_BYTES,
    // A character for each byte: it knows text alone.
    compressSync: (bytes) =>
      lib.compressToUint8Array(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'),
      ),
    decompressSync(bytes, rawBytes) {
      if (bytes.length > MAX_LZ_STRING_PIECE_BYTES) throw new RangeError('no writer makes that')
      // It reads from even places on.
      const text = lib.decompressFromUint8Array(new Uint8Array(bytes))
      if (text?.length !== rawBytes) throw new RangeError('another length')
      return Buffer.from(text, 'latin1')
    },
  }
}
