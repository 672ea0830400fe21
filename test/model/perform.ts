/**
 * What each step does to the cache, and what the judge is told of it.
 */
import type { LoadAnswer } from './loader-book.js'
import {
  COUNTER,
  type CountStep,
  type ExpireStep,
  type LoadStep,
  type LookStep,
  type RemoveStep,
  type Step,
} from './steps.js'
import { makeValue, spoil, type ValueKind } from './values.js'
import { type Call, inMs, type World } from './world.js'

/** How a call ended. */
export interface Outcome {
  readonly step: Step
  readonly call: Call
  /** `undefined` also where it rejected. */
  readonly answer: unknown
  /** What its own loader brought while it was under way, by key. */
  readonly loaded: ReadonlyMap<string, LoadAnswer>
  /** What it wrote, by key. */
  readonly written: ReadonlyMap<string, unknown>
  readonly rejected: boolean
}

/** Starts the step; `settled` hears of the end of its call. Steps without a call: `undefined`. */
export function perform(
  world: World,
  step: Step,
  settled: (outcome: Outcome) => void,
): Call | undefined {
  const acting = new Acting(world, step, settled)
  return acting.run()
}

/** The key as the judge knows it. */
export function fullKey(ns: string, key: string): string {
  return `${ns}\0${key}`
}

class Acting {
  readonly #world: World
  readonly #step: Step
  readonly #settled: (outcome: Outcome) => void
  readonly #loaded = new Map<string, LoadAnswer>()
  readonly #written = new Map<string, unknown>()

  constructor(world: World, step: Step, settled: (outcome: Outcome) => void) {
    this.#world = world
    this.#step = step
    this.#settled = settled
  }

  run(): Call | undefined {
    const step = this.#step
    switch (step.verb) {
      case 'get':
      case 'has':
      case 'ttl':
      case 'peek':
      case 'getMany':
      case 'keys':
        return this.#look(step)
      case 'getOrSet':
      case 'refresh':
      case 'getOrSetMany':
        return this.#load(step)
      case 'set':
        return this.#set(step.ns, [step.key], step.kind, step.ttlMs, false)
      case 'setMany':
        return this.#set(step.ns, step.keys, step.kind, undefined, true)
      case 'delete':
      case 'deleteMany':
      case 'clear':
        return this.#remove(step)
      case 'expire':
        return this.#expire(step)
      case 'increment':
      case 'count':
        return this.#count(step)
      default:
        return undefined
    }
  }

  #look(step: LookStep) {
    const cache = this.#world.cache(step.ns)
    switch (step.verb) {
      case 'get':
        this.#world.lookups += 1
        return this.#start(
          () => cache.get(step.key),
          (value, call) => this.#handed(step.ns, [step.key], [value], call, 'cached'),
        )
      case 'peek':
        return this.#start(
          async () => cache.peek(step.key),
          (value, call) => this.#handed(step.ns, [step.key], [value], call, 'cached'),
        )
      case 'getMany':
        this.#world.lookups += step.keys.length
        return this.#start(
          () => cache.getMany(step.keys),
          (values, call) => this.#handed(step.ns, step.keys, values, call, 'cached'),
        )
      case 'has':
        this.#world.lookups += 1
        return this.#start(() => cache.has(step.key))
      case 'ttl':
        return this.#start(() => cache.ttl(step.key))
      case 'keys':
        return this.#start(async () => {
          const found: string[] = []
          for await (const key of cache.keys()) found.push(key)
          return found
        })
    }
  }

  #load(step: LoadStep): Call {
    const world = this.#world
    const cache = world.cache(step.ns)
    const tell = (key: string, answer: LoadAnswer) => this.#loaded.set(key, answer)
    if (step.verb === 'getOrSetMany') {
      world.lookups += step.keys.length
      return this.#start(
        (call) => {
          const keyOf = (key: string) => fullKey(step.ns, key)
          return cache.getOrSetMany(step.keys, world.loaders.bulk(call, keyOf, step.plan, tell))
        },
        (values, call) => this.#handed(step.ns, step.keys, values, call, 'loading'),
      )
    }
    world.lookups += 1
    const key = fullKey(step.ns, step.key)
    const isForced = step.verb === 'refresh'
    const mode = isForced ? 'forced' : 'loading'
    return this.#start(
      (call) => {
        const loader = world.loaders.single(call, key, step.plan, isForced, tell)
        return cache[step.verb](step.key, loader)
      },
      (value, call) => {
        this.#handed(step.ns, [step.key], [value], call, mode)
        const own = this.#loaded.get(key)
        if (isForced && own?.kept === true && value !== undefined) this.#refreshed(key, call)
      },
    )
  }

  /** A refresh whose own answer was kept is newer than all that began before it. */
  #refreshed(key: string, call: Call): void {
    const { judge, faulted } = this.#world
    if (faulted || judge.wasInvalidated(key, call.at)) return
    judge.invalidate(call.at, (each) => each === key).confirmedAt = judge.tick()
  }

  #set(
    ns: string,
    keys: readonly string[],
    kind: ValueKind,
    ttlMs: number | undefined,
    many: boolean,
  ) {
    const world = this.#world
    const { judge, setup } = world
    const nowMs = world.clock.monotonicMs()
    const entries = keys.map((key) => [key, makeValue(kind, world.loaders.nextId())] as const)
    const usualMs = ttlMs ?? setup.ttlMs
    const lifeMs = kind === 'null' ? (setup.negativeTtlMs ?? usualMs) : usualMs
    const marks = entries.map(([key, value]) => {
      const at = judge.tick()
      const full = fullKey(ns, key)
      const freshUntilMs = nowMs + lifeMs
      const deadAtMs = freshUntilMs + setup.graceMs
      const copy: unknown = structuredClone(value)
      judge.wrote({
        key: full,
        value: copy,
        at,
        keptAt: at,
        freshUntilMs,
        deadAtMs,
        passing: false,
      })
      this.#written.set(full, copy)
      return judge.invalidate(at, (each) => each === full)
    })
    const options = ttlMs === undefined ? undefined : { ttl: inMs(ttlMs) }
    const cache = world.cache(ns)
    const call = this.#start(
      () => (many ? cache.setMany(entries, options) : cache.set(...entries[0]!, options)),
      (token) => this.#confirm(marks, token !== false),
    )
    if (setup.values !== 'shared') for (const [, value] of entries) spoil(value)
    return call
  }

  #remove(step: RemoveStep): Call {
    const { judge } = this.#world
    const cache = this.#world.cache(step.ns)
    const { verb, ns } = step
    const at = judge.tick()
    if (verb === 'clear') {
      const mark = judge.invalidate(at, (key) => ns === '' || key.startsWith(`${ns}\0`))
      return this.#start(
        () => cache.clear(),
        (token) => this.#confirm([mark], token !== false),
      )
    }
    const keys = verb === 'delete' ? [step.key] : step.keys
    const marks = keys.map((key) => judge.invalidate(at, (each) => each === fullKey(ns, key)))
    return this.#start(
      () => (verb === 'delete' ? cache.delete(step.key) : cache.deleteMany(step.keys)),
      (token) => this.#confirm(marks, token !== false),
    )
  }

  #expire(step: ExpireStep): Call {
    const { judge, clock, setup } = this.#world
    const at = judge.tick()
    const key = fullKey(step.ns, step.key)
    const faulted = () => this.#world.faulted
    const extension = judge.extend(key, at, step.ttlMs, setup.graceMs)
    return this.#start(
      () => this.#world.cache(step.ns).expire(step.key, inMs(step.ttlMs)),
      (answer) => {
        extension.endAt = judge.tick()
        extension.endMs = clock.monotonicMs()
        // An answer that a fault may have made up replaces nothing.
        extension.answer = faulted() ? undefined : answer
      },
    )
  }

  #count(step: CountStep): Call {
    const world = this.#world
    const cache = world.cache(step.ns)
    const sums = world.sumsOf(step.ns)
    const check = (sum: unknown) => {
      if (sum === undefined && (step.verb === 'count' || world.faulted)) return
      if (Number.isInteger(sum) && sums.least <= Number(sum) && Number(sum) <= sums.most) return
      world.judge.fail(`counter of '${step.ns}' is ${String(sum)}, not ${JSON.stringify(sums)}`)
    }
    if (step.verb === 'increment') {
      if (step.by > 0) sums.most += step.by
      else sums.least += step.by
      return this.#start(() => cache.increment(COUNTER, step.by), check)
    }
    if (step.how === 'delete') return this.#start(() => cache.delete(COUNTER))
    world.lookups += 1
    return this.#start(() => cache.get(COUNTER), check)
  }

  #handed(
    ns: string,
    keys: readonly string[],
    values: readonly unknown[],
    call: Call,
    mode: 'cached' | 'loading' | 'forced',
  ): void {
    // One of many may have been found long before the last of them.
    const ms = keys.length > 1 ? call.startMs : this.#world.clock.monotonicMs()
    keys.forEach((key, i) => {
      this.#world.handed({ key: fullKey(ns, key), value: values[i], at: call.at, ms, mode })
    })
  }

  #confirm(marks: readonly { confirmedAt: number | undefined }[], isDone: boolean): void {
    const { judge, isLossy, faulted } = this.#world
    // Without a store, `false` says that memory did not take it: what it had before is gone too.
    const isOver = isDone || (isLossy && !faulted)
    if (isOver) for (const mark of marks) mark.confirmedAt = judge.tick()
    else if (!faulted) judge.fail(`${show(this.#step)} was not confirmed`)
  }

  #start<T>(run: (call: Call) => Promise<T>, finish?: (value: T, call: Call) => void): Call {
    const step = this.#step
    const loaded = this.#loaded
    const written = this.#written
    return this.#world.start(show(step), run, (call, answer, rejected) => {
      // The map oracle looks first: the judge's side treats what it was handed badly.
      this.#settled({ step, call, answer, loaded, written, rejected })
      if (!rejected) finish?.(answer as T, call)
    })
  }
}

function show(step: Step): string {
  return JSON.stringify(step)
}
