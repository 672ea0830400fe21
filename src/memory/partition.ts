/**
 * One namespace's entries: an index of its own over the shared slots, so that a hit needs no
 * composed key. `hit` is the function of the package whose nanoseconds count: one Map look-up, two
 * compares, a move in the order of use.
 */
import type { MemoryGuard } from '../core/coherence.js'
import type { Clock, MemoryEntry, MemoryPartition, RemovalReason } from '../core/contracts.js'
import type { Slots } from './slots.js'

/** What a partition asks of its tier: everything that can move bounds. */
export interface Room {
  readonly clock: Clock
  readonly guard: Readonly<MemoryGuard>
  store(owner: Partition, key: string, entry: MemoryEntry): boolean
  release(slot: number, reason: RemovalReason): void
  /** Tells of what was released; the last thing that a change does. */
  tell(): void
}

export class Partition implements MemoryPartition {
  readonly name: string
  readonly index = new Map<string, number>()
  readonly #slots: Slots<Partition>
  readonly #room: Room
  readonly #clock: Clock
  readonly #guard: Readonly<MemoryGuard>

  constructor(name: string, slots: Slots<Partition>, room: Room) {
    this.name = name
    this.#slots = slots
    this.#room = room
    this.#clock = room.clock
    this.#guard = room.guard
  }

  get entryCount(): number {
    return this.index.size
  }

  hit(key: string): unknown {
    const slot = this.index.get(key)
    if (slot === undefined) return undefined
    const slots = this.#slots
    if (!this.#isOpen(slots, slot)) return undefined
    slots.touch(slot)
    return slots.values[slot]
  }

  glance(key: string): unknown {
    const slot = this.index.get(key)
    if (slot === undefined) return undefined
    return this.#isOpen(this.#slots, slot) ? this.#slots.values[slot] : undefined
  }

  read(key: string): MemoryEntry | undefined {
    const slot = this.index.get(key)
    if (slot === undefined) return undefined
    if (this.#slots.deadAtMs[slot]! <= this.#clock.monotonicMs()) {
      this.#room.release(slot, 'expired')
      this.#room.tell()
      return undefined
    }
    this.#slots.touch(slot)
    return this.#slots.read(slot)
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
    const count = this.empty()
    this.#room.tell()
    return count
  }

  /** As `clear`, without telling yet. */
  empty(): number {
    const count = this.index.size
    for (const slot of this.index.values()) this.#room.release(slot, 'removed')
    return count
  }

  keys(): IterableIterator<string> {
    return this.index.keys()
  }

  /** Whether an entry can be handed out without thought: fresh, judged, and memory is leased. */
  #isOpen(slots: Slots<Partition>, slot: number): boolean {
    const guard = this.#guard
    const { gates } = slots
    if (gates[2 * slot + 1] !== guard.generation) return false
    const untilMs = Math.min(gates[2 * slot]!, guard.leaseUntilMs)
    return this.#clock.ceilingMs() < untilMs || this.#clock.monotonicMs() < untilMs
  }
}
