/**
 * Entries in parallel arrays: a slot number stands for an entry.
 *
 * Fields lie in typed arrays, so an entry costs no object and the collector has nothing to walk. An
 * array that no entry needs is not there: deadlines come with the first entry that ends, weights
 * with the first that weighs, and so on (bench/memory-footprint). All grow by doubling. Knows
 * nothing of bounds, time or who may be evicted.
 */
import type { MemoryEntry } from '../core/contracts.js'
import { Deadlines } from './deadlines.js'
import { grownTo } from './grown-to.js'

const FIRST_SLOTS = 64
const MAX_WEIGHT_BYTES = 2 ** 32 - 1
const NEVER = Number.POSITIVE_INFINITY

export class Slots {
  keys: (string | undefined)[] = []
  values: unknown[] = []
  /** The number of its partition. */
  owners = new Uint16Array(0)
  weights: Uint32Array<ArrayBuffer> | undefined
  /** Until when a hit need not think; `-Infinity` for entries that are copied. */
  openUntilMs: Float64Array<ArrayBuffer> | undefined
  /** Made with the first entry for which it differs from `openUntilMs`. */
  freshUntilMs: Float64Array<ArrayBuffer> | undefined
  /** `checkAtMs` of entries that are copied, made with the first of them. */
  copiedCheckAtMs: Map<number, number> | undefined
  deadAtMs: Float64Array<ArrayBuffer> | undefined
  readonly deadlines = new Deadlines()
  born: Float64Array<ArrayBuffer> | undefined
  /** Whole milliseconds, 0 for unknown; wraps towards too early. */
  loadedAt: Uint32Array<ArrayBuffer> | undefined
  tags: (readonly string[] | undefined)[] | undefined
  /**
   * Under which generation of the guard entries were judged: all under this one, until one is
   * judged under another; from then on each has its own.
   */
  readonly generation: number
  judged: Float64Array<ArrayBuffer> | undefined
  /** Slots below this have been used at least once. */
  used = 0
  /** Room of all arrays. */
  length = 0
  readonly #onGrown: (slots: number) => void
  readonly #free: number[] = []

  constructor(generation: number, onGrown: (slots: number) => void) {
    this.generation = generation
    this.#onGrown = onGrown
  }

  /** A slot for a new entry, of `maxSlots` at most: the caller has seen to it that one is free. */
  take(owner: number, key: string, maxSlots: number): number {
    let slot = this.#free.pop()
    if (slot === undefined) {
      if (this.used === this.length) this.#grow(maxSlots)
      slot = this.used++
    }
    this.keys[slot] = key
    this.owners[slot] = owner
    return slot
  }

  /** Empties a slot. */
  give(slot: number): void {
    this.keys[slot] = undefined
    this.values[slot] = undefined
    if (this.tags !== undefined) this.tags[slot] = undefined
    if (this.deadAtMs !== undefined) this.deadAtMs[slot] = NEVER
    if (this.weights !== undefined) this.weights[slot] = 0
    this.copiedCheckAtMs?.delete(slot)
    this.#free.push(slot)
  }

  weightOf(slot: number): number {
    return this.weights === undefined ? 0 : this.weights[slot]!
  }

  fill(slot: number, entry: MemoryEntry, generation: number): void {
    this.values[slot] = entry.value
    this.approve(slot, generation)
    if (entry.weightBytes > 0) this.weights ??= new Uint32Array(this.length)
    if (this.weights !== undefined) {
      this.weights[slot] = Math.min(MAX_WEIGHT_BYTES, Math.ceil(entry.weightBytes))
    }
    this.#setLife(slot, entry)
    if (entry.born !== 0) this.born ??= new Float64Array(this.length)
    if (this.born !== undefined) this.born[slot] = entry.born
    if (entry.loadedAtMs > 0) this.loadedAt ??= new Uint32Array(this.length)
    if (this.loadedAt !== undefined) {
      this.loadedAt[slot] = entry.loadedAtMs > 0 ? Math.floor(entry.loadedAtMs) : 0
    }
    if (entry.tags !== undefined) this.tags ??= []
    if (this.tags !== undefined) this.tags[slot] = entry.tags
  }

  read(slot: number): MemoryEntry {
    const openUntilMs = this.openUntilMs?.[slot] ?? NEVER
    return {
      value: this.values[slot],
      born: this.born?.[slot] ?? 0,
      loadedAtMs: this.loadedAt?.[slot] || Number.NEGATIVE_INFINITY,
      checkAtMs: this.copiedCheckAtMs?.get(slot) ?? openUntilMs,
      copied: openUntilMs === Number.NEGATIVE_INFINITY,
      freshUntilMs: this.freshUntilMs?.[slot] ?? openUntilMs,
      deadAtMs: this.deadAtMs?.[slot] ?? NEVER,
      tags: this.tags?.[slot],
      weightBytes: this.weightOf(slot),
    }
  }

  /** Notes under which generation of the guard the entry was judged. */
  approve(slot: number, generation: number): void {
    if (this.judged === undefined) {
      if (generation === this.generation) return
      this.judged = new Float64Array(this.length).fill(this.generation)
    }
    this.judged[slot] = generation
  }

  isApproved(slot: number, generation: number): boolean {
    return (this.judged === undefined ? this.generation : this.judged[slot]) === generation
  }

  isDead(slot: number, nowMs: number): boolean {
    return this.deadAtMs !== undefined && this.deadAtMs[slot]! <= nowMs
  }

  /** Moves the moment at which a hit must think, no later than the end of its freshness. */
  moveCheckAt(slot: number, checkAtMs: number): void {
    const { freshUntilMs, copied } = this.read(slot)
    this.#setCheckAt(slot, Math.min(checkAtMs, freshUntilMs), freshUntilMs, copied)
  }

  /** The free slots. */
  freeSlots(): readonly number[] {
    return this.#free
  }

  #setLife(slot: number, { checkAtMs, copied, freshUntilMs, deadAtMs }: MemoryEntry): void {
    this.#setCheckAt(slot, checkAtMs, freshUntilMs, copied)
    if (deadAtMs !== NEVER && this.deadAtMs === undefined) {
      this.deadAtMs = new Float64Array(this.length).fill(NEVER)
      this.deadlines.grow(this.deadAtMs)
    }
    if (this.deadAtMs === undefined) return
    this.deadAtMs[slot] = deadAtMs
    this.deadlines.lowered(slot, deadAtMs)
  }

  #setCheckAt(slot: number, checkAtMs: number, freshUntilMs: number, copied: boolean): void {
    const openUntilMs = copied ? Number.NEGATIVE_INFINITY : checkAtMs
    if (openUntilMs !== NEVER) this.openUntilMs ??= new Float64Array(this.length).fill(NEVER)
    if (freshUntilMs !== openUntilMs && this.freshUntilMs === undefined) {
      this.freshUntilMs = this.openUntilMs!.slice()
    }
    if (this.openUntilMs !== undefined) this.openUntilMs[slot] = openUntilMs
    if (this.freshUntilMs !== undefined) this.freshUntilMs[slot] = freshUntilMs
    if (copied) {
      this.copiedCheckAtMs ??= new Map()
      this.copiedCheckAtMs.set(slot, checkAtMs)
    } else this.copiedCheckAtMs?.delete(slot)
  }

  #grow(maxSlots: number): void {
    const slots = Math.min(maxSlots, Math.max(FIRST_SLOTS, this.length * 2))
    // An array that grows by itself keeps half as much again in reserve.
    this.keys = this.keys.concat(new Array(slots - this.length).fill(undefined))
    this.values = this.values.concat(new Array(slots - this.length).fill(undefined))
    this.owners = grownTo(this.owners, new Uint16Array(slots))
    this.weights &&= grownTo(this.weights, new Uint32Array(slots))
    this.openUntilMs &&= grownTo(this.openUntilMs, new Float64Array(slots).fill(NEVER))
    this.freshUntilMs &&= grownTo(this.freshUntilMs, new Float64Array(slots).fill(NEVER))
    this.born &&= grownTo(this.born, new Float64Array(slots))
    this.loadedAt &&= grownTo(this.loadedAt, new Uint32Array(slots))
    this.judged &&= grownTo(this.judged, new Float64Array(slots))
    if (this.deadAtMs !== undefined) {
      this.deadAtMs = grownTo(this.deadAtMs, new Float64Array(slots).fill(NEVER))
      this.deadlines.grow(this.deadAtMs)
    }
    this.length = slots
    this.#onGrown(slots)
  }
}
