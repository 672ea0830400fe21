/**
 * How many refreshes run in the background at once. One more is not begun: its caller has a value,
 * and the next caller tries again. Those that wait for a load are never held up by it.
 */
export class Bulkhead {
  readonly #max: number
  #count = 0

  constructor(max: number) {
    this.#max = max
  }

  get isFull(): boolean {
    return this.#count >= this.#max
  }

  enter(): void {
    this.#count++
  }

  leave(): void {
    this.#count--
  }
}
