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

import { countMiss } from './count-miss.js'
import type { Engine } from './engine.js'
import type { HeldEntry } from './entry.js'
import type { MissReason } from './events.js'
import { giveBack } from './fill.js'
import { askRight, takeRight } from './fill-right.js'
import type { Flight } from './flight.js'
import { endFlight, type LoadRequest, RunningLoad, takeAnswer } from './running-load.js'
import { standInFor } from './stand-in.js'
import { readStore } from './store-read.js'

/** Sets a flight off; everything that can go wrong is told to its callers. Never throws. */
export function fly(engine: Engine, flight: Flight, request: LoadRequest): void {
  const { batch } = engine
  if (batch === undefined || (flight.kind !== 'shared' && !batch.leases)) {
    loadHere(engine, flight, request)
  } else if (flight.kind !== 'shared') {
    takeRight(engine, flight, request, () => loadHere(engine, flight, request))
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

/** Without an answer of the store. */
function loadHere(engine: Engine, flight: Flight, request: LoadRequest): void {
  startLoad(engine, flight, request, standInAtOnce(engine, flight, request, false))
}

/** With the store's answer: it may do, or the loader must run, here or elsewhere. */
function goOn(
  engine: Engine,
  flight: Flight,
  request: LoadRequest,
  held: HeldEntry | MissReason,
  isElsewhere: boolean,
): void {
  if (takeAnswer(engine, flight, held)) return
  const missed = typeof held === 'string' ? held : 'expired'
  const standIn = standInAtOnce(engine, flight, request, isElsewhere)
  if (standIn === undefined && isElsewhere && flight.mayWait) {
    new RunningLoad(engine, flight, request).startWaiting(missed)
    return
  }
  countMiss(engine, request.space, request.key, missed)
  startLoad(engine, flight, request, standIn)
}

/** What may be stale is handed out in the place of a load that is not due here and now. */
function startLoad(
  engine: Engine,
  flight: Flight,
  request: LoadRequest,
  standIn: HeldEntry | undefined,
): void {
  if (standIn === undefined) {
    new RunningLoad(engine, flight, request).start()
    return
  }
  endFlight(engine, flight)
  giveBack(engine, flight)
  flight.succeed(standIn)
}

/**
 * A stale entry whose loader failed a moment ago; or one that was softly invalidated, where others
 * replace it, it is not due, or there is no room to do so.
 */
function standInAtOnce(
  engine: Engine,
  flight: Flight,
  request: LoadRequest,
  isElsewhere: boolean,
): HeldEntry | undefined {
  const { bulkhead, clock, holds } = engine
  const standIn = standInFor(engine, flight, request)
  if (standIn?.state !== 'stale') return undefined
  const nowMs = clock.monotonicMs()
  if (holds.isHeld(flight.storeKey, nowMs)) return standIn
  if (standIn.isSoft !== true) return undefined
  // Those in the background were let in when they began.
  if (flight.isBackground) return isElsewhere ? standIn : undefined
  const { refreshSpreadMs } = request.policy
  const isDue = !isElsewhere && bulkhead.admits(flight.storeKey, nowMs, refreshSpreadMs)
  return isDue ? undefined : standIn
}
