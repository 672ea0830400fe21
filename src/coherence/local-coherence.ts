/**
 * Coherence of a process that is alone, or whose store has no log: a sequence of its own.
 *
 * It begins at the wall clock, so that what an earlier process left in the store is older than
 * anything invalidated now. What that process invalidated nobody knows any more: tagged entries of
 * an earlier life are misses.
 */
import type { Coherence, CoherenceStats, MemoryGuard, Verdict } from '../core/coherence.js'
import type { Clock } from '../core/contracts.js'
import type { Invalidation } from '../core/log.js'
import { Mirror } from './mirror.js'

export class LocalCoherence implements Coherence {
  readonly guard: MemoryGuard = { generation: 1, leaseUntilMs: Number.POSITIVE_INFINITY }
  readonly isShared = false
  readonly isJoined = true
  readonly isLeased = true
  readonly isStoreTrusted = true
  readonly leaseMs = Number.POSITIVE_INFINITY
  readonly #mirror = new Mirror({ guard: this.guard })
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
    this.#mirror.reset({ head: Math.max(1, Math.floor(clock.wallMs())), floor: 0, prefixes: [] })
  }

  get applied(): number {
    return this.#mirror.applied
  }

  get wallAheadMs(): number {
    return this.#clock.wallMs() - this.#clock.monotonicMs()
  }

  open(): void {}

  doubtStore(): void {}

  async renew(): Promise<boolean> {
    return true
  }

  judge(
    namespace: string,
    key: string,
    tags: readonly string[] | undefined,
    born: number,
  ): Verdict {
    return this.#mirror.judge(namespace, key, tags, born)
  }

  async learn(): Promise<void> {}

  append(invalidations: readonly Invalidation[]): Promise<number> {
    const seq = this.#mirror.applied + 1
    this.#mirror.apply(seq, invalidations)
    return Promise.resolve(seq)
  }

  stats(): CoherenceStats {
    const { applied, tagCount, prefixCount } = this.#mirror
    const mirrored = tagCount + prefixCount
    return { state: 'alone', applied, gapsRepaired: 0, resets: 0, mirrored }
  }

  async close(): Promise<void> {}
}
