/**
 * The oracle of runs in which one call follows another: a plain Map of what the cache must know.
 *
 * Where the judge says what may be read, this says what must be: a value that is surely fresh is
 * read, one that is surely absent is not. A key of which nothing is certain (a load goes on in the
 * background, a fault was at work) is judged again once it is written.
 */
import type { Outcome } from './perform.js'
import { fullKey } from './perform.js'
import { COUNTER, type LoadStep, type LookStep } from './steps.js'
import { isSame } from './values.js'
import type { Call, World } from './world.js'

interface Known {
  readonly value: unknown
  /** Until then it is surely fresh: jitter takes the most it can. */
  readonly freshUntilMs: number
  /** From then on it is surely not handed out, not even as a stand-in. */
  readonly deadAtMs: number
}

const ABSENT = 'absent'
const UNSURE = 'unsure'
type Knowledge = Known | typeof ABSENT | typeof UNSURE

export class MapOracle {
  readonly #world: World
  readonly #known = new Map<string, Knowledge>()

  constructor(world: World) {
    this.#world = world
  }

  /** Compares the end of a call with what is known, and learns from it. */
  settled(outcome: Outcome): void {
    const { step } = outcome
    this.#forgetWhatLoads()
    switch (step.verb) {
      case 'get':
      case 'peek':
      case 'has':
      case 'ttl':
      case 'getMany':
      case 'keys':
        this.#looked(step, outcome)
        break
      case 'getOrSet':
      case 'refresh':
      case 'getOrSetMany':
        this.#loaded(step, outcome)
        break
      case 'set':
      case 'setMany':
        this.#wrote(outcome, step.verb === 'set' ? step.ttlMs : undefined)
        break
      case 'delete':
      case 'deleteMany':
        this.#removed(step.ns, step.verb === 'delete' ? [step.key] : step.keys, outcome)
        break
      case 'clear':
        this.#cleared(step.ns, outcome)
        break
      case 'expire':
        this.#expired(fullKey(step.ns, step.key), step.ttlMs, outcome)
        break
      case 'increment':
        this.#counted(fullKey(step.ns, COUNTER), step.by, outcome)
        break
      case 'count':
        this.#countLooked(step.ns, step.how, outcome)
        break
    }
  }

  /** Entries may be lost: nothing is certain of those that were known. */
  doubt(): void {
    for (const key of this.#known.keys()) this.#known.set(key, UNSURE)
  }

  #looked(step: LookStep, { answer, call }: Outcome): void {
    const { verb, ns } = step
    if (verb === 'peek') return
    if (verb === 'keys') {
      for (const [key, known] of this.#known) {
        if (!key.startsWith(`${ns}\0`)) continue
        const isListed = (answer as string[]).includes(key.slice(ns.length + 1))
        if (this.#isFresh(known)) this.#demand(isListed, `${key} is not listed`)
        if (known === ABSENT) this.#demand(!isListed, `${key} is listed`)
      }
      return
    }
    const keys = verb === 'getMany' ? step.keys : [step.key]
    const answers = verb === 'getMany' ? (answer as unknown[]) : [answer]
    keys.forEach((key, i) => {
      const known = this.#knowledge(fullKey(ns, key), call)
      const at = `call ${call.at}, ${verb} of ${ns}:${key}`
      if (verb === 'get' || verb === 'getMany') this.#compare(known, answers[i], at)
      else if (verb === 'has') this.#demandPresence(known, answers[i] === true, at)
      else this.#compareTtl(known, answers[i] as number | undefined, at)
    })
  }

  #compare(known: Knowledge, value: unknown, at: string): void {
    if (typeof known === 'object' && value !== undefined && this.#isFresh(known))
      this.#demand(isSame(value, known.value), `${at} is another value than the last one written`)
    else this.#demandPresence(known, value !== undefined, at)
  }

  #demandPresence(known: Knowledge, isThere: boolean, at: string): void {
    if (this.#isFresh(known)) this.#demand(isThere, `${at} misses what is fresh`)
    if (known === ABSENT) this.#demand(!isThere, `${at} finds what is absent`)
  }

  #compareTtl(known: Knowledge, seconds: number | undefined, at: string): void {
    this.#demandPresence(known, seconds !== undefined, at)
    if (seconds === undefined || typeof known !== 'object') return
    const longestMs = known.deadAtMs - this.#nowMs()
    this.#demand(seconds > 0 && seconds * 1_000 <= longestMs, `${at} is ${seconds} s`)
  }

  #loaded(step: LoadStep, outcome: Outcome): void {
    const { ns, verb } = step
    const { answer, loaded, rejected, call } = outcome
    const keys = verb === 'getOrSetMany' ? step.keys : [step.key]
    const answers = verb === 'getOrSetMany' ? (answer as unknown[] | undefined) : [answer]
    keys.forEach((key, i) => {
      const full = fullKey(ns, key)
      const known = this.#knowledge(full, call)
      const own = loaded.get(full)
      const at = `call ${call.at}, ${verb} of ${ns}:${key}`
      if (verb !== 'refresh' && !rejected && this.#isFreshAt(known, call.startMs)) {
        this.#demand(isSame(answers?.[i], known.value), `${at} is not what is fresh`)
      } else if (known === ABSENT && own !== undefined && !rejected) {
        this.#demand(isSame(answers?.[i], own.value), `${at} is not what its loader brought`)
      }
      const { hasStore, judge, setup } = this.#world
      // A refresh before expiry asks the store for its right, and only then begins to load.
      const mayRefresh = hasStore && setup.eager !== false && own === undefined && !rejected
      const goesOn =
        mayRefresh || judge.isLoading(full) || (own === undefined && judge.didLoad(full, call.at))
      // A load that failed has left things as they were; one that goes on may yet change them.
      if (goesOn && !(rejected && !judge.isLoading(full))) this.#learn(full, UNSURE)
      else if (own?.kept === true) this.#keep(full, own.value, own.atMs, own.ttlMs)
    })
  }

  #wrote(outcome: Outcome, ttlMs: number | undefined): void {
    const { setup } = this.#world
    for (const [key, value] of outcome.written) {
      const usualMs = ttlMs ?? setup.ttlMs
      const lifeMs = value === null ? (setup.negativeTtlMs ?? usualMs) : usualMs
      if (outcome.answer === true) this.#keep(key, value, outcome.call.startMs, lifeMs)
      else this.#learn(key, UNSURE)
    }
  }

  #removed(ns: string, keys: readonly string[], outcome: Outcome): void {
    for (const key of keys) this.#learn(fullKey(ns, key), this.#when(outcome, ABSENT))
  }

  #cleared(ns: string, outcome: Outcome): void {
    for (const key of this.#known.keys()) {
      if (ns === '' || key.startsWith(`${ns}\0`)) this.#learn(key, this.#when(outcome, ABSENT))
    }
  }

  #expired(key: string, ttlMs: number, { answer, call, rejected }: Outcome): void {
    const known = this.#knowledge(key, call)
    const at = `call ${call.at}, expire of ${key}`
    if (!rejected) this.#demandPresence(known, answer === true, at)
    if (known === ABSENT && answer === false) return
    if (typeof known === 'object' && answer === true) {
      this.#keep(key, known.value, call.startMs, ttlMs, this.#nowMs() - call.startMs)
    } else this.#learn(key, UNSURE)
  }

  #counted(key: string, by: number, { answer, call }: Outcome): void {
    const known = this.#knowledge(key, call)
    const isFresh = this.#isFreshAt(known, this.#nowMs())
    const wanted = known === ABSENT ? by : isFresh ? Number(known.value) + by : undefined
    if (wanted !== undefined)
      this.#demand(answer === wanted, `call ${call.at}: ${key} is ${answer}, not ${wanted}`)
    const life = typeof known === 'object' ? known : undefined
    if (typeof answer !== 'number' || (life !== undefined && !isFresh) || known === UNSURE)
      this.#learn(key, UNSURE)
    else if (life !== undefined) this.#learn(key, { ...life, value: answer })
    else this.#keep(key, answer, call.startMs, this.#world.setup.ttlMs)
  }

  #countLooked(ns: string, how: 'get' | 'delete', outcome: Outcome): void {
    const key = fullKey(ns, COUNTER)
    if (how === 'delete') this.#removed(ns, [COUNTER], outcome)
    else
      this.#compare(
        this.#knowledge(key, outcome.call),
        outcome.answer,
        `call ${outcome.call.at}, get of ${key}`,
      )
  }

  /** `lateMs`: how much later than `fromMs` the life may have begun. */
  #keep(key: string, value: unknown, fromMs: number, ttlMs: number, lateMs = 0): void {
    const { jitter, graceMs } = this.#world.setup
    // The store keeps whole milliseconds, rounded down.
    const freshUntilMs = Math.floor(fromMs + ttlMs * (1 - jitter))
    this.#learn(key, { value, freshUntilMs, deadAtMs: fromMs + lateMs + ttlMs + graceMs })
  }

  #learn(key: string, what: Knowledge): void {
    this.#known.set(key, what)
  }

  /** What was known when the call began. */
  #knowledge(key: string, { startMs }: Call): Knowledge {
    const known = this.#known.get(key) ?? ABSENT
    return typeof known === 'object' && startMs >= known.deadAtMs ? ABSENT : known
  }

  #when(outcome: Outcome, what: Knowledge): Knowledge {
    return outcome.answer === true ? what : UNSURE
  }

  #isFresh(known: Knowledge): known is Known {
    return this.#isFreshAt(known, this.#nowMs())
  }

  /** Fresh then, and now: a call takes time. */
  #isFreshAt(known: Knowledge, ms: number): known is Known {
    if (typeof known !== 'object' || this.#world.isLossy || this.#world.faulted) return false
    return Math.max(ms, this.#nowMs()) < known.freshUntilMs
  }

  #forgetWhatLoads(): void {
    for (const key of this.#known.keys()) {
      if (this.#world.judge.isLoading(key)) this.#known.set(key, UNSURE)
    }
  }

  #nowMs(): number {
    return this.#world.clock.monotonicMs()
  }

  #demand(holds: boolean, says: string): void {
    if (!holds) this.#world.judge.fail(`map oracle: ${says.replaceAll('\0', ':')}`)
  }
}
