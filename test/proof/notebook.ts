/** What one process has seen since it last told its parent. */
import type { Evidence, Invalidation, Sighting } from './messages.js'
import { monotonicMs } from './monotonic-ms.js'

/** A get takes microseconds until it has looked at memory; what took longer was stopped in it. */
const STRADDLE_MS = 100
const MAX_ERRORS = 20

export class Notebook {
  #sightings = new Map<string, Sighting>()
  #invalidations: Invalidation[] = []
  #stillLoadsMs: number[] = []
  #errors: string[] = []
  #failed = 0
  #misses = 0
  #straddling = 0

  /** A get that was called at `beganMs` returned this. */
  got(key: string, loadedAtMs: number | undefined, beganMs: number): void {
    if (loadedAtMs === undefined) {
      this.#misses++
      return
    }
    const name = `${key} ${loadedAtMs}`
    const before = this.#sightings.get(name)
    const lastBeganMs = Math.max(beganMs, before?.lastBeganMs ?? 0)
    this.#sightings.set(name, { key, loadedAtMs, lastBeganMs, gets: (before?.gets ?? 0) + 1 })
  }

  /**
   * Called when the synchronous part of a get is over. A process that is stopped between the stamp
   * and the look at memory looks later than it says: the judge is too mild with that get. The stamp
   * cannot be taken after the look, which would accuse the innocent; so they are counted.
   */
  looked(beganMs: number): void {
    if (monotonicMs() - beganMs > STRADDLE_MS) this.#straddling++
  }

  invalidated(invalidation: Invalidation): void {
    this.#invalidations.push(invalidation)
  }

  invalidationFailed(): void {
    this.#failed++
  }

  loadedStill(atMs: number): void {
    this.#stillLoadsMs.push(atMs)
  }

  threw(error: unknown): void {
    if (this.#errors.length < MAX_ERRORS) this.#errors.push(String(error))
  }

  take(): Evidence {
    const evidence: Evidence = {
      sightings: [...this.#sightings.values()],
      invalidations: this.#invalidations,
      failed: this.#failed,
      misses: this.#misses,
      stillLoadsMs: this.#stillLoadsMs,
      straddling: this.#straddling,
      errors: this.#errors,
    }
    this.#sightings = new Map()
    this.#invalidations = []
    this.#stillLoadsMs = []
    this.#errors = []
    this.#failed = 0
    this.#misses = 0
    this.#straddling = 0
    return evidence
  }
}
