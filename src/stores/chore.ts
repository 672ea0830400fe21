/**
 * Work in the background that comes round again, never two rounds at once. Its rests are spread, so
 * that the processes of a service do not come by as one, and keep no process alive.
 */
export class Chore {
  readonly #work: () => Promise<number>
  #isOn = false
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()

  /** `work` resolves to how long it rests then, in milliseconds, and never rejects. */
  constructor(work: () => Promise<number>) {
    this.#work = work
  }

  /** The first round begins after a rest. */
  begin(restMs: number): void {
    this.#isOn = true
    this.#rest(restMs)
  }

  /** Resolves when the round under way has ended. Never rejects. */
  async end(): Promise<void> {
    this.#isOn = false
    clearTimeout(this.#timer)
    await this.#round
  }

  #rest(restMs: number): void {
    if (!this.#isOn) return
    const spreadMs = restMs * (0.75 + Math.random() / 4)
    this.#timer = setTimeout(() => {
      this.#round = this.#run()
    }, spreadMs).unref()
  }

  async #run(): Promise<void> {
    this.#rest(await this.#work())
  }
}
