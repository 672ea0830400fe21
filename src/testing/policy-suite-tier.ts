/**
 * The case of the policy suite in which a policy rules a memory tier: random calls with weights,
 * life times, namespaces of their own share and bounds that move. After each, the bounds hold and
 * the structure is whole. What the tier would forgive, a victim that is not there, is not.
 */
import { equal, ok } from 'node:assert/strict'
import type { MemoryEntry } from '../core/contracts.js'
import type { EvictionPolicy, EvictionPolicyFactory } from '../core/eviction-policy.js'
import { BoundedMemoryTier } from '../memory/index.js'
import { checkMemory } from './check-memory.js'
import { type FakeClock, fakeClock } from './fake-clock.js'
import { seededRandom } from './seeded-random.js'

const STEPS = 2_000
const MAX_ENTRIES = 24
const MAX_BYTES = 4_000
const NAMESPACES = [
  ['', undefined],
  ['b', undefined],
  ['floor', { min: 0.25, max: 1 }],
  ['ceiling', { min: 0, max: 0.25 }],
] as const

export async function ruleTier(create: EvictionPolicyFactory, seed: number): Promise<void> {
  const random = seededRandom(seed)
  const clock = fakeClock({ monotonicMs: 0, ceilingAheadMs: 0 })
  const bounds = { maxEntries: MAX_ENTRIES, maxBytes: MAX_BYTES }
  const tier = new BoundedMemoryTier({ ...bounds, clock, random, policy: judged(create) })
  for (const [name, share] of NAMESPACES) tier.partition(name, share)
  for (let step = 0; step < STEPS; step++) {
    try {
      await takeStep(tier, random, clock)
      checkMemory(tier)
      equal(tier.byHeat(Number.POSITIVE_INFINITY, 'coldest').length, tier.entryCount)
    } catch (error) {
      const says = error instanceof Error ? error.message : String(error)
      throw new Error(`seed ${seed}, step ${step}: ${says}`, { cause: error })
    }
  }
}

async function takeStep(
  tier: BoundedMemoryTier,
  random: () => number,
  clock: FakeClock,
): Promise<void> {
  const below = (limit: number) => Math.floor(random() * limit)
  const partition = tier.partition(NAMESPACES[below(NAMESPACES.length)]![0])
  const key = `k${below(40)}`
  const drawn = random()
  if (drawn < 0.4) partition.write(key, entryOf(below(400), clock.monotonicMs() + below(80)))
  else if (drawn < 0.75) partition.hit(key)
  else if (drawn < 0.85) partition.read(key)
  else if (drawn < 0.93) partition.remove(key)
  else if (drawn < 0.98) await clock.advance(below(20))
  else if (drawn < 0.985) partition.clear()
  else if (drawn < 0.99) tier.sweep(below(10))
  else tier.resize({ maxEntries: 1 + below(MAX_ENTRIES), maxBytes: 500 + below(MAX_BYTES) })
}

function entryOf(weightBytes: number, freshUntilMs: number): MemoryEntry {
  return {
    value: 'v',
    born: 1,
    loadedAtMs: 1,
    checkAtMs: freshUntilMs,
    copied: false,
    freshUntilMs,
    deadAtMs: freshUntilMs + 10,
    tags: undefined,
    weightBytes,
  }
}

/** The same policy, whose victims are looked at. */
function judged(create: EvictionPolicyFactory): EvictionPolicyFactory {
  return (room) => {
    const policy = create(room)
    const held = new Set<number>()
    const watched: EvictionPolicy = {
      grow: (slots) => policy.grow(slots),
      add: (slot, key) => {
        held.add(slot)
        policy.add(slot, key)
      },
      touch: (slot) => policy.touch(slot),
      remove: (slot) => {
        held.delete(slot)
        policy.remove(slot)
      },
      victim: () => {
        const slot = policy.victim()
        ok(held.has(slot), `victim() named ${slot}, which is not there`)
        return slot
      },
      fromColdest: () => policy.fromColdest(),
    }
    if (policy.rewrite === undefined) return watched
    return { ...watched, rewrite: (slot, formerBytes) => policy.rewrite!(slot, formerBytes) }
  }
}
