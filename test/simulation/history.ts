/**
 * What must hold, whatever happens: after an invalidation was confirmed, no get that begins later
 * in that process returns an older value, and no get that begins more than the bound later in any
 * other; in no process where it was waited for (`applied`), and in none for a get that was given
 * its token. A `set` is an invalidation as well. When all has been well for a while, nothing is
 * served that is older than an invalidation that a living process has asked for, confirmed or not.
 *
 * A value is the number under which it was made. One that was loaded is as old as the beginning of
 * its load. One that was set is as old as the moment at which the store took it, since of two sets
 * the one that the store takes last counts; where it never did, as old as the end of the call.
 */
export interface Violation {
  readonly what: 'stale' | 'before its token' | 'expired' | 'late' | 'at rest'
  readonly atMs: number
  readonly value: number
  /** The call that should have kept it away. */
  readonly after?: Invalidation
}

interface Made {
  readonly beganAtMs: number
  /** When the store took it, if it was set. */
  takenAtMs: number | undefined
  /** When its `set` ended, if it was set. */
  settledAtMs: number | undefined
  freshUntilMs: number
}

/** One that was asked for. */
export interface Invalidation {
  readonly keys: readonly string[]
  readonly by: number
  /** It is confirmed when no process can serve what is older. */
  readonly isApplied: boolean
  /** What is older is stale, and only plain gets must not return it. */
  readonly isSoft: boolean
  readonly beganAtMs: number
  /** `Infinity` until then. */
  confirmedAtMs: number
}

/** A get that was asked for. */
export interface Get {
  /** The process, in one of its lives. */
  readonly by: number
  readonly beganAtMs: number
  /** It takes only what is fresh, and loads nothing. */
  readonly isPlain: boolean
  /** The log has heard of the process since it lost its data; else it cannot be waited for. */
  readonly isKnown: boolean
  /** It was given the token of that one. */
  readonly after: Invalidation | undefined
}

/** What the store's clock, as a process knows it, may be off, with a slow network. */
const CLOCK_SLACK_MS = 300
/** A set that failed must not take place any later. */
const LATE_MS = 1_500

export class History {
  readonly violations: Violation[] = []
  readonly #boundMs: number
  /** The longest that another process went on with an older value. */
  worstStalenessMs = 0
  gets = 0
  invalidations = 0
  readonly #made = new Map<number, Made>()
  readonly #asked = new Map<string, Invalidation[]>()

  /** `boundMs`: the lease, or `staleIfDown`, and no more: a heartbeat counts from its sending. */
  constructor(boundMs: number) {
    this.#boundMs = boundMs
  }

  /** A value begins to be made: its load begins, or it is about to be set. Returns its number. */
  make(atMs: number): number {
    const value = this.#made.size + 1
    this.#made.set(value, {
      beganAtMs: atMs,
      takenAtMs: undefined,
      settledAtMs: undefined,
      freshUntilMs: Number.POSITIVE_INFINITY,
    })
    return value
  }

  /** Its life begins now. */
  loaded(value: number, atMs: number, ttlMs: number): void {
    this.#made.get(value)!.freshUntilMs = atMs + ttlMs
  }

  /** A `set` of it begins. */
  setting(value: number, ttlMs: number): void {
    const made = this.#made.get(value)!
    made.settledAtMs = Number.POSITIVE_INFINITY
    made.freshUntilMs = made.beganAtMs + ttlMs
  }

  /** The `set` of it has ended, either way. */
  settled(value: number, atMs: number): void {
    this.#made.get(value)!.settledAtMs = atMs
  }

  /** The store takes it, by a set. */
  taken(value: number, atMs: number): void {
    const made = this.#made.get(value)!
    made.takenAtMs = atMs
    if (atMs > made.beganAtMs + LATE_MS) this.violations.push({ what: 'late', atMs, value })
  }

  /** An invalidation begins. */
  invalidate(
    keys: readonly string[],
    by: number,
    beganAtMs: number,
    { isApplied = false, isSoft = false } = {},
  ): Invalidation {
    const confirmedAtMs = Number.POSITIVE_INFINITY
    const asked: Invalidation = { keys, by, beganAtMs, isApplied, isSoft, confirmedAtMs }
    for (const key of keys) {
      const list = this.#asked.get(key) ?? []
      this.#asked.set(key, list)
      list.push(asked)
    }
    return asked
  }

  confirm(asked: Invalidation, atMs: number): void {
    this.invalidations++
    asked.confirmedAtMs = atMs
  }

  /** A get has returned a value. */
  got(key: string, value: number, get: Get): void {
    const { by, beganAtMs, after } = get
    this.gets++
    const isFresh = beganAtMs <= this.#made.get(value)!.freshUntilMs + CLOCK_SLACK_MS
    if (get.isPlain && !isFresh) {
      this.violations.push({ what: 'expired', atMs: beganAtMs, value })
    }
    const newer = this.#newerThan(value, key).filter(({ isSoft }) => get.isPlain || !isSoft)
    for (const each of newer) {
      if (each.confirmedAtMs > beganAtMs) continue
      const staleForMs = beganAtMs - each.confirmedAtMs
      const isOwn = each.by === by
      const boundMs = isOwn || (each.isApplied && get.isKnown) ? 0 : this.#boundMs
      if (!isOwn && !each.isApplied) {
        this.worstStalenessMs = Math.max(this.worstStalenessMs, staleForMs)
      }
      if (boundMs > 0 && staleForMs <= boundMs) continue
      this.violations.push({ what: 'stale', atMs: beganAtMs, value, after: each })
    }
    if (after === undefined || !newer.includes(after)) return
    this.violations.push({ what: 'before its token', atMs: beganAtMs, value, after })
  }

  /** A plain get has returned a value after all faults had ended. */
  gotAtRest(key: string, value: number, atMs: number, isAlive: (life: number) => boolean): void {
    const after = this.#newerThan(value, key).find(({ by }) => isAlive(by))
    if (after !== undefined) this.violations.push({ what: 'at rest', atMs, value, after })
  }

  #newerThan(value: number, key: string): readonly Invalidation[] {
    const { takenAtMs, settledAtMs, beganAtMs } = this.#made.get(value)!
    const madeAtMs = takenAtMs ?? settledAtMs ?? beganAtMs
    return (this.#asked.get(key) ?? []).filter((each) => madeAtMs < each.beganAtMs)
  }
}
