/**
 * A stale entry in the place of a load's answer: what is left of it, as it may be handed out now.
 *
 * It was found when its flight began, or its caller came. What its tags and prefixes say, and
 * whether memory may serve at all, is asked again when it is handed out: those who wait for a load
 * may have come after it was invalidated, or after the lease has ended.
 */
import { isUsable } from './coherence.js'
import type { Engine } from './engine.js'
import { asOf, type HeldEntry } from './entry.js'
import type { Flight } from './flight.js'
import type { Space } from './space.js'

export interface StandInOf {
  readonly space: Space
  readonly key: string
}

export function usableNow(
  { clock, coherence }: Engine,
  { space, key }: StandInOf,
  held: HeldEntry | undefined,
): HeldEntry | undefined {
  if (held === undefined) return undefined
  const left = asOf(held, clock.monotonicMs())
  if (left === undefined || !coherence.mayServe(left.knownAtMs)) return undefined
  return isUsable(coherence.judge(space.name, key, left.tags, left.born)) ? left : undefined
}

/** What its callers may get instead; a load that was asked to be fresh takes nothing old. */
export function standInFor(engine: Engine, flight: Flight, of: StandInOf): HeldEntry | undefined {
  return flight.takesOld ? usableNow(engine, of, flight.previous) : undefined
}
