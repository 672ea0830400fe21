/**
 * What must hold, whatever happens: after an invalidation was confirmed, no get that begins later
 * in that process returns an older value, and no get that begins more than the bound later in any
 * other. A `set` is an invalidation as well.
 *
 * A value is the number under which it was made. One that was loaded is as old as the beginning of
 * its load. One that was set is as old as the moment at which the store took it, since of two sets
 * the one that the store takes last counts; where it never did, as old as the call.
 */
export interface Violation {
  readonly what: 'stale' | 'expired' | 'late'
  readonly atMs: number
  readonly value: number
  /** The call that should have kept it away. */
  readonly after?: Invalidation
}

interface Made {
  readonly beganAtMs: number
  /** When the store took it, if it was set. */
  takenAtMs: number | undefined
  freshUntilMs: number
}

interface Invalidation {
  readonly by: number
  readonly beganAtMs: number
  readonly confirmedAtMs: number
}

/** The lease, and no more: a heartbeat counts from its sending. */
const BOUND_MS = 2_000
/** What the store's clock, as a process knows it, may be off, with a slow network. */
const CLOCK_SLACK_MS = 300
/** A set that failed must not take place any later. */
const LATE_MS = 1_500

export class History {
  readonly violations: Violation[] = []
  /** The longest that another process went on with an older value. */
  worstStalenessMs = 0
  gets = 0
  invalidations = 0
  readonly #made = new Map<number, Made>()
  readonly #confirmed = new Map<string, Invalidation[]>()

  /** A value begins to be made: its load begins, or it is about to be set. Returns its number. */
  make(atMs: number, ttlMs = Number.POSITIVE_INFINITY): number {
    const value = this.#made.size + 1
    this.#made.set(value, { beganAtMs: atMs, takenAtMs: undefined, freshUntilMs: atMs + ttlMs })
    return value
  }

  /** Its life begins now. */
  loaded(value: number, atMs: number, ttlMs: number): void {
    this.#made.get(value)!.freshUntilMs = atMs + ttlMs
  }

  /** The store takes it, by a set. */
  taken(value: number, atMs: number): void {
    const made = this.#made.get(value)!
    made.takenAtMs = atMs
    if (atMs > made.beganAtMs + LATE_MS) this.violations.push({ what: 'late', atMs, value })
  }

  /** An invalidation begins; returns what to call when it was confirmed. */
  invalidate(keys: readonly string[], by: number, beganAtMs: number): (atMs: number) => void {
    return (confirmedAtMs) => {
      this.invalidations++
      for (const key of keys) {
        const list = this.#confirmed.get(key) ?? []
        this.#confirmed.set(key, list)
        list.push({ by, beganAtMs, confirmedAtMs })
      }
    }
  }

  /** A get that began at `beganAtMs` in the process `by` has returned a value. */
  got(key: string, value: number, by: number, beganAtMs: number): void {
    this.gets++
    const made = this.#made.get(value)!
    if (beganAtMs > made.freshUntilMs + CLOCK_SLACK_MS) {
      this.violations.push({ what: 'expired', atMs: beganAtMs, value })
    }
    const madeAtMs = made.takenAtMs ?? made.beganAtMs
    for (const each of this.#confirmed.get(key) ?? []) {
      if (madeAtMs >= each.beganAtMs || each.confirmedAtMs > beganAtMs) continue
      const staleForMs = beganAtMs - each.confirmedAtMs
      const isOwn = each.by === by
      if (!isOwn) this.worstStalenessMs = Math.max(this.worstStalenessMs, staleForMs)
      if (!isOwn && staleForMs <= BOUND_MS) continue
      this.violations.push({ what: 'stale', atMs: beganAtMs, value, after: each })
    }
  }
}
