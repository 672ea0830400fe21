/** The simulations that our tier is held against: what each must and must not do, by hand. */
import { describe, expect, it } from 'vitest'
import { type Load, loadOf } from '../../bench/harness/load.js'
import { Arc } from '../../bench/harness/simulated/arc.js'
import { CountSketch } from '../../bench/harness/simulated/count-sketch.js'
import { Optimum } from '../../bench/harness/simulated/optimum.js'
import { S3Fifo } from '../../bench/harness/simulated/s3-fifo.js'
import { Sieve } from '../../bench/harness/simulated/sieve.js'
import type { Simulate } from '../../bench/harness/simulated/simulation.js'
import { WTinyLfu } from '../../bench/harness/simulated/w-tiny-lfu.js'
import { SYNTHETIC_LOADS } from '../../bench/harness/synthetic-loads.js'

const POLICIES: readonly (readonly [name: string, simulate: Simulate])[] = [
  ['OPT', (capacity, load) => new Optimum(capacity, load)],
  ['SIEVE', (capacity, load) => new Sieve(capacity, load)],
  ['S3-FIFO', (capacity, load) => new S3Fifo(capacity, load)],
  ['ARC', (capacity, load) => new Arc(capacity, load)],
  ['W-TinyLFU', (capacity, load) => new WTinyLfu(capacity, load, false)],
  ['adaptive W-TinyLFU', (capacity, load) => new WTinyLfu(capacity, load, true)],
]

/** Which requests were hits. */
function play(simulate: Simulate, capacity: number, load: Load): boolean[] {
  const simulation = simulate(capacity, load)
  return [...load.keys].map((key) => simulation.request(key))
}

const count = (hits: readonly boolean[]) => hits.filter(Boolean).length
const simulate = (name: string) => POLICIES.find(([each]) => each === name)![1]
/** As letters; an upper-case one is a hit. */
function played(name: string, capacity: number, letters: string): string {
  const load = loadOf([...letters].map((letter) => letter.charCodeAt(0)))
  const hits = play(simulate(name), capacity, load)
  return [...letters].map((each, at) => (hits[at] ? each.toUpperCase() : each)).join('')
}

describe('by hand', () => {
  it('OPT lets go whom it needs last, be it the newcomer', () => {
    expect(played('OPT', 2, 'abcab')).toBe('abcAB')
    expect(played('OPT', 2, 'abcbcabac')).toBe('abcBCaBAc')
  })

  it('SIEVE passes over what was read, and takes the oldest that was not', () => {
    expect(played('SIEVE', 3, 'abcadab')).toBe('abcAdAb')
  })

  it('S3-FIFO takes a key that comes back to main', () => {
    // a returns out of the names of those who left, and stays while newcomers pass.
    expect(played('S3-FIFO', 3, 'abcdaefga')).toBe('abcdaefgA')
  })

  it('ARC keeps what was asked for twice through a scan', () => {
    expect(played('ARC', 3, 'aabbcdefgab')).toBe('aAbBcdefgAB')
  })

  it('W-TinyLFU lets nobody push out what is asked for more often', () => {
    expect(played('W-TinyLFU', 3, 'aabbaabbcdefgab')).toBe('aAbBAABBcdefgAB')
  })
})

describe.each(POLICIES)('%s', (_, policy) => {
  it.each([1, 2, 7, 100])('hits all but the first of each key in room for %i keys', (keys) => {
    const load = loadOf(Array.from({ length: 1_000 }, (__, at) => (at * at) % keys))
    expect(count(play(policy, keys, load))).toBe(load.keys.length - load.distinct)
  })

  it.each(Object.keys(SYNTHETIC_LOADS))('never hits more often than OPT: %s', (name) => {
    const load = SYNTHETIC_LOADS[name]!.make(5_000)
    for (const capacity of [1, 2, 10, 333]) {
      const best = count(play(simulate('OPT'), capacity, load))
      expect(count(play(policy, capacity, load))).toBeLessThanOrEqual(best)
    }
  })
})

describe('the sketch', () => {
  it('counts up to 15 and forgets half in time', () => {
    const sketch = new CountSketch(100)
    for (let times = 0; times < 20; times++) sketch.increment(7)
    expect(sketch.estimate(7)).toBe(15)
    expect(sketch.estimate(8)).toBe(0)
    for (let key = 1_000; key < 1_990; key++) sketch.increment(key)
    expect(sketch.estimate(7)).toBe(7)
  })
})
