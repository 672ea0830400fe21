/** An algorithm run on a payload: at once where that is quick, else in another thread. */
import type { Algorithm } from './algorithms/algorithm.js'
import type { LearnedAlgorithm } from './auto/learned-algorithm.js'
import { AT_ONCE_BYTES, compressAtOnce, compressLater } from './compressed-payload.js'

/** What is to be stored in place of the payload; `undefined`: the payload itself. */
export type Smaller = Buffer | undefined | Promise<Buffer | undefined>

/** Large values of this process that are compressed at a time; one more is left as it is. */
const MAX_COMPRESSED_AT_A_TIME = 64
let compressedNow = 0

/** In another thread unless too many are there. Never throws and never rejects. */
export function runAlgorithm(algorithm: Algorithm, bytes: Buffer): Smaller {
  if (bytes.length > AT_ONCE_BYTES) return runLater(algorithm, bytes)
  try {
    return compressAtOnce(algorithm, bytes)
  } catch {
    return undefined
  }
}

async function runLater(algorithm: Algorithm, bytes: Buffer): Promise<Buffer | undefined> {
  if (compressedNow >= MAX_COMPRESSED_AT_A_TIME) return undefined
  compressedNow++
  try {
    return await compressLater(algorithm, bytes)
  } catch {
    return undefined
  } finally {
    compressedNow--
  }
}

/** `shaped`: how the chosen one is to be run. Never throws and never rejects. */
export function runLearned(
  learned: LearnedAlgorithm,
  bytes: Buffer,
  shaped: (algorithm: Algorithm) => Algorithm = (algorithm) => algorithm,
): Smaller {
  const level = learned.choose(bytes)
  if (level === undefined) return undefined
  const begin = learned.begin(bytes.length)
  const small = runAlgorithm(shaped(level.algorithm), bytes)
  if (!(small instanceof Promise)) {
    learned.end(level, bytes.length, small?.length ?? bytes.length, begin)
    return small
  }
  return small.then((late) => {
    learned.end(level, bytes.length, late?.length ?? bytes.length, begin)
    return late
  })
}
