/**
 * Loading: what happens when nothing fresh is there.
 *
 * A flight asks the store, then runs the loader with its two timeouts, then passes the fenced door
 * (keep.ts). Its callers get, whichever is first: the value; the stale value, when the soft timeout
 * has passed or the loader fails; an error, when there is no stale value. A load that ran past
 * either timeout ends in the background and is kept if it is still the newest.
 */
import type { Loader } from './api.js'
import type { Timer } from './contracts.js'
import { countMiss } from './count-miss.js'
import type { Engine } from './engine.js'
import { type HeldEntry, handOut } from './entry.js'
import { CacheError } from './errors.js'
import type { Flight } from './flight.js'
import { fill } from './keep.js'
import { runInLoadScope } from './load-scope.js'
import { LoadContext } from './loader-context.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import { readStoreOnce } from './store-read.js'

export interface LoadRequest {
  readonly space: Space
  readonly key: string
  readonly loader: Loader<unknown>
  readonly policy: Policy
}

/** Flies to its end; everything that can go wrong becomes the flight's answer. Never rejects. */
export async function fly(engine: Engine, flight: Flight, request: LoadRequest): Promise<void> {
  try {
    const fresh = flight.kind !== 'shared' ? undefined : await lookInStore(engine, flight, request)
    if (fresh !== undefined) flight.succeed(fresh)
    else await load(engine, flight, request)
  } catch (error) {
    flight.fail(error)
  } finally {
    engine.flights.end(flight)
  }
}

/**
 * What a flight can answer without its loader: a fresh entry, or a stale one whose loader failed
 * just now.
 */
async function lookInStore(
  engine: Engine,
  flight: Flight,
  request: LoadRequest,
): Promise<HeldEntry | undefined> {
  if (engine.batch !== undefined) {
    const found = await readStoreOnce(engine, request.space, request.key, flight.storeKey)
    if (typeof found === 'string') countMiss(engine, request.space, request.key, found)
    else if (found.state === 'fresh') return found
    else {
      countMiss(engine, request.space, request.key, 'expired')
      flight.previous = found
    }
  }
  const nowMs = engine.clock.monotonicMs()
  const standIn = flight.standIn(nowMs)
  return standIn !== undefined && engine.holds.isHeld(flight.storeKey, nowMs) ? standIn : undefined
}

async function load(engine: Engine, flight: Flight, request: LoadRequest): Promise<void> {
  const { space, key, loader, policy } = request
  const { clock, observer } = engine
  const { previous } = flight
  const context = new LoadContext(key, previous === undefined ? undefined : handOut(previous))
  const startMs = clock.monotonicMs()
  const timers = armTimeouts(engine, flight, request, context)
  space.counters.loads++
  try {
    const raw = await runInLoadScope([flight], () => loader(context))
    const loadMs = clock.monotonicMs() - startMs
    observer.timed('load', loadMs, false)
    engine.holds.release(flight.storeKey)
    flight.succeed(fill(engine, space, flight, context, raw, policy, loadMs))
    if (engine.events.wants('loaded'))
      engine.events.emit('loaded', { namespace: space.name, key, elapsedMs: loadMs })
  } catch (error) {
    observer.timed('load', clock.monotonicMs() - startMs, true)
    failLoad(engine, flight, request, error)
  } finally {
    for (const timer of timers) timer.cancel()
  }
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
): Timer[] {
  const { hardTimeoutMs } = request.policy
  const timers: Timer[] = []
  const soft = armSoftTimeout(engine, flight, request.policy)
  if (soft !== undefined) timers.push(soft)
  if (Number.isFinite(hardTimeoutMs)) {
    timers.push(
      engine.clock.setTimer(() => giveUp(engine, flight, request, context), hardTimeoutMs, false),
    )
  }
  return timers
}

/** Hands the stale value to the callers of a flight once its load has taken too long. */
export function armSoftTimeout(engine: Engine, flight: Flight, policy: Policy): Timer | undefined {
  const { clock } = engine
  const { softTimeoutMs } = policy
  const standInNow = () => {
    const standIn = flight.standIn(clock.monotonicMs())
    if (standIn !== undefined) flight.succeed(standIn)
  }
  if (flight.standIn(clock.monotonicMs())?.state !== 'stale') return undefined
  if (softTimeoutMs === Number.POSITIVE_INFINITY) return undefined
  if (softTimeoutMs > 0) return clock.setTimer(standInNow, softTimeoutMs, false)
  standInNow()
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
