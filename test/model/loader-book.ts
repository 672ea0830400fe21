/**
 * The loaders of a run: each behaves as its plan says and enters what it brings with the judge.
 */

import type { LoaderContext } from '../../src/index.js'
import type { FakeClock } from '../../src/testing/index.js'
import type { Judge } from './judge.js'
import { HARD_TIMEOUT_MS, type Plan, type Setup } from './steps.js'
import { makeValue, spoil } from './values.js'
import { type Call, inMs } from './world.js'

export interface LoadAnswer {
  readonly value: unknown
  readonly kept: boolean
  readonly atMs: number
  readonly ttlMs: number
}

type Told = (key: string, answer: LoadAnswer) => void

export class LoaderBook {
  readonly #setup: Setup
  readonly #clock: FakeClock
  readonly #judge: Judge
  readonly #waiting: (() => void)[] = []
  readonly #errors = new WeakSet<object>()
  #nextId = 1

  constructor(setup: Setup, clock: FakeClock, judge: Judge) {
    this.#setup = setup
    this.#clock = clock
    this.#judge = judge
  }

  /** Lets one of the loaders that wait for it answer. `false` if there is none. */
  answer(which: number): boolean {
    if (this.#waiting.length === 0) return false
    const [answer] = this.#waiting.splice(which % this.#waiting.length, 1)
    answer!()
    return true
  }

  threw(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#errors.has(error)
  }

  nextId(): number {
    return this.#nextId++
  }

  /** The loader of one call; `told` hears what it brought. */
  single(call: Call, key: string, plan: Plan, fresh: boolean, told: Told) {
    return async (context: LoaderContext): Promise<unknown> => {
      const { stale } = context
      // Told as it was when the call began: a loader may compare with what has died since.
      this.#judge.read({ key, value: stale, at: call.at, ms: call.startMs, mode: 'loading' })
      if (plan.ttlMs !== undefined) context.ttl(inMs(plan.ttlMs))
      if (plan.skip) context.skip()
      const [value] = await this.#load(call, [key], plan, fresh, stale, told)
      return value
    }
  }

  /** The bulk loader of one call. */
  bulk(call: Call, keyOf: (key: string) => string, plan: Plan, told: Told) {
    const bare: Plan = { ...plan, skip: false, ttlMs: undefined }
    return (keys: string[]): Promise<unknown[]> =>
      this.#load(call, keys.map(keyOf), bare, false, undefined, told)
  }

  async #load(
    call: Call,
    keys: readonly string[],
    plan: Plan,
    fresh: boolean,
    stale: unknown,
    told: Told,
  ): Promise<unknown[]> {
    const judge = this.#judge
    const at = judge.tick()
    const nowMs = this.#clock.monotonicMs()
    const freeFromMs = call.startMs + HARD_TIMEOUT_MS
    const loads = keys.map((key) => judge.loads(key, call.at, fresh, nowMs, freeFromMs))
    await this.#wait(plan.when)
    for (const load of loads) load.ended = true
    if (plan.answer === 'throw') {
      const error = new Error(`loader of call ${call.at}`)
      this.#errors.add(error)
      throw error
    }
    return keys.map((key) => {
      const value = this.#make(plan.answer, stale)
      told(key, this.#enter(key, value, plan, at))
      return value
    })
  }

  /** Enters the value as written. Its copy, for what the loader returned will be treated badly. */
  #enter(key: string, value: unknown, plan: Plan, at: number): LoadAnswer {
    const { ttlMs: policyTtlMs, negativeTtlMs, graceMs, values } = this.#setup
    const atMs = this.#clock.monotonicMs()
    const usualMs = value === null ? (negativeTtlMs ?? policyTtlMs) : policyTtlMs
    const ttlMs = plan.ttlMs ?? usualMs
    const kept = !plan.skip && value !== undefined
    const freshUntilMs = atMs + ttlMs
    const copy: unknown = structuredClone(value)
    const keptAt = this.#judge.tick()
    const deadAtMs = freshUntilMs + graceMs
    this.#judge.wrote({ key, value: copy, at, keptAt, freshUntilMs, deadAtMs, passing: !kept })
    if (values !== 'shared' && plan.answer !== 'stale') setImmediate(() => spoil(value))
    return { value: copy, kept, atMs, ttlMs }
  }

  #make(answer: Plan['answer'], stale: unknown): unknown {
    const id = this.nextId()
    if (answer === 'undefined') return undefined
    if (answer === 'stale') return stale ?? makeValue('text', id)
    return makeValue(answer as Exclude<typeof answer, 'throw'>, id)
  }

  async #wait(when: Plan['when']): Promise<void> {
    if (when === 'at-once') return
    await new Promise<void>((resolve) => {
      if (when === 'later') this.#waiting.push(resolve)
      else this.#clock.setTimer(resolve, when, false)
    })
  }
}
