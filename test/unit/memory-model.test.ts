/** Random work on the memory tier against a list that does the same slowly. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MemoryEntry } from '../../src/core/contracts.js'
import { BoundedMemoryTier, policyOf } from '../../src/memory/index.js'
import { checkMemory, type FakeClock, fakeClock } from '../../src/testing/index.js'

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '__proto__', '']
const SPACES = ['', 'x', 'y']
const key = fc.constantFrom(...KEYS)
const space = fc.constantFrom(...SPACES)

const work = fc.oneof(
  fc.record({
    op: fc.constant('write' as const),
    space,
    key,
    weight: fc.integer({ min: 1, max: 600 }),
    ttl: fc.integer({ min: 1, max: 50 }),
    grace: fc.constantFrom(0, 0, 20),
    copied: fc.boolean(),
    tagged: fc.boolean(),
  }),
  fc.record({
    op: fc.constantFrom('hit' as const, 'glance' as const, 'read' as const, 'remove' as const),
    space,
    key,
  }),
  fc.record({ op: fc.constant('clear' as const), space }),
  fc.record({ op: fc.constant('sweep' as const) }),
  fc.record({ op: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 30 }) }),
)
type Work = typeof work extends fc.Arbitrary<infer T> ? T : never

interface Held {
  readonly space: string
  readonly key: string
  readonly entry: MemoryEntry
}

/** What the tier should do, over a list in the order of use, the most recent last. */
class SlowTier {
  held: Held[] = []
  readonly #clock: FakeClock
  readonly #maxEntries: number
  readonly #maxBytes: number

  constructor(clock: FakeClock, maxEntries: number, maxBytes: number) {
    this.#clock = clock
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  find(space: string, name: string): Held | undefined {
    return this.held.find((each) => each.space === space && each.key === name)
  }

  write(space: string, name: string, entry: MemoryEntry): boolean {
    this.remove(space, name)
    if (entry.weightBytes > this.#maxBytes / 2) return false
    this.held.push({ space, key: name, entry })
    return true
  }

  remove(space: string, name: string): void {
    const found = this.find(space, name)
    this.held = this.held.filter((each) => each !== found)
  }

  use(found: Held): void {
    this.held = [...this.held.filter((each) => each !== found), found]
  }

  /** Follows the tier in what it let go; says if it was allowed to. */
  follow(isThere: (each: Held) => boolean): void {
    const nowMs = this.#clock.monotonicMs()
    const gone = this.held.filter((each) => !isThere(each))
    for (const each of gone) {
      if (each.entry.deadAtMs <= nowMs) continue
      const at = this.held.indexOf(each)
      const before = this.held.slice(0, at)
      const isOldest = before.every((older) => !isThere(older))
      expect(isOldest, `${each.space}/${each.key} was evicted before older ones`).toBe(true)
      // Those after it may have had to go as well.
      const kept = this.held.slice(at)
      const bytes = kept.reduce((sum, other) => sum + other.entry.weightBytes, 0)
      const isFull = kept.length > this.#maxEntries || bytes > this.#maxBytes
      expect(isFull, `${each.space}/${each.key} was evicted without need`).toBe(true)
    }
    this.held = this.held.filter(isThere)
  }
}

async function run(
  works: readonly Work[],
  maxEntries: number,
  maxBytes: number,
  ceilingAheadMs: number,
): Promise<void> {
  const clock = fakeClock({ monotonicMs: 0, ceilingAheadMs })
  const tier = new BoundedMemoryTier({ maxEntries, maxBytes, clock, policy: policyOf('lru') })
  const slow = new SlowTier(clock, maxEntries, maxBytes)
  const isThere = (each: Held) => [...tier.partition(each.space).keys()].includes(each.key)
  let count = 0
  for (const each of works) {
    await doOne(tier, slow, clock, each, ++count)
    checkMemory(tier)
    slow.follow(isThere)
    expect(tier.entryCount).toBe(slow.held.length)
  }
}

async function doOne(
  tier: BoundedMemoryTier,
  slow: SlowTier,
  clock: FakeClock,
  each: Work,
  count: number,
): Promise<void> {
  if (each.op === 'pass') return clock.advance(each.ms)
  if (each.op === 'sweep') {
    tier.sweep(1_000)
    return
  }
  const partition = tier.partition(each.space)
  if (each.op === 'clear') {
    slow.held = slow.held.filter((other) => other.space !== each.space)
    partition.clear()
  } else if (each.op === 'write') {
    const freshUntilMs = clock.monotonicMs() + each.ttl
    const entry: MemoryEntry = {
      value: count,
      born: count,
      loadedAtMs: 7,
      checkAtMs: freshUntilMs,
      copied: each.copied,
      freshUntilMs,
      deadAtMs: freshUntilMs + each.grace,
      tags: each.tagged ? [`t${count}`] : undefined,
      weightBytes: each.weight,
    }
    const took = slow.write(each.space, each.key, entry)
    expect(partition.write(each.key, entry)).toBe(took)
  } else lookUp(partition, slow, clock, each)
}

function lookUp(
  partition: ReturnType<BoundedMemoryTier['partition']>,
  slow: SlowTier,
  clock: FakeClock,
  each: Work & { op: 'hit' | 'glance' | 'read' | 'remove' },
): void {
  const found = slow.find(each.space, each.key)
  const nowMs = clock.monotonicMs()
  if (each.op === 'remove') {
    expect(partition.remove(each.key)).toBe(found !== undefined)
    slow.remove(each.space, each.key)
    return
  }
  if (each.op === 'read') {
    const isDead = found === undefined || found.entry.deadAtMs <= nowMs
    expect(partition.read(each.key)).toEqual(isDead ? undefined : found.entry)
    if (!isDead) slow.use(found)
    return
  }
  const isOpen = found !== undefined && !found.entry.copied && nowMs < found.entry.checkAtMs
  expect(partition[each.op](each.key)).toBe(isOpen ? found.entry.value : undefined)
  if (isOpen && each.op === 'hit') slow.use(found)
}

describe('the memory tier, against a slow one', () => {
  it.each([
    ['few entries', 5, 1_000_000],
    ['few bytes', 100, 1_000],
    ['both', 6, 1_500],
    ['one entry', 1, 1_000],
  ])('does the same: %s', async (_, maxEntries, maxBytes) => {
    const works = fc.array(work, { minLength: 20, maxLength: 120 })
    const ahead = fc.constantFrom(0, 7, 1_000)
    await fc.assert(
      fc.asyncProperty(works, ahead, (each, ms) => run(each, maxEntries, maxBytes, ms)),
      { numRuns: 60 },
    )
  })
})
