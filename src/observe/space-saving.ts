/**
 * The heaviest keys of a stream, in a fixed number of counters: Space-Saving (Metwally, Agrawal and
 * El Abbadi, "Efficient computation of frequent and top-k elements in data streams", 2005). A key
 * without a counter takes that with the least weight, and inherits it as its error.
 *
 * With `n` counters and the weight `N` of all that was added:
 *   - a counter's weight is at least its key's, and by at most its `error` above it;
 *   - what has no counter weighs at most `least`, and that is at most `N / n`;
 *   - so each key above `N / n` has one.
 * Nothing of it is left to chance, and no names that collide can spoil it.
 *
 * The least weight is the root of a heap: a key that is often asked for sinks to its leaves, where
 * adding to it moves nothing. Each has four below it, whose weights lie side by side: between two
 * samples of a busy cache all of this leaves the processor's caches, and what a sample costs is
 * what it has to fetch again (bench/hot-keys). About 110 bytes for each counter and the text of
 * its key, and 150 for each namespace that was ever seen, of which a cache has at most 10 000.
 */

/** What is known of a namespace. */
export interface Weighed {
  readonly name: string
  /** Of all that was added, with a counter or without. */
  weight: number
  /** The counters of its keys. */
  readonly counters: Map<string, number>
}

export class SpaceSaving {
  readonly #namespaces = new Map<string, Weighed>()
  readonly #keys: string[] = []
  readonly #owners: Weighed[] = []
  /** By counter. */
  readonly #errors: Float64Array
  /** Weights and their counters in the order of the heap, and where in it each counter lies. */
  readonly #weights: Float64Array
  readonly #heap: Int32Array
  readonly #places: Int32Array
  /** Of all that was added. */
  weight = 0

  constructor(capacity: number) {
    this.#weights = new Float64Array(capacity)
    this.#errors = new Float64Array(capacity)
    this.#heap = new Int32Array(capacity)
    this.#places = new Int32Array(capacity)
  }

  /** Counters in use. */
  get size(): number {
    return this.#keys.length
  }

  /** What a key without a counter weighs at the most. */
  get least(): number {
    return this.size < this.#heap.length ? 0 : this.#weights[0]!
  }

  add(namespace: string, key: string, weight: number): void {
    const owner = this.#namespaces.get(namespace) ?? this.#meet(namespace)
    owner.weight += weight
    this.weight += weight
    const counter = owner.counters.get(key) ?? this.#take(owner, key)
    const place = this.#places[counter]!
    this.#sink(place, this.#weights[place]! + weight)
  }

  /** Adds what has no key here: that of a namespace alone. */
  addUnnamed(namespace: string, weight: number): void {
    const owner = this.#namespaces.get(namespace) ?? this.#meet(namespace)
    owner.weight += weight
    this.weight += weight
  }

  find(namespace: string): Weighed | undefined {
    return this.#namespaces.get(namespace)
  }

  /** The counter of a key. */
  counterOf(namespace: string, key: string): number | undefined {
    return this.#namespaces.get(namespace)?.counters.get(key)
  }

  weightOf(counter: number): number {
    return this.#weights[this.#places[counter]!]!
  }

  errorOf(counter: number): number {
    return this.#errors[counter]!
  }

  keyOf(counter: number): string {
    return this.#keys[counter]!
  }

  namespaceOf(counter: number): string {
    return this.#owners[counter]!.name
  }

  /** Multiplies every weight and error: what stands above for the former holds for these. */
  scale(factor: number): void {
    this.weight *= factor
    for (const owner of this.#namespaces.values()) owner.weight *= factor
    for (let counter = 0; counter < this.size; counter++) {
      this.#weights[counter]! *= factor
      this.#errors[counter]! *= factor
    }
  }

  #meet(name: string): Weighed {
    const owner = { name, weight: 0, counters: new Map<string, number>() }
    this.#namespaces.set(name, owner)
    return owner
  }

  /** A free counter, else that with the least weight. */
  #take(owner: Weighed, key: string): number {
    const isFull = this.size === this.#heap.length
    const counter = isFull ? this.#heap[0]! : this.size
    if (isFull) {
      this.#owners[counter]!.counters.delete(this.#keys[counter]!)
      this.#errors[counter] = this.#weights[0]!
    } else this.#rise(counter)
    this.#keys[counter] = key
    this.#owners[counter] = owner
    owner.counters.set(key, counter)
    return counter
  }

  /** Puts a new counter, whose weight is 0, at the end, and then before those that weigh more. */
  #rise(counter: number): void {
    let place = counter
    while (place > 0) {
      const above = (place - 1) >> 2
      if (this.#weights[above]! <= 0) break
      this.#move(above, place)
      place = above
    }
    this.#put(counter, 0, place)
  }

  /** Gives a counter its new weight, and its place behind those that are lighter. */
  #sink(from: number, weight: number): void {
    const weights = this.#weights
    const size = this.size
    const counter = this.#heap[from]!
    let place = from
    for (;;) {
      const first = 4 * place + 1
      const end = Math.min(first + 4, size)
      let lightest = place
      let least = weight
      for (let below = first; below < end; below++) {
        if (weights[below]! >= least) continue
        lightest = below
        least = weights[below]!
      }
      if (lightest === place) break
      this.#move(lightest, place)
      place = lightest
    }
    this.#put(counter, weight, place)
  }

  #move(from: number, to: number): void {
    this.#put(this.#heap[from]!, this.#weights[from]!, to)
  }

  #put(counter: number, weight: number, place: number): void {
    this.#weights[place] = weight
    this.#heap[place] = counter
    this.#places[counter] = place
  }
}
