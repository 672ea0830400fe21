/**
 * ARC: a list of what was asked for once and one of what was asked for more often, each with the
 * names of those who left it; a name that comes back moves the border in favour of its list.
 *
 * Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003, figure 4.
 */
import type { Load } from '../load.js'
import { ABSENT, KeyStates } from './key-states.js'
import type { Simulation } from './simulation.js'

const ONCE = 1
const OFTEN = 2
const LEFT_ONCE = 3
const LEFT_OFTEN = 4

export class Arc implements Simulation {
  readonly #capacity: number
  readonly #keys: KeyStates
  /** How long the list of `ONCE` should be. */
  #target = 0

  constructor(capacity: number, { distinct }: Load) {
    this.#capacity = capacity
    this.#keys = new KeyStates(LEFT_OFTEN + 1, distinct)
  }

  request(key: number): boolean {
    const state = this.#keys.of(key)
    if (state === ABSENT) {
      this.#makeRoom()
      this.#keys.move(key, ONCE)
      return false
    }
    if (state === LEFT_ONCE || state === LEFT_OFTEN) {
      this.#learn(state)
      this.#replace(state === LEFT_OFTEN)
    }
    this.#keys.move(key, OFTEN)
    return state === ONCE || state === OFTEN
  }

  #learn(from: typeof LEFT_ONCE | typeof LEFT_OFTEN): void {
    const once = this.#keys.length(LEFT_ONCE)
    const often = this.#keys.length(LEFT_OFTEN)
    const step = from === LEFT_ONCE ? Math.max(1, often / once) : -Math.max(1, once / often)
    this.#target = Math.max(0, Math.min(this.#capacity, this.#target + step))
  }

  /** For a key of which nothing is known. */
  #makeRoom(): void {
    const once = this.#keys.length(ONCE) + this.#keys.length(LEFT_ONCE)
    const all = once + this.#keys.length(OFTEN) + this.#keys.length(LEFT_OFTEN)
    if (once === this.#capacity) {
      if (this.#keys.length(ONCE) === this.#capacity) {
        this.#keys.move(this.#keys.list(ONCE).tail, ABSENT)
        return
      }
      this.#keys.move(this.#keys.list(LEFT_ONCE).tail, ABSENT)
    } else if (all < this.#capacity) {
      return
    } else if (all === 2 * this.#capacity) {
      this.#keys.move(this.#keys.list(LEFT_OFTEN).tail, ABSENT)
    }
    this.#replace(false)
  }

  #replace(isLeftOften: boolean): void {
    const once = this.#keys.length(ONCE)
    const isOnceOver = once > this.#target || (isLeftOften && once === Math.floor(this.#target))
    const isOnce = once > 0 && (isOnceOver || this.#keys.length(OFTEN) === 0)
    if (isOnce) this.#keys.move(this.#keys.list(ONCE).tail, LEFT_ONCE)
    else this.#keys.move(this.#keys.list(OFTEN).tail, LEFT_OFTEN)
  }
}
