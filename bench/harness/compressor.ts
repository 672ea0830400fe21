/** What makes payloads smaller: one algorithm at one level, or the choice that learns. */
import {
  algorithmNamed,
  levelsToLearn,
} from '../../src/codecs/compression/algorithms/algorithms.js'
import {
  AT_ONCE_BYTES,
  compressAtOnce,
  compressLater,
} from '../../src/codecs/compression/compressed-payload.js'
import { Compression } from '../../src/codecs/compression/compression.js'
import { Turns } from '../../src/codecs/compression/turns.js'
import { EntryCodec } from '../../src/codecs/entry-codec.js'
import { systemClock } from '../../src/core/clock.js'
import { DEFAULT_FORMAT, resolveFormat, type StoredFormat } from '../../src/core/stored-format.js'

export interface Compressor {
  readonly format: StoredFormat
  /** `undefined`: the payload stays as it is. */
  readonly compress: (payload: Buffer) => Buffer | undefined | Promise<Buffer | undefined>
  readonly decompress: Compression['decompress']
  /** Whole entries, made smaller by the same. */
  readonly codec: EntryCodec
}

/** All that `auto` may choose, by name and level. */
export const LEVEL_NAMES = levelsToLearn().map(({ name }) => name)

/** Rows of 250 bytes are compared as well. */
const THRESHOLD_BYTES = 64
const MAX_BYTES = 2 ** 26
const PATIENCE_MS = 10_000

export function autoCompressor(performanceTarget: number | undefined): Compressor {
  const options = { threshold: THRESHOLD_BYTES, ...(performanceTarget && { performanceTarget }) }
  const format = resolveFormat(DEFAULT_FORMAT, { compress: options }, 'bench')
  const compression = newCompression()
  return {
    format,
    compress: (payload) => compression.compress(payload, format.compression!),
    decompress: (bytes) => compression.decompress(bytes),
    codec: new EntryCodec(format, undefined, compression),
  }
}

export function fixedCompressor(name: string): Compressor {
  const level = levelsToLearn().find((each) => each.name === name)
  const algorithm = level?.algorithm ?? algorithmNamed(name as 'lz-string')
  if (algorithm === undefined) throw new Error(`${name} is not installed`)
  const compression = newCompression()
  const compress: Compressor['compress'] = (payload) =>
    payload.length > AT_ONCE_BYTES
      ? compressLater(algorithm, payload)
      : compressAtOnce(algorithm, payload)
  const decompress: Compressor['decompress'] = (bytes) => compression.decompress(bytes)
  const format = resolveFormat(DEFAULT_FORMAT, { compress: { threshold: THRESHOLD_BYTES } }, '')
  const atLevel = {
    compress: (payload: Buffer | string) =>
      compress(typeof payload === 'string' ? Buffer.from(payload) : payload),
    decompress,
  }
  // reason for the cast: an option names algorithms; their levels have no name there.
  const codec = new EntryCodec(format, undefined, atLevel as unknown as Compression)
  return { format, compress, decompress, codec }
}

function newCompression(): Compression {
  return new Compression({
    namespace: '',
    maxDecompressedBytes: MAX_BYTES,
    turns: new Turns(MAX_BYTES, PATIENCE_MS, systemClock),
    clock: systemClock,
    random: Math.random,
    shelf: undefined,
  })
}
