/**
 * The memory tier over one array of plain objects: every question is a walk over all of them. Who
 * leaves, a naive policy says. Tells of removals in `told`.
 */
import type { Clock, MemoryEntry, RemovalReason } from '../../../src/core/contracts.js'
import { type Held, type NaiveBounds, type NaivePolicy, sumOf } from './naive-policy.js'

const MOST_EVICTIONS = 64

export class NaiveTier {
  readonly bounds: NaiveBounds
  readonly told: string[] = []
  readonly #clock: Clock
  readonly #policy: NaivePolicy
  /** By number; a number that is free is taken again, the last one first. */
  readonly #slots: (Held | undefined)[] = []
  readonly #free: number[] = []
  #room = 0
  #added = 0
  #isShrinking = false

  constructor(bounds: NaiveBounds, clock: Clock, policy: NaivePolicy) {
    this.bounds = bounds
    this.#clock = clock
    this.#policy = policy
  }

  get all(): Held[] {
    return this.#slots.filter((held) => held !== undefined)
  }

  get isOver(): boolean {
    const { all } = this
    return all.length > this.bounds.maxEntries || sumOf(all) > this.bounds.maxBytes
  }

  hit(space: string, key: string): unknown {
    const held = this.#find(space, key)
    if (held === undefined || !this.#isOpen(held)) return undefined
    this.#policy.touch(held)
    return held.entry.value
  }

  glance(space: string, key: string): unknown {
    const held = this.#find(space, key)
    return held !== undefined && this.#isOpen(held) ? held.entry.value : undefined
  }

  read(space: string, key: string): MemoryEntry | undefined {
    const held = this.#find(space, key)
    if (held === undefined) return undefined
    if (this.#isDead(held)) {
      this.#release(held, 'expired')
      return undefined
    }
    this.#policy.touch(held)
    return held.entry
  }

  write(space: string, key: string, entry: MemoryEntry): boolean {
    const known = this.#find(space, key)
    if (entry.weightBytes > this.bounds.maxBytes / 2) {
      if (known !== undefined) this.#release(known, 'evicted')
      return false
    }
    const kept = { ...entry, weightBytes: Math.ceil(entry.weightBytes) }
    if (known === undefined) this.#add(space, key, kept)
    else {
      known.entry = kept
      this.#policy.touch(known)
      this.#tell(known, 'replaced')
    }
    this.#makeRoom()
    this.#releaseDead(2)
    return true
  }

  postponeCheck(space: string, key: string, checkAtMs: number): void {
    const held = this.#find(space, key)
    if (held === undefined) return
    const { freshUntilMs } = held.entry
    held.entry = { ...held.entry, checkAtMs: Math.min(checkAtMs, freshUntilMs) }
  }

  remove(space: string, key: string): boolean {
    const held = this.#find(space, key)
    if (held !== undefined) this.#release(held, 'removed')
    return held !== undefined
  }

  clear(space: string): number {
    const all = this.all.filter((held) => held.space === space)
    all.sort((one, other) => one.addedAt - other.addedAt)
    for (const held of all) this.#release(held, 'cleared')
    return all.length
  }

  sweep(budget: number): boolean {
    const left = budget - this.#releaseDead(budget)
    return this.#shrink(left) === left
  }

  resize(bounds: NaiveBounds): void {
    Object.assign(this.bounds, bounds)
    this.#isShrinking = true
    this.#shrink(MOST_EVICTIONS)
  }

  fromColdest(): Held[] {
    return this.#policy.fromColdest()
  }

  #add(space: string, key: string, entry: MemoryEntry): void {
    const slot = this.#free.pop() ?? this.#slots.length
    if (slot === this.#room) {
      const most = Math.max(this.bounds.maxEntries, this.all.length) + 1
      this.#room = Math.min(most, Math.max(64, this.#room * 2))
      this.#policy.grow(this.#room)
    }
    const held = { space, key, slot, entry, addedAt: ++this.#added }
    this.#slots[slot] = held
    this.#policy.add(held)
  }

  #shrink(most: number): number {
    let evicted = 0
    for (; evicted < most && this.isOver; evicted++) this.#evict()
    if (evicted < most) this.#isShrinking = false
    return evicted
  }

  #makeRoom(): void {
    for (let evictions = 0; this.isOver; evictions++) {
      if (this.#isShrinking && evictions === MOST_EVICTIONS) return
      this.#evict()
    }
    this.#isShrinking = false
  }

  #evict(): void {
    if (this.#releaseDead(1) === 0) this.#release(this.#policy.victim(), 'evicted')
  }

  /** Those with the lowest numbers first. */
  #releaseDead(most: number): number {
    const dead = this.all.filter((held) => this.#isDead(held)).slice(0, most)
    for (const held of dead) this.#release(held, 'expired')
    return dead.length
  }

  #release(held: Held, reason: RemovalReason): void {
    this.#policy.remove(held)
    this.#slots[held.slot] = undefined
    this.#free.push(held.slot)
    this.#tell(held, reason)
  }

  #tell({ space, key }: Held, reason: RemovalReason): void {
    this.told.push(`${space}/${key} ${reason}`)
  }

  #find(space: string, key: string): Held | undefined {
    return this.#slots.find((held) => held?.key === key && held.space === space)
  }

  #isDead(held: Held): boolean {
    return held.entry.deadAtMs <= this.#clock.monotonicMs()
  }

  #isOpen({ entry }: Held): boolean {
    return !entry.copied && this.#clock.monotonicMs() < entry.checkAtMs
  }
}
