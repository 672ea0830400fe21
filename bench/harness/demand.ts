/**
 * Which keys are asked for, in which order: seeded, so that every subject is asked the same.
 */
import { seededRandom } from '../../src/testing/seeded-random.js'
import { zipfRanks } from './zipf-ranks.js'

/** The exponent of YCSB's skewed demand. */
const ZIPF_EXPONENT = 0.99

/** `count` key numbers below `keys`, the popular ones scattered over the range. */
export function zipf(keys: number, count: number, seed = 1): number[] {
  const draw = zipfRanks(keys, ZIPF_EXPONENT, seededRandom(seed))
  // 7 919 is a prime that divides no number of keys used here: a permutation of the ranks.
  return Array.from({ length: count }, () => (draw() * 7_919) % keys)
}
