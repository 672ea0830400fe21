/**
 * Flights: one load that many callers share.
 *
 * A flight tells each of its callers once: of the value, of a stale entry in its place, or of the
 * error, whichever comes first. Callers join it only if nothing invalidated the key since it began,
 * and only while it is in the table: it is taken out before it tells. What it brings is kept only
 * if it has not been superseded: by a load that began later for the same key (after an
 * invalidation, a hard timeout, or `fresh`), whose value is newer.
 *
 * Callers are listeners, not promises: a load has room for two promises, its caller's and its
 * loader's (bench/fill).
 *
 * Bounded: a flight leaves the table when it has its value, its error or its hard timeout. A load
 * that runs on after the hard timeout is listed as late, at most 1 000 of them; the oldest is then
 * superseded.
 */
import { type Found, type HeldEntry, notExclusive } from './entry.js'
import type { Unusable } from './unusable.js'

/**
 * `shared`: asks the store first. `eager`: a refresh before expiry. `fresh`: loads now, whatever is
 * cached. `alone`: as `fresh`, and takes no part in a load that began before.
 */
export type FlightKind = 'shared' | 'eager' | 'fresh' | 'alone'

/** One who waits for a flight; told at most once by it. Must not throw. */
export interface FlightCaller {
  onFound(found: Found): void
  onFailed(error: unknown): void
  /** The load is another process's. */
  onElsewhere(): void
}

export type FlightStart = Pick<Flight, 'owner' | 'storeKey' | 'born' | 'since' | 'kind' | 'beganMs'>

export class Flight {
  /** The cache it belongs to: two caches may share a prefix. */
  readonly owner: object
  readonly storeKey: string
  /** What the process had applied of the invalidation log when it, or then its load, began. */
  born: number
  /** As `born`, for what is kept of it: earlier by the hold-off. */
  keptBorn: number
  /** The fence's count when it began. */
  readonly since: number
  readonly kind: FlightKind
  /** Monotonic. */
  readonly beganMs: number
  /** The entry that is being replaced: it may stand in, and the loader is shown it. */
  previous: HeldEntry | undefined
  /** With which the store lets it fill the key; none where there is no right to. */
  token: string | undefined
  /** What the store has and cannot be used: its right is to replace that. */
  unusable: Unusable | undefined
  /** Up to when its right is kept up. */
  rightUntilMs = Number.POSITIVE_INFINITY
  /** It takes a place in the bulkhead. */
  isBackground = false
  /** Whether it may wait for the load of another process. */
  mayWait = false
  /** The right of the load that this one supersedes. */
  replaces: string | undefined
  /** A newer load has begun: what this one brings is not kept. */
  superseded = false
  /** A timer will let the stale entry stand in. */
  isSoftTimed = false
  #callers: FlightCaller[] = []
  /** Flights for which its loader waits; one of them twice if the loader waits for it twice. */
  #awaited: Flight[] | undefined

  constructor(start: FlightStart) {
    this.owner = start.owner
    this.storeKey = start.storeKey
    this.born = start.born
    this.keptBorn = start.born
    this.since = start.since
    this.kind = start.kind
    this.beganMs = start.beganMs
  }

  /** Whether what it brings goes to several callers. */
  get isShared(): boolean {
    return this.#callers.length > 1
  }

  /** Whether a stale entry may stand in for what it brings. */
  get takesOld(): boolean {
    return this.kind === 'shared' || this.kind === 'eager'
  }

  join(caller: FlightCaller): void {
    this.#callers.push(caller)
  }

  /** Notes that the loader of this flight waits for `other`, until `forgets`. */
  awaits(other: Flight): void {
    if (this.#awaited === undefined) this.#awaited = [other]
    else this.#awaited.push(other)
  }

  forgets(other: Flight): void {
    const at = this.#awaited?.indexOf(other) ?? -1
    if (at >= 0) this.#awaited!.splice(at, 1)
  }

  /** Whether this flight cannot end before `other` does. */
  dependsOn(other: Flight, seen = new Set<Flight>()): boolean {
    if (this === other) return true
    if (this.#awaited === undefined || seen.has(this)) return false
    seen.add(this)
    return this.#awaited.some((awaited) => awaited.dependsOn(other, seen))
  }

  /** Tells those who wait now; those who come later, if it still flies, wait for how it ends. */
  succeed(found: Found): void {
    const handed = this.isShared ? notExclusive(found) : found
    for (const caller of this.#leave()) caller.onFound(handed)
  }

  announceElsewhere(): void {
    for (const caller of this.#callers) caller.onElsewhere()
  }

  fail(error: unknown): void {
    for (const caller of this.#leave()) caller.onFailed(error)
  }

  #leave(): readonly FlightCaller[] {
    const callers = this.#callers
    this.#callers = []
    return callers
  }
}

const MAX_LATE = 1_000

export class Flights {
  readonly #flights = new Map<string, Flight>()
  readonly #late = new Map<string, Flight>()

  get size(): number {
    return this.#flights.size
  }

  *all(): Generator<Flight, void, void> {
    yield* this.#flights.values()
    yield* this.#late.values()
  }

  get(storeKey: string): Flight | undefined {
    return this.#flights.get(storeKey)
  }

  /** Puts a new flight in; whatever flies for its key is superseded. */
  begin(flight: Flight): void {
    const older = this.#flights.get(flight.storeKey)
    if (older !== undefined) older.superseded = true
    const late = this.#late.get(flight.storeKey)
    if (late !== undefined) late.superseded = true
    flight.replaces = older?.token ?? late?.token
    this.#late.delete(flight.storeKey)
    this.#flights.set(flight.storeKey, flight)
  }

  /** Takes a flight out that has ended. */
  end(flight: Flight): void {
    if (this.#flights.get(flight.storeKey) === flight) this.#flights.delete(flight.storeKey)
    if (this.#late.get(flight.storeKey) === flight) this.#late.delete(flight.storeKey)
  }

  /** Frees the key of a flight whose load runs on past its hard timeout. */
  release(flight: Flight): void {
    if (this.#flights.get(flight.storeKey) !== flight) return
    this.#flights.delete(flight.storeKey)
    if (this.#late.size >= MAX_LATE) {
      const [oldest] = this.#late.values()
      oldest!.superseded = true
      this.#late.delete(oldest!.storeKey)
    }
    this.#late.set(flight.storeKey, flight)
  }
}
