/**
 * What a zstd frame can decompress to, read off its headers (RFC 8878, 3.1.1), for a decoder that
 * takes no bound. Cost: one step a block of up to 128 KiB.
 */
const MAGIC = 0xfd2fb528
const MAX_BLOCK_BYTES = 2 ** 17
const RAW_BLOCK = 0
const RLE_BLOCK = 1
const COMPRESSED_BLOCK = 2
const DICTIONARY_BYTES_BY_FLAG = [0, 1, 2, 4] as const
/** A decoder makes room for the window that a frame asks for: 8 MiB, four times our writers'. */
export const MAX_ZSTD_WINDOW_LOG = 23

/** At most so many bytes; `Infinity` for what is no frame, or more than one. */
export function boundOfZstd(given: Uint8Array): number {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== MAGIC) return Number.POSITIVE_INFINITY
  const descriptor = bytes[4]!
  const hasChecksum = (descriptor & 4) !== 0
  let at = endOfHeader(bytes, descriptor)
  let total = 0
  while (at + 3 <= bytes.length) {
    const head = bytes.readUIntLE(at, 3)
    const size = head >> 3
    const kind = (head >> 1) & 3
    at += 3
    if (kind === RLE_BLOCK) at += 1
    else if (kind === RAW_BLOCK || kind === COMPRESSED_BLOCK) at += size
    else return Number.POSITIVE_INFINITY
    total += kind === COMPRESSED_BLOCK ? MAX_BLOCK_BYTES : size
    const isLast = (head & 1) !== 0
    if (isLast) break
  }
  const end = at + (hasChecksum ? 4 : 0)
  return end === bytes.length ? total : Number.POSITIVE_INFINITY
}

/** Beyond the end of the bytes where the header is one that no writer of ours makes. */
function endOfHeader(bytes: Buffer, descriptor: number): number {
  const isSingleSegment = (descriptor & 32) !== 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 2 ** sizeFlag
  const dictionaryBytes = DICTIONARY_BYTES_BY_FLAG[(descriptor & 3) as 0 | 1 | 2 | 3]
  const windowLog = isSingleSegment ? 0 : 10 + (bytes[5]! >> 3)
  if (windowLog > MAX_ZSTD_WINDOW_LOG) return bytes.length + 1
  return 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes
}
