/**
 * Which keys are asked for, in which order: seeded, so that every subject is asked the same.
 */

/** The exponent of YCSB's skewed demand. */
const ZIPF_EXPONENT = 0.99

/** `count` key numbers below `keys`, the popular ones scattered over the range. */
export function zipf(keys: number, count: number, seed = 1): number[] {
  const random = mulberry32(seed)
  const sums = new Float64Array(keys)
  let sum = 0
  for (let rank = 0; rank < keys; rank++) {
    sum += 1 / (rank + 1) ** ZIPF_EXPONENT
    sums[rank] = sum
  }
  return Array.from({ length: count }, () => {
    const rank = firstAtLeast(sums, random() * sum)
    // 7 919 is a prime that divides no number of keys used here: a permutation of the ranks.
    return (rank * 7_919) % keys
  })
}

function firstAtLeast(sorted: Float64Array, wanted: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
