/** What the size of the window is learned from: who left of late, and what comes of it. */
import { describe, expect, it } from 'vitest'
import { keyHash } from '../../src/memory/policies/key-hash.js'
import { FROM_MAIN, FROM_WINDOW, RecentlyLeft } from '../../src/memory/policies/recently-left.js'
import { WindowShare } from '../../src/memory/policies/window-share.js'

const ENTRIES = 2_000
/** Of them. */
const MARGIN = 100
const hash = (name: string | number) => keyHash(String(name), 1)

function leftFor(entries: number): RecentlyLeft {
  const left = new RecentlyLeft()
  left.grow(entries)
  return left
}

/** Of 400 keys that have left, how many are known when so many others have left after each. */
function partKnown(othersAfter: number, origin: typeof FROM_WINDOW | typeof FROM_MAIN): number {
  let known = 0
  for (let round = 0; round < 400; round++) {
    const left = leftFor(ENTRIES)
    for (let i = 0; i < round; i++) left.note(hash(`before ${i}`), origin)
    left.note(hash(`key ${round}`), origin)
    for (let i = 0; i < othersAfter; i++) left.note(hash(`after ${round} ${i}`), origin)
    const told = left.take(hash(`key ${round}`))
    if (told !== undefined) expect(told).toBe(origin)
    if (told !== undefined) known++
  }
  return known / 400
}

describe.each([
  ['the window', FROM_WINDOW],
  ['main', FROM_MAIN],
] as const)('what has left %s', (_, origin) => {
  it('is known within the margin, unless a later key took its cell', () => {
    expect(partKnown(0, origin)).toBe(1)
    expect(partKnown(MARGIN / 4, origin)).toBeGreaterThan(0.8)
    expect(partKnown(MARGIN - 5, origin)).toBeGreaterThan(0.5)
  })

  it('is not known beyond it', () => {
    expect(partKnown(MARGIN + 4, origin)).toBe(0)
    expect(partKnown(2 * MARGIN, origin)).toBe(0)
    // Ages begin anew after eight margins, when hardly a cell is what it was.
    expect(partKnown(8.5 * MARGIN, origin)).toBeLessThan(0.05)
    expect(partKnown(16 * MARGIN, origin)).toBeLessThan(0.01)
  })

  it('is told once', () => {
    const left = leftFor(ENTRIES)
    left.note(hash('a'), origin)
    expect([left.take(hash('a')), left.take(hash('a'))]).toEqual([origin, undefined])
  })

  it('is forgotten when it grows', () => {
    const left = leftFor(ENTRIES)
    left.note(hash('a'), origin)
    left.grow(2 * ENTRIES)
    expect(left.take(hash('a'))).toBeUndefined()
  })
})

describe('who has left of late', () => {
  it('knows at least eight of each side, however small the tier', () => {
    const left = leftFor(1)
    let known = 0
    for (let round = 0; round < 100; round++) {
      left.note(hash(round), FROM_MAIN)
      for (let i = 0; i < 7; i++) left.note(hash(`w ${round} ${i}`), FROM_WINDOW)
      if (left.take(hash(round)) === FROM_MAIN) known++
    }
    expect(known).toBe(100)
  })

  it('tells the window first of a key that has left both, and forgets both', () => {
    const left = leftFor(ENTRIES)
    left.note(hash('a'), FROM_MAIN)
    left.note(hash('a'), FROM_WINDOW)
    expect([left.take(hash('a')), left.take(hash('a'))]).toEqual([FROM_WINDOW, undefined])
  })

  it('takes next to no key for another', () => {
    const left = leftFor(ENTRIES)
    let taken = 0
    for (let i = 0; i < 20_000; i++) {
      left.note(hash(`left ${i}`), FROM_WINDOW)
      if (left.take(hash(`other ${i}`)) !== undefined) taken++
    }
    expect(taken).toBeLessThan(3)
  })
})

describe('the share of the window', () => {
  function shareFor(entries: number): WindowShare {
    const window = new WindowShare()
    window.grow(entries)
    return window
  }
  const miss = (
    window: WindowShare,
    times: number,
    origin?: typeof FROM_WINDOW | typeof FROM_MAIN,
  ) => Array.from({ length: times }, () => window.missed(origin))

  it('begins at a twentieth and stays there while nothing comes back', () => {
    const window = shareFor(1_000)
    miss(window, 100_000)
    expect(window.share).toBe(0.05)
  })

  it('moves towards the side that lacks', () => {
    const window = shareFor(1_000)
    miss(window, 500, FROM_WINDOW)
    const larger = window.share
    expect(larger).toBeGreaterThan(0.05)
    miss(window, 1_000, FROM_MAIN)
    expect(window.share).toBeLessThan(larger)
  })

  it('is where it was when both lack alike', () => {
    const window = shareFor(1_000)
    for (let i = 0; i < 250; i++) {
      miss(window, 1, FROM_WINDOW)
      miss(window, 1, FROM_MAIN)
    }
    expect(window.share).toBe(0.05)
  })

  it('moves by six hundredths at a time at the most, and by less for few', () => {
    const window = shareFor(1_000)
    miss(window, 500, FROM_WINDOW)
    expect(window.share).toBeCloseTo(0.11, 10)
    miss(window, 4, FROM_WINDOW)
    miss(window, 496)
    expect(window.share).toBeGreaterThan(0.11)
    expect(window.share).toBeLessThan(0.13)
  })

  it('is judged after misses for half of the entries, but not before 128', () => {
    for (const [entries, misses] of [
      [1_000, 500],
      [10, 128],
      [100_000, 50_000],
    ] as const) {
      const window = shareFor(entries)
      miss(window, misses - 1, FROM_WINDOW)
      expect(window.share).toBe(0.05)
      miss(window, 1, FROM_WINDOW)
      expect(window.share).toBeGreaterThan(0.05)
    }
  })

  it('stays between a hundredth and nine tenths', () => {
    const window = shareFor(100)
    miss(window, 10_000, FROM_WINDOW)
    expect(window.share).toBe(0.9)
    miss(window, 10_000, FROM_MAIN)
    expect(window.share).toBe(0.01)
  })
})
