/**
 * What the demo has opened, and that all of it goes away: at the end, on Ctrl-C, on a failure.
 *
 * Acquiring and registering are one synchronous step, and are refused once the end has begun; so a
 * signal between two awaits can lose nothing. Released in reverse order, each within a deadline.
 */
const RELEASE_DEADLINE_MS = 8_000
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

type StopSignal = keyof typeof EXIT_CODES

interface Owned {
  readonly name: string
  readonly release: () => unknown
}

class Stopped extends Error {
  constructor(readonly exitCode: number) {
    super('the demo has been stopped')
  }
}

export class Teardown {
  readonly #owned: Owned[] = []
  #over = false
  #stopExpected = false
  #stop!: (reason: unknown) => void
  readonly #stopped = new Promise<never>((_, reject) => {
    this.#stop = reject
  })

  /** Acquires now, releases at the end. Throws, without acquiring, once the end has begun. */
  own<T>(name: string, acquire: () => T, release: (resource: T) => unknown): T {
    if (this.#over) throw new Stopped(1)
    const resource = acquire()
    this.#owned.push({ name, release: () => release(resource) })
    return resource
  }

  /** From here on a signal is the wished-for end: exit code 0. Never resolves. */
  untilStopped(): Promise<never> {
    this.#stopExpected = true
    return this.#stopped
  }

  /** Runs `story`, releases everything, resolves to the exit code. Called once. */
  async guard(story: () => Promise<void>): Promise<number> {
    // kept until the end of the process: npm, the terminal and tsx each pass the same Ctrl-C on
    for (const name of Object.keys(EXIT_CODES) as StopSignal[]) {
      process.on(name, () => this.#stop(new Stopped(this.#stopExpected ? 0 : EXIT_CODES[name])))
    }
    process.on('uncaughtException', (error) => this.#stop(error))
    try {
      await Promise.race([story(), this.#stopped])
      return 0
    } catch (error) {
      if (error instanceof Stopped) return error.exitCode
      process.stderr.write(`\n${error instanceof Error ? error.stack : String(error)}\n`)
      return 1
    } finally {
      await this.#release()
    }
  }

  async #release(): Promise<void> {
    this.#over = true
    for (let owned = this.#owned.pop(); owned !== undefined; owned = this.#owned.pop()) {
      try {
        await withinDeadline(owned)
      } catch (error) {
        process.stderr.write(`\ncould not release ${owned.name}: ${String(error)}\n`)
      }
    }
  }
}

async function withinDeadline(owned: Owned): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`not done after ${RELEASE_DEADLINE_MS} ms`))
    timer = setTimeout(fail, RELEASE_DEADLINE_MS)
  })
  try {
    await Promise.race([owned.release(), late])
  } finally {
    clearTimeout(timer)
  }
}
