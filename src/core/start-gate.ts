/**
 * A gate that is shut until it is opened once, and then lets through in the order of arrival.
 *
 * After it was opened, calls keep going through the promise until none is held any more: one that
 * was let through at once would overtake those whose turn has only just come.
 */
export class StartGate {
  #opened!: () => void
  #isOpen = false
  #held = 0
  readonly #opening = new Promise<void>((resolve) => {
    this.#opened = resolve
  })

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(): void {
    this.#isOpen = true
    this.#opened()
  }

  pass<T>(send: () => Promise<T>): Promise<T> {
    if (this.#isOpen && this.#held === 0) return send()
    this.#held++
    return this.#opening.then(() => {
      this.#held--
      return send()
    })
  }
}
