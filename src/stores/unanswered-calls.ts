/** Counts the calls that a server owes an answer. */

/** As many as a silent server may pile up before further ones are refused. */
const MAX_UNANSWERED = 10_000

export class UnansweredCalls {
  #count = 0

  /** Takes a place until `end`; where there is none, hands out the reason. */
  begin(): Error | undefined {
    if (this.#count >= MAX_UNANSWERED) {
      return new Error(`${MAX_UNANSWERED} calls wait for an answer already`)
    }
    this.#count += 1
    return undefined
  }

  end(): void {
    this.#count -= 1
  }
}
