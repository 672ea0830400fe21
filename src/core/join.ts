/**
 * Joining flights: which load a caller waits for, and when a new one begins.
 *
 * Owns the rules that keep loads few and callers from waiting for ever: one flight for each key,
 * unless the key was invalidated since it began; an error in place of a wait that could never end.
 */
import { abortable } from './abortable.js'
import { countMiss } from './count-miss.js'
import type { Engine } from './engine.js'
import { asOf, type Found, type HeldEntry } from './entry.js'
import { CacheError } from './errors.js'
import { Flight, type FlightKind } from './flight.js'
import { fly, type LoadRequest } from './load.js'
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
 * What the caller gets: a fresh entry, what a loader answered, or a stale entry in its place.
 * Rejects with the loader's error, LOADER_TIMEOUT, LOADER_RECURSION, or the signal's reason.
 */
export async function waitForLoad(
  engine: Engine,
  request: JoinRequest,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const { kind, previous, space } = request
  let isShared = false
  let found: Found | undefined
  const onShared = () => {
    isShared = true
    request.onShared?.()
  }
  try {
    found = await abortable(joinFlight(engine, { ...request, onShared }), signal)
  } catch (error) {
    // A flight that others began need not know of the stale entry that this caller knows of.
    const mayStandIn = kind === 'shared' && signal?.aborted !== true
    found = mayStandIn ? asOf(previous, engine.clock.monotonicMs()) : undefined
    if (found === undefined) throw error
  } finally {
    const isHit = found?.state === 'fresh' && found.tier !== 'loader'
    if (isShared && !isHit) space.counters.shared++
  }
  return found
}

/**
 * What the caller gets: from the load under way if nothing invalidated its key, else from a new
 * one. Throws LOADER_RECURSION if the caller is a loader that would wait for itself.
 */
function joinFlight(engine: Engine, request: JoinRequest): Promise<Found> {
  const { space, key, storeKey, kind } = request
  const running = runningFlights()
  const isSame = (flight: Flight) => flight.owner === engine && flight.storeKey === storeKey
  // Also where its flight is no longer the one that others would join: it would load for ever.
  if (running.all.some((flight) => isSame(flight) && waitsForAny(flight, running.own))) {
    throw recursion(key)
  }
  const current = engine.flights.get(storeKey)
  const mayShare = current !== undefined && (kind === 'shared' || current.kind === 'fresh')
  if (mayShare && engine.invalidations.isCurrent(space, storeKey, current.born)) {
    return share(engine, current, request, running.own)
  }
  if (kind === 'fresh') countMiss(engine, space, key, 'forced')
  else if (engine.batch === undefined) {
    countMiss(engine, space, key, request.previous === undefined ? 'absent' : 'expired')
  }
  const { flight, answer } = beginFlight(engine, request, kind)
  for (const own of running.own) own.awaits(flight, answer)
  return answer
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

function beginFlight(
  engine: Engine,
  request: JoinRequest,
  kind: FlightKind,
): { flight: Flight; answer: Promise<Found> } {
  const { invalidations, clock, flights } = engine
  const beganMs = clock.monotonicMs()
  const flight = new Flight(engine, request.storeKey, invalidations.applied, kind, beganMs)
  const { answer } = flight
  flight.previous = request.previous
  flights.begin(flight)
  fly(engine, flight, request)
  return { flight, answer }
}

function share(
  engine: Engine,
  flight: Flight,
  request: JoinRequest,
  running: readonly Flight[],
): Promise<Found> {
  const { key, policy, previous } = request
  const nowMs = engine.clock.monotonicMs()
  request.onShared?.()
  const mayStandIn = request.kind === 'shared'
  const standIn = mayStandIn ? (flight.standIn(nowMs) ?? asOf(previous, nowMs)) : undefined
  const isStale = standIn?.state === 'stale'
  const leftMs = policy.softTimeoutMs - (nowMs - flight.beganMs)
  if (isStale && leftMs <= 0) return Promise.resolve(standIn)
  if (waitsForAny(flight, running)) throw recursion(key)
  const needsTimer = isStale && leftMs < Number.POSITIVE_INFINITY && !flight.isSoftTimed
  const answer = needsTimer ? firstOf(engine, flight.answer, standIn, leftMs) : flight.answer
  for (const own of running) own.awaits(flight, answer)
  return answer
}

function waitsForAny(flight: Flight, others: readonly Flight[]): boolean {
  return others.some((other) => flight.dependsOn(other))
}

/** The answer, or the stale entry once the caller has waited for as long as it may. */
function firstOf(
  engine: Engine,
  answer: Promise<Found>,
  standIn: HeldEntry,
  afterMs: number,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const timer = engine.clock.setTimer(
      () => {
        const held = asOf(standIn, engine.clock.monotonicMs())
        if (held !== undefined) resolve(held)
      },
      afterMs,
      false,
    )
    answer.then(resolve, reject).finally(() => timer.cancel())
  })
}

function recursion(key: string): CacheError {
  return new CacheError(
    'LOADER_RECURSION',
    `the loader of '${key.slice(0, 64)}' waits for that key: it would wait for itself`,
    { op: 'getOrSet', key },
  )
}
