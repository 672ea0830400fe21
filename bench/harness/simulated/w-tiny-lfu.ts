/**
 * W-TinyLFU: a window in order of use; who leaves it goes to main only if it was asked for more
 * often than main's victim. Main is in order of use too, in two parts: who was hit there is
 * protected.
 *
 * Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", 2017; the
 * part that moves the window after Einziger, Eytan, Friedman and Manes, "Adaptive software cache
 * management", Middleware 2018, but by hits for each entry of window and main in place of trial and
 * error.
 */
import { seededRandom } from '../../../src/testing/seeded-random.js'
import type { Load } from '../load.js'
import { CountSketch } from './count-sketch.js'
import { ABSENT, KeyStates } from './key-states.js'
import type { Simulation } from './simulation.js'

const WINDOW_SHARE = 0.01
const MOST_WINDOW_SHARE = 0.8
const PROTECTED_SHARE = 0.8
/** A loser that was asked for more often than this is let in by chance: against hostile keys. */
const LUCKY_ABOVE = 5
const LUCK = 1 / 128
/** The window moves by this part of the capacity for each factor of e between the densities. */
const STEP = 0.03
/** Judged after so many requests for each entry. */
const REQUESTS_PER_ENTRY = 4
const LEAST_ENTRIES = 256
/** Hits that are added to both sides, against noise. */
const PRIOR = 2

const WINDOW = 1
const PROBATION = 2
const PROTECTED = 3

export class WTinyLfu implements Simulation {
  readonly #capacity: number
  readonly #isAdaptive: boolean
  readonly #sketch: CountSketch
  readonly #random = seededRandom(1)
  readonly #keys: KeyStates
  #windowCapacity: number
  #requests = 0
  #windowHits = 0
  #mainHits = 0

  constructor(capacity: number, { distinct }: Load, isAdaptive: boolean) {
    this.#capacity = capacity
    this.#isAdaptive = isAdaptive
    this.#sketch = new CountSketch(capacity)
    this.#keys = new KeyStates(PROTECTED + 1, distinct)
    this.#windowCapacity = this.#leastWindow
  }

  request(key: number): boolean {
    const state = this.#keys.of(key)
    this.#sketch.increment(key)
    if (state === ABSENT) this.#add(key)
    else this.#hit(key, state)
    if (this.#isAdaptive) this.#climb()
    return state !== ABSENT
  }

  #hit(key: number, state: number): void {
    if (state === WINDOW) this.#windowHits++
    else this.#mainHits++
    this.#keys.move(key, state === WINDOW ? WINDOW : PROTECTED)
    this.#demote()
  }

  #add(key: number): void {
    this.#keys.move(key, WINDOW)
    while (this.#keys.length(WINDOW) > this.#windowCapacity) {
      const newcomer = this.#keys.list(WINDOW).tail
      this.#keys.move(newcomer, PROBATION)
      if (this.#isOver) this.#contest(newcomer)
    }
    // The window has grown by what main must give.
    if (this.#isOver) this.#keys.move(this.#victim(), ABSENT)
  }

  #contest(newcomer: number): void {
    const victim = this.#victim()
    if (victim === newcomer) {
      this.#keys.move(newcomer, ABSENT)
      return
    }
    const count = this.#sketch.estimate(newcomer)
    const isLucky = count > LUCKY_ABOVE && this.#random() < LUCK
    const wins = count > this.#sketch.estimate(victim) || isLucky
    this.#keys.move(wins ? victim : newcomer, ABSENT)
  }

  #victim(): number {
    const list = this.#keys.length(PROBATION) > 0 ? PROBATION : PROTECTED
    return this.#keys.list(list).tail
  }

  #demote(): void {
    const most = Math.floor((this.#capacity - this.#windowCapacity) * PROTECTED_SHARE)
    while (this.#keys.length(PROTECTED) > most)
      this.#keys.move(this.#keys.list(PROTECTED).tail, PROBATION)
  }

  #climb(): void {
    const period = REQUESTS_PER_ENTRY * Math.max(LEAST_ENTRIES, this.#capacity)
    if (++this.#requests < period) return
    const mainCapacity = this.#capacity - this.#windowCapacity
    const inWindow = (this.#windowHits + PRIOR) / this.#windowCapacity
    const inMain = (this.#mainHits + PRIOR) / mainCapacity
    const wanted = this.#windowCapacity + Math.log(inWindow / inMain) * STEP * this.#capacity
    const most = Math.floor(this.#capacity * MOST_WINDOW_SHARE)
    this.#windowCapacity = Math.max(this.#leastWindow, Math.min(most, Math.round(wanted)))
    this.#requests = 0
    this.#windowHits = 0
    this.#mainHits = 0
    this.#demote()
    while (this.#keys.length(WINDOW) > this.#windowCapacity) {
      this.#keys.move(this.#keys.list(WINDOW).tail, PROBATION)
    }
  }

  get #leastWindow(): number {
    return Math.max(1, Math.round(this.#capacity * WINDOW_SHARE))
  }

  get #isOver(): boolean {
    return (
      this.#keys.length(WINDOW) + this.#keys.length(PROBATION) + this.#keys.length(PROTECTED) >
      this.#capacity
    )
  }
}
