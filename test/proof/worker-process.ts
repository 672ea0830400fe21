/**
 * The parent's side of a worker: starts the process, stops and continues it, asks with a bound,
 * ends it by its own pid and starts another in its place.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compiled } from '../support/compiled.js'
import { endWithUs } from '../support/end-with-us.js'
import { AwaitedMessages } from './awaited-messages.js'
import type { Evidence, FromWorker, ToWorker, WorkerSetting } from './messages.js'

const ANSWER_LIMIT_MS = 20_000
/** More than there are processes. */
const SEEDS_BETWEEN_LIVES = 1_000
const FILE = fileURLToPath(new URL('./worker.ts', import.meta.url))

export class WorkerProcess {
  /** Of all its lives. */
  readonly evidence: Evidence[] = []
  readonly #setting: WorkerSetting
  readonly #awaited = new AwaitedMessages<FromWorker>(ANSWER_LIMIT_MS)
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
    const answer = this.#awaited.next('meet', isIt)
    this.#send({ op: 'meet', number })
    const met = await answer
    return met.kind === 'met' ? met.atMs : Number.NaN
  }

  /** Lets the callers finish; resolves when all of the evidence is here. */
  async finish(): Promise<void> {
    const answer = this.#awaited.next('end', ({ kind }) => kind === 'ended')
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
    const child = fork(compiled(FILE), [JSON.stringify(setting)], {
      // Not those of the compiler that runs us.
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    endWithUs(child)
    child.on('message', (message: FromWorker) => this.#hear(message))
    child.once('exit', (code, signal) => this.#awaited.fail(`it ended with ${signal ?? code}`))
    child.once('error', (error) => this.#awaited.fail(String(error)))
    return child
  }

  #isReady(): Promise<unknown> {
    const ready = this.#awaited.next('ready', ({ kind }) => kind === 'ready')
    // Whoever awaits it hears of a failure; nobody may.
    ready.catch(() => {})
    return ready
  }

  #send(message: ToWorker): void {
    this.#child.send(message, () => {})
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'evidence') this.evidence.push(message.evidence)
    this.#awaited.heard(message)
  }
}
