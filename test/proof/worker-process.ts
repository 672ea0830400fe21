/**
 * The parent's side of a worker: starts the process, stops and continues it, asks with a bound,
 * ends it by its own pid and starts another in its place.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endWithUs } from '../support/end-with-us.js'
import type { Evidence, FromWorker, ToWorker, WorkerSetting } from './messages.js'

const ANSWER_LIMIT_MS = 20_000
/** More than there are processes. */
const SEEDS_BETWEEN_LIVES = 1_000
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FILE = fileURLToPath(new URL('./worker.ts', import.meta.url))

interface Awaited {
  readonly isIt: (message: FromWorker) => boolean
  readonly resolve: (message: FromWorker) => void
  readonly reject: (error: Error) => void
}

export class WorkerProcess {
  /** Of all its lives. */
  readonly evidence: Evidence[] = []
  readonly #setting: WorkerSetting
  readonly #awaited = new Set<Awaited>()
  #child: ChildProcess
  #ready: Promise<unknown>
  #lives = 0

  constructor(setting: WorkerSetting) {
    this.#setting = setting
    this.#child = this.#fork()
    this.#ready = this.#isReady()
  }

  get ready(): Promise<unknown> {
    return this.#ready
  }

  /** In the place of one that was killed; resolves when it is at work. */
  async restart(): Promise<void> {
    this.#child = this.#fork()
    this.#ready = this.#isReady()
    await this.#ready
  }

  /** As a debugger or a busy hypervisor does it: nothing of it runs, its sockets stay open. */
  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  continue(): void {
    this.#child.kill('SIGCONT')
  }

  /** Resolves to when this process had read the marks of all. */
  async meet(number: number): Promise<number> {
    const isIt = (message: FromWorker) => message.kind === 'met' && message.number === number
    const answer = this.#hears('meet', isIt)
    this.#send({ op: 'meet', number })
    const met = await answer
    return met.kind === 'met' ? met.atMs : Number.NaN
  }

  /** Lets the callers finish; resolves when all of the evidence is here. */
  async finish(): Promise<void> {
    const answer = this.#hears('end', ({ kind }) => kind === 'ended')
    this.#send({ op: 'end' })
    await answer
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    // SIGKILL also ends what is stopped.
    child.kill('SIGKILL')
    await gone
  }

  #fork(): ChildProcess {
    const { seed } = this.#setting
    const setting = { ...this.#setting, seed: seed + SEEDS_BETWEEN_LIVES * this.#lives++ }
    const child = fork(FILE, [JSON.stringify(setting)], {
      cwd: ROOT,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    endWithUs(child)
    child.on('message', (message: FromWorker) => this.#hear(message))
    child.once('exit', (code, signal) => this.#fail(`ended with ${signal ?? code}`))
    child.once('error', (error) => this.#fail(String(error)))
    return child
  }

  #isReady(): Promise<unknown> {
    const ready = this.#hears('ready', ({ kind }) => kind === 'ready')
    // Whoever awaits it hears of a failure; nobody may.
    ready.catch(() => {})
    return ready
  }

  #send(message: ToWorker): void {
    this.#child.send(message, () => {})
  }

  #hears(what: string, isIt: (message: FromWorker) => boolean): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(timer)
        this.#awaited.delete(awaited)
        then()
      }
      const awaited: Awaited = {
        isIt,
        resolve: (message) => settle(() => resolve(message)),
        reject: (error) => settle(() => reject(error)),
      }
      const tooLate = () => awaited.reject(new Error(`'${what}' took over ${ANSWER_LIMIT_MS} ms`))
      const timer = setTimeout(tooLate, ANSWER_LIMIT_MS)
      this.#awaited.add(awaited)
    })
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'evidence') this.evidence.push(message.evidence)
    for (const each of this.#awaited) if (each.isIt(message)) each.resolve(message)
  }

  #fail(why: string): void {
    for (const each of this.#awaited) each.reject(new Error(`the worker ${why}`))
  }
}
