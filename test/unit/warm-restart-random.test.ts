/**
 * Two processes that end and begin again at random, closed or killed, while entries are loaded,
 * set and invalidated: whoever reads after an invalidation was confirmed gets nothing older.
 */
import { describe, expect, it } from 'vitest'
import type { WarmRestartOptions } from '../../src/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { oneOf, upTo } from '../support/mutated-bytes.js'
import { processesOver, restarted, snapshotPath } from './restarted-caches.js'
import type { TrackedWithStore } from './tracked-cache.js'

type Process = TrackedWithStore<Record<never, never>>

const KEYS = ['a1', 'a2', 'b1', 'b2']
const TAGS = ['odd', 'even']
const STEPS = 250
const FRESH_SEED = Date.now() % 1_000_000
const SEEDS = [1, 2, FRESH_SEED]
const KINDS: readonly (readonly [string, () => WarmRestartOptions])[] = [
  ['values in files', () => ({ file: snapshotPath() })],
  ['values in the store', () => ({})],
  ['names', () => ({ what: 'names' })],
]

class Judge {
  readonly #floors = new Map(KEYS.map((key) => [key, 0]))
  #newest = 0
  wrong: string[] = []
  warm = 0

  make(): number {
    return ++this.#newest
  }

  /** Notes what must be gone once that is confirmed. */
  async invalidated(keys: readonly string[], done: Promise<unknown>, newest = this.#newest) {
    if ((await done) === false) return
    for (const key of keys) this.#floors.set(key, Math.max(newest, this.#floors.get(key)!))
  }

  floorOf(key: string): number {
    return this.#floors.get(key)!
  }
}

class World {
  readonly judge = new Judge()
  readonly #random: () => number
  readonly #over: Awaited<ReturnType<typeof processesOver>>
  readonly #slots: Process[]
  readonly #under: Promise<unknown>[] = []

  constructor(seed: number, over: Awaited<ReturnType<typeof processesOver>>) {
    this.#random = seededRandom(seed)
    this.#over = over
    this.#slots = [over.begin(), over.begin()]
  }

  async step(): Promise<void> {
    const random = this.#random
    const at = upTo(random, this.#slots.length)
    const key = oneOf(random, KEYS)
    const kind = upTo(random, 20)
    if (kind < 9) await this.#read(this.#slots[at]!, key, kind < 6)
    else if (kind < 14)
      await this.#invalidate(oneOf(random, [...this.#slots, this.#over.other]), key)
    else if (kind < 16) await this.#over.clock.advance(upTo(random, 40_000))
    else await this.#restart(at, kind)
  }

  async end(): Promise<void> {
    await Promise.all(this.#under)
  }

  async #read({ cache }: Process, key: string, isLoading: boolean): Promise<void> {
    const floor = this.judge.floorOf(key)
    const tags = [TAGS[KEYS.indexOf(key) % 2]!]
    const found = isLoading
      ? await cache.getOrSet(key, () => this.judge.make(), { tags })
      : (cache.peek<number>(key) ?? (await cache.get<number>(key)))
    if (found !== undefined && found < floor) this.judge.wrong.push(`${key}: ${found} < ${floor}`)
  }

  async #invalidate({ cache }: Process, key: string): Promise<void> {
    const at = KEYS.indexOf(key)
    const calls: readonly (readonly [readonly string[], () => Promise<unknown>])[] = [
      [[key], () => cache.delete(key)],
      [KEYS.filter((_, i) => i % 2 === at % 2), () => cache.invalidateTags([TAGS[at % 2]!])],
      [KEYS.filter((each) => each[0] === key[0]), () => cache.invalidatePattern(`${key[0]}*`)],
      [KEYS, () => cache.clear()],
    ]
    const [keys, call] = oneOf(this.#random, calls)
    const judged = this.judge.invalidated(keys, call())
    this.#under.push(judged)
    if (this.#random() < 0.7) await judged
  }

  /** The one that was killed goes on for a while, as one that nobody asks any more. */
  async #restart(at: number, kind: number): Promise<void> {
    const { cache } = this.#slots[at]!
    if (kind < 18) await cache.close()
    this.#slots[at] = this.#over.begin()
    const told = restarted(this.#slots[at]!.cache).then(({ taken }) => {
      this.judge.warm += taken
    })
    this.#under.push(told)
    if (this.#random() < 0.5) await told
  }
}

describe.each(KINDS)('whatever ends and begins, with %s', (_, options) => {
  it.each(SEEDS)('nothing that was invalidated is served (seed %i)', async (seed) => {
    const world = new World(seed, await processesOver({ ...options(), every: '10s' }))
    for (let step = 0; step < STEPS; step++) await world.step()
    await world.end()
    expect(world.judge.wrong).toEqual([])
    expect(world.judge.warm).toBeGreaterThan(5)
  })
})
