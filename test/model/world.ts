/**
 * One run: the real engine on the model's clock, a store of the chosen kind, the judge, and the
 * calls under way.
 */

import { coherenceOver } from '../../src/coherence/index.js'
import { LogCoherence } from '../../src/coherence/log-coherence.js'
import { EngineCache } from '../../src/core/cache.js'
import type { Coherence } from '../../src/core/coherence.js'
import type { Store } from '../../src/core/contracts.js'
import { Engine } from '../../src/core/engine.js'
import { Events } from '../../src/core/events.js'
import type { Log, LogReply } from '../../src/core/log.js'
import { resolveMemoryOptions } from '../../src/core/memory-options.js'
import { resolveCacheOptions } from '../../src/core/options.js'
import type { Unconfirmed } from '../../src/core/unconfirmed.js'
import { type Cache, isCacheError } from '../../src/index.js'
import { BoundedMemoryTier, noMemory } from '../../src/memory/index.js'
import { LatencyObserver } from '../../src/observe/index.js'
import {
  checkMemory,
  type FakeClock,
  type FaultyStore,
  fakeClock,
  faultyStore,
  type InProcessStore,
  inProcessStore,
} from '../../src/testing/index.js'
import { testCodecs } from '../support/entry-codec.js'
import { Judge, type Reading } from './judge.js'
import { LoaderBook } from './loader-book.js'
import { HARD_TIMEOUT_MS, type Setup } from './steps.js'
import { isDeepFrozen, spoil } from './values.js'
import { WireStore } from './wire-store.js'

export interface Call {
  readonly what: string
  readonly at: number
  readonly startMs: number
  done: boolean
}

const TINY = { maxEntries: 2, maxBytes: 1_024 }
const NORMAL = { maxEntries: 1_000, maxBytes: '1mb' }
const STEP_MS = 5
const LIMIT_MS = 100_000
const DAY_MS = 86_400_000
const FOR_EVER_MS = 1e9
/** A read, a load up to its hard timeout, a write. */
const LONGEST_CALL_MS = HARD_TIMEOUT_MS + 1_000

export class World {
  readonly setup: Setup
  readonly clock: FakeClock
  readonly judge = new Judge()
  readonly loaders: LoaderBook
  readonly root: Cache
  readonly faults: FaultyStore | undefined
  /** The data behind the store, for those who damage it. */
  readonly data: InProcessStore | undefined
  /** Whether an entry may be gone before its time. */
  readonly isLossy: boolean
  /** Whether a fault has been at work: the store may refuse, and calls may be told so. */
  faulted = false
  lookups = 0
  readonly hasStore: boolean
  readonly #tier: BoundedMemoryTier | undefined
  readonly #calls: Call[] = []
  readonly #sums = new Map<string, { least: number; most: number }>()

  /** `own`: a store of the caller's in place of the one that the set-up names. */
  constructor(setup: Setup, own?: { readonly store: Store; readonly prefix: string }) {
    this.setup = setup
    // Ahead of a real server's clock: to that, no write comes too late.
    const wallMs = Date.now() + DAY_MS
    this.clock = fakeClock({ ceilingAheadMs: setup.ceilingAheadMs, wallMs })
    if (own === undefined && setup.store !== 'none') {
      this.data = inProcessStore({ clock: this.clock })
      const { clock, data } = this
      const wire = setup.store === 'wire' ? new WireStore(data, clock, setup.delays) : data
      this.faults = faultyStore(wire, { clock, seed: setup.seed })
    }
    const store = own?.store ?? this.faults
    const onRepeat = () => this.judge.repeat()
    const { root, tier } = assemble(setup, this.clock, store, onRepeat, own?.prefix)
    this.root = root
    this.#tier = tier
    this.hasStore = store !== undefined
    this.isLossy = store === undefined && setup.memory !== 'normal'
    this.loaders = new LoaderBook(setup, this.clock, this.judge)
  }

  cache(ns: string): Cache {
    return ns === '' ? this.root : this.root.namespace(ns)
  }

  /** Between which bounds a counter must lie. */
  sumsOf(ns: string): { least: number; most: number } {
    const sums = this.#sums.get(ns) ?? { least: 0, most: 0 }
    this.#sums.set(ns, sums)
    return sums
  }

  /** Calls the cache and follows the call to its end. */
  start<T>(
    what: string,
    run: (call: Call) => Promise<T>,
    finish: (call: Call, answer: T | undefined, rejected: boolean) => void,
  ): Call {
    const call = {
      what,
      at: this.judge.tick(),
      startMs: this.clock.monotonicMs(),
      done: false,
    }
    this.#calls.push(call)
    run(call).then(
      (value) => {
        call.done = true
        finish(call, value, false)
      },
      (error: unknown) => {
        call.done = true
        finish(call, undefined, true)
        if (this.loaders.threw(error) || isCacheError(error, 'LOADER_TIMEOUT')) return
        this.judge.fail(`${what} rejected: ${String(error)}`)
      },
    )
    return call
  }

  /** Judges a value that a call was handed, and then treats it badly. */
  handed(reading: Reading): void {
    this.judge.read(reading)
    const { value } = reading
    const { values, memory } = this.setup
    if (values === 'shared' && memory !== 'off') return
    if (spoil(value)) return
    if (!isDeepFrozen(value)) this.judge.fail(`call ${reading.at}: frozen at the top alone`)
  }

  /** Takes everything out of memory. `false` if it was nowhere else. */
  dropMemory(): boolean {
    this.#tier?.clear()
    return this.hasStore
  }

  /** Lets time pass and loaders answer until the call has ended. */
  async drive(call: Call): Promise<void> {
    await this.clock.settle()
    for (let passedMs = 0; !call.done && passedMs < LIMIT_MS; passedMs += STEP_MS) {
      if (!this.loaders.answer(0)) await this.clock.advance(STEP_MS)
      await this.clock.settle()
    }
    if (!call.done) this.judge.fail(`${call.what} hangs`)
  }

  /** Ends the run and throws if anything was wrong in it. */
  async end(): Promise<void> {
    // Loads that ran past their hard timeout end after their callers.
    await this.clock.advance(LONGEST_CALL_MS)
    while (this.loaders.answer(0)) await this.clock.settle()
    await this.clock.advance(LONGEST_CALL_MS)
    for (const call of this.#calls) if (!call.done) this.judge.fail(`${call.what} never ended`)
    this.faults?.heal()
    await this.clock.advance(LONGEST_CALL_MS)
    if (this.#tier !== undefined) checkMemory(this.#tier)
    this.#checkCounters()
    const closed = this.root.close()
    await this.clock.advance(1_000)
    await closed
    const { foregroundTimers } = this.clock
    if (foregroundTimers > 0) this.judge.fail(`${foregroundTimers} timers outlive the cache`)
    if (this.judge.faults.length > 0) throw new Error(this.judge.faults.slice(0, 3).join('\n'))
  }

  #checkCounters(): void {
    const { memoryHits, storeHits, misses, shared } = this.root.stats().total
    const counted = memoryHits + storeHits + misses
    if (counted <= this.lookups && this.lookups <= counted + shared) return
    this.judge.fail(
      `${this.lookups} lookups, but ${memoryHits} + ${storeHits} hits, ${misses} misses, ` +
        `${shared} shared`,
    )
  }
}

/** As `createCache` does it, with a hand on the memory tier. */
function assemble(
  setup: Setup,
  clock: FakeClock,
  store: Store | undefined,
  onRepeat: () => void,
  prefix = 'cw',
) {
  const size = setup.memory === 'tiny' ? TINY : NORMAL
  const settings = resolveCacheOptions({
    prefix,
    ttl: inMs(setup.ttlMs),
    grace: inMs(setup.graceMs),
    jitter: setup.jitter,
    eager: setup.eager,
    softTimeout: inMs(setup.softTimeoutMs),
    hardTimeout: inMs(HARD_TIMEOUT_MS),
    ...(setup.negativeTtlMs === undefined ? {} : { negativeTtl: inMs(setup.negativeTtlMs) }),
  })
  const memorySettings = resolveMemoryOptions(
    setup.memory === 'off' ? false : { ...size, values: setup.values },
  )
  let tier: BoundedMemoryTier | undefined
  const engine = new Engine({
    settings,
    memorySettings,
    memory: (listener) => {
      if (memorySettings === undefined) return noMemory
      const { maxEntries, maxBytes } = memorySettings
      tier = new BoundedMemoryTier({ maxEntries, maxBytes, clock, ...listener })
      return tier
    },
    store,
    coherence: (log) => coherenceAt(log, clock),
    codecs: testCodecs(),
    clock,
    random: seeded(setup.seed),
    observer: new LatencyObserver(),
    events: new Events(),
  })
  watchRepeats(engine.unconfirmed, onRepeat)
  engine.open()
  const root = new EngineCache(engine, engine.space('', settings.policy, undefined, 'test'))
  return { root: root as Cache, tier }
}

/** Invalidations that failed take place once more, whenever the store answers again. */
function watchRepeats(unconfirmed: Unconfirmed, onRepeat: () => void): void {
  const repeat = unconfirmed.repeat.bind(unconfirmed)
  unconfirmed.repeat = () => {
    if (unconfirmed.count > 0) onRepeat()
    repeat()
  }
}

/**
 * A real server answers in its own time: on a clock that jumps, heartbeats would be late. It says
 * what time it is on that clock, for otherwise nothing would grow old.
 */
function coherenceAt(log: Log | undefined, clock: FakeClock): Coherence {
  if (log === undefined) return coherenceOver(undefined, clock)
  const dated = <R extends LogReply>(reply: R): R => ({ ...reply, nowMs: clock.wallMs() })
  const onClock: Log = {
    ...log,
    join: async (member) => dated(await log.join(member)),
    follow: async (member) => dated(await log.follow(member)),
    append: async (...call) => dated(await log.append(...call)),
  }
  const options = { clock, leaseMs: FOR_EVER_MS, heartbeatMs: FOR_EVER_MS }
  return new LogCoherence({ log: onClock, ...options })
}

/** A duration as the options take it. */
export function inMs(ms: number): number | string {
  return Number.isFinite(ms) ? `${ms}ms` : ms
}

function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
