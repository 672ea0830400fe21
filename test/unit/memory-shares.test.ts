/** Namespaces with a share of memory: floors and ceilings, and how each entry leaves, told once. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { MemoryEntry, MemoryPartition, MemoryShare } from '../../src/core/contracts.js'
import type { EvictionPolicyName } from '../../src/core/eviction-policy.js'
import { BoundedMemoryTier, policyOf } from '../../src/memory/index.js'
import { checkMemory, type FakeClock, fakeClock } from '../../src/testing/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'

const NEVER = Number.POSITIVE_INFINITY
const POLICIES = ['adaptive', 'lru', 'lfu', 'fifo'] as const

let clock: FakeClock
let told: string[]

function tierOf(maxEntries: number, maxBytes = NEVER, policy: EvictionPolicyName = 'adaptive') {
  return new BoundedMemoryTier({
    maxEntries,
    maxBytes,
    clock,
    policy: policyOf(policy),
    random: seededRandom(1),
    onRemoved: (partition, key, reason) => told.push(`${partition}/${key} ${reason}`),
  })
}

function entry(weightBytes = 0, ttlMs = NEVER): MemoryEntry {
  const endsAtMs = clock.monotonicMs() + ttlMs
  return {
    value: 'v',
    born: 0,
    loadedAtMs: 0,
    checkAtMs: endsAtMs,
    copied: false,
    freshUntilMs: endsAtMs,
    deadAtMs: endsAtMs,
    tags: undefined,
    weightBytes,
  }
}

function flood(partition: MemoryPartition, count: number, weightBytes = 0): void {
  for (let i = 0; i < count; i++) {
    partition.write(`flood ${i}`, entry(weightBytes))
    partition.hit(`flood ${i}`)
  }
}

function bytesOf(tier: BoundedMemoryTier, name: string): number {
  return tier.inspect().partitions.find((each) => each.name === name)!.region.byteCount
}

beforeEach(() => {
  clock = fakeClock()
  told = []
})

describe.each(POLICIES)('a floor, under %s', (policy) => {
  it('keeps what is within it, by entries, while another floods', () => {
    const tier = tierOf(100, NEVER, policy)
    const kept = tier.partition('kept', { min: 0.3, max: 1 })
    for (let i = 0; i < 30; i++) kept.write(`k${i}`, entry())
    flood(tier.partition('other'), 5_000)
    expect(kept.entryCount).toBe(30)
    expect(tier.entryCount).toBe(100)
    expect(told.filter((each) => each.startsWith('kept'))).toEqual([])
    checkMemory(tier)
  })

  it('keeps what is within it by bytes', () => {
    const tier = tierOf(10_000, 10_000, policy)
    const kept = tier.partition('kept', { min: 0.3, max: 1 })
    for (let i = 0; i < 30; i++) kept.write(`k${i}`, entry(100))
    flood(tier.partition('other'), 3_000, 70)
    expect([kept.entryCount, bytesOf(tier, 'kept')]).toEqual([30, 3_000])
    expect(tier.byteCount).toBeGreaterThan(9_900)
    checkMemory(tier)
  })

  it('gives what is above it, and does not make itself larger', () => {
    const tier = tierOf(100, NEVER, policy)
    const kept = tier.partition('kept', { min: 0.3, max: 1 })
    for (let i = 0; i < 100; i++) kept.write(`k${i}`, entry())
    expect(kept.entryCount).toBe(100)
    flood(tier.partition('other'), 5_000)
    expect(kept.entryCount).toBe(30)
    checkMemory(tier)
  })

  it('does not keep its own entries from one another', () => {
    const tier = tierOf(100, NEVER, policy)
    flood(tier.partition('other'), 70)
    const kept = tier.partition('kept', { min: 0.3, max: 0.3 })
    for (let i = 0; i < 500; i++) kept.write(`k${i}`, entry())
    expect([kept.entryCount, tier.partition('other').entryCount]).toEqual([30, 70])
    checkMemory(tier)
  })
})

describe.each(POLICIES)('a ceiling, under %s', (policy) => {
  it('holds by entries, also while there is room', () => {
    const tier = tierOf(100, NEVER, policy)
    const bounded = tier.partition('bounded', { min: 0, max: 0.25 })
    for (let i = 0; i < 300; i++) {
      bounded.write(`k${i}`, entry())
      expect(bounded.entryCount).toBe(Math.min(i + 1, 25))
    }
    checkMemory(tier)
  })

  it('holds by bytes, and nothing of others leaves for it', () => {
    const tier = tierOf(1_000, 10_000, policy)
    flood(tier.partition('other'), 50, 100)
    const bounded = tier.partition('bounded', { min: 0, max: 0.25 })
    const random = seededRandom(3)
    for (let i = 0; i < 300; i++) {
      bounded.write(`k${i % 40}`, entry(Math.floor(random() * 1_000)))
      expect(bytesOf(tier, 'bounded')).toBeLessThanOrEqual(2_500)
    }
    expect(tier.partition('other').entryCount).toBe(50)
    expect(bytesOf(tier, 'bounded')).toBeGreaterThan(1_000)
    checkMemory(tier)
  })

  it('refuses what is heavier than half of it', () => {
    const tier = tierOf(1_000, 10_000, policy)
    const bounded = tier.partition('bounded', { min: 0, max: 0.1 })
    expect(bounded.write('a', entry(501))).toBe(false)
    expect(bounded.write('a', entry(500))).toBe(true)
    expect(tier.partition('other').write('a', entry(5_000))).toBe(true)
  })

  it('leaves room for one entry, however low', () => {
    const tier = tierOf(10, NEVER, policy)
    const bounded = tier.partition('bounded', { min: 0, max: 0.01 })
    bounded.write('a', entry())
    bounded.write('b', entry())
    expect([...bounded.keys()]).toEqual(['b'])
  })

  it('holds again after the tier has been made smaller and was swept', () => {
    const tier = tierOf(1_000, NEVER, policy)
    const bounded = tier.partition('bounded', { min: 0, max: 0.2 })
    for (let i = 0; i < 200; i++) bounded.write(`k${i}`, entry())
    tier.resize({ maxEntries: 500 })
    for (let turns = 0; tier.sweep(50); turns++) expect(turns).toBeLessThan(20)
    expect(bounded.entryCount).toBe(100)
    checkMemory(tier)
  })
})

describe('who gives room', () => {
  it('is never an empty namespace, whatever rounding leaves of the number that is drawn', () => {
    for (let maxEntries = 3; maxEntries < 40; maxEntries++) {
      const random = () => 1 - 2 ** -53
      const tier = new BoundedMemoryTier({ maxEntries, maxBytes: NEVER, clock, random })
      const names = ['a', 'b', 'c', 'd']
      for (const [i, name] of names.entries()) tier.partition(name, { min: 0.3 / (i + 1), max: 1 })
      for (let i = 0; i < maxEntries; i++) tier.partition(names[i % 4]!).write(`k${i}`, entry())
      for (let fewer = maxEntries - 1; fewer > 0; fewer--) {
        tier.resize({ maxEntries: fewer })
        expect(tier.entryCount).toBe(fewer)
      }
    }
  })
})

describe('floors and ceilings, by random work', () => {
  const SHARES: readonly (readonly [string, MemoryShare | undefined])[] = [
    ['plain', undefined],
    ['also plain', undefined],
    ['floor', { min: 0.3, max: 1 }],
    ['ceiling', { min: 0, max: 0.2 }],
    ['both', { min: 0.1, max: 0.4 }],
  ]
  const MAX_ENTRIES = 60
  const MAX_BYTES = 6_000
  const MAX_WEIGHT = 400

  /** By region: what others took, it had above its floor in one of the bounds. */
  function judge(tier: BoundedMemoryTier, writer: string, losers: ReadonlySet<string>): void {
    for (const { name, region } of tier.inspect().partitions) {
      const { entryCount, byteCount, share } = region
      expect(entryCount).toBeLessThanOrEqual(Math.max(1, Math.floor(MAX_ENTRIES * share.max)))
      expect(byteCount).toBeLessThanOrEqual(MAX_BYTES * share.max)
      if (name === writer || share.min === 0 || !losers.has(name)) continue
      const isAboveByEntries = entryCount >= Math.floor(MAX_ENTRIES * share.min)
      const isAboveByBytes = byteCount > MAX_BYTES * share.min - MAX_WEIGHT
      expect(isAboveByEntries || isAboveByBytes, `${name} was pushed below its floor`).toBe(true)
    }
  }

  it.each(POLICIES)('hold after each step under %s', async (policy) => {
    for (const seed of [1, 2, 3]) {
      const random = seededRandom(seed)
      const below = (limit: number) => Math.floor(random() * limit)
      const tier = tierOf(MAX_ENTRIES, MAX_BYTES, policy)
      for (const [name, share] of SHARES) tier.partition(name, share)
      let taken = 0
      for (let step = 0; step < 3_000; step++) {
        // One writes most for a while, then another.
        const which = random() < 0.6 ? Math.floor(step / 200) : below(SHARES.length)
        const [name] = SHARES[which % SHARES.length]!
        const partition = tier.partition(name)
        const key = `k${below(80)}`
        const drawn = random()
        told.length = 0
        if (drawn < 0.6) partition.write(key, entry(below(MAX_WEIGHT), 1 + below(400)))
        else if (drawn < 0.9) partition.hit(key)
        else if (drawn < 0.95) partition.remove(key)
        else if (drawn < 0.99) await clock.advance(below(10))
        else tier.sweep(below(5))
        const evicted = told.filter((each) => each.endsWith(' evicted'))
        const losers = new Set(evicted.map((each) => each.split('/')[0]!))
        judge(tier, name, losers)
        // The whole structure is walked less often: what breaks it stays broken.
        if (step % 5 === 0) checkMemory(tier)
        losers.delete(name)
        taken += losers.size
      }
      expect(taken).toBeGreaterThan(100)
    }
  })
})

describe.each(POLICIES)('how an entry leaves is told once, under %s', (policy) => {
  it('evicted, expired, replaced, removed, cleared', async () => {
    const tier = tierOf(3, NEVER, policy)
    const main = tier.partition('main')
    main.write('a', entry())
    main.write('a', entry())
    expect(told.splice(0)).toEqual(['main/a replaced'])
    main.remove('a')
    main.remove('a')
    expect(told.splice(0)).toEqual(['main/a removed'])
    main.write('b', entry(0, 10))
    await clock.advance(10)
    expect(main.read('b')).toBeUndefined()
    tier.sweep(10)
    expect(told.splice(0)).toEqual(['main/b expired'])
    for (const key of ['c', 'd', 'e']) main.write(key, entry())
    expect(told).toEqual([])
    main.write('f', entry())
    expect(told.splice(0)).toEqual([expect.stringMatching(/^main\/[c-f] evicted$/)])
    const left = [...main.keys()]
    main.clear()
    tier.clear()
    expect(told.splice(0)).toEqual(left.map((key) => `main/${key} cleared`))
  })

  it('and what comes is what goes or stays, over random work', async () => {
    const random = seededRandom(5)
    const below = (limit: number) => Math.floor(random() * limit)
    const tier = tierOf(20, 2_000, policy)
    const names = ['a', 'b', 'c']
    tier.partition('c', { min: 0.1, max: 0.3 })
    let came = 0
    for (let step = 0; step < 5_000; step++) {
      const partition = tier.partition(names[below(3)]!)
      const key = `k${below(40)}`
      const drawn = random()
      if (drawn < 0.5) came += partition.write(key, entry(below(600), 1 + below(50))) ? 1 : 0
      else if (drawn < 0.8) partition.read(key)
      else if (drawn < 0.9) partition.remove(key)
      else if (drawn < 0.99) await clock.advance(below(10))
      else partition.clear()
    }
    expect(told.length + tier.entryCount).toBe(came)
    const reasons = new Set(told.map((each) => each.split(' ')[1]))
    expect([...reasons].sort()).toEqual(['cleared', 'evicted', 'expired', 'removed', 'replaced'])
  })
})
