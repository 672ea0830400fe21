/**
 * One run: the memory tier and the naive one do the same work, drawn from a seed, and must agree
 * on every answer, on who left and why, and in all that they hold.
 */
import { isDeepStrictEqual } from 'node:util'
import type { MemoryEntry } from '../../../src/core/contracts.js'
import type { EvictionPolicyName } from '../../../src/core/eviction-policy.js'
import { BoundedMemoryTier, policyOf } from '../../../src/memory/index.js'
import { checkMemory, fakeClock } from '../../../src/testing/index.js'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { KeyLoad } from './key-load.js'
import { type AdaptiveNews, NaiveAdaptive } from './naive-adaptive.js'
import { NaiveOrder } from './naive-orders.js'
import { type NaivePolicy, sumOf } from './naive-policy.js'
import { NaiveTier } from './naive-tier.js'

export interface RunPlan {
  readonly policy: EvictionPolicyName
  readonly capacity: number
  readonly isWeighed: boolean
  readonly isMortal: boolean
  readonly operations: number
  readonly seed: number
}

const SPACES = ['', 'x', 'y']
const MEAN_BYTES = 100
/** Below this, every operation is followed by a look at everything. */
const FEW = 8

/** Throws where the two do not agree; tells what happened inside the adaptive policy. */
export async function runAgainstNaive(plan: RunPlan): Promise<AdaptiveNews> {
  const run = new Run(plan)
  const everyOperations = plan.capacity < FEW ? 1 : plan.capacity
  for (let operation = 1; operation <= plan.operations; operation++) {
    try {
      await run.step(operation)
      run.agreeInShort()
      if (operation % everyOperations === 0 || operation === plan.operations) run.agree()
    } catch (error) {
      const says = error instanceof Error ? error.message : String(error)
      throw new Error(`${JSON.stringify(plan)}, operation ${operation}: ${says}`, { cause: error })
    }
  }
  return run.news
}

class Run {
  readonly #plan: RunPlan
  readonly #random: () => number
  readonly #load: KeyLoad
  readonly #clock = fakeClock({ monotonicMs: 0 })
  readonly #tier: BoundedMemoryTier
  readonly #naive: NaiveTier
  readonly #policy: NaivePolicy
  readonly #told: string[] = []

  constructor(plan: RunPlan) {
    this.#plan = plan
    this.#random = seededRandom(plan.seed)
    this.#load = new KeyLoad(plan.capacity, this.#random)
    const clock = this.#clock
    const bounds = this.#bounds(1)
    const policy = policyOf(plan.policy)
    const onRemoved = (...told: string[]) =>
      void this.#told.push(`${told[0]}/${told[1]} ${told[2]}`)
    const random = seededRandom(plan.seed + 1)
    this.#tier = new BoundedMemoryTier({ ...bounds, clock, policy, onRemoved, random })
    this.#policy =
      plan.policy === 'adaptive'
        ? new NaiveAdaptive(bounds, seededRandom(plan.seed + 1))
        : new NaiveOrder(plan.policy)
    this.#naive = new NaiveTier(bounds, clock, this.#policy)
  }

  get news(): AdaptiveNews {
    return this.#policy instanceof NaiveAdaptive ? this.#policy.news : {}
  }

  async step(operation: number): Promise<void> {
    const { capacity, isMortal } = this.#plan
    const drawn = this.#random()
    const rare = 1 / (20 * capacity + 100)
    if (drawn < rare) this.#resize()
    else if (drawn < 2 * rare) this.#clear()
    else if (drawn < 0.03) this.#sweep()
    else if (drawn < 0.06) isMortal ? await this.#clock.advance(this.#below(40)) : this.#sweep()
    else this.#work(operation)
  }

  /** What changes at every step: who left, and the sums. */
  agreeInShort(): void {
    const { told, all } = this.#naive
    same(this.#told, told, 'entries that left')
    this.#told.length = 0
    told.length = 0
    same(this.#tier.entryCount, all.length, 'entryCount')
    same(this.#tier.byteCount, sumOf(all), 'byteCount')
  }

  /** Entry by entry, and in the order of heat. */
  agree(): void {
    checkMemory(this.#tier)
    const { slots, partitions } = this.#tier.inspect()
    const held = partitions.flatMap(({ name, index }) =>
      [...index].map(([key, slot]) => ({ space: name, key, slot, entry: slots.read(slot) })),
    )
    held.sort((one, other) => one.slot - other.slot)
    const wanted = this.#naive.all.map(({ addedAt: _, ...rest }) => rest)
    same(held, wanted, 'entries')
    const heat = this.#naive.fromColdest().map(({ space, key }) => ({ partition: space, key }))
    same(this.#tier.byHeat(Number.POSITIVE_INFINITY, 'coldest'), heat, 'the order of heat')
    if (this.#policy instanceof NaiveAdaptive) {
      const policy = this.#tier.inspect().regions[0]!.policy as unknown as {
        inspect(): { share: number }
      }
      same(policy.inspect().share, this.#policy.share, 'the share of the window')
    }
  }

  #work(operation: number): void {
    const place = this.#load.next()
    const space = SPACES[place % SPACES.length]!
    const key = `k${Math.floor(place / SPACES.length)}`
    const partition = this.#tier.partition(space)
    const drawn = this.#random()
    if (drawn < 0.72) this.#getOrSet(space, key, operation)
    else if (drawn < 0.86) this.#write(space, key, operation)
    else if (drawn < 0.9) same(partition.read(key), this.#naive.read(space, key), 'read')
    else if (drawn < 0.94) same(partition.glance(key), this.#naive.glance(space, key), 'glance')
    else if (drawn < 0.95) {
      const checkAtMs = this.#clock.monotonicMs() + this.#below(100)
      partition.postponeCheck(key, checkAtMs)
      this.#naive.postponeCheck(space, key, checkAtMs)
    } else same(partition.remove(key), this.#naive.remove(space, key), 'remove')
  }

  #getOrSet(space: string, key: string, operation: number): void {
    const partition = this.#tier.partition(space)
    const value = partition.hit(key)
    same(value, this.#naive.hit(space, key), 'hit')
    if (value !== undefined) return
    const entry = partition.read(key)
    same(entry, this.#naive.read(space, key), 'read')
    if (entry === undefined) this.#write(space, key, operation)
  }

  #write(space: string, key: string, operation: number): void {
    const entry = this.#entryOf(operation)
    const isKept = this.#tier.partition(space).write(key, entry)
    same(isKept, this.#naive.write(space, key, entry), 'write')
  }

  #entryOf(value: number): MemoryEntry {
    const { capacity, isWeighed, isMortal } = this.#plan
    const nowMs = this.#clock.monotonicMs()
    const endsAtMs =
      isMortal && this.#random() < 0.8 ? nowMs + 1 + this.#below(8 * capacity) : NEVER
    const graceMs = this.#random() < 0.5 ? 0 : this.#below(4 * capacity)
    return {
      value,
      born: this.#below(2),
      loadedAtMs: 1 + this.#below(9),
      checkAtMs: this.#random() < 0.9 ? endsAtMs : Math.min(endsAtMs, nowMs + 5),
      copied: this.#random() < 0.05,
      freshUntilMs: endsAtMs,
      deadAtMs: endsAtMs + graceMs,
      tags: this.#random() < 0.05 ? [`t${value}`] : undefined,
      weightBytes: isWeighed ? this.#weight() : 0,
    }
  }

  /** Mostly light, some heavy, now and then too heavy for a small tier. */
  #weight(): number {
    const part = this.#random()
    return part < 0.1 ? this.#below(10 * MEAN_BYTES) : part * 2 * MEAN_BYTES
  }

  #resize(): void {
    const bounds = this.#bounds([0.2, 0.5, 1, 1, 1.5][this.#below(5)]!)
    this.#tier.resize(bounds)
    this.#naive.resize(bounds)
  }

  #clear(): void {
    const space = SPACES[this.#below(SPACES.length)]!
    if (this.#random() < 0.8) {
      same(this.#tier.partition(space).clear(), this.#naive.clear(space), 'clear')
      return
    }
    const { partitions } = this.#tier.inspect()
    for (const { name } of partitions) this.#naive.clear(name)
    this.#tier.clear()
  }

  #sweep(): void {
    const budget = this.#below(10)
    same(this.#tier.sweep(budget), this.#naive.sweep(budget), 'sweep')
  }

  #bounds(part: number) {
    const { capacity, isWeighed } = this.#plan
    const maxEntries = Math.max(1, Math.round(capacity * part))
    const maxBytes = isWeighed ? Math.max(200, maxEntries * MEAN_BYTES) : Number.POSITIVE_INFINITY
    return { maxEntries, maxBytes }
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}

const NEVER = Number.POSITIVE_INFINITY

function same(got: unknown, wanted: unknown, what: string): void {
  if (Object.is(got, wanted) || isDeepStrictEqual(got, wanted)) return
  throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
}
