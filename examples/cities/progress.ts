/**
 * What the demo is doing right now: one line that rewrites itself on a terminal, a line every few
 * seconds elsewhere. Writes nothing but text that the demo made itself.
 */
const QUIET_INTERVAL_MS = 3_000

export class Progress {
  readonly #out: NodeJS.WriteStream
  #lastMs = 0
  #open = false

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  /** A passing state; may be dropped. */
  update(text: string): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[2K  ${text}`.slice(0, (this.#out.columns || 80) + 5))
      this.#open = true
      return
    }
    const nowMs = performance.now()
    if (nowMs - this.#lastMs < QUIET_INTERVAL_MS) return
    this.#lastMs = nowMs
    this.#out.write(`  ${text}\n`)
  }

  /** A line that stays. */
  say(text = ''): void {
    this.#out.write(`${this.#open ? '\r\x1b[2K' : ''}${text}\n`)
    this.#open = false
    this.#lastMs = performance.now()
  }
}
