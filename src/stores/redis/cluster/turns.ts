/**
 * The beat by which nodes are found silent: five turns in a deadline for reads, taken while a call
 * waits and no longer, so that an idle process is left alone.
 */
const DEADLINE_MS = 100
const TURNS = 5
/** Shorter than it takes to give up on a node. */
const PATIENT_TURNS = 3

export class Turns {
  readonly #turn: () => boolean
  #turnMs = DEADLINE_MS / TURNS
  #timer: NodeJS.Timeout | undefined

  /** `turn`: returns whether any call waits. */
  constructor(turn: () => boolean) {
    this.#turn = turn
  }

  /** Called before the first turn. */
  setDeadline(readDeadlineMs = DEADLINE_MS): void {
    this.#turnMs = readDeadlineMs / TURNS
  }

  /** For how long a call may be redirected and still be in time. */
  get patienceMs(): number {
    return this.#turnMs * PATIENT_TURNS
  }

  /** A call waits. */
  take(): void {
    this.#timer ??= setInterval(() => {
      if (!this.#turn()) this.end()
    }, this.#turnMs).unref()
  }

  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
