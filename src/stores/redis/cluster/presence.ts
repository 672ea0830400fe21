/**
 * Whether a cluster as a whole is up, as the cache is told: while one master at least can be used.
 * First told when each node that is expected can be, or has failed to, and after a second anyway.
 */
import type { StoreListener } from '../../../core/contracts.js'

const START_LIMIT_MS = 1_000

/** What counts of a node. */
export interface Expected {
  readonly isUsable: boolean
  readonly hasFailed: boolean
}

export class Presence {
  readonly #listener: StoreListener
  readonly #openedAtMs = performance.now()
  #isUp: boolean | undefined

  constructor(listener: StoreListener) {
    this.#listener = listener
  }

  /** `nodes`: the masters, or those that are to tell who they are. */
  check(nodes: readonly Expected[], cause: unknown): void {
    const isUp = nodes.some(({ isUsable }) => isUsable)
    if (this.#isUp === isUp || (this.#isUp === undefined && !this.#isClear(nodes))) return
    this.#isUp = isUp
    if (isUp) this.#listener.onUp()
    else this.#listener.onDown(cause)
  }

  /** What was heard before says nothing of now: another node may have the log. */
  tellAgain(): void {
    if (this.#isUp === true) this.#listener.onUp()
  }

  #isClear(nodes: readonly Expected[]): boolean {
    if (performance.now() - this.#openedAtMs > START_LIMIT_MS) return true
    return nodes.every(({ isUsable, hasFailed }) => isUsable || hasFailed)
  }
}
