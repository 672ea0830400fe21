/**
 * How often a key was asked for of late, by its hash: a count-min sketch of 4-bit counters
 * (Cormode and Muthukrishnan, "An improved data stream summary", 2005), halved as it fills so that
 * the past fades (Einziger, Friedman and Manes, "TinyLFU", 2017).
 *
 * The four counters of a key lie in one block of 16 words, one line of the processor's cache. 8
 * bytes for each entry that the tier may hold. Counters stop at 15.
 */
export const MOST_SEEN = 15

const WORDS_PER_BLOCK = 16
const WORDS_PER_ENTRY = 2
const TWO_TO_32 = 2 ** 32
const MIX = 0x9e3779b1
/** Counters are halved after this many counted requests for each entry. */
const SAMPLE = 10

export class FrequencySketch {
  #words = new Int32Array(0)
  #blocks = 0
  /** A hash, a whole number below 2^32, times this is its block and a fraction. */
  #blocksPerHash = 0
  #sample = 0
  #increments = 0

  /** Makes room for that many entries; what was counted stays. */
  grow(entries: number): void {
    const blocks = Math.max(1, Math.ceil((entries * WORDS_PER_ENTRY) / WORDS_PER_BLOCK))
    const words = new Int32Array(blocks * WORDS_PER_BLOCK)
    // Blocks are in the order of hashes: what falls on a new one fell on one old one, or on two
    // neighbours, of which the higher counts are kept.
    for (let block = 0; block < blocks && this.#blocks > 0; block++) {
      const first = Math.floor((block * this.#blocks) / blocks)
      const last = Math.ceil(((block + 1) * this.#blocks) / blocks) - 1
      for (let i = 0; i < WORDS_PER_BLOCK; i++) {
        const word = this.#words[first * WORDS_PER_BLOCK + i]!
        const other = this.#words[last * WORDS_PER_BLOCK + i]!
        words[block * WORDS_PER_BLOCK + i] = first === last ? word : higherOf(word, other)
      }
    }
    this.#words = words
    this.#blocks = blocks
    this.#blocksPerHash = blocks / TWO_TO_32
    this.#sample = SAMPLE * entries
  }

  /** 0 to 15. */
  estimate(hash: number): number {
    const words = this.#words
    const block = this.#blockOf(hash)
    let places = spread(hash)
    let least = MOST_SEEN
    for (let row = 0; row < 4; row++) {
      const word = words[block + 4 * row + (places & 3)]!
      const count = (word >>> (places & 0b11100)) & MOST_SEEN
      if (count < least) least = count
      places >>>= 8
    }
    return least
  }

  /** Counts so many requests, and tells the estimate with them: one look at its line for both. */
  count(hash: number, times: number): number {
    const words = this.#words
    const block = this.#blockOf(hash)
    let places = spread(hash)
    let least = MOST_SEEN
    let isCounted = false
    for (let row = 0; row < 4; row++) {
      const at = block + 4 * row + (places & 3)
      const shift = places & 0b11100
      const word = words[at]!
      const former = (word >>> shift) & MOST_SEEN
      const counted = Math.min(MOST_SEEN, former + times)
      if (counted < least) least = counted
      if (counted !== former) {
        words[at] = word + ((counted - former) << shift)
        isCounted = true
      }
      places >>>= 8
    }
    if (isCounted) this.#note(times)
    return least
  }

  #blockOf(hash: number): number {
    return (((hash >>> 0) * this.#blocksPerHash) | 0) * WORDS_PER_BLOCK
  }

  #note(times: number): void {
    this.#increments += times
    if (this.#increments < this.#sample) return
    halveAll(this.#words)
    this.#increments >>>= 1
  }
}

/** A function of its own: as a part of the method V8 threw its code away on each call. */
function halveAll(words: Int32Array): void {
  for (let i = 0; i < words.length; i++) words[i] = (words[i]! >>> 1) & 0x77777777
}

/** The higher of each two counters. */
function higherOf(word: number, other: number): number {
  let higher = 0
  for (let shift = 0; shift < 32; shift += 4) {
    const count = Math.max((word >>> shift) & MOST_SEEN, (other >>> shift) & MOST_SEEN)
    higher |= count << shift
  }
  return higher
}

/** Other bits than those that chose the block: eight for each of the four rows. */
function spread(hash: number): number {
  const mixed = Math.imul(hash, MIX)
  return mixed ^ (mixed >>> 15)
}
