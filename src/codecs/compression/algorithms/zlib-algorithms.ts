/**
 * The algorithms of node:zlib: gzip, brotli, and zstd where the runtime has it (22.15).
 *
 * Windows and tables are as large as the value needs: making room for the default ones costs more
 * than compressing a kilobyte (bench/compression). Brotli's own default, quality 11, takes 111 ms
 * for 100 KB and is offered nowhere.
 */
import { promisify } from 'node:util'
import zlib, { constants } from 'node:zlib'
import { type Algorithm, CODE_BROTLI, CODE_GZIP, CODE_ZSTD, PIECE_BYTES } from './algorithm.js'
import { MAX_ZSTD_WINDOW_LOG } from './zstd-frame.js'

const gzipLater = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip)
const gunzipLater = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip)
const brotliLater = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliCompress)
const unbrotliLater = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)

export function gzip(level: number): Algorithm {
  const options = (bytes: Uint8Array) => {
    const windowBits = windowFor(bytes.length, 9, 15)
    return {
      level,
      windowBits,
      memLevel: Math.min(9, windowBits - 6),
      chunkSize: room(bytes.length),
    }
  }
  return {
    name: 'gzip',
    code: CODE_GZIP,
    maxBytes: PIECE_BYTES,
    compressSync: (bytes) => zlib.gzipSync(bytes, options(bytes)),
    decompressSync: (bytes, rawBytes) => zlib.gunzipSync(bytes, bound(rawBytes)),
    compress: (bytes) => gzipLater(bytes, options(bytes)),
    decompress: (bytes, rawBytes) => gunzipLater(bytes, bound(rawBytes)),
  }
}

export function brotli(quality: number): Algorithm {
  const options = (bytes: Uint8Array) => ({
    chunkSize: room(bytes.length),
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LGWIN]: windowFor(bytes.length, 10, 22),
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
  return {
    name: 'brotli',
    code: CODE_BROTLI,
    maxBytes: PIECE_BYTES,
    compressSync: (bytes) => zlib.brotliCompressSync(bytes, options(bytes)),
    decompressSync: (bytes, rawBytes) => zlib.brotliDecompressSync(bytes, bound(rawBytes)),
    compress: (bytes) => brotliLater(bytes, options(bytes)),
    decompress: (bytes, rawBytes) => unbrotliLater(bytes, bound(rawBytes)),
  }
}

/** As node:zlib has them since 22.15; the types of the oldest supported Node lack them. */
interface ZstdOfNode {
  readonly zstdCompress: (
    bytes: Uint8Array,
    options: object,
    done: (error: Error | null, result: Buffer) => void,
  ) => void
  readonly zstdDecompress: ZstdOfNode['zstdCompress']
  readonly zstdCompressSync: (bytes: Uint8Array, options: object) => Buffer
  readonly zstdDecompressSync: (bytes: Uint8Array, options: object) => Buffer
}

/** ZSTD_c_compressionLevel and ZSTD_d_windowLogMax of zstd.h. */
const ZSTD_LEVEL = 100
const ZSTD_WINDOW_LOG_MAX = 100

/** `undefined` where this Node has none. */
export function nativeZstd(level: number): Algorithm | undefined {
  const zstd = zlib as unknown as Partial<ZstdOfNode>
  if (typeof zstd.zstdCompressSync !== 'function') return undefined
  const { zstdCompress, zstdDecompress, zstdCompressSync, zstdDecompressSync } = zstd as ZstdOfNode
  const compressLater = promisify(zstdCompress)
  const decompressLater = promisify(zstdDecompress)
  const options = (bytes: Uint8Array) => ({
    chunkSize: room(bytes.length),
    params: { [ZSTD_LEVEL]: level },
    pledgedSrcSize: bytes.length,
  })
  const toRead = (rawBytes: number) => ({
    ...bound(rawBytes),
    params: { [ZSTD_WINDOW_LOG_MAX]: MAX_ZSTD_WINDOW_LOG },
  })
  return {
    name: 'zstd',
    code: CODE_ZSTD,
    maxBytes: PIECE_BYTES,
    compressSync: (bytes) => zstdCompressSync(bytes, options(bytes)),
    decompressSync: (bytes, rawBytes) => zstdDecompressSync(bytes, toRead(rawBytes)),
    compress: (bytes) => compressLater(bytes, options(bytes)),
    decompress: (bytes, rawBytes) => decompressLater(bytes, toRead(rawBytes)),
  }
}

const MIN_ROOM_BYTES = 64
const MAX_ROOM_BYTES = 2 ** 16

/** Room for the result in one piece, as far as that is not much. */
function room(rawBytes: number): number {
  return Math.min(MAX_ROOM_BYTES, Math.max(MIN_ROOM_BYTES, rawBytes + 1))
}

/** One byte of room more than is right: what would fill it is too long. */
function bound(rawBytes: number): zlib.ZlibOptions {
  return { maxOutputLength: rawBytes, chunkSize: room(rawBytes) }
}

function windowFor(bytes: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, Math.ceil(Math.log2(bytes + 1))))
}
