/** Keys in one of several lists, or in none: the state of a key is its list, 0 for none. */
import { KeyList } from './key-list.js'

export const ABSENT = 0

export class KeyStates {
  /** By state; none for `ABSENT`. */
  readonly #lists: readonly KeyList[]
  readonly #states: Uint8Array

  constructor(states: number, distinct: number) {
    this.#lists = Array.from({ length: states }, () => new KeyList(distinct))
    this.#states = new Uint8Array(distinct)
  }

  of(key: number): number {
    return this.#states[key]!
  }

  list(state: number): KeyList {
    return this.#lists[state]!
  }

  length(state: number): number {
    return this.#lists[state]!.length
  }

  /** To the head of the list of that state. */
  move(key: number, state: number): void {
    const former = this.#states[key]!
    if (former !== ABSENT) this.#lists[former]!.remove(key)
    if (state !== ABSENT) this.#lists[state]!.addFirst(key)
    this.#states[key] = state
  }
}
