/**
 * Coherence of a process that is alone, or whose store has no log: a sequence of its own.
 *
 * It begins at the wall clock, so that what an earlier process left in the store is older than
 * anything invalidated now. What that process invalidated nobody knows any more: tagged entries of
 * an earlier life are misses.
 */
import type {
  Coherence,
  CoherenceStats,
  Confirmation,
  MemoryGuard,
  Verdict,
} from '../core/coherence.js'
import type { Clock } from '../core/contracts.js'
import type { Invalidation } from '../core/log.js'
import { tokenOf } from '../core/token.js'
import { AppliedHistory } from './applied-history.js'
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
  readonly #history = new AppliedHistory()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#mirror.reset({ head: Math.max(1, Math.floor(clock.wallMs())), floor: 0, prefixes: [] })
    this.#history.begin(this.#mirror.applied, Number.NEGATIVE_INFINITY)
  }

  get applied(): number {
    return this.#mirror.applied
  }

  get wallAheadMs(): number {
    return this.#clock.wallMs() - this.#clock.monotonicMs()
  }

  appliedAt(atMs: number): number {
    return this.#history.asOf(atMs) ?? 0
  }

  mayServe(): boolean {
    return true
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

  oldestBorn(namespace: string, key: string, tags: readonly string[]): number {
    return this.#mirror.oldestBorn(namespace, key, tags)
  }

  async learn(): Promise<void> {}

  append(invalidations: readonly Invalidation[]): Promise<Confirmation> {
    this.#mirror.apply(this.#mirror.applied + 1, invalidations)
    this.#history.note(this.#mirror.applied, this.#clock.monotonicMs())
    return Promise.resolve({ token: this.token, applied: undefined })
  }

  get token(): string {
    return tokenOf('local', this.#mirror.applied)
  }

  /** Nobody else invalidates anything. */
  async hear(): Promise<boolean> {
    return true
  }

  async invalidatedSince(): Promise<'unheard'> {
    return 'unheard'
  }

  stats(): CoherenceStats {
    const { applied, tagCount, prefixCount } = this.#mirror
    const mirrored = tagCount + prefixCount
    const counts = { gapsRepaired: 0, resets: 0, members: 1, heardAgoMs: 0 }
    return { state: 'alone', applied, mirrored, ...counts }
  }

  async close(): Promise<void> {}
}
