/** What a compression algorithm must do. Bytes of strangers may throw, and never run away. */
export interface Algorithm {
  /** As an option names it. */
  readonly name: string
  /** Stands in what it has compressed, 0 to 15: never given to another. */
  readonly code: number
  /** It is given no more than that at once; what is longer comes in pieces. */
  readonly maxBytes: number
  /** For values that are made and read at once. */
  compressSync(bytes: Uint8Array): Uint8Array
  /** Throws where there would be more than `rawBytes`. */
  decompressSync(bytes: Uint8Array, rawBytes: number): Uint8Array
  /** In another thread, for large ones; those that cannot do that are run piece by piece. */
  readonly compress?: (bytes: Uint8Array) => Promise<Uint8Array>
  readonly decompress?: (bytes: Uint8Array, rawBytes: number) => Promise<Uint8Array>
}

/** On the wire; a code is never used again. */
export const CODE_DEFLATE = 0
export const CODE_GZIP = 1
export const CODE_BROTLI = 2
export const CODE_ZSTD = 3
export const CODE_LZ_STRING = 4
export const CODE_LZ4 = 5
export const CODE_SNAPPY = 6

/** Of a large value, what is compressed at once. */
export const PIECE_BYTES = 2 ** 20
