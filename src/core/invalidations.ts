/**
 * What this process knows of invalidations: a counter, and for recent keys the count at which each
 * was last invalidated. A load or a store read notes `applied` when it begins (its `born`); what it
 * brings may be kept only if nothing invalidated the key since.
 *
 * Keys are noted only while a load or a read is under way: what begins later is born after them.
 * That takes the table out of a plain `set`, and lets a fill pass by one compare (a tenth of the
 * CPU of either).
 *
 * Bounded by two generations of 32 768 keys: when the young one is full the old one is forgotten
 * and the floor rises to the newest count in it, so a load older than the window is refused, never
 * trusted.
 */
import type { Space } from './space.js'

const GENERATION_KEYS = 32_768

export class Invalidations {
  /** How many invalidations this process has applied. */
  applied = 1
  #loadsUnderWay = 0
  #readsUnderWay = 0
  #young = new Map<string, number>()
  #old = new Map<string, number>()
  #floor = 0
  #youngStart = 0

  /** Everything loaded for this key before now is out of date. Returns the new count. */
  note(storeKey: string): number {
    const seq = ++this.applied
    if (this.#loadsUnderWay + this.#readsUnderWay === 0) return seq
    if (this.#young.size >= GENERATION_KEYS) this.#age()
    this.#young.set(storeKey, seq)
    return seq
  }

  /** A read of the store begins; returns its `born`. */
  beginRead(): number {
    this.#readsUnderWay++
    return this.applied
  }

  endRead(): void {
    this.#readsUnderWay--
  }

  /** As `beginRead`, for a load; one that runs on past its hard timeout is still under way. */
  beginLoad(): number {
    this.#loadsUnderWay++
    return this.applied
  }

  endLoad(): void {
    this.#loadsUnderWay--
  }

  /** What was just filled must not be overwritten by a read that was sent before. */
  noteFill(storeKey: string): void {
    if (this.#readsUnderWay > 0) this.note(storeKey)
  }

  /** As `note`, for all keys of a namespace. */
  noteSpace(space: Space): number {
    space.clearedAt = ++this.applied
    return space.clearedAt
  }

  /** Whether what was read or loaded since `born` may be kept under this key. */
  isCurrent(space: Space, storeKey: string, born: number): boolean {
    if (born === this.applied) return true
    if (born < this.#floor || born < space.clearedAt) return false
    const last = this.#young.get(storeKey) ?? this.#old.get(storeKey)
    return last === undefined || born >= last
  }

  #age(): void {
    this.#floor = this.#youngStart
    this.#youngStart = this.applied
    this.#old = this.#young
    this.#young = new Map()
  }
}
