/**
 * Flights: one load that many callers share.
 *
 * A flight has one answer for all its callers: the first of value, stale stand-in, error. Callers
 * join it only if nothing invalidated the key since it began. What it brings is kept only if it has
 * not been superseded: by a load that began later for the same key (after an invalidation, a hard
 * timeout, or `fresh`), whose value is newer.
 *
 * Bounded: a flight leaves the table when it has its value, its error or its hard timeout. A load
 * that runs on after the hard timeout is listed as late, at most 1 000 of them; the oldest is then
 * superseded.
 */
import { asOf, type Found, type HeldEntry } from './entry.js'

/**
 * `shared`: asks the store first. `eager`: a refresh before expiry. `fresh`: loads now, whatever is
 * cached.
 */
export type FlightKind = 'shared' | 'eager' | 'fresh'

export class Flight {
  /** The cache it belongs to: two caches may share a prefix. */
  readonly owner: object
  readonly storeKey: string
  /** What the process had applied of the invalidation log when it began. */
  readonly born: number
  readonly kind: FlightKind
  /** Monotonic. */
  readonly beganMs: number
  /** The entry that is being replaced: it may stand in, and the loader is shown it. */
  previous: HeldEntry | undefined
  /** A newer load has begun: what this one brings is not kept. */
  superseded = false
  /** A timer will let the stale entry stand in. */
  isSoftTimed = false
  /** Flights for which its loader waits. */
  readonly #awaited = new Set<Flight>()
  #answer!: Promise<Found>
  #resolve!: (found: Found) => void
  #reject!: (error: unknown) => void

  constructor(owner: object, storeKey: string, born: number, kind: FlightKind, beganMs: number) {
    this.owner = owner
    this.storeKey = storeKey
    this.born = born
    this.kind = kind
    this.beganMs = beganMs
    this.#renew()
    // A background refresh has no caller: its error is an event, not an unhandled rejection.
    if (kind === 'eager') this.#answer.catch(() => {})
  }

  /** What those who wait now will get. */
  get answer(): Promise<Found> {
    return this.#answer
  }

  /** What its callers may get instead, as of now; `fresh: true` takes nothing old. */
  standIn(nowMs: number): HeldEntry | undefined {
    return this.kind === 'fresh' ? undefined : asOf(this.previous, nowMs)
  }

  /** Notes that the loader of this flight waits for `other`, until it has `answer`. */
  awaits(other: Flight, answer: Promise<Found>): void {
    this.#awaited.add(other)
    const forget = () => this.#awaited.delete(other)
    answer.then(forget, forget)
  }

  /** Whether this flight cannot end before `other` does. */
  dependsOn(other: Flight, seen = new Set<Flight>()): boolean {
    if (this === other) return true
    if (seen.has(this)) return false
    seen.add(this)
    for (const awaited of this.#awaited) if (awaited.dependsOn(other, seen)) return true
    return false
  }

  succeed(found: Found): void {
    this.#resolve(found)
  }

  fail(error: unknown): void {
    this.#reject(error)
  }

  /** Gives those who wait now a stale entry; those who come later wait for how the load ends. */
  letStandIn(found: HeldEntry): void {
    this.#resolve(found)
    this.#renew()
    this.#answer.catch(() => {})
  }

  #renew(): void {
    this.#answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }
}

const MAX_LATE = 1_000

export class Flights {
  readonly #flights = new Map<string, Flight>()
  readonly #late = new Map<string, Flight>()

  get size(): number {
    return this.#flights.size
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
