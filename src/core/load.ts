/**
 * Loading: what happens when nothing fresh is there.
 *
 * A flight asks the store, then runs the loader with its two timeouts, then passes the fenced door
 * (fill.ts). Its callers get, whichever is first: the value; the stale value, when the soft timeout
 * has passed or the loader fails; an error, when there is no stale value. A load that ran past
 * either timeout ends in the background and is kept if it is still the newest.
 *
 * Written with listeners: a chain of async functions made eleven promises for each load, and half
 * of a miss went into them (bench/fill).
 */
import type { Loader } from './api.js'
import type { Timer } from './contracts.js'
import { countMiss } from './count-miss.js'
import type { Engine } from './engine.js'
import { type HeldEntry, notExclusive } from './entry.js'
import { CacheError } from './errors.js'
import type { MissReason } from './events.js'
import { fill, giveBack } from './fill.js'
import { askRight, takeRight } from './fill-right.js'
import { FillWait } from './fill-wait.js'
import type { Flight } from './flight.js'
import { runInLoadScope, type ScopedLoad } from './load-scope.js'
import { LoadContext } from './loader-context.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import { standInFor } from './stand-in.js'
import { readStore } from './store-read.js'
import { cloneValue } from './value.js'

export interface LoadRequest {
  readonly space: Space
  readonly key: string
  readonly loader: Loader<unknown>
  readonly policy: Policy
}

/** Sets a flight off; everything that can go wrong is told to its callers. Never throws. */
export function fly(engine: Engine, flight: Flight, request: LoadRequest): void {
  const { batch } = engine
  if (batch === undefined || (flight.kind !== 'shared' && !batch.leases)) {
    startLoad(engine, flight, request, undefined)
  } else if (flight.kind !== 'shared') {
    takeRight(engine, flight, request, () => startLoad(engine, flight, request, undefined))
  } else if (batch.leases) {
    askRight(engine, flight, request, (held, isElsewhere) => {
      goOn(engine, flight, request, held, isElsewhere)
    })
  } else {
    const { space, key } = request
    const listener = (held: HeldEntry | MissReason) => goOn(engine, flight, request, held, false)
    readStore(engine, space, key, flight.storeKey, listener)
  }
}

/** With the store's answer: it may do, or the loader must run, here or elsewhere. */
function goOn(
  engine: Engine,
  flight: Flight,
  request: LoadRequest,
  held: HeldEntry | MissReason,
  isElsewhere: boolean,
): void {
  const { space, key } = request
  if (typeof held !== 'string') {
    if (held.state === 'fresh') {
      endFlight(engine, flight)
      flight.succeed(held)
      return
    }
    flight.previous = notExclusive(held)
  }
  const reason = typeof held === 'string' ? held : 'expired'
  // What is softly invalidated is handed out, whoever replaces it.
  const isSoft = flight.previous?.isSoft === true
  if (isSoft && (isElsewhere || (engine.bulkhead.isFull && !flight.isBackground))) {
    countMiss(engine, space, key, reason)
    endFlight(engine, flight)
    giveBack(engine, flight)
    flight.succeed(flight.previous!)
    return
  }
  const waits = isElsewhere && flight.mayWait
  if (!waits) countMiss(engine, space, key, reason)
  startLoad(engine, flight, request, waits ? reason : undefined)
}

/**
 * `waitReason`: another process is loading what was missed for that reason; the loader runs where
 * nothing comes of it.
 */
function startLoad(
  engine: Engine,
  flight: Flight,
  request: LoadRequest,
  waitReason: MissReason | undefined,
): void {
  const { clock, holds } = engine
  if (flight.previous !== undefined) {
    const standIn = standInFor(engine, flight, request)
    const isHeld = holds.isHeld(flight.storeKey, clock.monotonicMs())
    if (standIn?.state === 'stale' && isHeld) {
      // Its loader failed a moment ago.
      endFlight(engine, flight)
      giveBack(engine, flight)
      flight.succeed(standIn)
      return
    }
  }
  const load = new RunningLoad(engine, flight, request)
  if (waitReason === undefined) load.start()
  else load.startWaiting(waitReason)
}

/** Once for each flight, before its callers are told: nobody may join it any more. */
function endFlight(engine: Engine, flight: Flight): void {
  if (flight.isBackground) engine.bulkhead.leave()
  engine.flights.end(flight)
  engine.invalidations.endLoad()
}

/** A loader that runs, and what becomes of its answer. */
class RunningLoad implements ScopedLoad<unknown> {
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
    this.#context = new LoadContext(request.key, stale, request.policy.tags)
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
    // Not when its flight began: that had to ask the store first, and may have joined the log.
    this.#flight.born = this.#engine.coherence.applied
    this.#startMs = this.#engine.clock.monotonicMs()
    this.#request.space.counters.loads++
    runInLoadScope(this)
  }

  /** What the store has after the wait; or the loader must run after all. */
  #goOnAfter(held: HeldEntry | MissReason): void {
    const [engine, flight] = [this.#engine, this.#flight]
    if (typeof held !== 'string' && held.state === 'fresh') {
      this.#cancelTimers()
      endFlight(engine, flight)
      flight.succeed(held)
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
    const { hardTimeoutMs } = this.#request.policy
    const isSoft = flight.previous?.isSoft === true
    const softTimeoutMs = isSoft ? 0 : this.#request.policy.softTimeoutMs
    if (hardTimeoutMs < Number.POSITIVE_INFINITY) {
      this.#hardTimer = clock.setTimer(() => this.#giveUp(), hardTimeoutMs, false)
    }
    if (softTimeoutMs === Number.POSITIVE_INFINITY || flight.previous === undefined) return
    const standIn = standInFor(this.#engine, flight, this.#request)
    if (standIn?.state !== 'stale') return
    flight.isSoftTimed = true
    if (softTimeoutMs > 0) {
      this.#softTimer = clock.setTimer(() => this.#letStandIn(), softTimeoutMs, false)
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
    this.#wait?.end()
    this.#countMissed()
    flights.release(flight)
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
