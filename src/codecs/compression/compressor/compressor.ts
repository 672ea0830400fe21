/**
 * Compression by itself, for whoever keeps bytes elsewhere than in a cache: the algorithms, the
 * learning and the bounds of `compress`, with what is needed to read again handed out beside.
 *
 * Bounded: it holds counts for each algorithm, and what was learned for each class of sizes. What
 * is compressed at a time is counted with that of all caches of the process.
 */
import { systemClock } from '../../../core/clock.js'
import type { DecodeFault, LearnedSizeClass } from '../../../core/codec.js'
import type { Clock } from '../../../core/contracts.js'
import { invalidOption, readOption } from '../../../core/option-reading.js'
import type { Algorithm } from '../algorithms/algorithm.js'
import { type AlgorithmName, algorithmNamed, nameOfCode } from '../algorithms/algorithms.js'
import { LearnedAlgorithm } from '../auto/learned-algorithm.js'
import { decompress, headIn } from '../compressed-payload.js'
import { runAlgorithm, runLearned, type Smaller } from '../run-algorithm.js'
import { Turns } from '../turns.js'
import { adviceFor, type SizeClassAdvice } from './advice.js'
import { CompressorCounts, type CompressorStats } from './compressor-counts.js'
import {
  type CompressOptions,
  type CompressorConfiguration,
  type CompressorOptions,
  type CompressorSettings,
  DEFAULT_SETTINGS,
  OF_A_CALL,
  OF_A_COMPRESSOR,
  OF_A_CONFIGURATION,
  resolveSettings,
} from './compressor-options.js'
import {
  type CompressionMetadata,
  checksumOf,
  notInstalled,
  readMetadata,
  unreadable,
} from './metadata.js'
import { bytesOf, type ValueFormat, valueFrom } from './value-form.js'

export interface Compressed {
  /** The caller's own. */
  readonly bytes: Buffer
  /** What `decompress` needs beside them. Plain data: JSON keeps it. */
  readonly metadata: CompressionMetadata
}

export interface Compressor {
  /**
   * Text, bytes, or any value that a cache can keep, made smaller. What is over 32 KiB is
   * compressed in another thread; bytes are not to be written to before it resolves. Left as it is
   * (`algorithm: 'none'`): what is below the threshold or above `maxDecompressedBytes`, what does
   * not shrink by a sixteenth, and a large one while 64 are compressed. Rejects with
   * VALUE_UNSUPPORTED, OPTION_UNKNOWN or OPTION_INVALID.
   */
  compress(value: unknown, options?: CompressOptions): Promise<Compressed>
  /**
   * The value as it was: text, a Buffer, a Uint8Array, or another. Large ones take turns, 64 MiB at
   * a time. Rejects with VALUE_UNREADABLE where the bytes are damaged, where the metadata are not
   * theirs, for more than `maxDecompressedBytes`, for an algorithm that is not installed, and where
   * 10 000 wait already; with OPTION_INVALID for what are no bytes.
   */
  decompress(bytes: Uint8Array, metadata: CompressionMetadata): Promise<unknown>
  /**
   * For calls from now on; what is not given stays. With another `performanceTarget` 'auto' begins
   * to learn anew. Throws OPTION_UNKNOWN or OPTION_INVALID, and then changes nothing.
   */
  configure(options: CompressorConfiguration): void
  /** Counts since it was made. */
  stats(): CompressorStats
  /** What 'auto' has learned, the smallest values first. */
  learned(): readonly LearnedSizeClass[]
  /** What 'auto' would take for each class of sizes, and why; also before it has learned. */
  advice(): readonly SizeClassAdvice[]
}

/** Throws OPTION_UNKNOWN or OPTION_INVALID, naming option, value and range. */
export function createCompressor(options: CompressorOptions = {}): Compressor {
  const where = 'createCompressor'
  const settings = resolveSettings(DEFAULT_SETTINGS, options, OF_A_COMPRESSOR, where)
  const { clock = systemClock, random = Math.random } = options
  if (typeof clock?.monotonicMs !== 'function')
    throw invalidOption(where, 'clock', clock, 'a clock')
  if (typeof random !== 'function') {
    throw invalidOption(where, 'random', random, 'a function that gives numbers in [0, 1)')
  }
  const most = readOption(options, 'maxDecompressedBytes', where) as number | undefined
  return new LearningCompressor(settings, most ?? DEFAULT_MAX_BYTES, clock, random)
}

const DEFAULT_MAX_BYTES = 2 ** 26
/** Of one compressor. A larger value has it for itself. */
const DECOMPRESSED_AT_A_TIME_BYTES = 2 ** 26

class LearningCompressor implements Compressor {
  readonly #maxBytes: number
  readonly #clock: Clock
  readonly #random: () => number
  readonly #turns: Turns
  readonly #counts = new CompressorCounts()
  #settings: CompressorSettings
  #learned: LearnedAlgorithm | undefined

  constructor(settings: CompressorSettings, maxBytes: number, clock: Clock, random: () => number) {
    this.#settings = settings
    this.#maxBytes = maxBytes
    this.#clock = clock
    this.#random = random
    this.#turns = new Turns(DECOMPRESSED_AT_A_TIME_BYTES, Number.POSITIVE_INFINITY, clock)
  }

  async compress(value: unknown, options?: CompressOptions): Promise<Compressed> {
    const beginMs = this.#clock.monotonicMs()
    const settings =
      options === undefined
        ? this.#settings
        : resolveSettings(this.#settings, options, OF_A_CALL, 'compress')
    const { format, bytes, isForeign } = bytesOf(value)
    const small = await this.#smaller(bytes, settings)
    const stored = small ?? (isForeign ? Buffer.from(bytes) : bytes)
    const head = small && headIn(small)!
    const metadata: CompressionMetadata = {
      algorithm: head === undefined ? 'none' : nameOfCode(head.code)!,
      format,
      originalSize: head?.rawBytes ?? stored.length,
      compressedSize: stored.length,
      chunked: head?.isInPieces ?? false,
      checksum: await checksumOf(stored),
    }
    const ms = this.#clock.monotonicMs() - beginMs
    this.#counts.compressed(metadata.algorithm, metadata.originalSize, stored.length, ms)
    return { bytes: stored, metadata }
  }

  async decompress(bytes: Uint8Array, metadata: CompressionMetadata): Promise<unknown> {
    if (!(bytes instanceof Uint8Array)) {
      throw invalidOption('decompress', 'bytes', bytes, 'a Buffer or a Uint8Array')
    }
    const beginMs = this.#clock.monotonicMs()
    try {
      const stored = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const told = readMetadata(metadata, stored)
      if ((await checksumOf(stored)) !== told.checksum) throw unreadable('the bytes are damaged')
      const raw = await this.#larger(told.algorithm, stored)
      const value = readAs(told.format, raw)
      this.#counts.decompressed(told.algorithm, this.#clock.monotonicMs() - beginMs)
      return value
    } catch (error) {
      this.#counts.refused()
      throw error
    }
  }

  configure(options: CompressorConfiguration): void {
    const former = this.#settings.compression.performanceTargetMs
    this.#settings = resolveSettings(this.#settings, options, OF_A_CONFIGURATION, 'configure')
    if (this.#settings.compression.performanceTargetMs !== former) this.#learned = undefined
  }

  stats(): CompressorStats {
    return this.#counts.snapshot()
  }

  learned(): readonly LearnedSizeClass[] {
    return this.#learned?.figures() ?? []
  }

  advice(): readonly SizeClassAdvice[] {
    return adviceFor(this.learned(), this.#settings.compression)
  }

  #smaller(bytes: Buffer, { compression, isChunked, isAdaptive }: CompressorSettings): Smaller {
    const { algorithm, thresholdBytes } = compression
    // What could not be read again is better left as it is.
    if (bytes.length < thresholdBytes || bytes.length > this.#maxBytes) return undefined
    const shaped = isChunked ? asItIs : inOnePiece
    if (algorithm !== 'auto') return runAlgorithm(shaped(algorithmNamed(algorithm)!), bytes)
    this.#learned ??= new LearnedAlgorithm(compression, this.#random)
    if (isAdaptive) return runLearned(this.#learned, bytes, shaped)
    const level = this.#learned.known(bytes.length)
    return level && runAlgorithm(shaped(level.algorithm), bytes)
  }

  async #larger(algorithm: AlgorithmName | 'none', stored: Buffer): Promise<Buffer> {
    if (algorithm === 'none') return Buffer.from(stored)
    if (algorithmNamed(algorithm) === undefined) throw notInstalled(algorithm)
    const raw = await decompress(stored, this.#maxBytes, this.#turns, this.#maxBytes)
    if (typeof raw !== 'string') return raw
    throw unreadable(REASONS[raw] ?? 'the bytes are damaged')
  }
}

const REASONS: Readonly<Partial<Record<DecodeFault, string>>> = {
  'too-large': 'there would be more than maxDecompressedBytes, or than was claimed',
  slow: 'too many wait for their turn',
}

function readAs(format: ValueFormat, raw: Buffer): unknown {
  let value: unknown
  try {
    value = valueFrom(format, raw)
  } catch (error) {
    throw unreadable(`the bytes are no ${format}`, error)
  }
  if (value === undefined) throw unreadable(`the bytes are no ${format}`)
  return value
}

function asItIs(algorithm: Algorithm): Algorithm {
  return algorithm
}

/** Pieces of lz-string are what bounds the work of its readers. */
function inOnePiece(algorithm: Algorithm): Algorithm {
  if (algorithm.name === 'lz-string') return algorithm
  return { ...algorithm, maxBytes: Number.POSITIVE_INFINITY }
}
