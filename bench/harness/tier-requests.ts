/** What bench/memory-tier asks for, round by round: the same of every subject. */
import { seededRandom } from '../../src/testing/seeded-random.js'
import { zipf } from './demand.js'

export interface Value {
  readonly id: number
}

export interface Pair {
  readonly key: string
  readonly value: Value
}

/** In their order. */
export interface Requests {
  readonly keys: readonly string[]
  /** By request: what is set, or must be read if anything is. */
  readonly values: readonly Value[]
  /** By request: 1 for a set. */
  readonly sets: Uint8Array
}

export type Habit = 'hit' | 'mixed' | 'fill' | 'set'

const SET_RATIO = 0.25
const NEW_RATIO_OF_SETS = 0.5
/** Keys of a fill for each entry that there is room for. */
const KEYS_PER_ENTRY = 10

export class TierRequests {
  readonly #habit: Habit
  readonly #entries: number
  readonly #calls: number
  readonly #known: readonly Pair[]
  #made = 0

  constructor(habit: Habit, entries: number, calls: number) {
    this.#habit = habit
    this.#entries = entries
    this.#calls = calls
    const known = habit === 'fill' ? entries * KEYS_PER_ENTRY : entries
    this.#known = Array.from({ length: known }, () => this.#make())
  }

  /** What the container holds before the first round, as far as it has room. */
  get first(): readonly Pair[] {
    return this.#known.slice(0, this.#entries)
  }

  /** Of a round. Sets of new keys are new to all rounds before. */
  next(round: number): Requests {
    const pairs = this.#habit === 'set' ? this.#allNew() : this.#popular(round)
    const sets = new Uint8Array(this.#calls)
    if (this.#habit === 'mixed') this.#mixIn(pairs, sets, round)
    return { keys: pairs.map(({ key }) => key), values: pairs.map(({ value }) => value), sets }
  }

  #allNew(): Pair[] {
    return Array.from({ length: this.#calls }, () => this.#make())
  }

  #popular(round: number): Pair[] {
    return zipf(this.#known.length, this.#calls, round + 100).map((at) => this.#known[at]!)
  }

  #mixIn(pairs: Pair[], sets: Uint8Array, round: number): void {
    const random = seededRandom(round + 200)
    for (let at = 0; at < pairs.length; at++) {
      if (random() >= SET_RATIO) continue
      sets[at] = 1
      if (random() < NEW_RATIO_OF_SETS) pairs[at] = this.#make()
    }
  }

  #make(): Pair {
    const id = this.#made++
    // Short enough to be in one piece at once: a longer one is put together when it is first used.
    return { key: `k:${id}`, value: { id } }
  }
}
