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
import { type HeldEntry, notExclusive } from './entry.js'
import type { MissReason } from './events.js'
import { giveBack } from './fill.js'
import { askRight, takeRight } from './fill-right.js'
import type { Flight } from './flight.js'
import { endFlight, type LoadRequest, RunningLoad } from './running-load.js'
import { standInFor } from './stand-in.js'
import { readStore } from './store-read.js'

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
