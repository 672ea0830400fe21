/**
 * What is done to a running Postgres, by the pids of its own processes: it is stopped, continued,
 * killed and started again on the same port. Its backends are children of it, in sessions of their
 * own, so a signal to it alone does not reach them.
 */
import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export class PostgresControl {
  #child: ChildProcess
  readonly #start: () => Promise<ChildProcess>
  readonly #data: string

  /** `start`: again, on the data that is in the directory then. */
  constructor(child: ChildProcess, start: () => Promise<ChildProcess>, data: string) {
    this.#child = child
    this.#start = start
    this.#data = data
  }

  freeze(): void {
    this.#signal('SIGSTOP')
  }

  thaw(): void {
    this.#signal('SIGCONT')
  }

  /** As a power cut does it, but for the disk. */
  async kill(): Promise<void> {
    const pids = this.#pids()
    this.#signal('SIGKILL')
    await this.#exited()
    for (const pid of pids) await gone(pid)
  }

  /** Connections are closed, and all that was written is kept. */
  async shutDown(): Promise<void> {
    this.#child.kill('SIGINT')
    await this.#exited()
  }

  async restart(): Promise<void> {
    await this.kill()
    this.#child = await this.#start()
  }

  /** Copies the data as it is, for `setBack`; the server is down meanwhile. */
  async save(): Promise<void> {
    await this.shutDown()
    await copy(this.#data, this.#saved)
    this.#child = await this.#start()
  }

  /** Starts with what was saved, as from a copy of the disk. The server must be down. */
  async setBack(): Promise<void> {
    await copy(this.#saved, this.#data)
    this.#child = await this.#start()
  }

  get #saved(): string {
    return `${this.#data}-saved`
  }

  #pids(): number[] {
    const { pid } = this.#child
    return pid === undefined ? [] : [pid, ...childrenOf(pid)]
  }

  #signal(signal: NodeJS.Signals): void {
    for (const pid of this.#pids()) {
      try {
        process.kill(pid, signal)
      } catch {
        // It has ended by itself.
      }
    }
  }

  async #exited(): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) await once(this.#child, 'exit')
  }
}

/** In the place of what is there; whoever owned the files, owns the copies. */
async function copy(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await run('cp', ['-a', from, to])
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
}

/** The fourth field of its status, behind a name that may hold anything; 0 once it has ended. */
function parentOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

/** Ended, or at least nothing but a record of it. */
async function gone(pid: number): Promise<void> {
  for (let i = 0; i < 500; i++) {
    try {
      const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
      if (status.slice(status.lastIndexOf(')') + 2).startsWith('Z')) return
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`process ${pid} does not end`)
}
