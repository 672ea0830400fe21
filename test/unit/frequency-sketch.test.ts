/** The count-min sketch against exact counts, and the hash of a key. */
import { describe, expect, it } from 'vitest'
import { FrequencySketch } from '../../src/memory/policies/frequency-sketch.js'
import { keyHash } from '../../src/memory/policies/key-hash.js'
import { seededRandom } from '../../src/testing/seeded-random.js'

const hashesOf = (count: number, seed = 1) =>
  Array.from({ length: count }, (_, i) => keyHash(`key-${i}`, seed))

function sketchFor(entries: number): FrequencySketch {
  const sketch = new FrequencySketch()
  sketch.grow(entries)
  return sketch
}

function count(sketch: FrequencySketch, hash: number, times: number): void {
  for (let i = 0; i < times; i++) sketch.count(hash, 1)
}

describe('the frequency sketch', () => {
  it.each([1, 8, 100, 1_000])('never tells too little before it is halved: %i entries', (size) => {
    const random = seededRandom(size)
    const hashes = hashesOf(3 * size)
    const sketch = sketchFor(size)
    const counts = new Map<number, number>()
    for (let i = 0; i < 10 * size - 1; i++) {
      const hash = hashes[Math.floor(random() ** 3 * hashes.length)]!
      sketch.count(hash, 1)
      counts.set(hash, (counts.get(hash) ?? 0) + 1)
    }
    expect(counts.size).toBeGreaterThan(1)
    for (const [hash, times] of counts) {
      expect(sketch.estimate(hash)).toBeGreaterThanOrEqual(Math.min(times, 15))
    }
  })

  it('tells 0 for what it has not seen, and exactly what it has, where there is room', () => {
    const sketch = sketchFor(10_000)
    const [seen, ...others] = hashesOf(200) as [number, ...number[]]
    for (let times = 1; times <= 20; times++) {
      expect(sketch.count(seen, 1)).toBe(Math.min(times, 15))
      expect(sketch.estimate(seen)).toBe(Math.min(times, 15))
    }
    const [two, atOnce] = others as [number, number]
    expect(sketch.count(two, 2)).toBe(2)
    expect(sketch.count(atOnce, 9)).toBe(9)
    expect(sketch.count(atOnce, 9)).toBe(15)
    expect(sketch.estimate(two)).toBe(2)
    others.splice(0, 2)
    expect(others.filter((hash) => sketch.estimate(hash) > 0)).toEqual([])
  })

  it('is seldom wrong by more than one when it is as full as it gets', () => {
    const size = 2_000
    const hashes = hashesOf(size)
    const sketch = sketchFor(size)
    // Four each, then the sample ends.
    for (const hash of hashes) count(sketch, hash, 4)
    const wrong = hashes.filter((hash) => sketch.estimate(hash) > 5)
    expect(wrong.length).toBeLessThan(size * 0.05)
  })

  it('is halved after ten counted reads for each entry, odd counts downwards', () => {
    const sketch = sketchFor(100)
    const hashes = hashesOf(300)
    const [odd, even, ...others] = hashes as [number, number, ...number[]]
    count(sketch, odd, 13)
    count(sketch, even, 8)
    let next = 0
    const countOne = () => {
      while (sketch.estimate(others[next % others.length]!) === 15) next++
      sketch.count(others[next++ % others.length]!, 1)
    }
    for (let counted = 21; counted < 999; counted++) countOne()
    const before = hashes.map((hash) => sketch.estimate(hash))
    expect(before[0]).toBeGreaterThanOrEqual(13)
    expect(before[1]).toBeGreaterThanOrEqual(8)
    countOne()
    const after = hashes.map((hash) => sketch.estimate(hash))
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2).map((told) => Math.floor(told / 2)))
    // The last one was counted before, and whoever shares its counters with it.
    const off = after.filter((told, i) => told < Math.floor(before[i]! / 2))
    const above = after.filter((told, i) => told > Math.floor((before[i]! + 1) / 2))
    expect([off, above]).toEqual([[], []])
  })

  it('does not count towards the halving what can be counted no higher', () => {
    const sketch = sketchFor(100)
    const [hot, other] = hashesOf(2) as [number, number]
    count(sketch, other, 9)
    count(sketch, hot, 50_000)
    expect([sketch.estimate(hot), sketch.estimate(other)]).toEqual([15, 9])
  })

  it.each([
    [1, 8],
    [8, 16],
    [64, 128],
    [128, 1_001],
    [1_000, 1_500],
    [1_500, 40_000],
  ])('keeps what it knows when it grows from %i to %i entries', (from, to) => {
    const sketch = sketchFor(from)
    const hashes = hashesOf(from)
    const random = seededRandom(from)
    for (let i = 0; i < 5 * from; i++) sketch.count(hashes[Math.floor(random() * from)]!, 1)
    const before = hashes.map((hash) => sketch.estimate(hash))
    sketch.grow(to)
    const fallen = hashes.filter((hash, i) => sketch.estimate(hash) < before[i]!)
    expect(fallen).toEqual([])
    expect(Math.max(...before)).toBeGreaterThan(0)
  })
})

describe('the hash of a key', () => {
  it('is a whole number of 32 bits for any key', () => {
    for (const key of ['', '\0', '\ud800', '__proto__', 'x'.repeat(5_000)]) {
      expect(keyHash(key, 7)).toBe(keyHash(key, 7) | 0)
    }
  })

  it('puts keys in another order under another seed', () => {
    const order = (seed: number) =>
      hashesOf(1_000, seed)
        .map((hash, i) => [hash >>> 0, i] as const)
        .sort(([one], [other]) => one - other)
        .map(([, i]) => i)
    const [one, other] = [order(1), order(2)]
    expect(one.filter((key, place) => other[place] === key).length).toBeLessThan(20)
  })

  it('does not keep keys together that fell together under another seed', () => {
    const [one, other] = [hashesOf(50_000, 1), hashesOf(50_000, 2)]
    const block = (hash: number) => (hash >>> 0) % 128
    const inOne = one.flatMap((hash, i) => (block(hash) === 5 ? [i] : []))
    const spread = new Set(inOne.map((i) => block(other[i]!)))
    expect(inOne.length).toBeGreaterThan(250)
    expect(spread.size).toBeGreaterThan(100)
  })

  it.each(['of the key', 'of the seed'])(
    'every bit flips about half the time: a bit %s',
    (what) => {
      const random = seededRandom(3)
      const rounds = 4_000
      const flips = new Array<number>(32).fill(0)
      for (let round = 0; round < rounds; round++) {
        const seed = Math.floor(random() * 2 ** 32)
        const codes = Array.from({ length: 1 + Math.floor(random() * 12) }, () =>
          Math.floor(random() * 128),
        )
        const changed = [...codes]
        const at = Math.floor(random() * codes.length)
        changed[at] = codes[at]! ^ (1 << Math.floor(random() * 7))
        const key = String.fromCharCode(...codes)
        const other =
          what === 'of the key'
            ? keyHash(String.fromCharCode(...changed), seed)
            : keyHash(key, seed ^ (1 << Math.floor(random() * 32)))
        const difference = keyHash(key, seed) ^ other
        for (let bit = 0; bit < 32; bit++) flips[bit]! += (difference >>> bit) & 1
      }
      for (const count of flips) {
        expect(count / rounds).toBeGreaterThan(0.45)
        expect(count / rounds).toBeLessThan(0.55)
      }
    },
  )
})
