/** SpaceSaving against exact sums: its bounds are promises, not odds. */
import { describe, expect, it } from 'vitest'
import { SpaceSaving } from '../../src/observe/space-saving.js'
import { seededRandom } from '../../src/testing/seeded-random.js'

/** Rank 0 most often: the heavier `skew`, the more. */
function rank(random: () => number, keys: number, skew: number): number {
  return Math.floor(random() ** skew * keys)
}

describe('SpaceSaving', () => {
  it.each([1, 2, 5, 6, 21, 100])('holds its bounds with %i counters', (capacity) => {
    const random = seededRandom(capacity)
    const saving = new SpaceSaving(capacity)
    const exact = new Map<string, number>()
    let total = 0
    for (let i = 0; i < 5_000; i++) {
      const key = `k${rank(random, 400, 4)}`
      const weight = 1 + Math.floor(random() * 3)
      saving.add('', key, weight)
      exact.set(key, (exact.get(key) ?? 0) + weight)
      total += weight
      if (i % 1_000 === 500) {
        saving.scale(0.5)
        for (const [each, sum] of exact) exact.set(each, sum / 2)
        total /= 2
      }
    }
    expect(saving.size).toBe(capacity)
    expect(saving.weight).toBeCloseTo(total)
    expect(saving.least).toBeLessThanOrEqual(total / capacity + 1e-6)
    for (const [key, sum] of exact) {
      const counter = saving.counterOf('', key)
      if (counter === undefined) {
        expect(sum).toBeLessThanOrEqual(saving.least + 1e-6)
        continue
      }
      expect(saving.keyOf(counter)).toBe(key)
      expect(saving.weightOf(counter)).toBeGreaterThanOrEqual(saving.least)
      expect(saving.weightOf(counter)).toBeGreaterThanOrEqual(sum - 1e-6)
      expect(saving.weightOf(counter) - saving.errorOf(counter)).toBeLessThanOrEqual(sum + 1e-6)
    }
  })

  it('is exact while it has counters left', () => {
    const saving = new SpaceSaving(100)
    for (let i = 0; i < 1_000; i++) saving.add(i % 2 === 0 ? 'a' : 'b', `k${i % 50}`, 1)
    expect([saving.size, saving.least, saving.weight]).toEqual([50, 0, 1_000])
    expect(saving.find('a')).toMatchObject({ weight: 500, counters: { size: 25 } })
    const counter = saving.counterOf('a', 'k48')!
    expect([saving.weightOf(counter), saving.errorOf(counter)]).toEqual([20, 0])
    expect(saving.counterOf('b', 'k48')).toBeUndefined()
  })

  it('keeps no more than its counters under 200 000 keys, the heavy one among them', () => {
    const saving = new SpaceSaving(50)
    for (let i = 0; i < 200_000; i++) saving.add(`n${i % 3}`, i % 10 === 0 ? 'heavy' : `k${i}`, 1)
    expect(saving.size).toBe(50)
    const held = [0, 1, 2].map((n) => saving.find(`n${n}`)!.counters.size)
    expect(held.reduce((sum, size) => sum + size)).toBe(50)
    for (const n of [0, 1, 2]) expect(saving.counterOf(`n${n}`, 'heavy')).toBeDefined()
  })

  it('counts what has no name for the namespace alone', () => {
    const saving = new SpaceSaving(10)
    saving.addUnnamed('a', 3)
    expect([saving.size, saving.weight, saving.find('a')!.weight]).toEqual([0, 3, 3])
  })
})
