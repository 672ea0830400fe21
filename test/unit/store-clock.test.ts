import { describe, expect, it } from 'vitest'
import { StoreClock } from '../../src/core/store-clock.js'

const AHEAD_MS = 900_000

describe('the clock of the store', () => {
  it('is not known before the first answer', () => {
    expect(new StoreClock().aheadMs).toBeUndefined()
  })

  it('is known as well as the fastest answer tells', () => {
    const clock = new StoreClock()
    clock.heard(1_000 + AHEAD_MS, 900, 1_100)
    expect(clock.aheadMs).toBeCloseTo(AHEAD_MS + 0.5)
    clock.heard(2_000 + AHEAD_MS, 1_999, 2_001)
    clock.heard(3_000 + AHEAD_MS, 2_700, 3_800)
    expect(Math.abs(clock.aheadMs! - AHEAD_MS)).toBeLessThan(3)
  })

  it('is never further off than the answer took, whatever the delays', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const clock = new StoreClock()
      let state = seed
      const below = (limit: number) => {
        state = (state * 48_271) % 2_147_483_647
        return state % limit
      }
      let nowMs = 0
      let bestMs = Number.POSITIVE_INFINITY
      for (let i = 0; i < 20; i++) {
        const sentAtMs = nowMs + below(500)
        const readAtMs = sentAtMs + below(50)
        nowMs = readAtMs + below(50)
        clock.heard(Math.floor(readAtMs + AHEAD_MS), sentAtMs, nowMs)
        // Half of the fastest round trip, a millisecond of rounding, and what the clocks may drift.
        bestMs = Math.min(bestMs, nowMs - sentAtMs)
        expect(Math.abs(clock.aheadMs! - AHEAD_MS)).toBeLessThanOrEqual(
          bestMs / 2 + 1 + nowMs / 1_000,
        )
      }
    }
  })

  it('follows a clock that was set, in either direction', () => {
    const clock = new StoreClock()
    clock.heard(1_000, 999, 1_001)
    clock.heard(62_000, 1_999, 2_001)
    expect(clock.aheadMs).toBeCloseTo(60_000.5)
    clock.heard(3_000, 2_999, 3_001)
    expect(clock.aheadMs).toBeCloseTo(0.5)
  })
})
