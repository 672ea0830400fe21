/**
 * The adaptive policy as its header tells it: two arrays, oldest first, sums made anew each time.
 * Shares with the policy the hash of a key and the random numbers, and nothing else.
 */
import { keyHash } from '../../../src/memory/policies/key-hash.js'
import { bytesOf, type Held, type NaiveBounds, type NaivePolicy, sumOf } from './naive-policy.js'
import { NaiveSketch } from './naive-sketch.js'
import { NaiveWindowShare } from './naive-window-share.js'

interface Member {
  readonly held: Held
  readonly hash: number
  /** Up to three, since it came or the hand passed. */
  reads: number
}

const NEWS = [
  ...['filled', 'promoted', 'unknown', 'won', 'lost', 'lucky', 'outweighed', 'passed', 'bounded'],
]
export type AdaptiveNews = Record<string, number>

export class NaiveAdaptive implements NaivePolicy {
  readonly #bounds: NaiveBounds
  readonly #random: () => number
  readonly #seed: number
  readonly #sketch = new NaiveSketch()
  readonly #share = new NaiveWindowShare()
  readonly #window: Member[] = []
  readonly #main: Member[] = []
  readonly #news: AdaptiveNews = Object.fromEntries(NEWS.map((name) => [name, 0]))

  constructor(bounds: NaiveBounds, random: () => number) {
    this.#bounds = bounds
    this.#random = random
    this.#seed = Math.floor(random() * 2 ** 32)
  }

  /** How often what happened. */
  get news(): AdaptiveNews {
    const { moves, found } = this.#share
    const halvings = this.#sketch.halvings
    const { window, main } = found
    return { ...this.#news, halvings, up: moves.up, down: moves.down, window, main }
  }

  get share(): number {
    return this.#share.share
  }

  grow(slots: number): void {
    this.#sketch.grow(slots)
    this.#share.grow(slots)
  }

  add(held: Held): void {
    const hash = keyHash(held.key, this.#seed)
    this.#share.missed(hash)
    this.#window.push({ held, hash, reads: 0 })
    const oldest = this.#window[0]!
    if (this.#isWindowOver() && this.#mainTakes(1, bytesOf(oldest.held))) {
      this.#news.filled!++
      this.#sketch.count(this.#window[0]!.hash, 1)
      this.#main.push(this.#window.shift()!)
    }
  }

  touch(held: Held): void {
    const member = [...this.#window, ...this.#main].find((each) => each.held === held)!
    member.reads = Math.min(3, member.reads + 1)
  }

  remove(held: Held): void {
    for (const list of [this.#window, this.#main]) {
      const place = list.findIndex((each) => each.held === held)
      if (place >= 0) list.splice(place, 1)
    }
  }

  victim(): Held {
    const newcomer = this.#window[0]
    if (newcomer === undefined) return this.#leavesMain()
    const isContest = this.#mainTakes(0, 0) && this.#isWindowOver()
    if (this.#main.length > 0 && !isContest) return this.#leavesMain()
    const count = this.#sketch.count(newcomer.hash, 1 + newcomer.reads)
    if (this.#main.length === 0 || !this.#earnsItsPlace(newcomer, count)) {
      this.#share.hasLeft(newcomer.hash, 'window')
      return newcomer.held
    }
    const victim = this.#leavesMain()
    newcomer.reads = 0
    this.#main.push(this.#window.shift()!)
    return victim
  }

  fromColdest(): Held[] {
    const waiting = this.#window.map((each) => ({ each, heat: 1 + this.#countOf(each) }))
    return [...waiting, ...this.#main.map((each) => ({ each, heat: this.#countOf(each) }))]
      .sort((one, other) => one.heat - other.heat)
      .map(({ each }) => each.held)
  }

  /** Main's next victim: the oldest unread one; those that were read go to the end meanwhile. */
  #hand(): Member {
    for (let passed = 0; passed < 64; passed++) {
      const oldest = this.#main[0]!
      if (oldest.reads === 0) return oldest
      oldest.reads--
      this.#sketch.count(oldest.hash, 1)
      this.#main.push(this.#main.shift()!)
      this.#news.passed!++
    }
    this.#news.bounded!++
    return this.#main[0]!
  }

  #earnsItsPlace(newcomer: Member, count: number): boolean {
    if (newcomer.reads >= 2) {
      this.#news.promoted!++
      return true
    }
    if (count <= 1) {
      this.#news.unknown!++
      return false
    }
    this.#hand()
    let lacking = this.#bytesIn(this.#main) + bytesOf(newcomer.held) - this.#mainBytes
    let against = 0
    for (const [place, rival] of this.#main.slice(0, 64).entries()) {
      against += this.#countOf(rival)
      if (against >= count) return this.#isLucky(count)
      lacking -= bytesOf(rival.held)
      if (lacking > 0) continue
      this.#news[place === 0 ? 'won' : 'outweighed']!++
      return true
    }
    this.#news.lost!++
    return false
  }

  #isLucky(count: number): boolean {
    const isLucky = count >= 6 && this.#random() < 1 / 256
    this.#news[isLucky ? 'lucky' : 'lost']!++
    return isLucky
  }

  #leavesMain(): Held {
    const { hash, reads, held } = this.#hand()
    if (reads > 0) this.#sketch.count(hash, reads)
    this.#share.hasLeft(hash, 'main')
    return held
  }

  #countOf({ hash, reads }: Member): number {
    return this.#sketch.estimate(hash) + reads
  }

  #isWindowOver(): boolean {
    if (this.#window.length > this.#windowEntries) return true
    return this.#bytesIn(this.#window) > this.#bounds.maxBytes * this.share
  }

  #mainTakes(entries: number, bytes: number): boolean {
    const mostEntries = this.#bounds.maxEntries - this.#windowEntries
    if (this.#main.length + entries > mostEntries) return false
    return this.#bytesIn(this.#main) + bytes <= this.#mainBytes
  }

  get #windowEntries(): number {
    return Math.max(1, Math.round(this.#bounds.maxEntries * this.share))
  }

  get #mainBytes(): number {
    return this.#bounds.maxBytes * (1 - this.share)
  }

  #bytesIn(list: readonly Member[]): number {
    return sumOf(list.map(({ held }) => held))
  }
}
