import type { CliIo } from './cli-io.js'

/** The first two signals since `listen`; before, they end the process as they always do. */
export class Signals {
  /** Resolves with its name. */
  readonly first: Promise<string>
  readonly second: Promise<string>
  readonly #io: CliIo
  readonly #heard: ((signal: string) => void)[] = []
  #unlisten: (() => void) | undefined

  constructor(io: CliIo) {
    this.#io = io
    const heard = () => new Promise<string>((resolve) => this.#heard.push(resolve))
    this.first = heard()
    this.second = heard()
  }

  listen(): void {
    this.#unlisten = this.#io.onSignal((signal) => this.#heard.shift()?.(signal))
  }

  end(): void {
    this.#unlisten?.()
  }
}
