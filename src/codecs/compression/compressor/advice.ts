/** What 'auto' would take for values of each size, and why, told to people. */
import type { LearnedSizeClass } from '../../../core/codec.js'
import type { CompressionSettings } from '../../../core/stored-format.js'
import type { AlgorithmName } from '../algorithms/algorithms.js'
import { classStartBytes, SIZE_CLASSES } from '../auto/size-class.js'
import type { UsedAlgorithm } from './compressor-counts.js'

export interface SizeClassAdvice {
  /** Of values from so many bytes on, up to where the next begins. */
  readonly fromBytes: number
  /** `none`: they are better left as they are. */
  readonly algorithm: UsedAlgorithm
  /** Stored bytes per byte; 1 where they are left, and where nothing is known. */
  readonly ratio: number
  /** Measurements that this rests on, of the latest values; 0: nothing is known yet. */
  readonly samples: number
  readonly reason: string
}

/** One for each class of sizes, the smallest first. */
export function adviceFor(
  learned: readonly LearnedSizeClass[],
  settings: CompressionSettings,
): readonly SizeClassAdvice[] {
  return Array.from({ length: SIZE_CLASSES }, (_, sizeClass) => {
    const fromBytes = classStartBytes(sizeClass)
    const row = learned.find((each) => each.fromBytes === fromBytes)
    const endBytes =
      sizeClass + 1 < SIZE_CLASSES ? classStartBytes(sizeClass + 1) : Number.POSITIVE_INFINITY
    return { fromBytes, ...advice(row, endBytes, settings) }
  })
}

function advice(
  row: LearnedSizeClass | undefined,
  endBytes: number,
  { thresholdBytes, performanceTargetMs }: CompressionSettings,
): Omit<SizeClassAdvice, 'fromBytes'> {
  const samples = Math.max(0, ...(row?.candidates ?? []).map((each) => each.samples))
  if (endBytes <= thresholdBytes) {
    return left(samples, `smaller than the threshold of ${thresholdBytes} bytes`)
  }
  if (row === undefined || samples === 0) {
    const reason = 'nothing was measured yet; gzip is what every Node has'
    return { algorithm: 'gzip', ratio: 1, samples: 0, reason }
  }
  const within = performanceTargetMs === undefined ? '' : ` within ${performanceTargetMs} ms`
  const best = row.candidates.find(({ name }) => name === row.chosen)
  if (best === undefined) return left(samples, `nothing saves a sixteenth of the bytes${within}`)
  const { name, ratio, microsecondsPerKib } = best
  const won = within === '' ? 'the most bytes saved per microsecond' : `the smallest${within}`
  const percent = Math.round(100 * ratio)
  const cost = `${microsecondsPerKib.toFixed(1)} µs a KiB`
  const reason = `${name} leaves ${percent} % of the bytes for ${cost}, there and back: ${won}`
  const algorithm = name.slice(0, name.lastIndexOf(':')) as AlgorithmName
  return { algorithm, ratio, samples: best.samples, reason }
}

function left(samples: number, reason: string): Omit<SizeClassAdvice, 'fromBytes'> {
  return { algorithm: 'none', ratio: 1, samples, reason }
}
