/**
 * What the cases of the policy suite stand on: it calls a policy as the memory tier does, keeps a
 * list of its own, and judges every answer by it. A seed decides all that is random.
 */
import { ok } from 'node:assert/strict'
import type { EvictionPolicy, EvictionPolicyFactory, PolicyRoom } from '../core/eviction-policy.js'
import { seededRandom } from './seeded-random.js'

const FIRST_SLOTS = 4

export interface PolicyBenchOptions {
  readonly create: EvictionPolicyFactory
  readonly seed: number
  readonly maxEntries: number
  /** Default: nothing is weighed. */
  readonly maxBytes?: number
}

export class PolicyBench implements PolicyRoom {
  maxEntries: number
  maxBytes: number
  readonly random: () => number
  /** Numbers of entries that are there. */
  readonly held: number[] = []
  readonly #policy: EvictionPolicy
  readonly #seed: number
  readonly #weights = new Map<number, number>()
  readonly #free: number[] = []
  #used = 0
  #slots = 0
  #calls = 0

  constructor({ create, seed, maxEntries, maxBytes }: PolicyBenchOptions) {
    this.maxEntries = maxEntries
    this.maxBytes = maxBytes ?? Number.POSITIVE_INFINITY
    this.random = seededRandom(seed)
    this.#seed = seed
    this.#policy = create(this)
  }

  get byteCount(): number {
    return this.held.reduce((sum, slot) => sum + this.weightOf(slot), 0)
  }

  get isOver(): boolean {
    return this.held.length > this.maxEntries || this.byteCount > this.maxBytes
  }

  weightOf(slot: number): number {
    return this.#weights.get(slot) ?? 0
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  /** One of those that are there, or `undefined`. */
  anyone(): number | undefined {
    return this.held[this.below(this.held.length)]
  }

  /** Adds an entry and makes room, as a write does; `undefined` if it had to leave at once. */
  write(key: string, weightBytes = 0): number | undefined {
    const slot = this.#takeSlot()
    this.#weights.set(slot, weightBytes)
    this.held.push(slot)
    this.#calls++
    this.#policy.add(slot, key)
    this.makeRoom()
    return this.held.includes(slot) ? slot : undefined
  }

  touch(slot: number): void {
    this.#calls++
    this.#policy.touch(slot)
  }

  rewrite(slot: number, weightBytes = 0): void {
    const formerBytes = this.weightOf(slot)
    this.#weights.set(slot, weightBytes)
    this.#calls++
    if (this.#policy.rewrite === undefined) this.#policy.touch(slot)
    else this.#policy.rewrite(slot, formerBytes)
    this.makeRoom()
  }

  remove(slot: number): void {
    this.#calls++
    this.#policy.remove(slot)
    this.held.splice(this.held.indexOf(slot), 1)
    this.#weights.delete(slot)
    this.#free.push(slot)
  }

  removeAll(): void {
    for (const slot of [...this.held]) this.remove(slot)
  }

  /** Asks for a victim and removes it. */
  evict(): number {
    this.#calls++
    const slot = this.#policy.victim()
    this.#claim(this.held.includes(slot), `victim() named ${slot}, which is not there`)
    this.remove(slot)
    return slot
  }

  makeRoom(): void {
    while (this.isOver) this.evict()
  }

  /** Every entry comes once in the order of heat, and nothing else does. */
  check(): void {
    const seen = new Set<number>()
    for (const slot of this.#policy.fromColdest()) {
      this.#claim(this.held.includes(slot), `fromColdest() named ${slot}, which is not there`)
      this.#claim(!seen.has(slot), `fromColdest() named ${slot} twice`)
      seen.add(slot)
    }
    const absent = this.held.find((slot) => !seen.has(slot))
    this.#claim(absent === undefined, `fromColdest() did not name ${absent}, which is there`)
  }

  /** Any number that is free: a policy may not count on their order. */
  #takeSlot(): number {
    if (this.#free.length > 0 && this.random() < 0.8) {
      return this.#free.splice(this.below(this.#free.length), 1)[0]!
    }
    if (this.#used === this.#slots) {
      this.#slots = this.#slots === 0 ? FIRST_SLOTS : this.#slots * 2
      this.#policy.grow(this.#slots)
    }
    return this.#used++
  }

  #claim(holds: boolean, says: string): asserts holds {
    ok(holds, `seed ${this.#seed}, call ${this.#calls}: ${says}`)
  }
}
