/**
 * The parent's side of a process: starts it, tells it what to do and waits for it with a bound,
 * hears what it tells until it is gone, and stops and kills it by its own pid.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { endWithUs } from '../../support/end-with-us.js'
import { AwaitedMessages } from '../awaited-messages.js'
import type { FromMember, MemberSetting, RoundSetting, ToMember } from './messages.js'

const ANSWER_LIMIT_MS = 40_000

export class MemberProcess {
  /** Resolves when it has begun. */
  readonly ready: Promise<unknown>
  /** Told all that it tells. */
  onTold: (message: FromMember) => void = () => {}
  readonly #child: ChildProcess
  readonly #gone: Promise<void>
  readonly #awaited = new AwaitedMessages<FromMember>(ANSWER_LIMIT_MS)

  /** `file`: what runs in it. */
  constructor(file: string, setting: MemberSetting) {
    this.#child = fork(file, [JSON.stringify(setting)], {
      // Not those of the compiler that runs us.
      execArgv: [],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    endWithUs(this.#child)
    this.#read()
    // Unlike `exit`: when all that it wrote was read.
    this.#gone = new Promise((resolve) => this.#child.once('close', () => resolve()))
    void this.#gone.then(() => this.#awaited.fail('it has ended'))
    this.#child.once('error', (error) => this.#awaited.fail(String(error)))
    this.ready = this.#hears('ready')
    // Whoever awaits it hears of a failure; nobody may.
    this.ready.catch(() => {})
  }

  begin(setting: RoundSetting): void {
    this.#send({ op: 'round', setting })
  }

  async rest(): Promise<void> {
    await this.#ask('rest', 'rested')
  }

  async drain(): Promise<boolean> {
    const answer = await this.#ask('drain', 'drained')
    return answer.kind === 'drained' && answer.isEmpty
  }

  async read(): Promise<readonly (string | null)[]> {
    const answer = await this.#ask('read', 'read')
    return answer.kind === 'read' ? answer.values : []
  }

  /** Nothing of it runs, its connections stay open. */
  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  continue(): void {
    this.#child.kill('SIGCONT')
  }

  /** Resolves when it is gone, and all that it told was heard. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#gone
  }

  #ask(op: 'rest' | 'drain' | 'read', kind: FromMember['kind']): Promise<FromMember> {
    const answer = this.#hears(kind)
    this.#send({ op })
    return answer
  }

  #send(message: ToMember): void {
    this.#child.send(message, () => {})
  }

  #read(): void {
    let text = ''
    this.#child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n')
      // A line that was not ended was not told.
      text = lines.pop()!
      for (const line of lines) this.#hear(JSON.parse(line) as FromMember)
    })
  }

  #hear(message: FromMember): void {
    this.onTold(message)
    if (message.kind === 'failed') this.#awaited.fail(message.error)
    this.#awaited.heard(message)
  }

  #hears(kind: FromMember['kind']): Promise<FromMember> {
    return this.#awaited.next(kind, (message) => message.kind === kind)
  }
}
