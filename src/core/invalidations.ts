/**
 * The fence around what is under way in this process: a count, and for recent keys the count at
 * which each was last invalidated, here or, as the log tells, elsewhere. A load or a store read
 * notes the count when it begins (its `since`); what it brings may be kept only if nothing
 * invalidated the key after that. Tags and prefixes are judged by the log's own numbers
 * (coherence.ts).
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
  #count = 1
  #readFloor = 0
  #loadsUnderWay = 0
  #readsUnderWay = 0
  #young = new Map<string, number>()
  #old = new Map<string, number>()
  #floor = 0
  #youngStart = 0
  #onNext: (() => void) | undefined

  /** Everything loaded for this key before now is out of date. */
  note(storeKey: string): void {
    const count = ++this.#count
    if (this.#onNext !== undefined) this.#tell()
    if (this.#loadsUnderWay + this.#readsUnderWay === 0) return
    if (this.#young.size >= GENERATION_KEYS) this.#age()
    this.#young.set(storeKey, count)
  }

  /** A read of the store begins; returns its `since`. */
  beginRead(): number {
    this.#readsUnderWay++
    return this.#count
  }

  /** The `since` of a read of a load: as long as that is under way, so is the read. */
  get now(): number {
    return this.#count
  }

  endRead(): void {
    this.#readsUnderWay--
  }

  /** As `beginRead`, for a load; one that runs on past its hard timeout is still under way. */
  beginLoad(): number {
    this.#loadsUnderWay++
    return this.#count
  }

  endLoad(): void {
    this.#loadsUnderWay--
  }

  /** What was just filled must not be overwritten by a read that was sent before. */
  noteFill(storeKey: string): void {
    if (this.#readsUnderWay > 0) this.note(storeKey)
  }

  /** As `note`, for all keys of a namespace. */
  noteSpace(space: Space): void {
    space.clearedAt = ++this.#count
    this.#tell()
  }

  /** Something was invalidated that only the log's numbers judge. */
  noteOthers(): void {
    this.#count++
    this.#tell()
  }

  /** Calls `run` once, within the next of these notes. */
  onNext(run: () => void): void {
    this.#onNext = run
  }

  /** What reads under way will bring is out of date, whatever the key. */
  noteReads(): void {
    this.#readFloor = ++this.#count
  }

  /** As `isCurrent`, for what a read of the store has brought. */
  isReadCurrent(space: Space, storeKey: string, since: number): boolean {
    return since >= this.#readFloor && this.isCurrent(space, storeKey, since)
  }

  /** Whether what was read or loaded since then may be kept under this key. */
  isCurrent(space: Space, storeKey: string, since: number): boolean {
    if (since === this.#count) return true
    if (since < this.#floor || since < space.clearedAt) return false
    const last = this.#young.get(storeKey) ?? this.#old.get(storeKey)
    return last === undefined || since >= last
  }

  #tell(): void {
    const run = this.#onNext
    this.#onNext = undefined
    run?.()
  }

  #age(): void {
    this.#floor = this.#youngStart
    this.#youngStart = this.#count
    this.#old = this.#young
    this.#young = new Map()
  }
}
