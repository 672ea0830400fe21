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
import type { ReadRequest } from './batched-reads.js'
import type { Timer } from './contracts.js'
import { countMiss } from './count-miss.js'
import type { Engine } from './engine.js'
import { type HeldEntry, notExclusive } from './entry.js'
import { CacheError } from './errors.js'
import type { MissReason } from './events.js'
import { fill, giveBack } from './fill.js'
import type { Flight } from './flight.js'
import { runInLoadScope, type ScopedLoad } from './load-scope.js'
import { LoadContext } from './loader-context.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import { leaseFromStore, readStore } from './store-read.js'
import { cloneValue } from './value.js'

/** For as long may others load without the right to fill, where the one that has it has died. */
const MAX_LEASE_MS = 60_000

export interface LoadRequest {
  readonly space: Space
  readonly key: string
  readonly loader: Loader<unknown>
  readonly policy: Policy
}

/** Sets a flight off; everything that can go wrong is told to its callers. Never throws. */
export function fly(engine: Engine, flight: Flight, request: LoadRequest): void {
  const { space, key, policy } = request
  const { storeKey } = flight
  if (engine.batch === undefined) startLoad(engine, flight, request)
  else if (flight.kind !== 'shared') takeLease(engine, flight, request)
  else if (!engine.batch.leases) {
    readStore(engine, space, key, storeKey, (held) => goOn(engine, flight, request, held))
  } else {
    const { replaces } = flight
    const lease = { token: engine.nextToken(), leaseMs: leaseMsOf(policy), takes: false, replaces }
    leaseFromStore(engine, space, key, storeKey, lease, (held, isLeased) => {
      if (isLeased) flight.token = lease.token
      goOn(engine, flight, request, held)
    })
  }
}

/** With the store's answer: it may do, or the loader must run. */
function goOn(
  engine: Engine,
  flight: Flight,
  request: LoadRequest,
  held: HeldEntry | MissReason,
): void {
  const { space, key } = request
  if (typeof held === 'string') countMiss(engine, space, key, held)
  else if (held.state === 'fresh') {
    endFlight(engine, flight)
    flight.succeed(held)
    return
  } else {
    countMiss(engine, space, key, 'expired')
    flight.previous = notExclusive(held)
  }
  // The store took for fresh what cannot be used: the right to replace it was not up for asking.
  if (UNUSABLE.has(held as MissReason)) takeLease(engine, flight, request)
  else startLoad(engine, flight, request)
}

const UNUSABLE: ReadonlySet<MissReason> = new Set(['invalidated', 'undecodable', 'schema'])

/**
 * Takes the right to fill before the load begins, whoever has it: this load is the newer one. Were
 * it asked for beside the load, an invalidation could come between the two and be overtaken.
 */
function takeLease(engine: Engine, flight: Flight, request: LoadRequest): void {
  const { batch } = engine
  if (!batch!.leases || flight.token !== undefined) {
    startLoad(engine, flight, request)
    return
  }
  const token = engine.nextToken()
  const lease = { token, leaseMs: leaseMsOf(request.policy), takes: true, replaces: undefined }
  const finish: ReadRequest['finish'] = (_answer, _atMs, _wallAheadMs, isLeased) => {
    if (isLeased) flight.token = token
    startLoad(engine, flight, request)
  }
  batch!.lease({ storeKey: flight.storeKey, finish }, lease)
}

/** A load may run on past its hard timeout; its right to fill ends some time after. */
function leaseMsOf({ hardTimeoutMs }: Policy): number {
  return Math.min(MAX_LEASE_MS, Math.ceil(2 * hardTimeoutMs))
}

function startLoad(engine: Engine, flight: Flight, request: LoadRequest): void {
  const { clock, holds } = engine
  if (flight.previous !== undefined) {
    const nowMs = clock.monotonicMs()
    const standIn = flight.standIn(nowMs)
    if (standIn?.state === 'stale' && holds.isHeld(flight.storeKey, nowMs)) {
      // Its loader failed a moment ago.
      endFlight(engine, flight)
      giveBack(engine, flight)
      flight.succeed(standIn)
      return
    }
  }
  new RunningLoad(engine, flight, request).start()
}

/** Once for each flight, before its callers are told: nobody may join it any more. */
function endFlight(engine: Engine, flight: Flight): void {
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
  readonly #startMs: number
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
    // Not when its flight began: that had to ask the store first, and may have joined the log.
    this.#flight.born = this.#engine.coherence.applied
    this.#armTimeouts()
    this.#request.space.counters.loads++
    runInLoadScope(this)
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
    const standIn = flight.standIn(nowMs)
    if (standIn === undefined) flight.fail(error)
    else flight.succeed(standIn)
    if (events.wants('load-failed')) {
      const servedStale = standIn !== undefined
      events.emit('load-failed', { namespace: space.name, key, error, servedStale })
    }
  }

  /** Frees the key, in any case. Returns how long the load took. */
  #end(failed: boolean): number {
    const { clock, observer } = this.#engine
    const elapsedMs = clock.monotonicMs() - this.#startMs
    observer.timed('load', elapsedMs, failed)
    this.#softTimer?.cancel()
    this.#hardTimer?.cancel()
    endFlight(this.#engine, this.#flight)
    return elapsedMs
  }

  #armTimeouts(): void {
    const { clock } = this.#engine
    const { softTimeoutMs, hardTimeoutMs } = this.#request.policy
    const flight = this.#flight
    if (hardTimeoutMs < Number.POSITIVE_INFINITY) {
      this.#hardTimer = clock.setTimer(() => this.#giveUp(), hardTimeoutMs, false)
    }
    if (softTimeoutMs === Number.POSITIVE_INFINITY || flight.previous === undefined) return
    if (flight.standIn(this.#startMs)?.state !== 'stale') return
    flight.isSoftTimed = true
    if (softTimeoutMs > 0) {
      this.#softTimer = clock.setTimer(() => this.#letStandIn(), softTimeoutMs, false)
    } else this.#letStandIn()
  }

  /** The soft timeout: those who wait get the stale value, the load goes on. */
  #letStandIn(): void {
    const standIn = this.#flight.standIn(this.#engine.clock.monotonicMs())
    if (standIn !== undefined) this.#flight.succeed(standIn)
  }

  /** The hard timeout: the callers stop waiting and the key is free, the load may still end. */
  #giveUp(): void {
    const { clock, events, flights } = this.#engine
    const { space, key, policy } = this.#request
    const flight = this.#flight
    const standIn = flight.standIn(clock.monotonicMs())
    const error = new CacheError(
      'LOADER_TIMEOUT',
      `the loader of '${key.slice(0, 64)}' ran past its hard timeout of ${policy.hardTimeoutMs} ms`,
      { op: 'load', key },
    )
    space.counters.loadTimeouts++
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
