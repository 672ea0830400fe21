import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MemoryEntry } from '../../src/core/contracts.js'
import { BoundedMemoryTier } from '../../src/memory/index.js'
import type { AdaptivePolicy } from '../../src/memory/policies/adaptive.js'
import { checkMemory, fakeClock } from '../../src/testing/index.js'
import { forgetTiers } from './tracked-cache.js'

function entry(over: Partial<MemoryEntry> = {}): MemoryEntry {
  const life = { checkAtMs: 1_500_000, freshUntilMs: 1_500_000, deadAtMs: 1_600_000 }
  const rest = {
    born: 1,
    loadedAtMs: 7,
    copied: false,
    tags: undefined,
    weightBytes: 100,
  }
  return { value: 'v', ...life, ...rest, ...over }
}

afterEach(forgetTiers)

describe('the checker of the memory tier', () => {
  let tier: BoundedMemoryTier
  beforeEach(() => {
    tier = new BoundedMemoryTier({ maxEntries: 8, maxBytes: 10_000, clock: fakeClock() })
    const main = tier.partition('')
    const other = tier.partition('other')
    for (const key of ['a', 'b', 'c', 'd']) main.write(key, entry({ copied: key === 'c' }))
    other.write('a', entry({ tags: ['t'] }))
    main.remove('b')
    main.remove('d')
    checkMemory(tier)
  })

  const inner = () => tier.inspect().slots
  const deadlines = () => inner().deadlines.inspect()
  const insides = () => (tier.inspect().regions[0]!.policy as AdaptivePolicy).inspect()
  const lists = () => insides().lists
  const damages: readonly [string, () => unknown, RegExp][] = [
    ['a link to the head', () => lists().previous.fill(lists().tails[0]!), /comes twice/],
    ['a link to the tail', () => lists().next.fill(lists().heads[0]!), /list 0: what comes before/],
    ['the tail', () => (lists().tails[0] = 2), /policy: slot 2 comes twice/],
    ['the head', () => (lists().heads[0] = 2), /list 0: its tail is 4/],
    ['a length', () => lists().lengths[0]!++, /policy: slot -1 of 5 used/],
    ['a sum', () => ((insides().bytes as number[])[0] = 7), /list 0: its bytes is 7/],
    [
      'a deadline',
      () => (deadlines().levels[0]![0] = 1_600_001),
      /deadlines, level 0: 1600001 > 16/,
    ],
    ['a lost slot', () => inner().used++, /slot 5 is neither in use nor free/],
    ['an index', () => tier.inspect().partitions[0]!.index.delete('a'), /keys in all indexes/],
    ['a key', () => (inner().keys[0] = 'z'), /the key in slot 0 is z, not a/],
    ['an owner', () => (inner().owners[0] = inner().owners[4]!), /belongs to another partition/],
    ['a weight', () => (inner().weights![0] = 7), /bytes of a region .* is 300, not 207/],
    ['a count', () => tier.entryCount++, /entryCount against slots in use is 4, not 3/],
    ['a value', () => (inner().values[0] = undefined), /slot 0: no value/],
    ['freshness', () => (inner().freshUntilMs![0] = 1), /slot 0: checkAt 1500000 > fresh 1/],
    ['death', () => (inner().deadAtMs![0] = 1), /slot 0: fresh 1500000 > dead 1/],
    ['a copied one', () => inner().copiedCheckAtMs!.clear(), /slot 2: copied is true/],
    ['a copied free one', () => inner().copiedCheckAtMs!.set(1, 5), /copied slot 1 is not in use/],
    ['a free key', () => (inner().keys[1] = 'z'), /free slot 1: its key is z, not undefined/],
    ['a free value', () => (inner().values[1] = 'z'), /free slot 1: its value is z/],
    ['a free tag', () => (inner().tags![1] = ['z']), /free slot 1: its tags is z/],
  ]

  for (const [what, damage, says] of damages) {
    it(`finds ${what} that does not fit`, () => {
      damage()
      expect(() => checkMemory(tier)).toThrow(says)
    })
  }

  it('finds a bound that does not hold', () => {
    Object.assign(tier, { maxBytes: 299 })
    expect(() => checkMemory(tier)).toThrow('memory tier: 300 bytes > 299')
    Object.assign(tier, { maxBytes: 10_000, maxEntries: 2 })
    expect(() => checkMemory(tier)).toThrow('memory tier: 3 entries > 2')
  })
})
