/**
 * Keeps an eye on a connection that only listens: one that went silent hears nothing of it. It is
 * asked at every second beat, and dropped where it has not answered for long.
 */
import type { LinkTo } from './kept-link.js'

const SILENT_MS = 1_500
const ASK_EVERY = 2

export class Pulse<C> {
  readonly #link: LinkTo<C>
  readonly #ping: (connection: C) => Promise<void>
  #beats = 0
  #askedAtMs: number | undefined

  constructor(link: LinkTo<C>, ping: (connection: C) => Promise<void>) {
    this.#link = link
    this.#ping = ping
  }

  /** The connection is another. */
  reset(): void {
    this.#askedAtMs = undefined
  }

  beat(): void {
    const { connection } = this.#link
    if (++this.#beats % ASK_EVERY !== 0 || connection === undefined) return
    if (this.#askedAtMs !== undefined) {
      if (performance.now() - this.#askedAtMs < SILENT_MS) return
      this.#askedAtMs = undefined
      this.#link.reconnect()
      return
    }
    this.#askedAtMs = performance.now()
    const answered = () => {
      this.#askedAtMs = undefined
    }
    this.#ping(connection).then(answered, answered)
  }
}
