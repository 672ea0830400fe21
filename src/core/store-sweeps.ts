/**
 * Gives back the room that cleared entries take in the store. They are out of date since the log
 * has the record, so nobody waits for it; what was written after the record stays.
 *
 * One sweep at a time, each prefix at most once more while it is swept: bounded by the namespaces.
 * A sweep ends at the first page that fails, and five seconds after the cache began to close; what
 * it has left goes by its ttl.
 */
import type { Clock, Codecs, Expiry } from './contracts.js'
import type { GuardedStore } from './guarded-store.js'

const CLOSE_LIMIT_MS = 5_000

export interface StoreSweepsOptions {
  readonly store: GuardedStore
  readonly codecs: Codecs
  readonly clock: Clock
}

export class StoreSweeps {
  readonly #options: StoreSweepsOptions
  /** Prefixes, each with the number of the record that cleared it. */
  readonly #due = new Map<string, number>()
  #working: Promise<void> | undefined
  #untilMs = Number.POSITIVE_INFINITY

  constructor(options: StoreSweepsOptions) {
    this.#options = options
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

  /** As `idle`, and there is a limit from now on. */
  end(): Promise<void> {
    this.#untilMs = this.#options.clock.monotonicMs() + CLOSE_LIMIT_MS
    return this.idle()
  }

  async #work(): Promise<void> {
    const { clock, codecs, store } = this.#options
    const isOver = () => clock.monotonicMs() >= this.#untilMs
    for (const [prefix, seq] of this.#due) {
      this.#due.delete(prefix)
      // What failed is an event of the store; what is left is out of date all the same.
      await deleteUnder(store, prefix, codecs.bornBefore(seq), isOver).catch(() => {})
    }
    this.#working = undefined
  }
}

/** Page by page: all keys with the prefix, or those that `only` tells. Rejects if a page fails. */
export async function deleteUnder(
  store: GuardedStore,
  prefix: string,
  only?: Expiry,
  isOver = () => false,
): Promise<void> {
  for await (const names of store.scan(prefix)) {
    if (isOver()) return
    if (names.length > 0) await store.deleteMany(names, 0, only)
  }
}
