/**
 * What every `EvictionPolicy` must do, as tests for whichever framework runs them.
 *
 * Takes `describe` and `it` by structure and asserts with node:assert. Calls the policy as the
 * memory tier does, in random order from fixed seeds, and then has it rule a tier. Whether it keeps
 * what will be asked for again is not judged. No timers, no waiting; about a second.
 */
import type { EvictionPolicyFactory } from '../core/eviction-policy.js'
import { PolicyBench } from './policy-suite-bench.js'
import { ruleTier } from './policy-suite-tier.js'
import type { TestFramework } from './store-suite.js'

export interface EvictionPolicySuiteOptions {
  readonly name: string
  /** Called several times in a test: each policy is one of its own. */
  readonly create: EvictionPolicyFactory
  readonly test: TestFramework
}

type Case = (title: string, run: (create: EvictionPolicyFactory) => void | Promise<void>) => void

const SEEDS = [1, 2, 3, 4] as const
const SIZES = [1, 2, 7, 60, 300] as const
const MAX_WEIGHT_BYTES = 1_000
/** From here on the order of heat is looked at now and then. */
const MANY = 16
const ODD_KEYS = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '0',
  '-1',
  'nul\0byte',
  'line\nbreak',
  '100 %',
  'emoji 🧊é',
  '\ud800',
  '\udc00 alone',
  'half \ud83e',
  'x'.repeat(1_024),
  '\u{1f98a}'.repeat(512),
]

/** Defines the tests. */
export function evictionPolicySuite({ name, create, test }: EvictionPolicySuiteOptions): void {
  test.describe(`eviction policy: ${name}`, () => {
    const withPolicy: Case = (title, run) => test.it(title, async () => run(create))
    defineVictims(withPolicy)
    defineNumbers(withPolicy)
    defineKeys(withPolicy)
    defineBounds(withPolicy)
    for (const seed of SEEDS) {
      withPolicy(`rules a memory tier, seed ${seed}`, (each) => ruleTier(each, seed))
    }
  })
}

function defineVictims(it: Case): void {
  it('names entries that are there, and each once in the order of heat', (create) => {
    for (const seed of SEEDS) {
      for (const maxEntries of SIZES) workAtRandom(new PolicyBench({ create, seed, maxEntries }))
    }
  })
  it('does so where entries are weighed', (create) => {
    for (const seed of SEEDS) {
      for (const size of SIZES) {
        const maxBytes = size * MAX_WEIGHT_BYTES * 0.5
        workAtRandom(new PolicyBench({ create, seed, maxEntries: size * 2, maxBytes }))
      }
    }
  })
  it('names nobody before the first entry and after the last', (create) => {
    const bench = new PolicyBench({ create, seed: 1, maxEntries: 8 })
    bench.check()
    bench.remove(bench.write('a')!)
    bench.check()
    fill(bench, 1).evict()
    bench.check()
  })
  it('lets all go, one after the other, and is as new', (create) => {
    for (const count of [1, 2, 100]) {
      const bench = fill(new PolicyBench({ create, seed: 1, maxEntries: count }), count)
      for (let round = 0; round < 3; round++) {
        while (bench.held.length > 0) bench.evict()
        bench.check()
        fill(bench, count).check()
        bench.removeAll()
        bench.check()
        fill(bench, count).check()
      }
    }
  })
}

function defineNumbers(it: Case): void {
  it('keeps what it knows while the room for numbers grows', (create) => {
    const bench = new PolicyBench({ create, seed: 1, maxEntries: 2_000 })
    for (let i = 0; i < 2_000; i++) {
      const slot = bench.write(`k${i}`)
      if (i % 3 === 0) bench.touch(slot!)
      if (Math.log2(i + 1) % 1 === 0) bench.check()
    }
    while (bench.held.length > 0) bench.evict()
    bench.check()
  })
  it('takes a number again for another key, however the first one left', (create) => {
    const bench = new PolicyBench({ create, seed: 1, maxEntries: 2 })
    for (let i = 0; i < 500; i++) {
      const slot = bench.write(`k${i}`) ?? bench.anyone()!
      for (let reads = i % 5; reads > 0; reads--) bench.touch(slot)
      if (i % 3 === 0) bench.remove(slot)
      bench.check()
    }
  })
  it('bears thousands of reads of one entry', (create) => {
    const bench = fill(new PolicyBench({ create, seed: 1, maxEntries: 4 }), 4)
    const [slot] = bench.held as [number]
    for (let reads = 0; reads < 5_000; reads++) bench.touch(slot)
    bench.check()
    fill(bench, 1_000).check()
  })
}

function defineKeys(it: Case): void {
  it('takes any key', (create) => {
    const bench = new PolicyBench({ create, seed: 1, maxEntries: 6 })
    for (let round = 0; round < 20; round++) {
      for (const key of ODD_KEYS) {
        const slot = bench.write(key)
        if (slot !== undefined) bench.touch(slot)
        bench.check()
      }
    }
  })
  it('tells apart entries of one key: two namespaces may have it', (create) => {
    const bench = new PolicyBench({ create, seed: 1, maxEntries: 10 })
    const slots = Array.from({ length: 10 }, () => bench.write('same')!)
    for (const slot of slots.slice(3)) {
      bench.remove(slot)
      bench.check()
    }
    for (let i = 0; i < 100; i++) bench.write('same')
    bench.check()
  })
  it('shares nothing with another policy of the same factory', (create) => {
    const one = new PolicyBench({ create, seed: 1, maxEntries: 20 })
    const other = new PolicyBench({ create, seed: 2, maxEntries: 5 })
    for (let i = 0; i < 200; i++) {
      one.write(`k${i % 50}`)
      other.write(`k${i % 50}`)
      one.check()
      other.check()
    }
  })
}

function defineBounds(it: Case): void {
  it('follows bounds that move', (create) => {
    const maxBytes = 100 * MAX_WEIGHT_BYTES
    const bench = new PolicyBench({ create, seed: 1, maxEntries: 100, maxBytes })
    for (const part of [1, 0.1, 2, 0.01, 1, 0.5]) {
      bench.maxEntries = Math.max(1, 100 * part)
      bench.maxBytes = maxBytes * part
      bench.makeRoom()
      bench.check()
      workAtRandom(bench, 500)
    }
  })
  it('takes entries without weight, heavy ones, and ones that become so', (create) => {
    const bench = new PolicyBench({ create, seed: 1, maxEntries: 50, maxBytes: 1_000 })
    for (let i = 0; i < 300; i++) {
      bench.write(`k${i}`, [0, 1, 500][i % 3]!)
      const slot = bench.anyone()
      if (slot !== undefined) bench.rewrite(slot, [500, 0, 3][i % 3]!)
      bench.check()
    }
  })
}

/** Writes, reads, rewrites and removals in any order, with keys that come again. */
function workAtRandom(bench: PolicyBench, steps = 1_500): void {
  const isWeighed = bench.maxBytes !== Number.POSITIVE_INFINITY
  const weight = () => (isWeighed ? bench.below(MAX_WEIGHT_BYTES / 2) : 0)
  for (let step = 0; step < steps; step++) {
    const drawn = bench.random()
    const slot = bench.anyone()
    if (drawn < 0.5 || slot === undefined) bench.write(`k${bench.below(600)}`, weight())
    else if (drawn < 0.8) bench.touch(slot)
    else if (drawn < 0.9) bench.rewrite(slot, weight())
    else if (drawn < 0.995) bench.remove(slot)
    else bench.removeAll()
    if (bench.held.length < MANY || step % MANY === 0) bench.check()
  }
  bench.check()
}

function fill(bench: PolicyBench, count: number): PolicyBench {
  for (let i = 0; i < count; i++) bench.write(`k${i}`)
  return bench
}
