/**
 * The counters of one namespace, and the hit in memory at which somebody is to know of it: one that
 * is sampled, or each while it has listeners.
 *
 * A hit compares its own number with that of the next to tell, and does nothing else. Where nobody
 * asks that number lies far ahead, so a cache that samples hits as fast as one that does not
 * (bench/hot-keys: a flag and a count-down took 5 % of a hit, by a call, or 2 %, in line).
 */
import { Counters } from './counters.js'

/** Far ahead, and a small integer to V8 for as long as the numbers of hits are. */
export const NEVER_SAMPLED = 2 ** 30

export class SpaceCounters extends Counters {
  #toldAt = NEVER_SAMPLED
  #sampledAt = NEVER_SAMPLED
  #tellsEach = false
  #sampledOf = 1

  /** Counts a hit in memory; whether `Events.tellHit` is to be called for it. */
  countHit(): boolean {
    return ++this.memoryHits >= this.#toldAt
  }

  /** As `countHit`, for so many: for `Events.tellHits`. */
  countHits(hits: number): boolean {
    this.memoryHits += hits
    return this.memoryHits >= this.#toldAt
  }

  /** Whether the hit of that number is to be sampled. */
  isSampled(at: number): boolean {
    return at >= this.#sampledAt
  }

  /** How many hits the next sample stands for. */
  get sampledOf(): number {
    return this.#sampledOf
  }

  /** The next sample is that after `gap` more hits than `at`, and stands for so many. */
  sampleAfter(at: number, gap: number, sampledOf: number): void {
    this.#sampledAt = at + gap + 1
    this.#sampledOf = sampledOf
    this.#look()
  }

  /** Whether each hit is told, sampled or not. */
  tellEach(tellsEach: boolean): void {
    this.#tellsEach = tellsEach
    this.#look()
  }

  #look(): void {
    this.#toldAt = this.#tellsEach ? 0 : this.#sampledAt
  }
}
