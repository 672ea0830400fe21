/**
 * Loading: what happens when nothing fresh is there.
 *
 * A flight asks the store, then runs the loader with its two timeouts, then passes the fenced door
 * (keep.ts). Its callers get, whichever is first: the value; the stale value, when the soft timeout
 * has passed or the loader fails; an error, when there is no stale value. A load that ran past
 * either timeout ends in the background and is kept if it is still the newest.
 *
 * Written with callbacks: a fill then costs three promises, its caller's, the flight's and the
 * loader's own, where a chain of async functions made eleven (bench/fill).
 */
import type { Loader } from './api.js'
import type { Timer } from './contracts.js'
import { countMiss } from './count-miss.js'
import type { Engine } from './engine.js'
import type { HeldEntry } from './entry.js'
import { CacheError } from './errors.js'
import type { MissReason } from './events.js'
import type { Flight } from './flight.js'
import { fill } from './keep.js'
import { runInLoadScope } from './load-scope.js'
import { LoadContext } from './loader-context.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import { readStore } from './store-read.js'
import { cloneValue } from './value.js'

export interface LoadRequest {
  readonly space: Space
  readonly key: string
  readonly loader: Loader<unknown>
  readonly policy: Policy
}

/** Sets a flight off; everything that can go wrong becomes its answer. Never throws. */
export function fly(engine: Engine, flight: Flight, request: LoadRequest): void {
  const { space, key } = request
  if (flight.kind !== 'shared' || engine.batch === undefined) startLoad(engine, flight, request)
  else {
    readStore(engine, space, key, flight.storeKey, (held) => goOn(engine, flight, request, held))
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
    flight.succeed(held)
    engine.flights.end(flight)
    return
  } else {
    countMiss(engine, space, key, 'expired')
    flight.previous = held
  }
  startLoad(engine, flight, request)
}

function startLoad(engine: Engine, flight: Flight, request: LoadRequest): void {
  const standIn = flight.standIn(engine.clock.monotonicMs())
  const { holds } = engine
  if (standIn?.state === 'stale' && holds.isHeld(flight.storeKey, engine.clock.monotonicMs())) {
    // Its loader failed a moment ago.
    flight.succeed(standIn)
    engine.flights.end(flight)
  } else load(engine, flight, request)
}

function load(engine: Engine, flight: Flight, request: LoadRequest): void {
  const { space, key, loader, policy } = request
  const { clock, observer } = engine
  const { previous } = flight
  // A copy even where the value is spare: it may yet stand in for what this load brings.
  const stale = previous?.copied === true ? cloneValue(previous.value) : previous?.value
  const context = new LoadContext(key, stale, policy.tags)
  const startMs = clock.monotonicMs()
  const timers = armTimeouts(engine, flight, request, context)
  const end = (failed: boolean): number => {
    const elapsedMs = clock.monotonicMs() - startMs
    observer.timed('load', elapsedMs, failed)
    timers.soft?.cancel()
    timers.hard?.cancel()
    engine.flights.end(flight)
    return elapsedMs
  }
  space.counters.loads++
  runInLoadScope(
    [flight],
    () => loader(context),
    (raw) => {
      const { superseded } = flight
      const elapsedMs = end(false)
      if (!superseded) engine.holds.release(flight.storeKey)
      const filled = { space, flight, context, policy, loadMs: elapsedMs }
      flight.succeed(fill(engine, filled, raw))
      if (engine.events.wants('loaded')) {
        engine.events.emit('loaded', { namespace: space.name, key, elapsedMs })
      }
    },
    (error) => {
      end(true)
      failLoad(engine, flight, request, error)
    },
  )
}

function failLoad(engine: Engine, flight: Flight, request: LoadRequest, error: unknown): void {
  const { space, key, policy } = request
  const nowMs = engine.clock.monotonicMs()
  space.counters.loadFailures++
  if (!flight.superseded) {
    engine.holds.hold(flight.storeKey, nowMs + policy.retryAfterMs)
    // An eager refresh that failed: the entry is still fresh, and the next try is due then.
    space.memory.postponeCheck(key, nowMs + policy.retryAfterMs)
  }
  const standIn = flight.standIn(nowMs)
  if (standIn === undefined) flight.fail(error)
  else flight.succeed(standIn)
  if (engine.events.wants('load-failed')) {
    engine.events.emit('load-failed', {
      namespace: space.name,
      key,
      error,
      servedStale: standIn !== undefined,
    })
  }
}

function armTimeouts(
  engine: Engine,
  flight: Flight,
  request: LoadRequest,
  context: LoadContext,
): { soft: Timer | undefined; hard: Timer | undefined } {
  const { hardTimeoutMs } = request.policy
  const soft = armSoftTimeout(engine, flight, request.policy)
  const giveUpNow = () => giveUp(engine, flight, request, context)
  const isBounded = Number.isFinite(hardTimeoutMs)
  const hard = isBounded ? engine.clock.setTimer(giveUpNow, hardTimeoutMs, false) : undefined
  return { soft, hard }
}

/** Hands the stale value to those who wait once the load has taken too long. */
function armSoftTimeout(engine: Engine, flight: Flight, policy: Policy): Timer | undefined {
  const { clock } = engine
  const { softTimeoutMs } = policy
  if (flight.standIn(clock.monotonicMs())?.state !== 'stale') return undefined
  if (softTimeoutMs === Number.POSITIVE_INFINITY) return undefined
  const letStandIn = () => {
    const standIn = flight.standIn(clock.monotonicMs())
    if (standIn !== undefined) flight.letStandIn(standIn)
  }
  flight.isSoftTimed = true
  if (softTimeoutMs > 0) return clock.setTimer(letStandIn, softTimeoutMs, false)
  letStandIn()
  return undefined
}

/** The hard timeout: the callers stop waiting and the key is free, the load may still end. */
function giveUp(engine: Engine, flight: Flight, request: LoadRequest, context: LoadContext): void {
  const { space, key, policy } = request
  const standIn = flight.standIn(engine.clock.monotonicMs())
  const error = new CacheError(
    'LOADER_TIMEOUT',
    `the loader of '${key.slice(0, 64)}' ran past its hard timeout of ${policy.hardTimeoutMs} ms`,
    { op: 'load', key },
  )
  space.counters.loadTimeouts++
  engine.flights.release(flight)
  if (standIn === undefined) flight.fail(error)
  else flight.succeed(standIn)
  context.abort(error)
  if (engine.events.wants('load-timeout')) {
    engine.events.emit('load-timeout', {
      namespace: space.name,
      key,
      afterMs: policy.hardTimeoutMs,
      servedStale: standIn !== undefined,
    })
  }
}
