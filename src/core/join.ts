/**
 * Joining flights: which load a caller waits for, and when a new one begins.
 *
 * Owns the rules that keep loads few and callers from waiting for ever: one flight for each key,
 * unless the key was invalidated since it began; an error in place of a wait that could never end.
 */
import { countMiss } from './count-miss.js'
import type { Engine } from './engine.js'
import type { HeldEntry } from './entry.js'
import { CacheError } from './errors.js'
import { Flight, type FlightKind } from './flight.js'
import { armSoftTimeout, fly, type LoadRequest } from './load.js'
import { runningFlights } from './load-scope.js'

export interface JoinRequest extends LoadRequest {
  readonly storeKey: string
  /** `fresh`: loads now, whatever is cached or under way for a plain caller. */
  readonly kind: Exclude<FlightKind, 'eager'>
  /** What memory holds, fresh or stale. */
  readonly previous: HeldEntry | undefined
  /** Called if the load is somebody else's. */
  readonly onShared: (() => void) | undefined
}

/**
 * The flight that loads this key: the one under way if nothing invalidated it, else a new one.
 * Throws LOADER_RECURSION if the caller is a loader that would wait for itself.
 */
export function joinFlight(engine: Engine, request: JoinRequest): Flight {
  const { space, key, storeKey, kind } = request
  const within = runningFlights()
  const isWithin = within.some((flight) => flight.owner === engine && flight.storeKey === storeKey)
  if (isWithin) throw recursion(key)
  const current = engine.flights.get(storeKey)
  const mayShare = current !== undefined && (kind === 'shared' || current.kind !== 'shared')
  if (mayShare && engine.invalidations.isCurrent(space, storeKey, current.born)) {
    if (within.some((flight) => current.dependsOn(flight))) throw recursion(key)
    within[0]?.awaits(current)
    share(engine, current, request)
    return current
  }
  if (kind === 'fresh') countMiss(engine, space, key, 'forced')
  else if (engine.batch === undefined) {
    countMiss(engine, space, key, request.previous === undefined ? 'absent' : 'expired')
  }
  const flight = beginFlight(engine, request, kind)
  within[0]?.awaits(flight)
  return flight
}

/**
 * Starts a load in the background if one is due before expiry, and lets further hits pass
 * meanwhile.
 */
export function refreshEagerly(engine: Engine, request: JoinRequest): void {
  const { space, key, storeKey, policy } = request
  if (policy.eagerRatio === undefined && policy.eagerBeta === undefined) return
  const entry = space.memory.read(key)
  if (entry === undefined || engine.clock.monotonicMs() < entry.checkAtMs) return
  if (engine.flights.get(storeKey) !== undefined) return
  space.memory.postponeCheck(key, Number.POSITIVE_INFINITY)
  space.counters.eagerRefreshes++
  beginFlight(engine, request, 'eager')
}

function beginFlight(engine: Engine, request: JoinRequest, kind: FlightKind): Flight {
  const flight = new Flight(engine, request.storeKey, engine.invalidations.applied, kind)
  flight.previous = request.previous
  engine.flights.begin(flight)
  fly(engine, flight, request)
  return flight
}

function share(engine: Engine, flight: Flight, request: JoinRequest): void {
  request.space.counters.shared++
  request.onShared?.()
  const { previous } = request
  if (flight.previous !== undefined || previous?.state !== 'stale' || flight.answered) return
  flight.previous = previous
  armSoftTimeout(engine, flight, request.policy)
}

function recursion(key: string): CacheError {
  return new CacheError(
    'LOADER_RECURSION',
    `the loader of '${key.slice(0, 64)}' waits for that key: it would wait for itself`,
    { op: 'getOrSet', key },
  )
}
