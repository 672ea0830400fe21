/**
 * Whoever is asked for again last, or never, leaves: no policy hits more often, since this one
 * knows the future.
 *
 * Belady, "A study of replacement algorithms for a virtual-storage computer", 1966. A newcomer is
 * compared as well, so one that is never asked for again pushes nobody out.
 */
import type { Load } from '../load.js'
import type { Simulation } from './simulation.js'

const NEVER = 0x7fffffff
const NOWHERE = -1

export class Optimum implements Simulation {
  readonly #capacity: number
  /** By request: the number of the next one for the same key. */
  readonly #nextAt: Int32Array
  readonly #farthest: FarthestFirst
  #at = 0

  constructor(capacity: number, { keys, distinct }: Load) {
    this.#capacity = capacity
    this.#nextAt = new Int32Array(keys.length)
    this.#farthest = new FarthestFirst(distinct)
    const laterAt = new Int32Array(distinct).fill(NEVER)
    for (let at = keys.length - 1; at >= 0; at--) {
      this.#nextAt[at] = laterAt[keys[at]!]!
      laterAt[keys[at]!] = at
    }
  }

  request(key: number): boolean {
    const nextAt = this.#nextAt[this.#at++]!
    const isHit = this.#farthest.put(key, nextAt)
    if (this.#farthest.length > this.#capacity) this.#farthest.dropFirst()
    return isHit
  }
}

/** A heap of keys, the one that is asked for last in front. A key's moment only moves away. */
class FarthestFirst {
  readonly #keys: number[] = []
  /** By key: its place in the heap. */
  readonly #places: Int32Array
  readonly #nextAt: Int32Array

  constructor(distinct: number) {
    this.#places = new Int32Array(distinct).fill(NOWHERE)
    this.#nextAt = new Int32Array(distinct)
  }

  get length(): number {
    return this.#keys.length
  }

  /** Whether it was there. */
  put(key: number, nextAt: number): boolean {
    this.#nextAt[key] = nextAt
    const place = this.#places[key]!
    this.#rise(key, place === NOWHERE ? this.#keys.length : place)
    return place !== NOWHERE
  }

  dropFirst(): void {
    this.#places[this.#keys[0]!] = NOWHERE
    const last = this.#keys.pop()!
    if (this.#keys.length > 0) this.#sink(last)
  }

  #rise(key: number, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      if (this.#nextAt[this.#keys[above]!]! >= this.#nextAt[key]!) break
      this.#set(place, this.#keys[above]!)
      place = above
    }
    this.#set(place, key)
  }

  /** From the front. */
  #sink(key: number): void {
    let place = 0
    for (;;) {
      const left = place * 2 + 1
      if (left >= this.#keys.length) break
      const below = left + (this.#atOf(left + 1) > this.#atOf(left) ? 1 : 0)
      if (this.#atOf(below) <= this.#nextAt[key]!) break
      this.#set(place, this.#keys[below]!)
      place = below
    }
    this.#set(place, key)
  }

  #atOf(place: number): number {
    return place < this.#keys.length ? this.#nextAt[this.#keys[place]!]! : NOWHERE
  }

  #set(place: number, key: number): void {
    this.#keys[place] = key
    this.#places[key] = place
  }
}
