/**
 * The tier in the process: both bounds, who leaves, and room that comes back.
 *
 * Dead entries leave first, without a contest; then whom the policy names. Every write makes the
 * room that it needs, and the engine's timer gives back that of dead entries when nobody writes.
 * Synchronous throughout.
 *
 * Invariants (`checkMemory` in testing/ walks them): every slot belongs to one policy or is free;
 * weights add up to `byteCount`; an index and its slots agree; both bounds hold after every write,
 * unless `resize` has just lowered them.
 */
import type { MemoryGuard } from '../core/coherence.js'
import type {
  Clock,
  HeldKey,
  MemoryBounds,
  MemoryEntry,
  MemoryPartition,
  MemoryShare,
  MemoryTier,
  RemovalReason,
} from '../core/contracts.js'
import type { EvictionPolicyFactory } from '../core/eviction-policy.js'
import { coldestFirst } from './coldest-first.js'
import { Partition, type Room } from './partition.js'
import { policyOf } from './policies/policies.js'
import { giverOf, Region, WHOLE, type WholeRoom } from './region.js'
import { Removals } from './removals.js'
import { Slots } from './slots.js'

/**
 * One entry may take this part of its region's bytes at the most; a heavier one would push out all
 * others.
 */
const MAX_SHARE = 0.5
/** Dead entries that a write lets go beside the room that it needs itself. */
const DEAD_PER_WRITE = 2
/** Namespaces with a share: each has a policy with arrays of its own. */
const MAX_SHARES = 64
/** What a write gives back at the most while bounds that were lowered do not hold yet. */
const EVICTIONS_PER_WRITE = 64

export interface MemoryTierOptions extends MemoryBounds {
  readonly clock: Clock
  /** Default: adaptive. */
  readonly policy?: EvictionPolicyFactory
  /** What a hit compares beside the entry's own life. Default: nothing is ever in doubt. */
  readonly guard?: Readonly<MemoryGuard>
  /** Numbers in [0, 1). Default `Math.random`. */
  readonly random?: () => number
  /** Told of entries that leave, when the call has done its work: the structure is whole again. */
  readonly onRemoved?: (partition: string, key: string, reason: RemovalReason) => void
  /** Whether reasons other than 'evicted' and 'expired' are told as well. Default: they are. */
  readonly isWatched?: () => boolean
}

export class BoundedMemoryTier implements MemoryTier, Room, WholeRoom {
  maxEntries: number
  maxBytes: number
  readonly clock: Clock
  readonly guard: Readonly<MemoryGuard>
  readonly random: () => number
  readonly #makePolicy: EvictionPolicyFactory
  readonly #slots: Slots
  readonly #partitions = new Map<string, Partition>()
  /** By their number. */
  readonly #owners: Partition[] = []
  readonly #regions: Region[] = []
  readonly #removals: Removals
  isShrinking = false
  entryCount = 0
  byteCount = 0

  constructor(options: MemoryTierOptions) {
    this.maxEntries = options.maxEntries
    this.maxBytes = options.maxBytes
    this.clock = options.clock
    this.guard = options.guard ?? { generation: 1, leaseUntilMs: Number.POSITIVE_INFINITY }
    this.random = options.random ?? Math.random
    this.#makePolicy = options.policy ?? policyOf('adaptive')
    this.#removals = new Removals(options.onRemoved, options.isWatched)
    this.#slots = new Slots(this.guard.generation, (slots) => {
      for (const region of this.#regions) region.policy.grow(slots)
    })
    this.#regions.push(new Region(this, WHOLE, this.#makePolicy))
  }

  partition(name: string, share?: MemoryShare): MemoryPartition {
    const known = this.#partitions.get(name)
    if (known !== undefined) return known
    const region = share === undefined ? this.#regions[0]! : this.#addRegion(share)
    const partition = new Partition(name, this.#owners.length, region, this.#slots, this)
    this.#partitions.set(name, partition)
    this.#owners.push(partition)
    return partition
  }

  hasRoomFor(share: MemoryShare): boolean {
    const floors = this.#regions.reduce((sum, region) => sum + region.share.min, share.min)
    // Parts such as 0.1 add up to a little more than they say.
    return this.#regions.length <= MAX_SHARES && floors <= 1 + Number.EPSILON * MAX_SHARES
  }

  sweep(budget: number): boolean {
    const left = budget - this.#releaseDead(budget)
    const evicted = this.#shrink(left)
    this.tell()
    return evicted === left
  }

  get nextDeadAtMs(): number {
    return this.#slots.deadlines.earliestMs
  }

  resize(bounds: Partial<MemoryBounds>): void {
    this.maxEntries = bounds.maxEntries ?? this.maxEntries
    this.maxBytes = bounds.maxBytes ?? this.maxBytes
    this.isShrinking = true
    this.#shrink(EVICTIONS_PER_WRITE)
    this.tell()
  }

  clear(): void {
    for (const partition of this.#owners) this.empty(partition)
    this.tell()
  }

  byHeat(limit: number, from: 'hottest' | 'coldest', partition?: string): HeldKey[] {
    const slots = this.#slots
    const found: HeldKey[] = []
    const owner = partition === undefined ? undefined : this.#partitions.get(partition)
    if (partition !== undefined && owner === undefined) return found
    const order = coldestFirst(owner === undefined ? this.#regions : [owner.region])
    if (from === 'hottest') order.reverse()
    for (const slot of order) {
      if (found.length === limit) break
      const holder = this.#owners[slots.owners[slot]!]!
      if (owner === undefined || owner === holder) {
        found.push({ partition: holder.name, key: slots.keys[slot]! })
      }
    }
    return found
  }

  weightOf(slot: number): number {
    return this.#slots.weightOf(slot)
  }

  store(owner: Partition, key: string, entry: MemoryEntry): boolean {
    const { region } = owner
    const known = owner.index.get(key)
    if (entry.weightBytes > region.ceilingBytes * MAX_SHARE) {
      if (known !== undefined) this.release(known, 'evicted')
      this.tell()
      return false
    }
    if (known === undefined) this.#add(owner, key, entry)
    else this.#rewrite(region, known, entry)
    this.#makeRoom(region)
    this.#releaseDead(DEAD_PER_WRITE)
    this.tell()
    return true
  }

  release(slot: number, reason: RemovalReason): void {
    const owner = this.#owners[this.#slots.owners[slot]!]!
    owner.index.delete(this.#slots.keys[slot]!)
    this.#give(owner, slot, reason)
  }

  /** Without telling yet. */
  empty(owner: Partition): number {
    const count = owner.index.size
    for (const slot of owner.index.values()) this.#give(owner, slot, 'cleared')
    // Not key by key: that took most of the time.
    owner.index.clear()
    return count
  }

  tell(): void {
    this.#removals.tell()
  }

  /** What a checker walks; nobody else looks inside. */
  inspect() {
    return { slots: this.#slots, partitions: this.#owners, regions: this.#regions }
  }

  #give(owner: Partition, slot: number, reason: RemovalReason): void {
    const slots = this.#slots
    const key = slots.keys[slot]!
    owner.region.policy.remove(slot)
    this.#count(owner.region, -1, -slots.weightOf(slot))
    slots.give(slot)
    this.#removals.note(owner.name, key, reason)
  }

  #addRegion(share: MemoryShare): Region {
    const region = new Region(this, share, this.#makePolicy)
    if (this.#slots.length > 0) region.policy.grow(this.#slots.length)
    this.#regions.push(region)
    return region
  }

  #add(owner: Partition, key: string, entry: MemoryEntry): void {
    const slots = this.#slots
    const slot = slots.take(owner.id, key, Math.max(this.maxEntries, this.entryCount) + 1)
    slots.fill(slot, entry, this.guard.generation)
    owner.index.set(key, slot)
    this.#count(owner.region, 1, slots.weightOf(slot))
    owner.region.policy.add(slot, key)
  }

  #rewrite(region: Region, slot: number, entry: MemoryEntry): void {
    const slots = this.#slots
    const formerBytes = slots.weightOf(slot)
    slots.fill(slot, entry, this.guard.generation)
    this.#count(region, 0, slots.weightOf(slot) - formerBytes)
    if (region.policy.rewrite === undefined) region.policy.touch(slot)
    else region.policy.rewrite(slot, formerBytes)
    this.#removals.note(this.#owners[slots.owners[slot]!]!.name, slots.keys[slot]!, 'replaced')
  }

  #count(region: Region, entries: number, bytes: number): void {
    this.entryCount += entries
    this.byteCount += bytes
    region.entryCount += entries
    region.byteCount += bytes
  }

  #isOver(): boolean {
    return this.entryCount > this.maxEntries || this.byteCount > this.maxBytes
  }

  /** Room for nobody: both bounds and all ceilings, by `most` at the most; tells how many left. */
  #shrink(most: number): number {
    for (let evicted = 0; evicted < most; evicted++) {
      const overCeiling = this.#regions.find((region) => region.isOverCeiling)
      if (overCeiling === undefined && !this.#isOver()) {
        this.isShrinking = false
        return evicted
      }
      this.#evict(overCeiling ?? this.#regions[0]!)
    }
    return most
  }

  #makeRoom(writer: Region): void {
    for (let evictions = 0; this.#isOver() || writer.isOverCeiling; evictions++) {
      if (this.isShrinking && evictions === EVICTIONS_PER_WRITE) return
      this.#evict(writer)
    }
    this.isShrinking = false
  }

  /** One entry: a dead one, else one of the writer's where it has more than it may, else any. */
  #evict(writer: Region): void {
    if (this.#releaseDead(1) === 1) return
    this.release(
      this.#victimOf(writer.isOverCeiling ? writer : giverOf(this.#regions, this.random)),
      'evicted',
    )
  }

  /** Tells how many there were, `most` at the most. */
  #releaseDead(most: number): number {
    for (let released = 0; released < most; released++) {
      const dead = this.#findDead()
      if (dead < 0) return released
      this.release(dead, 'expired')
    }
    return most
  }

  /** The exact clock is asked only where the cheap one leaves it open. */
  #findDead(): number {
    const { deadlines } = this.#slots
    const { earliestMs } = deadlines
    if (earliestMs === Number.POSITIVE_INFINITY || this.clock.ceilingMs() < earliestMs) return -1
    return deadlines.find(this.clock.monotonicMs())
  }

  /** A policy that names what is not there must not stop the cache: any entry goes then. */
  #victimOf(region: Region): number {
    const named = region.policy.victim()
    const owner = this.#slots.keys[named] === undefined ? undefined : this.#slots.owners[named]
    if (owner !== undefined && this.#owners[owner]!.region === region) return named
    for (const partition of this.#owners) {
      if (partition.region !== region) continue
      for (const slot of partition.index.values()) return slot
    }
    throw new Error('the memory tier is over its bounds and holds nothing')
  }
}
