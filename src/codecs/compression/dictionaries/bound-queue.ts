/**
 * Which of many has the greatest bound, where bounds only fall: a binary heap over typed arrays.
 *
 * Two numbers and no object for each. Cost: O(n) to make, O(log n) to lower the best.
 */
export class BoundQueue {
  readonly #bounds: Float64Array
  readonly #heap: Uint32Array

  /** Takes over `bounds`, which has at least one. */
  constructor(bounds: Float64Array) {
    this.#bounds = bounds
    this.#heap = Uint32Array.from(bounds, (_, i) => i)
    for (let at = bounds.length >> 1; at >= 0; at--) this.#sink(at)
  }

  get best(): number {
    return this.#heap[0]!
  }

  /** That of the best. */
  get bound(): number {
    return this.#bounds[this.#heap[0]!]!
  }

  /** Lowers the bound of the best, which may then be another one. */
  lower(bound: number): void {
    this.#bounds[this.#heap[0]!] = bound
    this.#sink(0)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const bounds = this.#bounds
    const moved = heap[from]!
    const bound = bounds[moved]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && bounds[heap[child + 1]!]! > bounds[heap[child]!]!) child++
      if (bounds[heap[child]!]! <= bound) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moved
  }
}
