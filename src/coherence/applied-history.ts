/**
 * How far the log had been applied a while ago, for hold-off. Samples are a twentieth of a second
 * apart and two minutes old at most; in between, the older one counts.
 */
interface Sample {
  readonly seq: number
  readonly atMs: number
}

const EVERY_MS = 50
const KEPT_MS = 120_000

export class AppliedHistory {
  #samples: Sample[] = []
  /** Too near to the last one to be kept, unless it stays the last. */
  #pending: Sample | undefined

  /** Begins anew: what was applied earlier is not known. */
  begin(seq: number, atMs: number): void {
    this.#samples = [{ seq, atMs }]
    this.#pending = undefined
  }

  /** Everything up to `seq` is applied now. */
  note(seq: number, atMs: number): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && atMs - last.atMs < EVERY_MS) {
      this.#pending = { seq, atMs }
      return
    }
    if (this.#pending !== undefined) this.#samples.push(this.#pending)
    this.#pending = undefined
    this.#samples.push({ seq, atMs })
    // The newest of those that are too old still says what was applied when the others began.
    while (this.#samples.length > 1 && this.#samples[1]!.atMs < atMs - KEPT_MS) {
      this.#samples.shift()
    }
  }

  /** `undefined` where it is not known. */
  asOf(atMs: number): number | undefined {
    const pending = this.#pending
    if (pending !== undefined && pending.atMs <= atMs) return pending.seq
    return this.#samples.findLast((sample) => sample.atMs <= atMs)?.seq
  }
}
