/**
 * The tier in the process: both bounds, who is evicted, and room that comes back.
 *
 * The entry used least recently goes first; dead entries before that, as the sweep meets them.
 * Every write sweeps a little, and the engine's timer the rest. Synchronous throughout.
 *
 * Invariants (`checkMemory` in testing/ walks them): every slot is in the order of use or free;
 * weights add up to `byteCount`; an index and its slots agree; both bounds hold after every write.
 */
import type { MemoryGuard } from '../core/coherence.js'
import type {
  Clock,
  MemoryEntry,
  MemoryPartition,
  MemoryTier,
  RemovalReason,
} from '../core/contracts.js'
import { Partition, type Room } from './partition.js'
import { NO_SLOT, Slots } from './slots.js'

/** Every eighth write looks at sixteen slots for dead entries. */
const WRITES_PER_SWEEP = 8
const SLOTS_PER_SWEEP = 16
/**
 * One entry may take this part of `maxBytes` at the most; a heavier one would push out all others.
 */
const MAX_SHARE = 0.5

export interface MemoryTierOptions {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly clock: Clock
  /** What a hit compares beside the entry's own life. Default: nothing is ever in doubt. */
  readonly guard?: Readonly<MemoryGuard>
  /**
   * Told of every entry that leaves without being replaced, when the call that removed it has done
   * its work: the structure is whole again.
   */
  readonly onRemoved?: (partition: string, key: string, reason: RemovalReason) => void
}

export class LruMemoryTier implements MemoryTier, Room {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly clock: Clock
  readonly guard: Readonly<MemoryGuard>
  readonly #slots: Slots<Partition>
  readonly #partitions = new Map<string, Partition>()
  readonly #onRemoved: MemoryTierOptions['onRemoved']
  #sweepAt = 0
  #writesSinceSweep = 0
  /** Entries that have left and have not been told of: three items each. */
  #left: string[] = []
  #isTelling = false
  entryCount = 0
  byteCount = 0

  constructor(options: MemoryTierOptions) {
    this.maxEntries = options.maxEntries
    this.maxBytes = options.maxBytes
    this.clock = options.clock
    this.guard = options.guard ?? { generation: 1, leaseUntilMs: Number.POSITIVE_INFINITY }
    this.#onRemoved = options.onRemoved
    this.#slots = new Slots(options.maxEntries)
  }

  partition(name: string): MemoryPartition {
    const partition = this.#partitions.get(name) ?? new Partition(name, this.#slots, this)
    this.#partitions.set(name, partition)
    return partition
  }

  sweep(budget: number): void {
    this.#sweep(budget)
    this.tell()
  }

  clear(): void {
    for (const partition of this.#partitions.values()) partition.empty()
    this.tell()
  }

  store(owner: Partition, key: string, entry: MemoryEntry): boolean {
    const known = owner.index.get(key)
    if (entry.weightBytes > this.maxBytes * MAX_SHARE) {
      if (known !== undefined) this.release(known, 'evicted')
      this.tell()
      return false
    }
    const slot = known ?? this.#add(owner, key)
    if (known !== undefined) {
      this.byteCount -= this.#slots.weights[slot]!
      this.#slots.touch(slot)
    }
    this.#slots.fill(slot, entry, this.guard.generation)
    this.byteCount += this.#slots.weights[slot]!
    this.#makeRoom(slot)
    this.tell()
    return true
  }

  release(slot: number, reason: RemovalReason): void {
    const slots = this.#slots
    const owner = slots.owners[slot]!
    const key = slots.keys[slot]!
    owner.index.delete(key)
    this.byteCount -= slots.weights[slot]!
    this.entryCount--
    slots.give(slot)
    if (this.#onRemoved !== undefined) this.#left.push(owner.name, key, reason)
  }

  tell(): void {
    if (this.#left.length === 0 || this.#isTelling) return
    this.#isTelling = true
    try {
      for (let i = 0; i < this.#left.length; i += 3) {
        const reason = this.#left[i + 2] as RemovalReason
        this.#onRemoved!(this.#left[i]!, this.#left[i + 1]!, reason)
      }
    } finally {
      this.#left = []
      this.#isTelling = false
    }
  }

  /** What a checker walks; nobody else looks inside. */
  inspect(): { readonly slots: Slots<Partition>; readonly partitions: readonly Partition[] } {
    return { slots: this.#slots, partitions: [...this.#partitions.values()] }
  }

  #add(owner: Partition, key: string): number {
    if (this.#slots.isFull) this.#evict()
    const slot = this.#slots.take(owner, key)
    owner.index.set(key, slot)
    this.entryCount++
    return slot
  }

  #makeRoom(keep: number): void {
    if (++this.#writesSinceSweep === WRITES_PER_SWEEP) {
      this.#writesSinceSweep = 0
      this.#sweep(SLOTS_PER_SWEEP)
    }
    while (this.byteCount > this.maxBytes && this.#slots.tail !== keep) this.#evict()
  }

  /** Lets the entry go that was used least recently. */
  #evict(): void {
    const victim = this.#slots.tail
    const deadAtMs = this.#slots.deadAtMs[victim]!
    // The exact clock is asked only where the cheap one leaves it open.
    const isDead = this.clock.ceilingMs() >= deadAtMs && this.clock.monotonicMs() >= deadAtMs
    if (victim !== NO_SLOT) this.release(victim, isDead ? 'expired' : 'evicted')
  }

  #sweep(budget: number): void {
    const nowMs = this.clock.monotonicMs()
    for (let i = Math.min(budget, this.#slots.used); i > 0; i--) this.#sweepOne(nowMs)
  }

  #sweepOne(nowMs: number): void {
    const slots = this.#slots
    if (this.#sweepAt >= slots.used) this.#sweepAt = 0
    const slot = this.#sweepAt++
    if (slots.owners[slot] !== undefined && slots.deadAtMs[slot]! <= nowMs) {
      this.release(slot, 'expired')
    }
  }
}
