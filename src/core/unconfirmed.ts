/**
 * Invalidations that the store has not confirmed: they are repeated until it has.
 *
 * Their callers were told `false`. A key is deleted once more, also where it was a `set` that
 * failed: what the store holds is older, or it is not known. What was to be told is told once more.
 * Repeating is safe at any time: it can only make too much out of date. A later write of a key
 * takes its place.
 *
 * What was confirmed by a server that turns out to have been replaced counts as not confirmed.
 *
 * Bounded: 10 000 keys and 1 000 others. Beyond that all are exchanged for one invalidation of
 * everything. They live in this process and end with it. Costs nothing while there are none; else
 * one batch a second, and none while the store is known to be away.
 */
import type { Clock, Timer } from './contracts.js'
import type { Invalidation, KeyInvalidation } from './log.js'
import { RecentInvalidations } from './recent-invalidations.js'

export interface UnconfirmedOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly isAway: () => boolean
  /** Both add again what fails again. */
  readonly remove: (storeKey: string, tells: KeyInvalidation | undefined) => void
  readonly tell: (invalidations: readonly Invalidation[]) => void
}

const MAX_KEYS = 10_000
const MAX_OTHERS = 1_000
const EVERY_MS = 1_000
const JITTER_RATIO = 0.2

export class Unconfirmed {
  readonly #options: UnconfirmedOptions
  #keys = new Map<string, KeyInvalidation | undefined>()
  #others = new Map<string, Invalidation>()
  readonly #recent: RecentInvalidations
  #timer: Timer | undefined
  #isEnded = false

  constructor(options: UnconfirmedOptions) {
    this.#options = options
    this.#recent = new RecentInvalidations(options.clock)
  }

  get count(): number {
    return this.#keys.size + this.#others.size
  }

  addKey(storeKey: string, tells: KeyInvalidation | undefined): void {
    if (this.#keys.size >= MAX_KEYS) this.#exchangeForAll()
    else this.#keys.set(storeKey, tells)
    this.#arm()
  }

  /** What others must hear; nothing is deleted. */
  addOthers(invalidations: readonly Invalidation[]): void {
    for (const each of invalidations) this.#others.set(JSON.stringify(each), each)
    if (this.#others.size > MAX_OTHERS) this.#exchangeForAll()
    this.#arm()
  }

  /** Confirmed: but by whom will be known in a while. */
  confirmedKey(storeKey: string, tells: KeyInvalidation | undefined): void {
    this.#recent.noteKey(storeKey, tells)
  }

  /** As `confirmedKey`, for what is only told. */
  confirmedOthers(invalidations: readonly Invalidation[]): void {
    this.#recent.noteOthers(invalidations)
  }

  /** Who confirmed of late was not in charge, or may not have been. */
  doubtRecent(): void {
    for (const { keys, others } of this.#recent.take()) {
      for (const [storeKey, tells] of keys) this.addKey(storeKey, tells)
      this.addOthers(others)
    }
  }

  /** The key is about to be written again. */
  forget(storeKey: string): void {
    if (this.#keys.size > 0) this.#keys.delete(storeKey)
  }

  /** The store is there. */
  repeat(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const keys = this.#keys
    const others = [...this.#others.values()]
    this.#keys = new Map()
    this.#others = new Map()
    for (const [storeKey, tells] of keys) this.#options.remove(storeKey, tells)
    if (others.length > 0) this.#options.tell(others)
  }

  end(): void {
    this.#isEnded = true
    this.#timer?.cancel()
  }

  #exchangeForAll(): void {
    this.#keys.clear()
    this.#others.clear()
    const all: Invalidation = { kind: 'all' }
    this.#others.set(JSON.stringify(all), all)
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#isEnded) return
    const { clock, isAway, random } = this.#options
    const everyMs = EVERY_MS * (1 + JITTER_RATIO * (random() - 0.5))
    this.#timer = clock.setTimer(
      () => {
        this.#timer = undefined
        if (isAway()) this.#arm()
        else this.repeat()
      },
      everyMs,
      true,
    )
  }
}
