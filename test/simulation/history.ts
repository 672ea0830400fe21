/**
 * What must hold, whatever happens: after an invalidation was confirmed, no get that begins later
 * in that process returns an older value, and no get that begins more than the bound later in any
 * other.
 *
 * A value is the number of its row's version. The truth moves on with each invalidation, just
 * before it is asked for.
 */
export interface Violation {
  readonly key: string
  readonly atMs: number
  readonly by: number
  readonly got: number
  readonly wanted: number
  readonly invalidatedBy: number
  readonly confirmedAtMs: number
}

interface Confirmed {
  readonly by: number
  readonly atMs: number
  readonly version: number
}

/** The lease, and no more: a heartbeat counts from its sending. */
const BOUND_MS = 2_000

export class History {
  readonly violations: Violation[] = []
  /** The longest that another process went on with an older value. */
  worstStalenessMs = 0
  gets = 0
  invalidations = 0
  readonly #truth = new Map<string, number>()
  readonly #confirmed = new Map<string, Confirmed[]>()

  versionOf(key: string): number {
    return this.#truth.get(key) ?? 0
  }

  /** The row has changed; returns what to call when its invalidation was confirmed. */
  change(keys: readonly string[]): (by: number, atMs: number) => void {
    const versions = keys.map((key) => {
      const version = this.versionOf(key) + 1
      this.#truth.set(key, version)
      return version
    })
    return (by, atMs) => {
      this.invalidations++
      keys.forEach((key, i) => {
        const list = this.#confirmed.get(key) ?? []
        this.#confirmed.set(key, list)
        list.push({ by, atMs, version: versions[i]! })
      })
    }
  }

  /** A get that began at `beganAtMs` in the process `by` returned a version. */
  got(key: string, version: number, by: number, beganAtMs: number): void {
    this.gets++
    for (const each of this.#confirmed.get(key) ?? []) {
      if (version >= each.version || each.atMs > beganAtMs) continue
      const staleForMs = beganAtMs - each.atMs
      const isOwn = each.by === by
      if (!isOwn) this.worstStalenessMs = Math.max(this.worstStalenessMs, staleForMs)
      if (!isOwn && staleForMs <= BOUND_MS) continue
      const { by: invalidatedBy, atMs: confirmedAtMs, version: wanted } = each
      const violation = { key, atMs: beganAtMs, by, got: version, wanted }
      this.violations.push({ ...violation, invalidatedBy, confirmedAtMs })
    }
  }
}
