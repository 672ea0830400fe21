/**
 * One namespace's entries: an index of its own over the shared slots, so that a hit needs no
 * composed key. `hit` is the function of the package whose nanoseconds count: one Map look-up, two
 * compares, and what the policy does: by default one byte.
 */
import type { MemoryGuard } from '../core/coherence.js'
import type { Clock, MemoryEntry, MemoryPartition, RemovalReason } from '../core/contracts.js'
import type { EvictionPolicy } from '../core/eviction-policy.js'
import type { Region } from './region.js'
import type { Slots } from './slots.js'

/** What a partition asks of its tier: everything that can move bounds. */
export interface Room {
  readonly clock: Clock
  readonly guard: Readonly<MemoryGuard>
  store(owner: Partition, key: string, entry: MemoryEntry): boolean
  release(slot: number, reason: RemovalReason): void
  empty(owner: Partition): number
  /** Tells of what was released; the last thing that a change does. */
  tell(): void
}

export class Partition implements MemoryPartition {
  readonly name: string
  /** Stands for it in `slots.owners`. */
  readonly id: number
  readonly region: Region
  readonly index = new Map<string, number>()
  readonly #slots: Slots
  readonly #policy: EvictionPolicy
  readonly #room: Room
  readonly #clock: Clock
  readonly #guard: Readonly<MemoryGuard>

  constructor(name: string, id: number, region: Region, slots: Slots, room: Room) {
    this.name = name
    this.id = id
    this.region = region
    this.#slots = slots
    this.#policy = region.policy
    this.#room = room
    this.#clock = room.clock
    this.#guard = room.guard
  }

  get entryCount(): number {
    return this.index.size
  }

  hit(key: string): unknown {
    const slot = this.index.get(key)
    if (slot === undefined || !this.#isOpen(slot)) return undefined
    this.#policy.touch(slot)
    return this.#slots.values[slot]
  }

  glance(key: string): unknown {
    const slot = this.index.get(key)
    return slot !== undefined && this.#isOpen(slot) ? this.#slots.values[slot] : undefined
  }

  read(key: string): MemoryEntry | undefined {
    const slot = this.index.get(key)
    if (slot === undefined) return undefined
    if (this.#slots.isDead(slot, this.#clock.monotonicMs())) {
      this.#room.release(slot, 'expired')
      this.#room.tell()
      return undefined
    }
    this.#policy.touch(slot)
    return this.#slots.read(slot)
  }

  view(key: string): MemoryEntry | undefined {
    const slot = this.index.get(key)
    const isThere = slot !== undefined && !this.#slots.isDead(slot, this.#clock.monotonicMs())
    return isThere ? this.#slots.read(slot) : undefined
  }

  write(key: string, entry: MemoryEntry): boolean {
    return this.#room.store(this, key, entry)
  }

  approve(key: string): void {
    const slot = this.index.get(key)
    if (slot !== undefined) this.#slots.approve(slot, this.#guard.generation)
  }

  postponeCheck(key: string, checkAtMs: number): void {
    const slot = this.index.get(key)
    if (slot !== undefined) this.#slots.moveCheckAt(slot, checkAtMs)
  }

  remove(key: string): boolean {
    const slot = this.index.get(key)
    if (slot === undefined) return false
    this.#room.release(slot, 'removed')
    this.#room.tell()
    return true
  }

  clear(): number {
    const count = this.#room.empty(this)
    this.#room.tell()
    return count
  }

  keys(): IterableIterator<string> {
    return this.index.keys()
  }

  /** Whether an entry can be handed out without thought: fresh, judged, and memory is leased. */
  #isOpen(slot: number): boolean {
    const guard = this.#guard
    if (!this.#slots.isApproved(slot, guard.generation)) return false
    const { openUntilMs } = this.#slots
    const { leaseUntilMs } = guard
    const untilMs =
      openUntilMs === undefined ? leaseUntilMs : Math.min(openUntilMs[slot]!, leaseUntilMs)
    if (untilMs === Number.POSITIVE_INFINITY) return true
    return this.#clock.ceilingMs() < untilMs || this.#clock.monotonicMs() < untilMs
  }
}
