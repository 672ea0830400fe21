/**
 * Look-ups of single keys, those of a tick in one call. Bounded by who waits for them: each is a
 * part of a load.
 */
import type { Clock } from '../../core/contracts.js'

interface LookUp<A> {
  readonly key: string
  readonly resolve: (answer: A) => void
  readonly reject: (error: unknown) => void
}

const MAX_KEYS = 500

export class TickLookups<A> {
  readonly #clock: Clock
  readonly #ask: (keys: readonly string[]) => Promise<readonly A[]>
  #gathered: LookUp<A>[] = []

  /** `ask` answers in the order of its keys. */
  constructor(clock: Clock, ask: (keys: readonly string[]) => Promise<readonly A[]>) {
    this.#clock = clock
    this.#ask = ask
  }

  find(key: string): Promise<A> {
    return new Promise((resolve, reject) => {
      if (this.#gathered.length === 0) this.#clock.defer(() => this.#send())
      this.#gathered.push({ key, resolve, reject })
    })
  }

  #send(): void {
    const all = this.#gathered
    this.#gathered = []
    for (let from = 0; from < all.length; from += MAX_KEYS) {
      const some = all.slice(from, from + MAX_KEYS)
      this.#ask(some.map(({ key }) => key)).then(
        (answers) => {
          for (const [at, { resolve }] of some.entries()) resolve(answers[at]!)
        },
        (error: unknown) => {
          for (const { reject } of some) reject(error)
        },
      )
    }
  }
}
