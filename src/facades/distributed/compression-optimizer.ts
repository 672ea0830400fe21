/** The compression optimizer of the document: its names over a compressor. */
import { OptionCheck } from '../../core/option-check.js'
import {
  type AlgorithmCounts,
  type CompressionAlgorithm,
  type CompressionMetadata,
  type CompressorConfiguration,
  type CompressorOptions,
  createCompressor,
  type Size,
} from '../../index.js'

export interface OptimizeOptions {
  /** Default 'auto', which learns what suits the data. The others must be installed. */
  algorithm?: CompressionAlgorithm | undefined
  /** Smaller ones stay as they are. 64 B to 1 GiB, as bytes or as '4kb'. Default 1 KiB. */
  threshold?: Size | undefined
  /** In pieces of 1 MiB where there is more; `false`: in one. Default true. */
  enableChunking?: boolean | undefined
  /** Whether 'auto' goes on to measure; `false`: what was best so far. Default true. */
  enableAdaptive?: boolean | undefined
}

export interface OptimizerConfiguration extends OptimizeOptions {
  /** Milliseconds for a value, to compress it and to read it again, 0.001 to 10 000. */
  performanceTarget?: number | undefined
}

export interface CompressionResult {
  readonly compressed: Buffer
  /** What `decompress` needs; plain data, which JSON keeps. */
  readonly metadata: CompressionMetadata
  /** Bytes before for each byte after: 4 is a quarter of the size, 1 as it was. */
  readonly compressionRatio: number
}

export interface AlgorithmRecommendation {
  /** Sizes from here on, in bytes, up to that of the next. */
  readonly fromBytes: number
  /** `none`: leave them as they are. */
  readonly algorithm: CompressionMetadata['algorithm']
  /** Bytes before for each byte after; 1 where nothing is known. */
  readonly expectedRatio: number
  /** Values on which it was measured; 0: nothing is known yet. */
  readonly samples: number
  readonly reason: string
}

export interface OptimizerStats {
  totalCompressions: number
  totalDecompressions: number
  failedDecompressions: number
  originalBytes: number
  compressedBytes: number
  /** Bytes before for each byte after, of all together. */
  averageRatio: number
  /** Milliseconds, on average. */
  averageCompressionTime: number
  averageDecompressionTime: number
  /** By the names of those that were used; `none`: left as it was. */
  algorithms: Readonly<Partial<Record<string, AlgorithmCounts>>>
}

const OF_A_CALL = ['algorithm', 'threshold', 'enableChunking', 'enableAdaptive']
const OF_ALL = [...OF_A_CALL, 'performanceTarget']

export class CompressionOptimizer {
  readonly #compressor

  /** Throws OPTION_UNKNOWN or OPTION_INVALID, as `configure` does. */
  constructor(
    options: OptimizerConfiguration = {},
    parts: Pick<CompressorOptions, 'clock' | 'maxDecompressedBytes' | 'random'> = {},
  ) {
    const own = translated(options, OF_ALL, 'CompressionOptimizer')
    this.#compressor = createCompressor({ ...parts, ...own })
  }

  /** Rejects with VALUE_UNSUPPORTED for what no cache can keep, and for wrong options. */
  async compress(data: unknown, options: OptimizeOptions = {}): Promise<CompressionResult> {
    const own = translated(options, OF_A_CALL, 'compress')
    const { bytes, metadata } = await this.#compressor.compress(data, own)
    const { originalSize, compressedSize } = metadata
    return { compressed: bytes, metadata, compressionRatio: ratio(originalSize, compressedSize) }
  }

  /** What was compressed; its type is the caller's word. Rejects with VALUE_UNREADABLE. */
  async decompress<T = unknown>(compressed: Uint8Array, metadata: CompressionMetadata): Promise<T> {
    return (await this.#compressor.decompress(compressed, metadata)) as T
  }

  /**
   * For calls from now on; what is not given stays. Throws OPTION_UNKNOWN or OPTION_INVALID, and
   * then changes nothing.
   */
  configure(options: OptimizerConfiguration): void {
    this.#compressor.configure(translated(options, OF_ALL, 'configure'))
  }

  /** For each class of sizes, the smallest first, what 'auto' takes for it now, and why. */
  getAlgorithmRecommendations(): AlgorithmRecommendation[] {
    return this.#compressor.advice().map(({ ratio: left, ...same }) => {
      return { ...same, expectedRatio: ratio(1, left) }
    })
  }

  /** Since it was made. */
  getStats(): OptimizerStats {
    const { compressions, decompressions, unreadable, algorithms, ...sums } =
      this.#compressor.stats()
    return {
      totalCompressions: compressions,
      totalDecompressions: decompressions,
      failedDecompressions: unreadable,
      originalBytes: sums.originalBytes,
      compressedBytes: sums.compressedBytes,
      averageRatio: ratio(sums.originalBytes, sums.compressedBytes),
      averageCompressionTime: sums.compressMs / Math.max(1, compressions),
      averageDecompressionTime: sums.decompressMs / Math.max(1, decompressions),
      algorithms,
    }
  }
}

export const compressionOptimizer = new CompressionOptimizer()

function translated(
  options: OptimizerConfiguration,
  known: readonly string[],
  where: string,
): CompressorConfiguration {
  const check = new OptionCheck(where)
  check.known(options, known)
  const { enableChunking, enableAdaptive, ...same } = options
  return {
    ...same,
    chunked: check.flag('enableChunking', enableChunking),
    adaptive: check.flag('enableAdaptive', enableAdaptive),
  }
}

function ratio(before: number, after: number): number {
  return after === 0 ? 1 : before / after
}
