/**
 * Joining flights: which load a caller waits for, and when a new one begins.
 *
 * Owns the rules that keep loads few and callers from waiting for ever: one flight for each key,
 * unless the key was invalidated since it began; an error in place of a wait that could never end.
 */
import { isUsable } from './coherence.js'
import type { Timer } from './contracts.js'
import { countMiss, countShared } from './count-miss.js'
import type { Engine } from './engine.js'
import type { Found, HeldEntry } from './entry.js'
import { CacheError } from './errors.js'
import { Flight, type FlightCaller, type FlightKind } from './flight.js'
import { fly } from './load.js'
import { runningFlights } from './load-scope.js'
import type { LoadRequest } from './running-load.js'
import { standInFor, usableNow } from './stand-in.js'

export interface JoinRequest extends LoadRequest {
  readonly storeKey: string
  /** `fresh`: loads now, whatever is cached or under way for a plain caller. */
  readonly kind: Exclude<FlightKind, 'eager'>
  /** What memory holds, fresh or stale. */
  readonly previous: HeldEntry | undefined
  /** The caller may leave; the load goes on for the others. */
  readonly signal: AbortSignal | undefined
}

/** Hears how a call ends: one of the last two is called, once. */
export interface JoinListener {
  /** The load is somebody else's. */
  readonly onShared: (() => void) | undefined
  /** A fresh entry, what a loader answered, or a stale entry in its place. */
  readonly onFound: (found: Found) => void
  /** The loader's error, LOADER_TIMEOUT, LOADER_RECURSION, or the signal's reason. */
  readonly onFailed: (error: unknown) => void
}

/** The listener hears at once or later. */
export function waitForLoad(engine: Engine, request: JoinRequest, listener: JoinListener): void {
  const caller = new Caller(engine, request, listener)
  try {
    joinFlight(engine, caller)
  } catch (error) {
    caller.onFailed(error)
  }
}

/** The load under way if nothing invalidated its key, else a new one. */
function joinFlight(engine: Engine, caller: Caller): void {
  const { request } = caller
  const { key, storeKey, kind } = request
  const running = runningFlights()
  const isSame = (flight: Flight) => flight.owner === engine && flight.storeKey === storeKey
  // Also where its flight is no longer the one that others would join: it would load for ever.
  if (running.all.some((flight) => isSame(flight) && waitsForAny(flight, running.own))) {
    throw recursion(key)
  }
  const current = engine.flights.get(storeKey)
  if (current !== undefined && mayShare(engine, request, current)) {
    caller.share(current, running.own)
    return
  }
  countForced(engine, request)
  const flight = beginFlight(engine, request, kind)
  // A loader that waits for another process could wait for one that waits for it.
  flight.mayWait = kind === 'shared' && running.own.length === 0
  caller.board(flight, running.own)
  fly(engine, flight, request)
}

/**
 * Whether what the flight brings is new enough for a caller that comes now. Without a lease nobody
 * knows what others have invalidated: then a load is shared for as long as a lease would last.
 */
function mayShare(engine: Engine, request: JoinRequest, flight: Flight): boolean {
  const { clock, coherence, invalidations } = engine
  const { space, key, storeKey, kind } = request
  if (kind === 'alone') return false
  if (kind === 'fresh' && (flight.kind === 'shared' || flight.kind === 'eager')) return false
  if (!invalidations.isCurrent(space, storeKey, flight.since)) return false
  if (!isUsable(coherence.judge(space.name, key, undefined, flight.born))) return false
  return coherence.isLeased || clock.monotonicMs() - flight.beganMs < coherence.leaseMs
}

/** Counts the miss of a flight that does not ask the store. */
function countForced(engine: Engine, { kind, space, key, previous }: JoinRequest): void {
  if (kind === 'fresh') countMiss(engine, space, key, 'forced')
  else if (kind === 'alone') countMiss(engine, space, key, 'store-unavailable')
  else if (engine.batch === undefined) {
    countMiss(engine, space, key, previous === undefined ? 'absent' : 'expired')
  }
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
  if (engine.flights.get(storeKey) !== undefined || engine.bulkhead.isFull) return
  space.memory.postponeCheck(key, Number.POSITIVE_INFINITY)
  space.counters.eagerRefreshes++
  flyInBackground(engine, request, 'eager')
}

/** Starts to replace what a soft invalidation has made stale, if nobody does so. */
export function refreshSoftly(engine: Engine, request: JoinRequest): void {
  const { clock, bulkhead, flights, holds } = engine
  const { storeKey, policy } = request
  const nowMs = clock.monotonicMs()
  if (flights.get(storeKey) !== undefined || holds.isHeld(storeKey, nowMs)) return
  if (!bulkhead.admits(storeKey, nowMs, policy.refreshSpreadMs)) return
  flyInBackground(engine, request, 'shared')
}

/** Nobody waits for it: its error is an event. */
function flyInBackground(engine: Engine, request: JoinRequest, kind: FlightKind): void {
  const flight = beginFlight(engine, request, kind)
  flight.isBackground = true
  engine.bulkhead.enter()
  fly(engine, flight, request)
}

function beginFlight(engine: Engine, request: JoinRequest, kind: FlightKind): Flight {
  const { clock, coherence, flights, invalidations } = engine
  const flight = new Flight({
    owner: engine,
    storeKey: request.storeKey,
    born: coherence.applied,
    since: invalidations.beginLoad(),
    kind,
    beganMs: clock.monotonicMs(),
  })
  flight.previous = request.previous
  flights.begin(flight)
  return flight
}

/** One caller on its way through a flight; it hears of the first of answer, stand-in, leaving. */
class Caller implements FlightCaller {
  readonly request: JoinRequest
  readonly #engine: Engine
  readonly #listener: JoinListener
  readonly #beganMs: number
  #isTold = false
  /** The load is somebody else's. */
  #isShared = false
  #flight: Flight | undefined
  /** The loads that the calling code is a part of: they wait too. */
  #own: readonly Flight[] = []
  #standInTimer: Timer | undefined
  #onAbort: (() => void) | undefined

  constructor(engine: Engine, request: JoinRequest, listener: JoinListener) {
    this.#engine = engine
    this.request = request
    this.#listener = listener
    this.#beganMs = engine.clock.monotonicMs()
  }

  /** Waits for a flight. */
  board(flight: Flight, own: readonly Flight[]): void {
    // On a second flight the first one's signal is watched already.
    const isWatched = this.#onAbort !== undefined
    this.#flight = flight
    this.#own = own
    for (const each of own) each.awaits(flight)
    flight.join(this)
    const { signal } = this.request
    if (signal !== undefined && !isWatched) this.#watch(signal)
  }

  /** Waits for a flight that somebody else began, or takes what is stale where that is due. */
  share(flight: Flight, own: readonly Flight[]): void {
    const { clock } = this.#engine
    const { key, policy, previous, kind } = this.request
    const nowMs = clock.monotonicMs()
    this.#isShared = true
    this.#listener.onShared?.()
    const mayStandIn = kind === 'shared'
    const standIn = mayStandIn
      ? (standInFor(this.#engine, flight, this.request) ?? this.#usableNow(previous))
      : undefined
    if (standIn?.state === 'stale') {
      const leftMs = policy.softTimeoutMs - (nowMs - flight.beganMs)
      if (leftMs <= 0) {
        this.onFound(standIn)
        return
      }
      if (leftMs < Number.POSITIVE_INFINITY && !flight.isSoftTimed) {
        const take = () => this.#takeStandIn(standIn)
        this.#standInTimer = clock.setTimer(take, leftMs, false)
      }
    }
    if (waitsForAny(flight, own)) throw recursion(key)
    this.board(flight, own)
  }

  onFound(found: Found): void {
    if (this.#isTold) return
    if (found.tier === 'loader' && this.#isOutdated(found.tags)) {
      this.#loadAnew()
      return
    }
    this.#settle(found)
    try {
      this.#listener.onFound(found)
    } catch (error) {
      this.#listener.onFailed(error)
    }
  }

  /** A flight that others began need not know of the stale entry that this caller knows of. */
  onFailed(error: unknown): void {
    const { kind, previous, signal } = this.request
    const mayStandIn = kind === 'shared' && signal?.aborted !== true
    const held = mayStandIn ? this.#usableNow(previous) : undefined
    if (held === undefined) this.#reject(error)
    else this.onFound(held)
  }

  /**
   * Whether a load that was under way when this caller came brought what was out of date by then.
   * Its tags are known only now. What began after the caller did is new enough in any case.
   */
  #isOutdated(tags: readonly string[]): boolean {
    const { coherence } = this.#engine
    const { space, key } = this.request
    if (!this.#isShared || tags.length === 0 || this.#flight === undefined) return false
    if (this.#flight.beganMs > this.#beganMs) return false
    return !isUsable(coherence.judge(space.name, key, tags, this.#flight.born))
  }

  onElsewhere(): void {
    this.#listener.onShared?.()
  }

  #loadAnew(): void {
    for (const each of this.#own) each.forgets(this.#flight!)
    this.#own = []
    this.#flight = undefined
    this.#isShared = false
    try {
      joinFlight(this.#engine, this)
    } catch (error) {
      this.onFailed(error)
    }
  }

  #reject(error: unknown): void {
    if (this.#isTold) return
    this.#settle(undefined)
    this.#listener.onFailed(error)
  }

  #takeStandIn(standIn: HeldEntry): void {
    const held = this.#usableNow(standIn)
    if (held !== undefined) this.onFound(held)
  }

  #usableNow(held: HeldEntry | undefined): HeldEntry | undefined {
    return usableNow(this.#engine, this.request, held)
  }

  #watch(signal: AbortSignal): void {
    this.#onAbort = () => this.#reject(signal.reason)
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  #settle(found: Found | undefined): void {
    const { signal, space, key } = this.request
    this.#isTold = true
    this.#standInTimer?.cancel()
    if (this.#onAbort !== undefined) signal!.removeEventListener('abort', this.#onAbort)
    for (const each of this.#own) each.forgets(this.#flight!)
    const isHit = found?.state === 'fresh' && found.tier !== 'loader'
    if (this.#isShared && !isHit) countShared(this.#engine, space, key)
  }
}

function waitsForAny(flight: Flight, others: readonly Flight[]): boolean {
  return others.some((other) => flight.dependsOn(other))
}

function recursion(key: string): CacheError {
  return new CacheError(
    'LOADER_RECURSION',
    `the loader of '${key.slice(0, 64)}' waits for that key: it would wait for itself`,
    { op: 'getOrSet', key },
  )
}
