/**
 * Invalidations that were confirmed in the last seconds. Whoever confirmed them may not have been
 * in charge any more: a master that others have deposed answers until it hears of it, and what it
 * took is lost. Where another server turns out to be in charge they are asked for once more.
 *
 * For as long as a store may be trusted without being heard of (2 s), and up to twice of that.
 * Bounded: 10 000 keys in each half of that time; of more than that it is only known that there
 * were too many, which stands for everything. Cost: one entry of a Map for each key written.
 */
import type { Clock } from './contracts.js'
import type { Invalidation, KeyInvalidation } from './log.js'

export const RECENT_MS = 2_500
export const MAX_RECENT_KEYS = 10_000
const MAX_OTHERS = 1_000

export interface Recent {
  readonly keys: Map<string, KeyInvalidation | undefined>
  readonly others: Invalidation[]
}

export class RecentInvalidations {
  readonly #clock: Clock
  #young: Recent = none()
  #old: Recent = none()
  #youngSinceMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  noteKey(storeKey: string, tells: KeyInvalidation | undefined): void {
    const { keys } = this.#now()
    // One more than counts: that there were too many is what is left to know.
    if (keys.size <= MAX_RECENT_KEYS) keys.set(storeKey, tells)
  }

  noteOthers(invalidations: readonly Invalidation[]): void {
    const { others } = this.#now()
    if (others.length <= MAX_OTHERS) others.push(...invalidations)
  }

  /** Hands out what there is, the older first, and forgets it. */
  take(): readonly Recent[] {
    this.#now()
    const taken = [this.#old, this.#young]
    this.#old = none()
    this.#young = none()
    return taken.map((recent) => (isTooMuch(recent) ? everything() : recent))
  }

  #now(): Recent {
    const nowMs = this.#clock.monotonicMs()
    const agoMs = nowMs - this.#youngSinceMs
    if (agoMs < RECENT_MS) return this.#young
    this.#old = agoMs < 2 * RECENT_MS ? this.#young : none()
    this.#young = none()
    this.#youngSinceMs = nowMs
    return this.#young
  }
}

function isTooMuch({ keys, others }: Recent): boolean {
  return keys.size > MAX_RECENT_KEYS || others.length > MAX_OTHERS
}

function everything(): Recent {
  return { keys: new Map(), others: [{ kind: 'all' }] }
}

function none(): Recent {
  return { keys: new Map(), others: [] }
}
