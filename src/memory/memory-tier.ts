/**
 * The tier in the process: entries in parallel arrays, found through one Map per namespace.
 *
 * A slot number stands for an entry; its fields lie in typed arrays, so an entry costs no object and the
 * collector has nothing to walk. Slots grow by doubling up to `maxEntries`; those given back form a
 * list through `#next`. Order of use is a doubly linked list through the same arrays, most recent at the
 * head: least recently used goes first, dead entries before that as the sweep meets them.
 *
 * Invariants (testing/check-memory.ts walks them): every slot is in the use list or in the free list;
 * weights add up to `byteCount`; an index entry and its slot agree on key and partition; both bounds hold
 * after every write.
 */
import type {
  Clock,
  MemoryEntry,
  MemoryPartition,
  MemoryTier,
  RemovalReason,
} from '../core/contracts.js'

const NONE = -1
const FIRST_SLOTS = 64
/** Every eighth write looks at sixteen slots for dead entries, so that room comes back also without a timer. */
const WRITES_PER_SWEEP = 8
const SLOTS_PER_SWEEP = 16
/** One entry may take this part of `maxBytes` at the most; a heavier one would push out all others. */
const MAX_SHARE = 0.5

export interface MemoryTierOptions {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly clock: Clock
  /** Told of every entry that leaves without being replaced, after it has left. */
  readonly onRemoved?: (partition: string, key: string, reason: RemovalReason) => void
}

export class LruMemoryTier implements MemoryTier {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly clock: Clock
  readonly #onRemoved: MemoryTierOptions['onRemoved']
  readonly #partitions = new Map<string, Partition>()

  keys: (string | undefined)[] = []
  values: unknown[] = []
  owners: (Partition | undefined)[] = []
  tags: (readonly string[] | undefined)[] | undefined
  /** `checkAtMs` of the slots whose readers get copies; their place in the array says never, so that a hit passes. */
  copiedCheckAtMs: Map<number, number> | undefined
  /** The moment at which a hit must stop and think. */
  checkAtMs = new Float64Array(0)
  freshUntilMs = new Float64Array(0)
  deadAtMs = new Float64Array(0)
  born = new Float64Array(0)
  weights = new Uint32Array(0)
  loadMs = new Uint16Array(0)
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  #head = NONE
  #tail = NONE
  #free = NONE
  /** Slots below this have been used at least once. */
  #slotsUsed = 0
  #sweepAt = 0
  #writesSinceSweep = 0
  entryCount = 0
  byteCount = 0

  constructor(options: MemoryTierOptions) {
    this.maxEntries = options.maxEntries
    this.maxBytes = options.maxBytes
    this.clock = options.clock
    this.#onRemoved = options.onRemoved
  }

  partition(name: string): MemoryPartition {
    const partition = this.#partitions.get(name) ?? new Partition(name, this)
    this.#partitions.set(name, partition)
    return partition
  }

  sweep(budget: number): void {
    const nowMs = this.clock.monotonicMs()
    for (let i = Math.min(budget, this.#slotsUsed); i > 0; i--) this.#sweepOne(nowMs)
  }

  clear(): void {
    for (const partition of this.#partitions.values()) partition.clear()
  }

  /** Marks a slot as the one used last. */
  touch(slot: number): void {
    if (slot === this.#head) return
    this.#unlink(slot)
    this.#linkFirst(slot)
  }

  /** Writes an entry into its slot, or a new one. `false` if it is heavier than an entry may be. */
  store(owner: Partition, key: string, entry: MemoryEntry): boolean {
    let slot = owner.index.get(key) ?? NONE
    if (entry.weightBytes > this.maxBytes * MAX_SHARE) {
      if (slot !== NONE) this.release(slot, 'evicted')
      return false
    }
    if (slot === NONE) {
      slot = this.#takeSlot()
      this.keys[slot] = key
      this.owners[slot] = owner
      owner.index.set(key, slot)
      this.#linkFirst(slot)
      this.entryCount++
    } else {
      this.byteCount -= this.weights[slot]!
      this.touch(slot)
    }
    this.#fill(slot, entry)
    this.#makeRoom(slot)
    return true
  }

  /** Takes an entry out and gives its slot back. */
  release(slot: number, reason: RemovalReason): void {
    const owner = this.owners[slot]!
    const key = this.keys[slot]!
    owner.index.delete(key)
    this.#unlink(slot)
    this.byteCount -= this.weights[slot]!
    this.entryCount--
    this.keys[slot] = undefined
    this.values[slot] = undefined
    this.owners[slot] = undefined
    if (this.tags !== undefined) this.tags[slot] = undefined
    this.copiedCheckAtMs?.delete(slot)
    this.#next[slot] = this.#free
    this.#free = slot
    this.#onRemoved?.(owner.name, key, reason)
  }

  /** The slots in order of use, most recent first. */
  *slotsByUse(): IterableIterator<number> {
    for (let slot = this.#head; slot !== NONE; slot = this.#next[slot]!) yield slot
  }

  #fill(slot: number, entry: MemoryEntry): void {
    this.values[slot] = entry.value
    this.#setCheckAt(slot, entry.checkAtMs, entry.copied)
    this.freshUntilMs[slot] = entry.freshUntilMs
    this.deadAtMs[slot] = entry.deadAtMs
    this.born[slot] = entry.born
    this.loadMs[slot] = Math.min(65_535, entry.loadMs)
    this.weights[slot] = entry.weightBytes
    this.byteCount += this.weights[slot]!
    if (entry.tags !== undefined) this.tags ??= []
    if (this.tags !== undefined) this.tags[slot] = entry.tags
  }

  #setCheckAt(slot: number, checkAtMs: number, copied: boolean): void {
    this.checkAtMs[slot] = copied ? Number.NEGATIVE_INFINITY : checkAtMs
    if (copied) {
      this.copiedCheckAtMs ??= new Map()
      this.copiedCheckAtMs.set(slot, checkAtMs)
    } else this.copiedCheckAtMs?.delete(slot)
  }

  /** Moves the moment at which a hit must think. */
  moveCheckAt(slot: number, checkAtMs: number): void {
    const copied = this.checkAtMs[slot] === Number.NEGATIVE_INFINITY
    this.#setCheckAt(slot, Math.min(checkAtMs, this.freshUntilMs[slot]!), copied)
  }

  #makeRoom(keep: number): void {
    if (++this.#writesSinceSweep === WRITES_PER_SWEEP) {
      this.#writesSinceSweep = 0
      this.sweep(SLOTS_PER_SWEEP)
    }
    while (this.byteCount > this.maxBytes && this.#tail !== keep) this.#evict()
  }

  /** Lets the entry go that was used least recently. */
  #evict(): void {
    const victim = this.#tail
    const deadAtMs = this.deadAtMs[victim]!
    // The exact clock is asked only where the cheap one leaves it open.
    const isDead = this.clock.ceilingMs() >= deadAtMs && this.clock.monotonicMs() >= deadAtMs
    this.release(victim, isDead ? 'expired' : 'evicted')
  }

  #sweepOne(nowMs: number): void {
    if (this.#sweepAt >= this.#slotsUsed) this.#sweepAt = 0
    const slot = this.#sweepAt++
    if (
      slot < this.#slotsUsed &&
      this.owners[slot] !== undefined &&
      this.deadAtMs[slot]! <= nowMs
    ) {
      this.release(slot, 'expired')
    }
  }

  #takeSlot(): number {
    if (this.#free === NONE && this.#slotsUsed === this.maxEntries) this.#evict()
    if (this.#free !== NONE) {
      const slot = this.#free
      this.#free = this.#next[slot]!
      return slot
    }
    if (this.#slotsUsed === this.checkAtMs.length) this.#grow()
    return this.#slotsUsed++
  }

  #grow(): void {
    const slots = Math.min(this.maxEntries, Math.max(FIRST_SLOTS, this.checkAtMs.length * 2))
    this.checkAtMs = grown(this.checkAtMs, new Float64Array(slots))
    this.freshUntilMs = grown(this.freshUntilMs, new Float64Array(slots))
    this.deadAtMs = grown(this.deadAtMs, new Float64Array(slots))
    this.born = grown(this.born, new Float64Array(slots))
    this.weights = grown(this.weights, new Uint32Array(slots))
    this.loadMs = grown(this.loadMs, new Uint16Array(slots))
    this.#next = grown(this.#next, new Int32Array(slots))
    this.#previous = grown(this.#previous, new Int32Array(slots))
  }

  #unlink(slot: number): void {
    const previous = this.#previous[slot]!
    const next = this.#next[slot]!
    if (previous === NONE) this.#head = next
    else this.#next[previous] = next
    if (next === NONE) this.#tail = previous
    else this.#previous[next] = previous
  }

  #linkFirst(slot: number): void {
    this.#previous[slot] = NONE
    this.#next[slot] = this.#head
    if (this.#head === NONE) this.#tail = slot
    else this.#previous[this.#head] = slot
    this.#head = slot
  }
}

function grown<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from)
  return into
}

/** One namespace's entries: an index of its own, so that a hit needs no composed key. */
class Partition implements MemoryPartition {
  readonly name: string
  readonly index = new Map<string, number>()
  readonly #tier: LruMemoryTier

  constructor(name: string, tier: LruMemoryTier) {
    this.name = name
    this.#tier = tier
  }

  get entryCount(): number {
    return this.index.size
  }

  hit(key: string): unknown {
    const slot = this.index.get(key)
    if (slot === undefined) return undefined
    const tier = this.#tier
    const checkAtMs = tier.checkAtMs[slot]!
    if (tier.clock.ceilingMs() >= checkAtMs && tier.clock.monotonicMs() >= checkAtMs)
      return undefined
    tier.touch(slot)
    return tier.values[slot]
  }

  glance(key: string): unknown {
    const slot = this.index.get(key)
    if (slot === undefined) return undefined
    const tier = this.#tier
    const checkAtMs = tier.checkAtMs[slot]!
    if (tier.clock.ceilingMs() >= checkAtMs && tier.clock.monotonicMs() >= checkAtMs)
      return undefined
    return tier.values[slot]
  }

  read(key: string): MemoryEntry | undefined {
    const tier = this.#tier
    const slot = this.index.get(key)
    if (slot === undefined) return undefined
    if (tier.deadAtMs[slot]! <= tier.clock.monotonicMs()) {
      tier.release(slot, 'expired')
      return undefined
    }
    tier.touch(slot)
    return {
      value: tier.values[slot],
      born: tier.born[slot]!,
      checkAtMs: tier.copiedCheckAtMs?.get(slot) ?? tier.checkAtMs[slot]!,
      copied: tier.checkAtMs[slot] === Number.NEGATIVE_INFINITY,
      freshUntilMs: tier.freshUntilMs[slot]!,
      deadAtMs: tier.deadAtMs[slot]!,
      loadMs: tier.loadMs[slot]!,
      tags: tier.tags?.[slot],
      weightBytes: tier.weights[slot]!,
    }
  }

  write(key: string, entry: MemoryEntry): boolean {
    return this.#tier.store(this, key, entry)
  }

  postponeCheck(key: string, checkAtMs: number): void {
    const slot = this.index.get(key)
    if (slot === undefined) return
    this.#tier.moveCheckAt(slot, checkAtMs)
  }

  remove(key: string): boolean {
    const slot = this.index.get(key)
    if (slot === undefined) return false
    this.#tier.release(slot, 'removed')
    return true
  }

  clear(): number {
    const count = this.index.size
    for (const slot of this.index.values()) this.#tier.release(slot, 'removed')
    return count
  }

  keys(): IterableIterator<string> {
    return this.index.keys()
  }
}
