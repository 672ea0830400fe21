/**
 * S3-FIFO: a small queue for newcomers, a main one in which whoever was read goes round again, and
 * the names of those who left the small one: whoever comes back from there goes to main.
 *
 * Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023.
 */
import type { Load } from '../load.js'
import { KeyList } from './key-list.js'
import type { Simulation } from './simulation.js'

const SMALL_SHARE = 0.1
const MOST_READS = 3
/** Reads in the small queue that lead to main. */
const READS_TO_STAY = 2

const ABSENT = 0
const GHOST = 1
const RESIDENT = 2

export class S3Fifo implements Simulation {
  readonly #capacity: number
  readonly #smallCapacity: number
  readonly #small: KeyList
  readonly #main: KeyList
  readonly #ghosts: KeyList
  readonly #states: Uint8Array
  readonly #reads: Uint8Array

  constructor(capacity: number, { distinct }: Load) {
    this.#capacity = capacity
    this.#smallCapacity = Math.max(1, Math.floor(capacity * SMALL_SHARE))
    this.#small = new KeyList(distinct)
    this.#main = new KeyList(distinct)
    this.#ghosts = new KeyList(distinct)
    this.#states = new Uint8Array(distinct)
    this.#reads = new Uint8Array(distinct)
  }

  request(key: number): boolean {
    if (this.#states[key] === RESIDENT) {
      this.#reads[key] = Math.min(MOST_READS, this.#reads[key]! + 1)
      return true
    }
    const isGhost = this.#states[key] === GHOST
    if (isGhost) this.#ghosts.remove(key)
    while (this.#small.length + this.#main.length >= this.#capacity) this.#evict()
    const queue = isGhost ? this.#main : this.#small
    queue.addFirst(key)
    this.#states[key] = RESIDENT
    this.#reads[key] = 0
    return false
  }

  #evict(): void {
    const isSmallFull = this.#small.length >= this.#smallCapacity
    if (isSmallFull || this.#main.length === 0) this.#evictFromSmall()
    else this.#evictFromMain()
  }

  #evictFromSmall(): void {
    while (this.#small.length > 0) {
      const key = this.#small.takeLast()
      if (this.#reads[key]! < READS_TO_STAY) {
        this.#addGhost(key)
        return
      }
      this.#reads[key] = 0
      this.#main.addFirst(key)
      if (this.#main.length > this.#mainCapacity) this.#evictFromMain()
    }
  }

  #evictFromMain(): void {
    for (;;) {
      const key = this.#main.takeLast()
      if (this.#reads[key] === 0) {
        this.#states[key] = ABSENT
        return
      }
      this.#reads[key] = this.#reads[key]! - 1
      this.#main.addFirst(key)
    }
  }

  #addGhost(key: number): void {
    if (this.#ghosts.length >= this.#mainCapacity && this.#ghosts.length > 0) {
      this.#states[this.#ghosts.takeLast()] = ABSENT
    }
    this.#ghosts.addFirst(key)
    this.#states[key] = GHOST
  }

  get #mainCapacity(): number {
    return this.#capacity - this.#smallCapacity
  }
}
