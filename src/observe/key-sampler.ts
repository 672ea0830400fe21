/**
 * How often keys were asked for of late: some look-ups, drawn at random, go into a SpaceSaving.
 *
 * Each look-up is taken with the same odds, whatever came before it (gaps are geometric), so
 * that a loop over keys cannot fall into step with it. As many are taken as the pace allows: all
 * of them while they are few, and no more than 10 in a millisecond, down to one in `sampleEvery`.
 * A sample weighs as many look-ups as it was drawn from (Horvitz and Thompson, "A generalization
 * of sampling without replacement from a finite universe", 1952), so counts hold across a change
 * of pace.
 *
 * What is old fades: a sample weighs the more the later it comes, twice as much after each
 * half-life, and readers divide by what a sample of now would weigh (Cormode, Shkapenyuk,
 * Srivastava and Xu, "Forward decay", 2009). So nothing has to be gone through but once in 64
 * half-lives, before the numbers become too large.
 *
 * Room: that of its SpaceSaving. Keys of more than 1 024 characters count for their namespace
 * alone, so that names cannot take more than twice 1 024 bytes each.
 */
import type { Clock } from '../core/contracts.js'
import type { HotKeySettings } from '../core/hot-key-options.js'
import type { KeyFrequency, KeyTraffic, LookupSampler } from '../core/key-frequency.js'
import { SpaceSaving } from './space-saving.js'

const MAX_KEY_CHARS = 1_024
const MAX_HALF_LIVES = 64
/** Beyond any gap that is drawn: what a `random` of somebody's own can lead to. */
const MAX_GAP = 2 ** 30

/** Samples after which the pace is looked at, or a time, whichever comes first. */
const WINDOW_SAMPLES = 64
const WINDOW_MS = 100
/** A sample takes 0.1 to 2 µs: at most two hundredths of a processor, and mostly a thousandth. */
const SAMPLES_PER_MS = 10

/**
 * In how many deviations of a count the truth is to be looked for, and what is added to a count
 * before its root is taken, so that few samples are not believed too much: 0 of them may be up to
 * 5.
 */
const DEVIATIONS = 3
const FEW = 3

export class KeySampler implements LookupSampler {
  readonly #settings: HotKeySettings
  readonly #clock: Clock
  readonly #random: () => number
  readonly #keys: SpaceSaving
  /** One look-up in so many is taken now. */
  #every = 1
  /** ln of the odds that a look-up is not taken; -Infinity where each is. */
  #lnPassed = Number.NEGATIVE_INFINITY
  #windowBeganMs: number
  #windowSamples = 0
  #windowLookups = 0
  /** The most look-ups that a sample stood for, fading as its weight does; 0 while each counts. */
  #coarsest = 0
  #coarsestMs: number
  /** When a sample weighed 1. */
  #beganMs: number
  /** What a sample weighed at the last moment that was asked for: a power costs half a sample. */
  #weight = 1
  #weightMs: number

  constructor(settings: HotKeySettings, clock: Clock, random: () => number) {
    this.#settings = settings
    this.#clock = clock
    this.#random = random
    this.#keys = new SpaceSaving(settings.capacity)
    this.#beganMs = clock.ceilingMs()
    this.#weightMs = this.#beganMs
    this.#windowBeganMs = this.#beganMs
    this.#coarsestMs = this.#beganMs
  }

  get every(): number {
    return this.#every
  }

  drawGap(): number {
    if (this.#every === 1) return 0
    const gap = Math.log(1 - this.#random()) / this.#lnPassed
    return Math.min(gap, MAX_GAP) | 0
  }

  sample(namespace: string, key: string, every: number): void {
    const weight = this.#weighNow() * every
    this.#keepPace(every)
    if (key.length > MAX_KEY_CHARS) this.#keys.addUnnamed(namespace, weight)
    else this.#keys.add(namespace, key, weight)
  }

  hottest(limit: number, namespace?: string): KeyFrequency[] {
    const keys = this.#keys
    const counters =
      namespace === undefined
        ? Array.from({ length: keys.size }, (_, counter) => counter)
        : [...(keys.find(namespace)?.counters.values() ?? [])]
    const now = this.#weighNow()
    return counters
      .sort((a, b) => keys.weightOf(b) - keys.weightOf(a))
      .slice(0, limit)
      .map((counter) => this.#told(keys.namespaceOf(counter), keys.keyOf(counter), counter, now))
      .filter(({ count }) => count > 0)
  }

  counts(namespace: string, key: string): boolean {
    return this.#keys.counterOf(namespace, key) !== undefined
  }

  frequencyOf(namespace: string, key: string): KeyFrequency {
    return this.#told(namespace, key, this.#keys.counterOf(namespace, key), this.#weighNow())
  }

  traffic(namespace?: string): Omit<KeyTraffic, 'keysInMemory'> {
    const keys = this.#keys
    const owner = namespace === undefined ? undefined : keys.find(namespace)
    const weight = namespace === undefined ? keys.weight : (owner?.weight ?? 0)
    const lookups = weight / this.#weighNow()
    const keysCounted = namespace === undefined ? keys.size : (owner?.counters.size ?? 0)
    return { lookups: Math.round(lookups), error: this.#noise(lookups), keysCounted }
  }

  #told(namespace: string, key: string, counter: number | undefined, now: number): KeyFrequency {
    const keys = this.#keys
    const count = counter === undefined ? 0 : keys.weightOf(counter) / now
    const over = (counter === undefined ? keys.least : keys.errorOf(counter)) / now
    const error = Math.ceil(over) + this.#noise(count)
    return { namespace, key, count: Math.round(count), error }
  }

  /** What chance may have added or left out: as if all of it had been seen as coarsely as any. */
  #noise(lookups: number): number {
    const every = this.#coarsestNow()
    return Math.ceil(DEVIATIONS * Math.sqrt(every * (lookups + FEW * every)))
  }

  #coarsestNow(): number {
    const halfLives = (this.#clock.ceilingMs() - this.#coarsestMs) / this.#settings.halfLifeMs
    const faded = halfLives > MAX_HALF_LIVES ? 0 : this.#coarsest * 2 ** -halfLives
    return Math.max(faded, this.#every > 1 ? this.#every : 0)
  }

  /** Looks whether samples come too often, or too seldom. */
  #keepPace(every: number): void {
    this.#windowSamples++
    this.#windowLookups += every
    const nowMs = this.#clock.ceilingMs()
    const windowMs = nowMs - this.#windowBeganMs
    if (this.#windowSamples < WINDOW_SAMPLES && windowMs < WINDOW_MS) return
    this.#coarsest = Math.max(this.#coarsestNow(), every > 1 ? every : 0)
    this.#coarsestMs = nowMs
    const wanted = Math.ceil(this.#windowLookups / Math.max(1, windowMs) / SAMPLES_PER_MS)
    this.#every = Math.min(this.#settings.sampleEvery, Math.max(1, wanted))
    this.#lnPassed = Math.log1p(-1 / this.#every)
    this.#windowBeganMs = nowMs
    this.#windowSamples = 0
    this.#windowLookups = 0
  }

  /** What a sample of now weighs. */
  #weighNow(): number {
    const nowMs = this.#clock.ceilingMs()
    if (nowMs === this.#weightMs) return this.#weight
    const halfLives = (nowMs - this.#beganMs) / this.#settings.halfLifeMs
    const isLarge = halfLives >= MAX_HALF_LIVES
    if (isLarge) {
      this.#keys.scale(2 ** -halfLives)
      this.#beganMs = nowMs
    }
    this.#weightMs = nowMs
    this.#weight = isLarge ? 1 : 2 ** halfLives
    return this.#weight
  }
}
