/**
 * The default policy: recency and frequency, as much of each as the load rewards.
 *
 * A new entry waits in a window, first in, first out. What leaves the window must earn its place in
 * main: two reads while it waited, or a key that was asked for more often of late than main's next
 * victim (Einziger, Friedman and Manes, "TinyLFU", 2017). Main is first in, first out as well, but
 * passes over what was read since (Yang and others, "FIFO queues are all you need for cache
 * eviction", 2023). How large the window is, the load decides (window-share.ts).
 *
 * A hit is one byte: up to three reads are counted, and nothing moves. What main's hand takes off
 * that count goes into the sketch, so the sketch hears of hits without being touched by them.
 *
 * Main is filled before the window may have more than its share, which alone lifts a loop that is
 * larger than the tier from no hits to nearly all that are possible. A rare draw lets a loser in,
 * so that nobody can pin a victim by asking for it often.
 */
import type { EvictionPolicy, PolicyRoom } from '../../core/eviction-policy.js'
import { grownTo } from '../grown-to.js'
import { FrequencySketch, MOST_SEEN } from './frequency-sketch.js'
import { keyHash } from './key-hash.js'
import { LinkedLists, NO_SLOT, type PolicyInsides } from './linked-lists.js'
import { FROM_MAIN, FROM_WINDOW, RecentlyLeft } from './recently-left.js'
import { sortedBySmall } from './sorted-by-small.js'
import { WindowShare } from './window-share.js'

const WINDOW = 0
const MAIN = 1
/** Reads that are counted, and the bit beside them that tells the list. */
const MOST_TOUCHES = 3
const TOUCHES = 0b011
const IN_MAIN = 0b100
const TOUCHES_TO_STAY = 2
/** Entries that main's hand passes over before it takes one anyway: a bound on one eviction. */
const MOST_PASSED = 64
/** Light victims that a heavy newcomer must beat together, at most. */
const MOST_VICTIMS = 64
/** A loser that was asked for as often as this is let in once in so many times. */
const LUCKY_FROM = 6
const LUCK = 1 / 256

export class AdaptivePolicy implements EvictionPolicy {
  readonly #room: PolicyRoom
  readonly #seed: number
  readonly #lists = new LinkedLists(2)
  readonly #sketch = new FrequencySketch()
  readonly #left = new RecentlyLeft()
  readonly #window = new WindowShare()
  readonly #bytes = [0, 0]
  #hashes = new Int32Array(0)
  #states = new Uint8Array(0)
  #windowEntries = 1
  #windowBytes = 0
  #mainEntries = 0
  #mainBytes = 0

  constructor(room: PolicyRoom) {
    this.#room = room
    this.#seed = Math.floor(room.random() * 2 ** 32)
  }

  grow(slots: number): void {
    this.#lists.grow(slots)
    this.#hashes = grownTo(this.#hashes, new Int32Array(slots))
    this.#states = grownTo(this.#states, new Uint8Array(slots))
    this.#sketch.grow(slots)
    this.#left.grow(slots)
    this.#window.grow(slots)
  }

  add(slot: number, key: string): void {
    const hash = keyHash(key, this.#seed)
    this.#hashes[slot] = hash
    this.#window.missed(this.#left.take(hash))
    this.#put(slot, WINDOW, 0)
    this.#settle()
  }

  touch(slot: number): void {
    const state = this.#states[slot]!
    if ((state & TOUCHES) !== MOST_TOUCHES) this.#states[slot] = state + 1
  }

  rewrite(slot: number, formerBytes: number): void {
    const list = this.#listOf(slot)
    this.#bytes[list] = this.#bytes[list]! + this.#room.weightOf(slot) - formerBytes
    this.touch(slot)
  }

  remove(slot: number): void {
    const list = this.#listOf(slot)
    this.#lists.remove(list, slot)
    this.#bytes[list] = this.#bytes[list]! - this.#room.weightOf(slot)
  }

  victim(): number {
    this.#divide()
    const { tails, lengths } = this.#lists
    const newcomer = tails[WINDOW]!
    const isMainEmpty = lengths[MAIN] === 0
    const isContest = this.#isWindowOver() && this.#hasRoom(0, 0)
    if (newcomer === NO_SLOT || !(isContest || isMainEmpty)) return this.#leavesMain()
    const count = this.#sketch.count(this.#hashes[newcomer]!, this.#requestsOf(newcomer))
    if (isMainEmpty || !this.#wins(newcomer, count)) {
      this.#left.note(this.#hashes[newcomer]!, FROM_WINDOW)
      return newcomer
    }
    // Before the newcomer is there: where all others were read since, it would be its own victim.
    const victim = this.#leavesMain()
    this.#moveToMain(newcomer, 0)
    return victim
  }

  /** By the count that a contest would compare; among equals, main's after the window's. */
  fromColdest(): Int32Array {
    const waiting = this.#lists.fromTail(WINDOW)
    const slots = new Int32Array(waiting.length + this.#lists.lengths[MAIN]!)
    slots.set(waiting)
    slots.set(this.#lists.fromTail(MAIN), waiting.length)
    const heats = new Uint8Array(slots.length)
    for (let i = 0; i < heats.length; i++) heats[i] = this.#countOf(slots[i]!)
    return sortedBySmall(slots, heats, MOST_SEEN + MOST_TOUCHES + 1)
  }

  inspect(): PolicyInsides & { readonly share: number } {
    const listOf = (slot: number) => this.#listOf(slot)
    return { lists: this.#lists, listOf, bytes: this.#bytes, share: this.#window.share }
  }

  /** Fills main from the window's end: by one for each entry that comes, so that none waits. */
  #settle(): void {
    this.#divide()
    const oldest = this.#lists.tails[WINDOW]!
    if (this.#isWindowOver() && this.#hasRoom(1, this.#room.weightOf(oldest))) {
      this.#sketch.count(this.#hashes[oldest]!, 1)
      this.#moveToMain(oldest, this.#touchesOf(oldest))
    }
  }

  #listOf(slot: number): number {
    return (this.#states[slot]! & IN_MAIN) === 0 ? WINDOW : MAIN
  }

  #put(slot: number, list: number, touches: number): void {
    this.#lists.addFirst(list, slot)
    this.#bytes[list] = this.#bytes[list]! + this.#room.weightOf(slot)
    this.#states[slot] = list === MAIN ? IN_MAIN | touches : touches
  }

  #moveToMain(slot: number, touches: number): void {
    this.remove(slot)
    this.#put(slot, MAIN, touches)
  }

  /** Main's oldest that was not read since the hand came by, or nearly so. */
  #hand(): number {
    for (let passed = 0; passed < MOST_PASSED; passed++) {
      const slot = this.#lists.tails[MAIN]!
      const state = this.#states[slot]!
      if ((state & TOUCHES) === 0) return slot
      this.#states[slot] = state - 1
      this.#sketch.count(this.#hashes[slot]!, 1)
      this.#lists.moveFirst(MAIN, slot)
    }
    return this.#lists.tails[MAIN]!
  }

  /**
   * Whether a newcomer may push out as many of main's next victims as its weight takes. Together
   * they must have been asked for less often than it. One that was asked for once, as far as the
   * sketch remembers, is not worth a look at them.
   */
  #wins(newcomer: number, count: number): boolean {
    if (this.#touchesOf(newcomer) >= TOUCHES_TO_STAY) return true
    if (count <= 1) return false
    let victim = this.#hand()
    let against = 0
    let lackingBytes = this.#bytes[MAIN]! + this.#room.weightOf(newcomer) - this.#mainBytes
    for (let victims = 0; victims < MOST_VICTIMS && victim !== NO_SLOT; victims++) {
      against += this.#countOf(victim)
      if (against >= count) return count >= LUCKY_FROM && this.#room.random() < LUCK
      lackingBytes -= this.#room.weightOf(victim)
      if (lackingBytes <= 0) return true
      victim = this.#lists.previous[victim]!
    }
    return false
  }

  #leavesMain(): number {
    const slot = this.#hand()
    const hash = this.#hashes[slot]!
    // What the hand has passed too often has some left.
    if (this.#requestsOf(slot) > 0) this.#sketch.count(hash, this.#requestsOf(slot))
    this.#left.note(hash, FROM_MAIN)
    return slot
  }

  #touchesOf(slot: number): number {
    return this.#states[slot]! & TOUCHES
  }

  /** Those that the sketch has not heard of: reads, and the one that brought it to the window. */
  #requestsOf(slot: number): number {
    return this.#touchesOf(slot) + (this.#listOf(slot) === WINDOW ? 1 : 0)
  }

  #countOf(slot: number): number {
    return this.#sketch.estimate(this.#hashes[slot]!) + this.#requestsOf(slot)
  }

  #isWindowOver(): boolean {
    return (
      this.#lists.lengths[WINDOW]! > this.#windowEntries || this.#bytes[WINDOW]! > this.#windowBytes
    )
  }

  /** Whether main stays within its part with so much more. */
  #hasRoom(entries: number, bytes: number): boolean {
    return (
      this.#lists.lengths[MAIN]! + entries <= this.#mainEntries &&
      this.#bytes[MAIN]! + bytes <= this.#mainBytes
    )
  }

  /** What the two parts may hold now: the room may have changed since, and the share. */
  #divide(): void {
    const { maxEntries, maxBytes } = this.#room
    const { share } = this.#window
    this.#windowEntries = Math.max(1, Math.round(maxEntries * share))
    this.#mainEntries = maxEntries - this.#windowEntries
    this.#mainBytes = maxBytes * (1 - share)
    // `Infinity` where nothing is weighed.
    this.#windowBytes = maxBytes * share
  }
}
