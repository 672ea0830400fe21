/** Messages of a process that somebody waits for, each with a bound. */

interface Awaited<M> {
  readonly isIt: (message: M) => boolean
  readonly resolve: (message: M) => void
  readonly reject: (error: Error) => void
}

export class AwaitedMessages<M> {
  readonly #limitMs: number
  readonly #awaited = new Set<Awaited<M>>()

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** The first one heard from now on that is it. `what` names it in the error. */
  next(what: string, isIt: (message: M) => boolean): Promise<M> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(timer)
        this.#awaited.delete(awaited)
        then()
      }
      const awaited: Awaited<M> = {
        isIt,
        resolve: (message) => settle(() => resolve(message)),
        reject: (error) => settle(() => reject(error)),
      }
      const tooLate = () => awaited.reject(new Error(`'${what}' took over ${this.#limitMs} ms`))
      const timer = setTimeout(tooLate, this.#limitMs)
      this.#awaited.add(awaited)
    })
  }

  heard(message: M): void {
    for (const each of this.#awaited) if (each.isIt(message)) each.resolve(message)
  }

  /** Nothing more will be heard. */
  fail(why: string): void {
    for (const each of this.#awaited) each.reject(new Error(`a process failed: ${why}`))
  }
}
