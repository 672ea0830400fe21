/**
 * Which city the next visitor wants: any city in proportion to its population.
 *
 * Real demand is skewed, and a cache lives on that skew, so it is taken from the data and not from
 * a formula. Everything follows from a seed. A draw costs one binary search over the running sums.
 */

/** Numbers in [0, 1) with 53 random bits; the same seed gives the same numbers. */
export type Random = () => number

const TWO_POW_26 = 2 ** 26
const TWO_POW_53 = 2 ** 53

/** `seed` is a whole number, 0 to 2³² − 1. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  // mulberry32 (T. Ettinger, public domain): one 32-bit word of state, passes gjrand
  const nextWord = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  // the people of the world need 32 bits; a single word would favour some of them
  return () => ((nextWord() >>> 5) * TWO_POW_26 + (nextWord() >>> 6)) / TWO_POW_53
}

/**
 * Draws the index of a weight, each with probability weight / sum. Weights are finite and ≥ 0, and
 * one at least is > 0; an index of weight 0 is never drawn.
 */
export function proportionalSampler(weights: readonly number[]): (random: Random) => number {
  const upTo = new Float64Array(weights.length)
  let sum = 0
  for (const [index, weight] of weights.entries()) {
    if (!(weight >= 0 && weight < Infinity)) throw new RangeError(`weights[${index}] is ${weight}`)
    sum += weight
    upTo[index] = sum
  }
  if (!(sum > 0)) throw new RangeError('no weight is above 0')
  return (random) => firstAbove(upTo, random() * sum)
}

/** The first index whose running sum exceeds `point`. */
function firstAbove(upTo: Float64Array, point: number): number {
  let low = 0
  let high = upTo.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (upTo[middle]! > point) high = middle
    else low = middle + 1
  }
  return low
}
