/** The pyramid of deadlines against a plain scan. */
import { describe, expect, it } from 'vitest'
import { Deadlines } from '../../src/memory/deadlines.js'
import { seededRandom } from '../../src/testing/seeded-random.js'

const NEVER = Number.POSITIVE_INFINITY

/** As the slots use it: they own the array, and tell of what they have set. */
class Bench {
  readonly deadlines = new Deadlines()
  deadAtMs = new Float64Array(0)

  constructor(slots: number) {
    this.grow(slots)
  }

  grow(slots: number): void {
    const grown = new Float64Array(slots).fill(NEVER)
    grown.set(this.deadAtMs)
    this.deadAtMs = grown
    this.deadlines.grow(grown)
  }

  set(slot: number, deadAtMs: number): void {
    this.deadAtMs[slot] = deadAtMs
    this.deadlines.lowered(slot, deadAtMs)
  }

  /** An entry that leaves tells nothing. */
  remove(slot: number): void {
    this.deadAtMs[slot] = NEVER
  }

  /** All that are found until there are none, and with them gone. */
  findAll(nowMs: number): number[] {
    const found: number[] = []
    for (let slot = this.deadlines.find(nowMs); slot >= 0; slot = this.deadlines.find(nowMs)) {
      found.push(slot)
      this.remove(slot)
    }
    return found
  }

  scan(nowMs: number): number[] {
    return [...this.deadAtMs.keys()].filter((slot) => this.deadAtMs[slot]! <= nowMs)
  }
}

describe('deadlines', () => {
  it.each([1, 2, 63, 64, 65, 4_095, 4_096, 4_097, 20_000])(
    'finds every dead slot and no live one, among %i',
    (slots) => {
      const random = seededRandom(slots)
      const bench = new Bench(slots)
      let found = 0
      for (let nowMs = 0; nowMs < 200; nowMs++) {
        for (let left = random() * Math.min(60, 2 * slots); left > 1; left--) {
          const slot = Math.floor(random() * slots)
          const drawn = random()
          if (drawn < 0.15) bench.remove(slot)
          else if (drawn < 0.2) bench.set(slot, NEVER)
          else if (drawn < 0.5) bench.set(slot, nowMs + 1)
          // Earlier or later than what is there; now and then already over.
          else bench.set(slot, nowMs - 1 + random() * 100)
        }
        if (random() < 0.5) continue
        const dead = bench.scan(nowMs)
        found += dead.length
        expect(bench.findAll(nowMs).sort((a, b) => a - b)).toEqual(dead)
        expect(bench.deadlines.find(nowMs)).toBe(-1)
      }
      expect(found).toBeGreaterThan(5)
    },
  )

  it('keeps what is set while the array grows', () => {
    const random = seededRandom(1)
    const bench = new Bench(1)
    bench.set(0, 500)
    for (const slots of [2, 64, 65, 130, 4_096, 9_000]) {
      bench.grow(slots)
      for (let i = 0; i < slots / 10; i++) bench.set(Math.floor(random() * slots), random() * 1_000)
      const dead = bench.scan(300)
      expect(bench.findAll(300).sort((a, b) => a - b)).toEqual(dead)
    }
    expect(bench.scan(2_000)).toContain(0)
    expect(bench.findAll(2_000).length).toBeGreaterThan(500)
  })

  it('is never late about the earliest, and knows it exactly when it has looked', () => {
    const random = seededRandom(2)
    const bench = new Bench(1_000)
    for (let i = 0; i < 3_000; i++) {
      const slot = Math.floor(random() * 1_000)
      if (random() < 0.4) bench.remove(slot)
      else bench.set(slot, 100 + random() * 1_000)
      const earliestMs = Math.min(...bench.deadAtMs)
      expect(bench.deadlines.earliestMs).toBeLessThanOrEqual(earliestMs)
      if (i % 10 !== 0) continue
      expect(bench.deadlines.find(99)).toBe(-1)
    }
    bench.findAll(600)
    expect(bench.deadlines.earliestMs).toBeGreaterThan(600)
    expect(bench.deadlines.earliestMs).toBeLessThanOrEqual(Math.min(...bench.deadAtMs))
  })

  it('counts one that dies at this very moment as dead', () => {
    const bench = new Bench(100)
    bench.set(70, 50)
    expect(bench.deadlines.find(49.999)).toBe(-1)
    expect(bench.deadlines.find(50)).toBe(70)
  })

  it('finds nothing where nothing dies', () => {
    const bench = new Bench(1_000)
    expect([bench.deadlines.find(1e15), bench.deadlines.earliestMs]).toEqual([-1, NEVER])
    expect(new Deadlines().find(1e15)).toBe(-1)
  })
})
