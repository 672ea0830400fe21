/**
 * SIEVE: a queue in order of arrival, and a hand that goes from its tail to its head and takes the
 * first entry that was not read since it came by.
 *
 * Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU", NSDI 2024.
 */
import type { Load } from '../load.js'
import { KeyList, NO_KEY } from './key-list.js'
import type { Simulation } from './simulation.js'

const ABSENT = 0
const UNREAD = 1
const READ = 2

export class Sieve implements Simulation {
  readonly #capacity: number
  readonly #queue: KeyList
  readonly #states: Uint8Array
  #hand = NO_KEY

  constructor(capacity: number, { distinct }: Load) {
    this.#capacity = capacity
    this.#queue = new KeyList(distinct)
    this.#states = new Uint8Array(distinct)
  }

  request(key: number): boolean {
    if (this.#states[key] !== ABSENT) {
      this.#states[key] = READ
      return true
    }
    if (this.#queue.length === this.#capacity) this.#evict()
    this.#queue.addFirst(key)
    this.#states[key] = UNREAD
    return false
  }

  #evict(): void {
    let at = this.#hand === NO_KEY ? this.#queue.tail : this.#hand
    while (this.#states[at] === READ) {
      this.#states[at] = UNREAD
      at = this.#queue.before(at)
      if (at === NO_KEY) at = this.#queue.tail
    }
    this.#hand = this.#queue.before(at)
    this.#queue.remove(at)
    this.#states[at] = ABSENT
  }
}
