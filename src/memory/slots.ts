/**
 * Entries in parallel arrays: a slot number stands for an entry.
 *
 * Fields lie in typed arrays, so an entry costs no object and the collector has nothing to walk.
 * The arrays grow by doubling; slots that are given back form a list. The order of use is a doubly
 * linked list through the same arrays, the most recent at its head. Knows nothing of bounds, time
 * or who may be evicted.
 */
import type { MemoryEntry } from '../core/contracts.js'

export const NO_SLOT = -1
const FIRST_SLOTS = 64
const MAX_LOAD_MS = 65_535
const MAX_WEIGHT_BYTES = 2 ** 32 - 1

export class Slots<Owner> {
  readonly maxSlots: number
  keys: (string | undefined)[] = []
  values: unknown[] = []
  owners: (Owner | undefined)[] = []
  /** Made with the first tagged entry. */
  tags: (readonly string[] | undefined)[] | undefined
  /**
   * What a hit compares, two numbers a slot side by side (apart they cost a tenth of a hit):
   * `checkAtMs`, which is `-Infinity` for entries that are copied, and the generation of the guard
   * under which the entry was judged.
   */
  gates = new Float64Array(0)
  /** `checkAtMs` of entries that are copied, made with the first of them. */
  copiedCheckAtMs: Map<number, number> | undefined
  freshUntilMs = new Float64Array(0)
  deadAtMs = new Float64Array(0)
  born = new Float64Array(0)
  /** Whole milliseconds, 0 for unknown; wraps towards too early. */
  loadedAt = new Uint32Array(0)
  weights = new Uint32Array(0)
  loadMs = new Uint16Array(0)
  next = new Int32Array(0)
  previous = new Int32Array(0)
  /** Used last. */
  head = NO_SLOT
  /** Used least recently. */
  tail = NO_SLOT
  #free = NO_SLOT
  /** Slots below this have been used at least once. */
  used = 0

  constructor(maxSlots: number) {
    this.maxSlots = maxSlots
  }

  get isFull(): boolean {
    return this.#free === NO_SLOT && this.used === this.maxSlots
  }

  /** A slot for a new entry, at the head of the order of use. Only while not full. */
  take(owner: Owner, key: string): number {
    let slot = this.#free
    if (slot !== NO_SLOT) this.#free = this.next[slot]!
    else {
      if (this.used === this.freshUntilMs.length) this.#grow()
      slot = this.used++
    }
    this.keys[slot] = key
    this.owners[slot] = owner
    this.#linkFirst(slot)
    return slot
  }

  /** Empties a slot. */
  give(slot: number): void {
    this.#unlink(slot)
    this.keys[slot] = undefined
    this.values[slot] = undefined
    this.owners[slot] = undefined
    if (this.tags !== undefined) this.tags[slot] = undefined
    this.copiedCheckAtMs?.delete(slot)
    this.next[slot] = this.#free
    this.#free = slot
  }

  /** Marks a slot as the one used last. */
  touch(slot: number): void {
    if (slot === this.head) return
    this.#unlink(slot)
    this.#linkFirst(slot)
  }

  fill(slot: number, entry: MemoryEntry, generation: number): void {
    this.values[slot] = entry.value
    this.approve(slot, generation)
    this.loadedAt[slot] = entry.loadedAtMs > 0 ? Math.floor(entry.loadedAtMs) : 0
    this.freshUntilMs[slot] = entry.freshUntilMs
    this.deadAtMs[slot] = entry.deadAtMs
    this.born[slot] = entry.born
    this.loadMs[slot] = Math.min(MAX_LOAD_MS, entry.loadMs)
    this.weights[slot] = Math.min(MAX_WEIGHT_BYTES, entry.weightBytes)
    this.#setCheckAt(slot, entry.checkAtMs, entry.copied)
    if (entry.tags !== undefined) this.tags ??= []
    if (this.tags !== undefined) this.tags[slot] = entry.tags
  }

  read(slot: number): MemoryEntry {
    return {
      value: this.values[slot],
      born: this.born[slot]!,
      loadedAtMs: this.loadedAt[slot] || Number.NEGATIVE_INFINITY,
      checkAtMs: this.copiedCheckAtMs?.get(slot) ?? this.gates[2 * slot]!,
      copied: this.#isCopied(slot),
      freshUntilMs: this.freshUntilMs[slot]!,
      deadAtMs: this.deadAtMs[slot]!,
      loadMs: this.loadMs[slot]!,
      tags: this.tags?.[slot],
      weightBytes: this.weights[slot]!,
    }
  }

  /** Notes under which generation of the guard the entry was judged. */
  approve(slot: number, generation: number): void {
    this.gates[2 * slot + 1] = generation
  }

  /** Moves the moment at which a hit must think, no later than the end of its freshness. */
  moveCheckAt(slot: number, checkAtMs: number): void {
    this.#setCheckAt(slot, Math.min(checkAtMs, this.freshUntilMs[slot]!), this.#isCopied(slot))
  }

  /** The free slots, in the order in which they will be taken. */
  *freeSlots(): IterableIterator<number> {
    for (let slot = this.#free; slot !== NO_SLOT; slot = this.next[slot]!) yield slot
  }

  #isCopied(slot: number): boolean {
    return this.gates[2 * slot] === Number.NEGATIVE_INFINITY
  }

  #setCheckAt(slot: number, checkAtMs: number, copied: boolean): void {
    this.gates[2 * slot] = copied ? Number.NEGATIVE_INFINITY : checkAtMs
    if (copied) {
      this.copiedCheckAtMs ??= new Map()
      this.copiedCheckAtMs.set(slot, checkAtMs)
    } else this.copiedCheckAtMs?.delete(slot)
  }

  #grow(): void {
    const slots = Math.min(this.maxSlots, Math.max(FIRST_SLOTS, this.freshUntilMs.length * 2))
    this.gates = grown(this.gates, new Float64Array(2 * slots))
    this.freshUntilMs = grown(this.freshUntilMs, new Float64Array(slots))
    this.deadAtMs = grown(this.deadAtMs, new Float64Array(slots))
    this.born = grown(this.born, new Float64Array(slots))
    this.loadedAt = grown(this.loadedAt, new Uint32Array(slots))
    this.weights = grown(this.weights, new Uint32Array(slots))
    this.loadMs = grown(this.loadMs, new Uint16Array(slots))
    this.next = grown(this.next, new Int32Array(slots))
    this.previous = grown(this.previous, new Int32Array(slots))
  }

  #unlink(slot: number): void {
    const previous = this.previous[slot]!
    const next = this.next[slot]!
    if (previous === NO_SLOT) this.head = next
    else this.next[previous] = next
    if (next === NO_SLOT) this.tail = previous
    else this.previous[next] = previous
  }

  #linkFirst(slot: number): void {
    this.previous[slot] = NO_SLOT
    this.next[slot] = this.head
    if (this.head === NO_SLOT) this.tail = slot
    else this.previous[this.head] = slot
    this.head = slot
  }
}

function grown<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from)
  return into
}
