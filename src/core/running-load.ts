/**
 * A loader that runs, or waits for another process's, and what becomes of its answer: its two
 * timeouts, its stand-ins, its counts.
 */
import type { Loader } from './api.js'
import type { Timer } from './contracts.js'
import { countMiss } from './count-miss.js'
import { addDependency } from './dependencies.js'
import type { Engine } from './engine.js'
import { type HeldEntry, notExclusive } from './entry.js'
import { CacheError } from './errors.js'
import type { MissReason } from './events.js'
import { fill, giveBack } from './fill.js'
import { FillWait } from './fill-wait.js'
import type { Flight } from './flight.js'
import { runInLoadScope, type ScopedLoad } from './load-scope.js'
import { type DependencyTags, LoadContext } from './loader-context.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import { standInFor } from './stand-in.js'
import { cloneValue } from './value.js'

export interface LoadRequest {
  readonly space: Space
  readonly key: string
  readonly loader: Loader<unknown>
  readonly policy: Policy
}

/** Once for each flight, before its callers are told: nobody may join it any more. */
export function endFlight(engine: Engine, flight: Flight): void {
  if (flight.isBackground) engine.bulkhead.leave()
  engine.flights.end(flight)
  engine.invalidations.endLoad()
}

/** Ends a flight with what the store has, if fresh; what is stale may stand in for a load. */
export function takeAnswer(engine: Engine, flight: Flight, held: HeldEntry | MissReason): boolean {
  if (typeof held === 'string') return false
  if (held.state === 'fresh') {
    endFlight(engine, flight)
    flight.succeed(held)
    return true
  }
  flight.previous = notExclusive(held)
  return false
}

/** A loader that runs, and what becomes of its answer. */
export class RunningLoad implements ScopedLoad<unknown>, DependencyTags {
  readonly flights: readonly Flight[]
  readonly #engine: Engine
  readonly #flight: Flight
  readonly #request: LoadRequest
  readonly #context: LoadContext
  #startMs: number
  #wait: FillWait | undefined
  /** A miss that is counted when it is one: what others load may be a hit. */
  #missed: MissReason | undefined
  #softTimer: Timer | undefined
  #hardTimer: Timer | undefined

  constructor(engine: Engine, flight: Flight, request: LoadRequest) {
    const { previous } = flight
    // A copy even where the value is spare: it may yet stand in for what this load brings.
    const stale = previous?.copied === true ? cloneValue(previous.value) : previous?.value
    this.flights = [flight]
    this.#engine = engine
    this.#flight = flight
    this.#request = request
    this.#context = new LoadContext(request.key, stale, request.policy.tags, this)
    this.#startMs = engine.clock.monotonicMs()
  }

  start(): void {
    this.#armTimeouts()
    this.#begin()
  }

  /** For the load of another process, within the timeouts of this one. */
  startWaiting(missed: MissReason): void {
    this.#missed = missed
    this.#request.space.counters.loadsAwaited++
    this.#armTimeouts()
    const onEnd = (held: HeldEntry | MissReason) => this.#goOnAfter(held)
    const [engine, flight] = [this.#engine, this.#flight]
    this.#wait = new FillWait({ engine, flight, request: this.#request, onEnd })
    this.#wait.start()
    flight.announceElsewhere()
  }

  withDependency(...call: Parameters<DependencyTags['withDependency']>): readonly string[] {
    return addDependency(this.#engine, this.#request.space, ...call)
  }

  run(): unknown {
    return this.#request.loader(this.#context)
  }

  onValue(raw: unknown): void {
    const { events, holds } = this.#engine
    const { space, key, policy } = this.#request
    const flight = this.#flight
    const { superseded } = flight
    const loadMs = this.#end(false)
    if (!superseded) holds.release(flight.storeKey)
    const filled = { space, flight, context: this.#context, policy, loadMs }
    flight.succeed(fill(this.#engine, filled, raw))
    if (events.wants('loaded')) {
      events.emit('loaded', { namespace: space.name, key, elapsedMs: loadMs })
    }
  }

  onError(error: unknown): void {
    const { clock, events, holds } = this.#engine
    const { space, key, policy } = this.#request
    const flight = this.#flight
    this.#end(true)
    giveBack(this.#engine, flight)
    const nowMs = clock.monotonicMs()
    space.counters.loadFailures++
    if (!flight.superseded) {
      holds.hold(flight.storeKey, nowMs + policy.retryAfterMs)
      // An eager refresh that failed: the entry is still fresh, and the next try is due then.
      space.memory.postponeCheck(key, nowMs + policy.retryAfterMs)
    }
    const standIn = standInFor(this.#engine, flight, this.#request)
    if (standIn === undefined) flight.fail(error)
    else flight.succeed(standIn)
    if (events.wants('load-failed')) {
      const servedStale = standIn !== undefined
      events.emit('load-failed', { namespace: space.name, key, error, servedStale })
    }
  }

  #begin(): void {
    // Not when its flight began: that asked the store first, and may have joined the log.
    const { clock, coherence } = this.#engine
    const { holdOffMs } = this.#request.policy
    this.#startMs = clock.monotonicMs()
    this.#flight.born = coherence.applied
    // What was invalidated within the hold-off counts as if it came after.
    this.#flight.keptBorn =
      holdOffMs > 0 ? coherence.appliedAt(this.#startMs - holdOffMs) : coherence.applied
    this.#request.space.counters.loads++
    runInLoadScope(this)
  }

  /** What the store has after the wait; or the loader must run after all. */
  #goOnAfter(held: HeldEntry | MissReason): void {
    this.#wait = undefined
    if (takeAnswer(this.#engine, this.#flight, held)) {
      this.#cancelTimers()
      return
    }
    this.#countMissed()
    this.#begin()
  }

  #countMissed(): void {
    const { space, key } = this.#request
    if (this.#missed !== undefined) countMiss(this.#engine, space, key, this.#missed)
    this.#missed = undefined
  }

  /** Frees the key, in any case. Returns how long the load took. */
  #end(failed: boolean): number {
    const { clock, observer } = this.#engine
    const elapsedMs = clock.monotonicMs() - this.#startMs
    observer.timed('load', elapsedMs, failed)
    this.#cancelTimers()
    endFlight(this.#engine, this.#flight)
    return elapsedMs
  }

  #cancelTimers(): void {
    this.#softTimer?.cancel()
    this.#hardTimer?.cancel()
  }

  #armTimeouts(): void {
    const { clock } = this.#engine
    const flight = this.#flight
    const { softTimeoutMs, hardTimeoutMs } = this.#request.policy
    if (hardTimeoutMs < Number.POSITIVE_INFINITY) {
      this.#hardTimer = clock.setTimer(() => this.#giveUp(), hardTimeoutMs, false)
    }
    const standIn = standInFor(this.#engine, flight, this.#request)
    if (standIn?.state !== 'stale') return
    const afterMs = standIn.isSoft === true ? 0 : softTimeoutMs
    if (afterMs === Number.POSITIVE_INFINITY) return
    flight.isSoftTimed = true
    if (afterMs > 0) {
      this.#softTimer = clock.setTimer(() => this.#letStandIn(), afterMs, false)
    } else this.#letStandIn()
  }

  /** The soft timeout: those who wait get the stale value, the load goes on. */
  #letStandIn(): void {
    const standIn = standInFor(this.#engine, this.#flight, this.#request)
    if (standIn === undefined) return
    this.#countMissed()
    this.#flight.succeed(standIn)
  }

  /** The hard timeout: the callers stop waiting and the key is free, the load may still end. */
  #giveUp(): void {
    const { events, flights } = this.#engine
    const { space, key, policy } = this.#request
    const flight = this.#flight
    const standIn = standInFor(this.#engine, flight, this.#request)
    const error = new CacheError(
      'LOADER_TIMEOUT',
      `the loader of '${key.slice(0, 64)}' ran past its hard timeout of ${policy.hardTimeoutMs} ms`,
      { op: 'load', key },
    )
    space.counters.loadTimeouts++
    this.#countMissed()
    if (this.#wait === undefined) flights.release(flight)
    else {
      // No loader runs here that could still end.
      this.#wait.end()
      endFlight(this.#engine, flight)
    }
    if (standIn === undefined) flight.fail(error)
    else flight.succeed(standIn)
    this.#context.abort(error)
    if (events.wants('load-timeout')) {
      const servedStale = standIn !== undefined
      const afterMs = policy.hardTimeoutMs
      events.emit('load-timeout', { namespace: space.name, key, afterMs, servedStale })
    }
  }
}
