/**
 * What stands beside compressed bytes, and is needed to read them: plain data, to be kept as JSON.
 *
 * It comes back from wherever its holder kept it. So each field is held against the bytes before
 * anything is decompressed, and the bytes against their checksum: some algorithms take changed
 * bytes for others of the same length.
 */
import { crc32 } from 'node:zlib'
import { CacheError } from '../../../core/errors.js'
import { codeOf, packageOf } from '../algorithms/algorithms.js'
import { headIn } from '../compressed-payload.js'
import type { UsedAlgorithm } from './compressor-counts.js'
import { VALUE_FORMATS, type ValueFormat } from './value-form.js'

export interface CompressionMetadata {
  /** `none`: the bytes are as they were. */
  readonly algorithm: UsedAlgorithm
  /** What the bytes were: text, a Buffer, a Uint8Array, or another value in one of three forms. */
  readonly format: ValueFormat
  /** In bytes, of the value as such. */
  readonly originalSize: number
  /** In bytes. */
  readonly compressedSize: number
  /** Whether it lies in pieces. */
  readonly chunked: boolean
  /** CRC-32 of the compressed bytes. It tells damage, not a forgery. */
  readonly checksum: number
}

const USED: readonly UsedAlgorithm[] = [
  'none',
  'gzip',
  'brotli',
  'zstd',
  'lz-string',
  'lz4',
  'snappy',
]

/** A copy, held against the bytes but for their checksum. Throws VALUE_UNREADABLE. */
export function readMetadata(metadata: unknown, bytes: Buffer): CompressionMetadata {
  const isObject = typeof metadata === 'object' && metadata !== null
  if (!isObject) throw unreadable('the metadata are no object')
  const told = metadata as Partial<CompressionMetadata>
  const { algorithm, format, originalSize, compressedSize, chunked, checksum } = told
  if (!USED.includes(algorithm!)) throw lie('algorithm', algorithm, USED.join(' | '))
  if (!VALUE_FORMATS.includes(format!)) throw lie('format', format, VALUE_FORMATS.join(' | '))
  if (typeof checksum !== 'number') throw lie('checksum', checksum, 'a number')
  const found = factsOf(algorithm!, bytes)
  const facts = { ...found, originalSize, compressedSize, chunked }
  for (const name of ['originalSize', 'compressedSize', 'chunked'] as const) {
    if (facts[name] !== found[name]) throw lie(name, facts[name], String(found[name]))
  }
  return { ...found, algorithm: algorithm!, format: format!, checksum }
}

type Facts = Pick<CompressionMetadata, 'originalSize' | 'compressedSize' | 'chunked'>

function factsOf(algorithm: UsedAlgorithm, bytes: Buffer): Facts {
  const compressedSize = bytes.length
  if (algorithm === 'none') return { originalSize: compressedSize, compressedSize, chunked: false }
  const head = headIn(bytes)
  if (head === undefined || head.code !== codeOf(algorithm)) {
    throw unreadable(`the bytes do not begin as those of '${algorithm}'`)
  }
  return { originalSize: head.rawBytes, compressedSize, chunked: head.isInPieces }
}

/** Of large ones the event loop gets its turn now and then. */
const SUMMED_AT_ONCE_BYTES = 2 ** 20

export async function checksumOf(bytes: Buffer): Promise<number> {
  let sum = 0
  for (let from = 0; from < bytes.length; from += SUMMED_AT_ONCE_BYTES) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve))
    sum = crc32(bytes.subarray(from, from + SUMMED_AT_ONCE_BYTES), sum)
  }
  return sum
}

export function unreadable(reason: string, cause?: unknown): CacheError {
  return new CacheError('VALUE_UNREADABLE', `decompress: ${reason}`, { op: 'decompress', cause })
}

export function notInstalled(algorithm: Exclude<UsedAlgorithm, 'none'>): CacheError {
  return unreadable(`'${algorithm}' is not installed here; it takes ${packageOf(algorithm)}`)
}

function lie(field: string, told: unknown, found: string): CacheError {
  const shown = typeof told === 'object' && told !== null ? 'an object' : String(told).slice(0, 64)
  return unreadable(`metadata.${field} is ${shown}, and should be ${found}`)
}
