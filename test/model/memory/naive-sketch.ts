/** The count-min sketch, with a plain Map from place to count in place of packed words. */
const TWO_TO_32 = 2 ** 32
const ROWS = 4
const PLACES_PER_BLOCK = 128
const PLACES_PER_ROW = 32
const ENTRIES_PER_BLOCK = 8
const MOST = 15

export class NaiveSketch {
  #counts = new Map<number, number>()
  #blocks = 0
  #sample = 0
  #increments = 0
  halvings = 0

  /** A place takes the highest count of those whose hashes may fall on it from now on. */
  grow(entries: number): void {
    const blocks = Math.max(1, Math.ceil(entries / ENTRIES_PER_BLOCK))
    const grown = new Map<number, number>()
    for (let block = 0; block < blocks; block++) {
      for (let from = 0; from < this.#blocks; from++) {
        const isBefore = (from + 1) * blocks <= block * this.#blocks
        const isAfter = from * blocks >= (block + 1) * this.#blocks
        if (!isBefore && !isAfter) this.#raise(grown, block, from)
      }
    }
    this.#counts = grown
    this.#blocks = blocks
    this.#sample = entries * 10
  }

  estimate(hash: number): number {
    return Math.min(...this.#placesOf(hash).map((place) => this.#counts.get(place) ?? 0))
  }

  /** Tells the estimate with what is counted, before anything is halved. */
  count(hash: number, times: number): number {
    const places = this.#placesOf(hash)
    const open = places.filter((place) => (this.#counts.get(place) ?? 0) < MOST)
    for (const place of open) {
      this.#counts.set(place, Math.min(MOST, (this.#counts.get(place) ?? 0) + times))
    }
    const counted = this.estimate(hash)
    if (open.length > 0) this.#fade(times)
    return counted
  }

  #fade(times: number): void {
    this.#increments += times
    if (this.#increments < this.#sample) return
    this.halvings++
    this.#increments = Math.floor(this.#increments / 2)
    for (const [place, count] of this.#counts) this.#counts.set(place, Math.floor(count / 2))
  }

  #raise(grown: Map<number, number>, block: number, from: number): void {
    for (let place = 0; place < PLACES_PER_BLOCK; place++) {
      const count = this.#counts.get(from * PLACES_PER_BLOCK + place) ?? 0
      const at = block * PLACES_PER_BLOCK + place
      if (count > (grown.get(at) ?? 0)) grown.set(at, count)
    }
  }

  /** One in each row of the block: the low five bits of each byte choose among 32. */
  #placesOf(hash: number): number[] {
    const block = Math.floor(((hash >>> 0) * this.#blocks) / TWO_TO_32)
    const product = Math.imul(hash, 0x9e3779b1)
    const mixed = product ^ (product >>> 15)
    const places: number[] = []
    for (let row = 0; row < ROWS; row++) {
      const byte = (mixed >>> (8 * row)) & 255
      const word = byte % 4
      const counter = Math.floor(byte / 4) % 8
      places.push(block * PLACES_PER_BLOCK + row * PLACES_PER_ROW + word * 8 + counter)
    }
    return places
  }
}
