/** lru, lfu and fifo by their definitions: note when and how often, and look for the least. */
import type { Held, NaivePolicy } from './naive-policy.js'

const MOST_USES = 255

interface Used {
  readonly held: Held
  uses: number
  /** When it was used last; added is used. */
  usedAt: number
}

/** Below zero if the first leaves before the second. */
type Order = (one: Used, other: Used) => number

const ORDERS: Readonly<Record<'lru' | 'lfu' | 'fifo', Order>> = {
  lru: (one, other) => one.usedAt - other.usedAt,
  lfu: (one, other) => one.uses - other.uses || one.usedAt - other.usedAt,
  fifo: (one, other) => one.held.addedAt - other.held.addedAt,
}

export class NaiveOrder implements NaivePolicy {
  readonly #all: Used[] = []
  readonly #order: Order
  /** Whether the one that was added last stays while there is another. */
  readonly #sparesNewest: boolean
  #newest: Held | undefined
  #now = 0

  constructor(name: keyof typeof ORDERS) {
    this.#order = ORDERS[name]
    this.#sparesNewest = name === 'lfu'
  }

  grow(): void {}

  add(held: Held): void {
    this.#newest = held
    this.#all.push({ held, uses: 0, usedAt: ++this.#now })
  }

  touch(held: Held): void {
    const used = this.#all[this.#placeOf(held)]!
    used.uses = Math.min(used.uses + 1, MOST_USES)
    used.usedAt = ++this.#now
  }

  remove(held: Held): void {
    this.#all.splice(this.#placeOf(held), 1)
  }

  victim(): Held {
    const others = this.#all.filter(({ held }) => !this.#sparesNewest || held !== this.#newest)
    const candidates = others.length > 0 ? others : this.#all
    return candidates.reduce((one, other) => (this.#order(one, other) < 0 ? one : other)).held
  }

  fromColdest(): Held[] {
    return [...this.#all].sort(this.#order).map(({ held }) => held)
  }

  #placeOf(held: Held): number {
    return this.#all.findIndex((used) => used.held === held)
  }
}
