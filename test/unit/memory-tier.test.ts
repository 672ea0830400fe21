/** The memory tier on its own: order, bounds, weights, life, partitions. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MemoryEntry, MemoryPartition, RemovalReason } from '../../src/core/contracts.js'
import { BoundedMemoryTier, noMemory, policyOf } from '../../src/memory/index.js'
import { checkMemory, type FakeClock, fakeClock } from '../../src/testing/index.js'

let clock: FakeClock
let tier: BoundedMemoryTier
let main: MemoryPartition
let removed: string[]

/** Fresh for 10 s, dead after 20. */
function entry(over: Partial<MemoryEntry> = {}): MemoryEntry {
  const nowMs = clock.monotonicMs()
  const freshUntilMs = over.freshUntilMs ?? nowMs + 10_000
  return {
    value: 'v',
    born: 1,
    loadedAtMs: 7,
    checkAtMs: freshUntilMs,
    copied: false,
    freshUntilMs,
    deadAtMs: Math.max(freshUntilMs, nowMs + 20_000),
    tags: undefined,
    weightBytes: 100,
    ...over,
  }
}

function make(maxEntries: number, maxBytes = 1_000_000): void {
  removed = []
  tier = new BoundedMemoryTier({
    maxEntries,
    maxBytes,
    clock,
    policy: policyOf('lru'),
    onRemoved: (partition: string, key: string, reason: RemovalReason) =>
      removed.push(`${partition}/${key} ${reason}`),
  })
  main = tier.partition('main')
}

const put = (...keys: string[]) => keys.map((key) => main.write(key, entry({ value: key })))
const held = () => [...main.keys()].sort().join('')

beforeEach(() => {
  clock = fakeClock()
  make(4)
})
afterEach(() => checkMemory(tier))

describe('the order of use', () => {
  it('lets the entry go that was used least recently', () => {
    put('a', 'b', 'c', 'd', 'e')
    expect(held()).toBe('bcde')
    expect(removed).toEqual(['main/a evicted'])
  })

  it('counts a hit, a read and a write as use', () => {
    put('a', 'b', 'c', 'd')
    main.hit('a')
    main.read('b')
    put('c', 'e', 'f')
    expect(held()).toBe('bcef')
  })

  it('does not count a glance, a postponed check or a miss', () => {
    put('a', 'b', 'c', 'd')
    main.glance('a')
    main.postponeCheck('a', clock.monotonicMs() + 5)
    main.hit('absent')
    put('e')
    expect(held()).toBe('bcde')
  })

  it('spans partitions', () => {
    const other = tier.partition('other')
    put('a')
    other.write('a', entry())
    put('b', 'c', 'd')
    expect(removed).toEqual(['main/a evicted'])
    expect([held(), other.entryCount]).toEqual(['bcd', 1])
  })
})

describe('the bound on bytes', () => {
  it('holds after every write', () => {
    make(100, 1_000)
    put('a', 'b', 'c')
    main.write('d', entry({ weightBytes: 500 }))
    main.write('e', entry({ weightBytes: 300 }))
    expect(held()).toBe('bcde')
    expect(tier.byteCount).toBeLessThanOrEqual(1_000)
  })

  it('refuses an entry heavier than half of it, and what it would have replaced is gone', () => {
    make(100, 1_000)
    put('a', 'b')
    expect(main.write('a', entry({ weightBytes: 501 }))).toBe(false)
    expect(main.write('c', entry({ weightBytes: 501 }))).toBe(false)
    expect(main.write('c', entry({ weightBytes: 500 }))).toBe(true)
    expect(held()).toBe('bc')
    expect(removed).toEqual(['main/a evicted'])
  })

  it('weighs anew what is replaced', () => {
    main.write('a', entry({ weightBytes: 100 }))
    main.write('a', entry({ weightBytes: 7 }))
    expect([tier.byteCount, tier.entryCount]).toEqual([7, 1])
    expect(removed).toEqual(['main/a replaced'])
  })

  it('keeps the last one written, however full it was', () => {
    make(100, 1_000)
    for (let i = 0; i < 50; i++) {
      main.write(`k${i}`, entry({ weightBytes: 1 + ((i * 97) % 500) }))
      expect(main.glance(`k${i}`)).toBe('v')
    }
  })
})

describe('life', () => {
  it('hit and glance answer while the entry is fresh and not a moment longer', async () => {
    put('a')
    await clock.advance(9_999)
    expect([main.hit('a'), main.glance('a')]).toEqual(['a', 'a'])
    await clock.advance(1)
    expect([main.hit('a'), main.glance('a')]).toEqual([undefined, undefined])
  })

  it('read answers until it is dead and not a moment longer', async () => {
    put('a')
    await clock.advance(19_999)
    expect(main.read('a')).toMatchObject({ value: 'a' })
    await clock.advance(1)
    expect(main.read('a')).toBeUndefined()
    expect(removed).toEqual(['main/a expired'])
    expect(tier.entryCount).toBe(0)
  })

  it('lasts for ever where asked', async () => {
    main.write('a', entry({ freshUntilMs: Number.POSITIVE_INFINITY, deadAtMs: Infinity }))
    await clock.advance(1e12)
    tier.sweep(10)
    expect(main.hit('a')).toBe('v')
  })

  it('a sweep lets dead ones go and no others', async () => {
    put('a', 'b')
    await clock.advance(15_000)
    put('c')
    await clock.advance(5_000)
    tier.sweep(100)
    expect(held()).toBe('c')
    expect(removed.sort()).toEqual(['main/a expired', 'main/b expired'])
  })

  it('a sweep looks at no more than its budget, and goes on where it stopped', async () => {
    put('a', 'b', 'c', 'd')
    await clock.advance(20_000)
    tier.sweep(1)
    expect(tier.entryCount).toBe(3)
    tier.sweep(2)
    expect(tier.entryCount).toBe(1)
    tier.sweep(1)
    expect(tier.entryCount).toBe(0)
    tier.sweep(10)
  })

  it('writes give dead ones their room back too', async () => {
    make(100)
    put('a', 'b', 'c')
    await clock.advance(20_000)
    for (let i = 0; i < 16; i++) put('z')
    expect(held()).toBe('z')
  })

  it('one that is evicted dead has expired', async () => {
    put('a', 'b', 'c', 'd')
    await clock.advance(20_000)
    put('e')
    expect(removed[0]).toBe('main/a expired')
  })
})

describe('the moment to think', () => {
  it('comes before the end: hit passes to read', async () => {
    const checkAtMs = clock.monotonicMs() + 3_000
    main.write('a', entry({ checkAtMs }))
    await clock.advance(2_999)
    expect(main.hit('a')).toBe('v')
    await clock.advance(1)
    expect([main.hit('a'), main.glance('a')]).toEqual([undefined, undefined])
    expect(main.read('a')).toMatchObject({ checkAtMs, copied: false })
  })

  it('can be postponed, at most to the end', async () => {
    const nowMs = clock.monotonicMs()
    main.write('a', entry({ checkAtMs: nowMs }))
    expect(main.hit('a')).toBeUndefined()
    main.postponeCheck('a', nowMs + 50)
    expect(main.hit('a')).toBe('v')
    main.postponeCheck('a', Number.POSITIVE_INFINITY)
    expect(main.read('a')!.checkAtMs).toBe(nowMs + 10_000)
    main.postponeCheck('absent', 5)
  })

  it('is always for entries that are copied, and theirs is kept apart', async () => {
    const nowMs = clock.monotonicMs()
    main.write('a', entry({ copied: true, checkAtMs: nowMs + 5 }))
    expect([main.hit('a'), main.glance('a')]).toEqual([undefined, undefined])
    expect(main.read('a')).toMatchObject({ copied: true, checkAtMs: nowMs + 5, value: 'v' })
    main.postponeCheck('a', nowMs + 77)
    expect(main.read('a')).toMatchObject({ copied: true, checkAtMs: nowMs + 77 })
    main.write('a', entry({ copied: false }))
    expect(main.hit('a')).toBe('v')
  })

  it('of a copied entry is gone with it', () => {
    main.write('a', entry({ copied: true }))
    main.remove('a')
    put('b')
    expect(main.read('b')!.copied).toBe(false)
  })
})

describe('what is kept', () => {
  it('comes back field by field', () => {
    const kept = entry({ born: 2 ** 40, tags: ['t'], weightBytes: 33, value: null })
    main.write('a', kept)
    expect(main.read('a')).toEqual(kept)
    expect(main.hit('a')).toBeNull()
  })

  it('does not inherit tags from the entry that had its slot', () => {
    main.write('a', entry({ tags: ['t'] }))
    main.write('a', entry())
    expect(main.read('a')!.tags).toBeUndefined()
    main.write('b', entry({ tags: ['t'] }))
    main.remove('b')
    put('c')
    expect(main.read('c')!.tags).toBeUndefined()
  })

  it('takes any key', () => {
    make(10)
    const odd = ['', '__proto__', 'constructor', '\0', '\ud800', 'toString']
    put(...odd)
    for (const key of odd) expect(main.hit(key)).toBe(key)
  })
})

describe('partitions', () => {
  it('are the same for the same name, and know nothing of one another', () => {
    const other = tier.partition('other')
    expect(tier.partition('other')).toBe(other)
    put('a')
    expect([other.hit('a'), other.read('a'), other.remove('a')]).toEqual([
      undefined,
      undefined,
      false,
    ])
    other.write('b', entry())
    expect(other.clear()).toBe(1)
    expect([held(), other.entryCount, main.entryCount]).toEqual(['a', 0, 1])
    expect([...other.keys()]).toEqual([])
  })

  it('are all emptied by clear', () => {
    put('a', 'b')
    tier.partition('other').write('a', entry())
    tier.clear()
    expect([tier.entryCount, tier.byteCount]).toEqual([0, 0])
    put('c')
    expect(held()).toBe('c')
  })

  it('tell whether there was something to remove', () => {
    put('a')
    expect([main.remove('a'), main.remove('a')]).toEqual([true, false])
    expect(removed).toEqual(['main/a removed'])
  })
})

describe('a listener that writes while an entry leaves', () => {
  /** As a user's `removed` listener that puts the entry back. */
  let puts = 0
  function putBack(limit: number): void {
    puts = 0
    tier = new BoundedMemoryTier({
      maxEntries: 4,
      maxBytes: 1_000,
      clock,
      onRemoved: (_, key) => {
        if (puts++ < limit) main.write(`${key}'`, entry())
      },
    })
    main = tier.partition('main')
  }

  it('finds the structure whole when an entry is evicted', () => {
    putBack(1)
    put('a', 'b', 'c', 'd', 'e')
    checkMemory(tier)
  })

  it('finds the structure whole when room is made by weight', () => {
    putBack(1)
    for (const key of ['a', 'b', 'c']) main.write(key, entry({ weightBytes: 400 }))
    checkMemory(tier)
  })

  it('does not keep clear from ending', () => {
    putBack(1_000)
    put('a', 'b')
    main.clear()
    expect(puts).toBeLessThan(10)
    checkMemory(tier)
  })
})

describe('no memory', () => {
  it('holds nothing', () => {
    const none = noMemory.partition('x')
    expect(none.write('a', entry())).toBe(false)
    expect([none.hit('a'), none.glance('a'), none.read('a')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect([none.remove('a'), none.clear(), [...none.keys()]]).toEqual([false, 0, []])
    noMemory.sweep(5)
    noMemory.clear()
    none.postponeCheck('a', 5)
    expect([noMemory.entryCount, noMemory.maxBytes]).toEqual([0, 0])
  })
})
