/**
 * A dictionary for deflate, learned from values of one namespace.
 *
 * Covers k-mers as Liao, Petri, Moffat, Wirth do ('Effective Construction of Relative Lempel-Ziv
 * Dictionaries', WWW 2016) and zstd's FastCOVER, with three differences, each for fewer bytes on
 * unseen values: a segment may come from anywhere instead of from its epoch (1 % at 16 KiB), what
 * all values share stands in a few long segments (1 to 2 % where samples are few), and samples that
 * were kept aside to judge are learned from in the end (1 to 2 % where samples are few).
 *
 * Deterministic, and never throws. Cost: synchronous, 30 ms for 4 KiB from 1000 samples of 250
 * bytes, and twice that for 32 KiB. What is looked at is bounded: 512 KiB, which take about 100 ms
 * and 6 MB of tables.
 */
import { deflateRawSync } from 'node:zlib'
import { KMER_BYTES, KmerCover } from './kmer-cover.js'

/** Fewer say too little about values to come. */
const MIN_SAMPLES = 16
const MAX_SAMPLES = 4096
const MAX_LOOKED_AT_BYTES = 512 * 1024
/** Further in, a value is its own dictionary. */
const MAX_LOOKED_AT_OF_SAMPLE_BYTES = 8 * 1024
/** Deflate reaches back 32 KiB less its lookahead; what stands before that is never matched. */
const MAX_REACH_BYTES = 32 * 1024 - 262

/** One sample in so many judges a dictionary that the others made. */
const JUDGE_EVERY = 4
const MAX_JUDGES = 100
/** A dictionary that leaves more than this of the bytes is not worth being kept. */
const WORTHWHILE_RATIO = 0.95

const SEGMENT_BYTES = 128
const MAX_LONG_SEGMENT_BYTES = 1024
/** Of the dictionary: what long segments may take. */
const LONG_SHARE = 1 / 4

/**
 * A dictionary of at most `maxBytes`, the most valuable bytes last, where matches are cheapest
 * (0.5 % less than in the other order).
 * `undefined` if there are too few samples, or if it does not help on samples it was not made of.
 * Of more than 32 506 bytes deflate makes no use, so it is never longer.
 */
export function trainDictionary(
  samples: readonly Uint8Array[],
  maxBytes: number,
): Buffer | undefined {
  const roomBytes = Math.min(Math.floor(maxBytes), MAX_REACH_BYTES)
  const lookedAt = selectSamples(samples)
  if (lookedAt.length < MIN_SAMPLES || !(roomBytes >= KMER_BYTES)) return undefined
  const judges = lookedAt.filter((_, i) => i % JUDGE_EVERY === JUDGE_EVERY - 1)
  const others = lookedAt.filter((_, i) => i % JUDGE_EVERY !== JUDGE_EVERY - 1)
  if (!isWorthwhile(dictionaryOf(others, roomBytes), judges)) return undefined
  return dictionaryOf(lookedAt, roomBytes)
}

/** Evenly spread, the same for the same samples, and never more than the bounds above. */
function selectSamples(samples: readonly Uint8Array[]): Uint8Array[] {
  const total = samples.reduce((sum, { length }) => sum + lookedAtBytes(length), 0)
  const share = Math.min(1, MAX_LOOKED_AT_BYTES / total, MAX_SAMPLES / samples.length)
  const selected: Uint8Array[] = []
  let roomBytes = MAX_LOOKED_AT_BYTES
  for (let i = 0; i < samples.length && roomBytes > 0; i++) {
    const isNext = Math.floor((i + 1) * share) > Math.floor(i * share)
    const sample = samples[i]!
    if (!isNext || sample.length === 0) continue
    const bytes = Math.min(lookedAtBytes(sample.length), roomBytes)
    selected.push(sample.subarray(0, bytes))
    roomBytes -= bytes
  }
  return selected
}

function lookedAtBytes(length: number): number {
  return Math.min(length, MAX_LOOKED_AT_OF_SAMPLE_BYTES)
}

function dictionaryOf(samples: readonly Uint8Array[], roomBytes: number): Buffer {
  const cover = new KmerCover(samples)
  const longBytes = Math.min(MAX_LONG_SEGMENT_BYTES, Math.ceil(roomBytes * LONG_SHARE))
  const long = cover.takeSegments(longBytes, longBytes)
  const longTaken = long.reduce((sum, segment) => sum + segment.length, 0)
  const short = cover.takeSegments(SEGMENT_BYTES, roomBytes - longTaken)
  return Buffer.concat([...long, ...short].reverse()).subarray(-roomBytes)
}

/** Deflated with it against without it, a value standing as it is where that is shorter. */
function isWorthwhile(dictionary: Buffer, judges: readonly Uint8Array[]): boolean {
  if (dictionary.length === 0) return false
  const step = Math.ceil(judges.length / MAX_JUDGES)
  let withBytes = 0
  let withoutBytes = 0
  for (let i = 0; i < judges.length; i += step) {
    const value = judges[i]!
    withBytes += Math.min(value.length, deflateRawSync(value, { dictionary }).length)
    withoutBytes += Math.min(value.length, deflateRawSync(value).length)
  }
  return withBytes < withoutBytes * WORTHWHILE_RATIO
}
