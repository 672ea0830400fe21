/** How a compressor works, and what one call of it may have otherwise. */
import type { Clock } from '../../../core/contracts.js'
import type { Size } from '../../../core/duration.js'
import { OptionCheck } from '../../../core/option-check.js'
import {
  type CompressionAlgorithm,
  type CompressionSettings,
  DEFAULT_COMPRESSION,
  resolveCompression,
} from '../../../core/stored-format.js'
import { checkInstalled } from '../algorithms/check-installed.js'

/** What a call can have otherwise than its compressor. */
export interface CompressOptions {
  /** Default 'auto', which learns what suits the data. The others must be installed. */
  algorithm?: CompressionAlgorithm | undefined
  /** Smaller ones stay as they are. 64 B to 1 GiB, as bytes or as '4kb'. Default 1 KiB. */
  threshold?: Size | undefined
  /**
   * In pieces of 1 MiB where there is more, so that one piece is all the room that is needed beside
   * what goes in and what comes out. `false`: in one, for a few bytes less. `lz-string` always
   * makes pieces, of 3 KiB. Default true.
   */
  chunked?: boolean | undefined
  /**
   * Whether 'auto' goes on to measure. `false`: it takes what was best so far, and gzip where
   * nothing is known. Default true.
   */
  adaptive?: boolean | undefined
}

/** What `configure` can change. */
export interface CompressorConfiguration extends CompressOptions {
  /**
   * For 'auto': the smallest result that takes no longer than so many milliseconds to make and to
   * read again, 0.001 to 10 000. Left out: the most bytes saved per microsecond.
   */
  performanceTarget?: number | undefined
}

export interface CompressorOptions extends CompressorConfiguration {
  /**
   * What would become more is refused by `decompress` and left as it is by `compress`. 1 KiB to
   * 1 GiB, as bytes or as '64mb'. Default 64 MiB.
   */
  maxDecompressedBytes?: Size | undefined
  /** By which calls are timed. Default: that of the process. */
  clock?: Clock | undefined
  /** Gives numbers in [0, 1): which parts of large values are measured. Default `Math.random`. */
  random?: (() => number) | undefined
}

export interface CompressorSettings {
  readonly compression: CompressionSettings
  readonly isChunked: boolean
  readonly isAdaptive: boolean
}

export const DEFAULT_SETTINGS: CompressorSettings = Object.freeze({
  compression: DEFAULT_COMPRESSION,
  isChunked: true,
  isAdaptive: true,
})

export const OF_A_CALL = ['algorithm', 'threshold', 'chunked', 'adaptive']
export const OF_A_CONFIGURATION = [...OF_A_CALL, 'performanceTarget']
export const OF_A_COMPRESSOR = [...OF_A_CONFIGURATION, 'maxDecompressedBytes', 'clock', 'random']

/** `options` over `base`, field by field. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveSettings(
  base: CompressorSettings,
  options: CompressorConfiguration,
  known: readonly string[],
  where: string,
): CompressorSettings {
  const check = new OptionCheck(where)
  check.known(options, known)
  const { algorithm, threshold, performanceTarget, chunked, adaptive } = options
  const changed = { algorithm, threshold, performanceTarget }
  const compression = resolveCompression(base.compression, changed, where)
  checkInstalled(compression.algorithm, where, 'algorithm')
  return Object.freeze({
    compression,
    isChunked: check.flag('chunked', chunked) ?? base.isChunked,
    isAdaptive: check.flag('adaptive', adaptive) ?? base.isAdaptive,
  })
}
