/** Calls that have begun and are not settled. Bounded by what the store takes. */
export class UnderWay {
  readonly #calls = new Set<Promise<unknown>>()

  add<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call)
    const end = () => this.#calls.delete(call)
    call.then(end, end)
    return call
  }

  /** Resolves once all that had begun before are settled. Never rejects. */
  async settled(): Promise<void> {
    if (this.#calls.size > 0) await Promise.allSettled([...this.#calls])
  }
}
