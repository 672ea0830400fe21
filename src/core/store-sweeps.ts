/**
 * Gives back the room that cleared entries take in the store. They are out of date since the log
 * has the record, so nobody waits for it; what was written after the record stays.
 *
 * One sweep at a time, each prefix at most once more while it is swept: bounded by the namespaces.
 * A sweep ends at the first page that fails; what it has left goes by its ttl.
 */
import type { Codec } from './contracts.js'
import type { GuardedStore } from './guarded-store.js'

export class StoreSweeps {
  readonly #store: GuardedStore
  readonly #codec: Codec
  /** Prefixes, each with the number of the record that cleared it. */
  readonly #due = new Map<string, number>()
  #working: Promise<void> | undefined

  constructor(store: GuardedStore, codec: Codec) {
    this.#store = store
    this.#codec = codec
  }

  /** Entries under the prefix that were born before that record. */
  begin(prefix: string, seq: number): void {
    this.#due.set(prefix, seq)
    this.#working ??= this.#work()
  }

  /** Resolves when all that is due was swept, or could not be. Never rejects. */
  async idle(): Promise<void> {
    await this.#working
  }

  async #work(): Promise<void> {
    for (const [prefix, seq] of this.#due) {
      this.#due.delete(prefix)
      // What failed is an event of the store; what is left is out of date all the same.
      await this.#sweep(prefix, seq).catch(() => {})
    }
    this.#working = undefined
  }

  async #sweep(prefix: string, seq: number): Promise<void> {
    const older = this.#codec.bornBefore(seq)
    for await (const names of this.#store.scan(prefix)) {
      if (names.length > 0) await this.#store.deleteMany(names, 0, older)
    }
  }
}
