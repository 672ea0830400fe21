/**
 * Runs one at a time; at most one more waits. Whoever asks while one is under way needs one that
 * begins after it asked, and shares it with all who ask meanwhile.
 */
export class OneAtATime<T> {
  readonly #run: () => Promise<T>
  #underWay: Promise<T> | undefined
  #waiting: Promise<T> | undefined

  /** `run` never rejects. */
  constructor(run: () => Promise<T>) {
    this.#run = run
  }

  ask(): Promise<T> {
    if (this.#underWay === undefined) return this.#begin()
    this.#waiting ??= this.#underWay.then(() => {
      this.#waiting = undefined
      return this.#begin()
    })
    return this.#waiting
  }

  #begin(): Promise<T> {
    const underWay = this.#run()
    this.#underWay = underWay
    void underWay.then(() => {
      if (this.#underWay === underWay) this.#underWay = undefined
    })
    return underWay
  }
}
