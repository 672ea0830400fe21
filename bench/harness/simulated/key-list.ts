/** A doubly linked list of keys, which are small whole numbers; each is in it once at the most. */
export const NO_KEY = -1

export class KeyList {
  /** Towards the tail. */
  readonly #next: Int32Array
  /** Towards the head. */
  readonly #previous: Int32Array
  head = NO_KEY
  tail = NO_KEY
  length = 0

  constructor(distinct: number) {
    this.#next = new Int32Array(distinct)
    this.#previous = new Int32Array(distinct)
  }

  addFirst(key: number): void {
    this.#previous[key] = NO_KEY
    this.#next[key] = this.head
    if (this.head === NO_KEY) this.tail = key
    else this.#previous[this.head] = key
    this.head = key
    this.length++
  }

  remove(key: number): void {
    const previous = this.#previous[key]!
    const next = this.#next[key]!
    if (previous === NO_KEY) this.head = next
    else this.#next[previous] = next
    if (next === NO_KEY) this.tail = previous
    else this.#previous[next] = previous
    this.length--
  }

  moveFirst(key: number): void {
    this.remove(key)
    this.addFirst(key)
  }

  /** The last one, which is in the list no longer. */
  takeLast(): number {
    const key = this.tail
    this.remove(key)
    return key
  }

  /** The neighbour towards the head, or `NO_KEY`. */
  before(key: number): number {
    return this.#previous[key]!
  }
}
