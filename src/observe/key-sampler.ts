/**
 * How often keys were asked for of late: one look-up in so many goes into a SpaceSaving.
 *
 * Each look-up is taken with the same odds, whatever came before it (gaps are geometric), so
 * that a loop over keys cannot fall into step with it. The odds of a key's samples are then
 * binomial, and its count is off by what `noise` says.
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
  /** ln of the odds that a look-up is not taken; -Infinity where each is. */
  readonly #lnPassed: number
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
    this.#lnPassed = Math.log1p(-1 / settings.sampleEvery)
    this.#beganMs = clock.ceilingMs()
    this.#weightMs = this.#beganMs
  }

  drawGap(): number {
    const gap = Math.log(1 - this.#random()) / this.#lnPassed
    return Math.min(gap, MAX_GAP) | 0
  }

  sample(namespace: string, key: string): void {
    const weight = this.#weighNow()
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
    const samples = weight / this.#weighNow()
    const keysCounted = namespace === undefined ? keys.size : (owner?.counters.size ?? 0)
    return { lookups: this.#scaled(samples), error: this.#noise(samples), keysCounted }
  }

  #told(namespace: string, key: string, counter: number | undefined, now: number): KeyFrequency {
    const keys = this.#keys
    const samples = counter === undefined ? 0 : keys.weightOf(counter) / now
    const over = (counter === undefined ? keys.least : keys.errorOf(counter)) / now
    const error = Math.ceil(over * this.#settings.sampleEvery) + this.#noise(samples)
    return { namespace, key, count: this.#scaled(samples), error }
  }

  #scaled(samples: number): number {
    return Math.round(samples * this.#settings.sampleEvery)
  }

  /** What chance may have added or left out. */
  #noise(samples: number): number {
    const { sampleEvery } = this.#settings
    return sampleEvery === 1 ? 0 : Math.ceil(sampleEvery * DEVIATIONS * Math.sqrt(samples + FEW))
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
