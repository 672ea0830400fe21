/**
 * How often a key was asked for of late, about: a count-min sketch of four rows of counts up to 15,
 * which are halved after ten requests for each entry.
 *
 * Cormode and Muthukrishnan, "An improved data stream summary", 2005; the halving is TinyLFU's.
 */
const ROWS = 4
const MOST = 15
const COUNTERS_PER_ENTRY = 4
const REQUESTS_PER_ENTRY = 10

export class CountSketch {
  readonly #rows: readonly Uint8Array[]
  readonly #mask: number
  readonly #limit: number
  #count = 0

  constructor(capacity: number) {
    const width = 2 ** Math.ceil(Math.log2(capacity * COUNTERS_PER_ENTRY))
    this.#rows = Array.from({ length: ROWS }, () => new Uint8Array(width))
    this.#mask = width - 1
    this.#limit = capacity * REQUESTS_PER_ENTRY
  }

  increment(key: number): void {
    let isCounted = false
    for (let row = 0; row < ROWS; row++) {
      const counters = this.#rows[row]!
      const at = hash(key, row) & this.#mask
      if (counters[at] === MOST) continue
      counters[at] = counters[at]! + 1
      isCounted = true
    }
    if (isCounted && ++this.#count >= this.#limit) this.#halve()
  }

  estimate(key: number): number {
    let least = MOST
    for (let row = 0; row < ROWS; row++) {
      least = Math.min(least, this.#rows[row]![hash(key, row) & this.#mask]!)
    }
    return least
  }

  #halve(): void {
    for (const counters of this.#rows) {
      for (let at = 0; at < counters.length; at++) counters[at] = counters[at]! >> 1
    }
    this.#count >>= 1
  }
}

/** Another one in each row. */
function hash(key: number, row: number): number {
  let mixed = Math.imul(key + 1, 0x9e3779b1) ^ Math.imul(row + 1, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}
