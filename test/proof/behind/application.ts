/**
 * An application of a round: callers that set, delete and read keys, one call after another or
 * several at once. It tells each call before it makes it, and its answer when it has it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { WriteBehind } from '../../../src/patterns/index.js'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { monotonicMs } from '../monotonic-ms.js'
import type { FromMember, RoundSetting } from './messages.js'

const CALLERS = 3
const MOST_PAUSE_MS = 12
const AFTER_FAILURE_MS = 30
const MOST_AT_ONCE = 6
const READ_RATIO = 0.25
const BURST_RATIO = 0.2
const DELETE_RATIO = 0.2
/** More than there are processes in a round. */
const SEEDS_BETWEEN_ROUNDS = 100

export class Application {
  readonly #behind: WriteBehind<string, string>
  readonly #setting: RoundSetting
  readonly #tell: (message: FromMember) => void
  readonly #random: () => number
  #calls = 0
  #isResting = false
  #running: Promise<unknown>

  constructor(
    behind: WriteBehind<string, string>,
    setting: RoundSetting,
    tell: (message: FromMember) => void,
  ) {
    this.#behind = behind
    this.#setting = setting
    this.#tell = tell
    this.#random = seededRandom(setting.plan.seed * SEEDS_BETWEEN_ROUNDS + setting.by)
    this.#running = Promise.all(Array.from({ length: CALLERS }, () => this.#run()))
  }

  /** Resolves when all of its calls were answered. */
  async rest(): Promise<void> {
    this.#isResting = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isResting) {
      await this.#turn()
      await pause(this.#below(MOST_PAUSE_MS))
    }
  }

  async #turn(): Promise<void> {
    const kind = this.#random()
    if (kind < READ_RATIO) {
      // It fills the cache; what it answers meanwhile is another proof.
      await this.#behind.get(this.#key()).catch(() => {})
    } else if (kind < READ_RATIO + BURST_RATIO) {
      const calls = Array.from({ length: 2 + this.#below(MOST_AT_ONCE - 1) }, () => this.#write())
      await Promise.all(calls)
    } else await this.#write()
  }

  async #write(): Promise<void> {
    const key = this.#key()
    const isDelete = this.#random() < DELETE_RATIO
    const call = this.#calls++
    const value = isDelete ? null : this.#value(call)
    this.#tell({ kind: 'asked', call, key, value, atMs: monotonicMs() })
    const version = await this.#send(key, value).catch(() => undefined)
    this.#tell({ kind: 'told', call, version, atMs: monotonicMs() })
    // While the store is away calls fail at once.
    if (version === undefined) await pause(AFTER_FAILURE_MS)
  }

  #send(key: string, value: string | null): Promise<number> {
    const send = () => (value === null ? this.#behind.delete(key) : this.#behind.set(key, value))
    if (this.#setting.plant !== 'answered before it is queued') return send()
    send().catch(() => {})
    return Promise.resolve(Date.now() * 1_000)
  }

  #value(call: number): string {
    const { by, plan } = this.#setting
    return `${by}-${call}-${'x'.repeat(plan.padChars)}`
  }

  #key(): string {
    const { keys } = this.#setting.plan
    return keys[this.#below(keys.length)]!
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}
