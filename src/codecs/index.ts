/** Bytes have one home: entries to bytes and back. */
export { entryCodecs } from './codecs.js'
export type { SizeClassAdvice } from './compression/compressor/advice.js'
export {
  type Compressed,
  type Compressor,
  createCompressor,
} from './compression/compressor/compressor.js'
export type {
  AlgorithmCounts,
  CompressorStats,
} from './compression/compressor/compressor-counts.js'
export type {
  CompressOptions,
  CompressorConfiguration,
  CompressorOptions,
} from './compression/compressor/compressor-options.js'
export type { CompressionMetadata } from './compression/compressor/metadata.js'
