/**
 * The parent's side of a host: starts the process, asks, waits with a bound, stops and continues it
 * as a whole, ends it by its own pid.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { endWithUs } from '../../test/support/end-with-us.js'
import type { Round, Setting } from './bench.js'
import type { HostReply, HostRequest } from './host.js'

/** Some rounds last for minutes: an overload has to come to its plateau. */
const ANSWER_LIMIT_MS = 600_000

interface Waiting {
  readonly resolve: (round: Round | undefined) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** A subject somewhere in a process. */
export interface Hosted {
  run(round: number, step?: string): Promise<Round>
  /** Nothing of its process runs from now on, its sockets stay open. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

type Request = HostRequest extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never

export class HostProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #nextHandle = 1

  /** `file`: the compiled host.ts; `flags`: for node itself. */
  constructor(file: string, flags: readonly string[]) {
    this.#child = fork(file, [], { execArgv: [...flags] })
    // One that is frozen would not notice that its channel has closed.
    endWithUs(this.#child)
    this.#child.on('message', (reply: HostReply) => this.#settle(reply))
    this.#child.once('exit', (code, signal) => this.#failAll(`ended with ${signal ?? code}`))
    this.#child.once('error', (error) => this.#failAll(String(error)))
  }

  async start(module: string, subject: string, setting: Setting): Promise<Hosted> {
    const handle = this.#nextHandle++
    await this.#ask({ op: 'start', handle, module, subject, setting })
    return {
      run: async (round, step = '') => (await this.#ask({ op: 'run', handle, round, step }))!,
      freeze: () => void this.#child.kill('SIGSTOP'),
      thaw: () => void this.#child.kill('SIGCONT'),
      stop: async () => {
        await this.#ask({ op: 'stop', handle })
      },
    }
  }

  /** Ends the process. Resolves when it is gone. */
  async end(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await gone
    clearTimeout(timer)
  }

  #ask(request: Request): Promise<Round | undefined> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle({ id, error: `no answer to '${request.op}' in ${ANSWER_LIMIT_MS} ms` })
      }, ANSWER_LIMIT_MS)
      this.#waiting.set(id, { resolve, reject, timer })
      this.#child.send({ ...request, id }, (error) => {
        if (error !== null) this.#settle({ id, error: error.message })
      })
    })
  }

  #settle({ id, round, error }: HostReply): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    if (error === undefined) waiting.resolve(round)
    else waiting.reject(new Error(error))
  }

  #failAll(why: string): void {
    for (const id of [...this.#waiting.keys()]) this.#settle({ id, error: `the host ${why}` })
  }
}
