/** The suite for policies: ours and two of a user pass it, and it finds those that are wrong. */
import { afterEach, describe, expect, it } from 'vitest'
import type {
  EvictionPolicy,
  EvictionPolicyFactory,
  PolicyRoom,
} from '../../src/core/eviction-policy.js'
import { policyOf } from '../../src/memory/index.js'
import { evictionPolicySuite } from '../../src/testing/index.js'
import { forgetTiers } from './tracked-cache.js'

/** Anybody may leave. An array of numbers, and by number the place in it. */
class RandomReplacement implements EvictionPolicy {
  readonly #held: number[] = []
  readonly #places: number[] = []
  readonly #room: PolicyRoom

  constructor(room: PolicyRoom) {
    this.#room = room
  }

  grow(): void {}

  add(slot: number): void {
    this.#places[slot] = this.#held.push(slot) - 1
  }

  touch(): void {}

  remove(slot: number): void {
    const last = this.#held.pop()!
    if (last === slot) return
    this.#held[this.#places[slot]!] = last
    this.#places[last] = this.#places[slot]!
  }

  victim(): number {
    return this.#held[Math.floor(this.#room.random() * this.#held.length)]!
  }

  fromColdest(): Iterable<number> {
    return this.#held
  }
}

/** The one that was used last leaves first: for a load that goes round and round. */
class MostRecentlyUsed implements EvictionPolicy {
  readonly order = new Set<number>()

  grow(_slots: number): void {}

  add(slot: number, _key: string): void {
    this.order.add(slot)
  }

  touch(slot: number): void {
    this.order.delete(slot)
    this.order.add(slot)
  }

  remove(slot: number): void {
    this.order.delete(slot)
  }

  victim(): number {
    return [...this.order].at(-1)!
  }

  fromColdest(): Iterable<number> {
    return [...this.order].reverse()
  }
}

const test = { describe, it }
for (const name of ['adaptive', 'lru', 'lfu', 'fifo'] as const) {
  evictionPolicySuite({ name, test, create: policyOf(name) })
}
evictionPolicySuite({ name: 'random', test, create: (room) => new RandomReplacement(room) })
evictionPolicySuite({ name: 'most recently used', test, create: () => new MostRecentlyUsed() })

/** Runs the suite by itself and says what failed. */
async function faultsOf(create: EvictionPolicyFactory): Promise<Record<string, string>> {
  const cases: [string, () => Promise<void>][] = []
  const collecting = {
    describe: (_: string, define: () => void) => define(),
    it: (title: string, run: () => Promise<void>) => cases.push([title, run]),
  }
  evictionPolicySuite({ name: 'broken', create, test: collecting })
  expect(cases.length).toBeGreaterThan(10)
  const faults: Record<string, string> = {}
  for (const [title, run] of cases) {
    await run().catch((error: Error) => {
      faults[title] = error.message
    })
  }
  return faults
}

const VICTIMS = 'names entries that are there, and each once in the order of heat'

class NamesTheLastRemoved extends MostRecentlyUsed {
  #removed = 0
  override remove(slot: number): void {
    super.remove(slot)
    this.#removed = slot
  }
  override victim(): number {
    return this.order.size > 5 ? this.#removed : super.victim()
  }
}

class ForgetsToRemove extends MostRecentlyUsed {
  #asked = -1
  override victim(): number {
    this.#asked = super.victim()
    return this.#asked
  }
  override remove(slot: number): void {
    if (slot === this.#asked) super.remove(slot)
  }
}

class ListsTwice extends MostRecentlyUsed {
  override *fromColdest(): Iterable<number> {
    yield* super.fromColdest()
    const [first] = this.order
    if (first !== undefined && this.order.size > 3) yield first
  }
}

class ListsForEver extends MostRecentlyUsed {
  override *fromColdest(): Iterable<number> {
    while (this.order.size > 0) yield* super.fromColdest()
  }
}

class ListsAllButOne extends MostRecentlyUsed {
  override fromColdest(): Iterable<number> {
    return [...this.order].slice(1)
  }
}

class StartsAnewWhenGrown extends MostRecentlyUsed {
  override grow(): void {
    this.order.clear()
  }
}

class KeepsByKey extends MostRecentlyUsed {
  readonly #slots = new Map<string, number>()
  override add(slot: number, key: string): void {
    const former = this.#slots.get(key)
    if (former !== undefined) super.remove(former)
    this.#slots.set(key, slot)
    super.add(slot, key)
  }
}

class EncodesKeys extends MostRecentlyUsed {
  override add(slot: number, key: string): void {
    encodeURIComponent(key)
    super.add(slot, key)
  }
}

class NamesNobody extends MostRecentlyUsed {
  override victim(): number {
    return Number.NaN
  }
}

class TrustsTheWeight extends MostRecentlyUsed {
  readonly #room: PolicyRoom
  constructor(room: PolicyRoom) {
    super()
    this.#room = room
  }
  override victim(): number {
    return [...this.order].find((slot) => this.#room.weightOf(slot) > 0)!
  }
}

const common = new MostRecentlyUsed()
const absent = /seed \d+, .*victim\(\) named \S+, which is not there/

describe('the suite for policies finds', () => {
  afterEach(forgetTiers)

  const broken: readonly [string, EvictionPolicyFactory, string, RegExp][] = [
    ['a victim that has left', () => new NamesTheLastRemoved(), VICTIMS, absent],
    ['one that forgets to remove', () => new ForgetsToRemove(), VICTIMS, /which is not there/],
    ['an entry that is listed twice', () => new ListsTwice(), VICTIMS, /named \d+ twice/],
    ['a list without end', () => new ListsForEver(), VICTIMS, /named \d+ twice/],
    ['an entry that is not listed', () => new ListsAllButOne(), VICTIMS, /did not name \d+/],
    ['a victim that is no number', () => new NamesNobody(), VICTIMS, /victim\(\) named NaN/],
    [
      'one that starts anew when it grows',
      () => new StartsAnewWhenGrown(),
      'keeps what it knows while the room for numbers grows',
      /did not name \d+, which is there/,
    ],
    [
      'one that takes two entries of one key for one',
      () => new KeepsByKey(),
      'tells apart entries of one key: two namespaces may have it',
      /did not name \d+, which is there/,
    ],
    ['one that throws on odd keys', () => new EncodesKeys(), 'takes any key', /URI malformed/],
    ['one that counts on weights', (room) => new TrustsTheWeight(room), VICTIMS, absent],
    [
      'policies that are one',
      () => common,
      'shares nothing with another policy of the same factory',
      /which is not there/,
    ],
  ]
  it.each(broken)('%s', async (_, create, title, says) => {
    const faults = await faultsOf(create)
    expect(faults[title]).toMatch(says)
  })

  it('the same in a memory tier, which would forgive it', async () => {
    const faults = await faultsOf(() => new NamesTheLastRemoved())
    expect(faults['rules a memory tier, seed 1']).toMatch(absent)
    const listed = await faultsOf(() => new ListsTwice())
    expect(listed['rules a memory tier, seed 1']).toMatch(/step \d+: .*slot \d+ comes twice/)
  })
})
