/**
 * Races that are forced, not waited for: a load is under way while its key, its tag or its prefix
 * is invalidated or its key is set, by the same cache or by another, and brings the old value
 * afterwards or at that very moment. The old value must be found nowhere then: by whoever
 * invalidated from that call on, by the other once it has heard, and in the store.
 *
 * Two caches and a third one without memory, over one real server. What the other one sends comes
 * in pieces, so that a call of several commands is not executed in one go, and loads end at any
 * moment of it. Large values are compressed in another thread, and could come later still.
 * Deadlines are wide: a race that a slow machine turns into a miss would prove nothing. Bounded by
 * the number of races; a batch of them runs at once.
 */
import { type Cache, createCache } from '../../src/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { type FilePlace, REDIS_PLACES } from '../support/places.js'
import { until } from '../support/watched-store.js'

const BATCH = 500
/** Some keys. */
const PIECE_BYTES = 300
/** About as many as it takes to send what a batch invalidates. */
const MAX_TURNS = 60
const MAX_TOLD = 5
const OLD = 'old'
const NEW = 'new'
/** Digits at random, which take long to compress: more than is compressed at once. */
const PAD_BYTES = 40_000

type Verb = 'delete' | 'set' | 'invalidateTags' | 'invalidatePattern' | 'nothing'

const VERBS: readonly Verb[] = ['delete', 'set', 'invalidateTags', 'invalidatePattern', 'nothing']

export interface RaceReport {
  readonly races: number
  /** Of an invalidation that was not confirmed: not judged. */
  readonly unconfirmed: number
  /** The old value was returned to whoever had invalidated it. */
  readonly staleAtOnce: number
  /** It lay in a memory when all had heard. */
  readonly staleInMemory: number
  /** It was read from the store when all had heard. */
  readonly staleInStore: number
  /** Fills that came too late and were refused. */
  readonly refusedFills: number
  /** Some of the races that left it somewhere. */
  readonly lost: readonly Race[]
  /** Loads that nothing was done to, and of those that the store has. A race that is none. */
  readonly undisturbed: { readonly loads: number; readonly kept: number }
}

export interface RacePlan {
  readonly races: number
  readonly seed: number
  /** Values are so long that another thread compresses them, and written when that has. */
  readonly isLarge?: boolean
}

export interface Race {
  readonly key: string
  /** Of that key and no other. */
  readonly prefix: string
  readonly tag: string
  readonly verb: Verb
  readonly isOther: boolean
  /**
   * The load ends so many turns of the event loop after the call, or when the invalidation was
   * confirmed.
   */
  readonly endsAfter: number | 'confirmation'
  readonly isFresh: boolean
}

/** Starts a server of its own, and ends it. */
export async function runForcedRaces(
  plan: RacePlan,
  place: FilePlace = REDIS_PLACES[0]!,
): Promise<RaceReport> {
  const server = await place.start()
  // Nothing leads to a file that could be cut in pieces.
  const proxy = hasPort(server) ? await startFaultProxy(server.port) : undefined
  proxy?.set({ kind: 'pieces', pieceBytes: PIECE_BYTES })
  const deadlines = { readDeadline: '10s', writeDeadline: '10s' } as const
  const compress = plan.isLarge === true && ('gzip' as const)
  const options = { ttl: '1h', compress, ...deadlines } as const
  const open = (port: number | undefined, memory: false | object) => {
    return createCache({ ...options, memory, store: server.store(port) }) as Cache
  }
  const caches = [open(undefined, {}), open(proxy?.port, {}), open(undefined, false)] as const
  try {
    return await new Races(plan, ...caches).run()
  } finally {
    for (const cache of caches) await cache.close()
    await proxy?.close()
    await server.stop()
  }
}

function hasPort(server: object): server is { readonly port: number } {
  return 'port' in server
}

class Races {
  readonly #plan: RacePlan
  readonly #loading: Cache
  readonly #other: Cache
  /** Has no memory, so it tells what the store has. */
  readonly #store: Cache
  readonly #random: () => number
  #unconfirmed = 0
  #staleAtOnce = 0
  #staleInMemory = 0
  #staleInStore = 0
  #refusedFills = 0
  readonly #lost: Race[] = []
  #undisturbedLoads = 0
  #undisturbedKept = 0
  readonly #pad: string

  constructor(plan: RacePlan, loading: Cache, other: Cache, store: Cache) {
    this.#plan = plan
    this.#loading = loading
    this.#other = other
    this.#store = store
    this.#random = seededRandom(plan.seed)
    const digit = () => Math.floor(this.#random() * 10)
    this.#pad = plan.isLarge === true ? Array.from({ length: PAD_BYTES }, digit).join('') : ''
  }

  async run(): Promise<RaceReport> {
    const all = [this.#loading, this.#other, this.#store]
    const areLeased = () => all.every((each) => each.stats().coherence.state === 'leased')
    await until(areLeased, 'leases')
    this.#loading.on('fill-refused', () => {
      this.#refusedFills++
    })
    let races = 0
    for (let batch = 0; races < this.#plan.races; batch++) {
      races += await this.#runBatch(batch)
    }
    return {
      races,
      unconfirmed: this.#unconfirmed,
      staleAtOnce: this.#staleAtOnce,
      staleInMemory: this.#staleInMemory,
      staleInStore: this.#staleInStore,
      refusedFills: this.#refusedFills,
      lost: this.#lost.slice(0, MAX_TOLD),
      undisturbed: { loads: this.#undisturbedLoads, kept: this.#undisturbedKept },
    }
  }

  /** Resolves to how many of them were races. */
  async #runBatch(batch: number): Promise<number> {
    const races = Array.from({ length: BATCH }, (_, i) => this.#draw(`${batch}:${i}`, `t${i}`))
    const areJudged = await Promise.all(races.map((each) => this.#run(each)))
    await this.#allHaveHeard(batch)
    const keys = races.map(({ key }) => key)
    const inMemory = [this.#loading, this.#other].map((cache) => keys.map((key) => cache.peek(key)))
    const stored = await this.#store.getMany(keys)
    let count = 0
    races.forEach(({ verb }, i) => {
      if (verb === 'nothing') {
        this.#undisturbedLoads++
        if (isOld(stored[i])) this.#undisturbedKept++
        return
      }
      if (!areJudged[i]) {
        this.#unconfirmed++
        return
      }
      count++
      const isInMemory = inMemory.some((values) => isOld(values[i]))
      if (isInMemory) this.#staleInMemory++
      if (isOld(stored[i])) this.#staleInStore++
      if (isInMemory || isOld(stored[i])) this.#lost.push(races[i]!)
    })
    return count
  }

  #draw(name: string, tag: string): Race {
    const random = this.#random
    const isControl = random() < 0.02
    const verb = isControl ? 'nothing' : VERBS[Math.floor(random() * (VERBS.length - 1))]!
    const [isOther, isFresh] = [random() < 0.5, random() < 0.3]
    const endsAfter = random() < 0.5 ? 'confirmation' : Math.floor(random() * MAX_TURNS)
    const prefix = `${verb}:${name}:`
    return { key: `${prefix}row`, prefix, tag, verb, isOther, endsAfter, isFresh }
  }

  /** Resolves to whether the invalidation was confirmed. */
  async #run(race: Race): Promise<boolean> {
    const { key, tag, isOther, endsAfter, isFresh } = race
    const caller = isOther ? this.#other : this.#loading
    const begun = signal()
    const end = signal()
    let value = OLD + this.#pad
    const load = async () => {
      const found = value
      // A load that begins after this one would find what has changed since.
      value = NEW + this.#pad
      begun.give()
      await end.given
      return found
    }
    const loaded = this.#loading.getOrSet(key, load, { tags: [tag], fresh: isFresh })
    await begun.given
    const asked = invalidate(caller, race, NEW + this.#pad)
    if (endsAfter !== 'confirmation') afterTurns(endsAfter, end.give)
    const isConfirmed = (await asked) !== false
    const atOnce = await caller.get(key)
    end.give()
    await loaded
    const afterwards = await caller.get(key)
    const isStale = isConfirmed && race.verb !== 'nothing' && [atOnce, afterwards].some(isOld)
    if (isStale) {
      this.#staleAtOnce++
      this.#lost.push(race)
    }
    return isConfirmed
  }

  /** The log as it is now was applied by each, and what was sent before was written. */
  async #allHaveHeard(batch: number): Promise<void> {
    const all = [this.#loading, this.#other, this.#store]
    const applied = () => all.map((each) => each.stats().coherence.applied)
    for (const cache of all) await cache.set('end of batch', batch)
    const head = Math.max(...applied())
    await until(() => applied().every((each) => each >= head), 'the news')
  }
}

function isOld(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(OLD)
}

function invalidate(
  cache: Cache,
  { key, prefix, tag, verb }: Race,
  value: string,
): Promise<unknown> {
  switch (verb) {
    case 'delete':
      return cache.delete(key)
    case 'set':
      return cache.set(key, value)
    case 'invalidateTags':
      return cache.invalidateTags([tag])
    case 'invalidatePattern':
      return cache.invalidatePattern(`${prefix}*`)
    case 'nothing':
      return Promise.resolve(true)
  }
}

function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = () => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

function afterTurns(turns: number, run: () => void): void {
  if (turns === 0) run()
  else setImmediate(() => afterTurns(turns - 1, run))
}

export function printRaces(report: RaceReport): string {
  const { races, staleAtOnce, staleInMemory, staleInStore, refusedFills, undisturbed } = report
  const found = `${staleInMemory} in memory, ${staleInStore} in the store`
  const stale = `${staleAtOnce} stale at once, ${found}`
  const control = `${undisturbed.kept} of ${undisturbed.loads} undisturbed loads kept`
  const rest = `${report.unconfirmed} not confirmed, ${refusedFills} fills refused, ${control}`
  const sum = `${races} forced races: ${stale}; ${rest}`
  return [sum, ...report.lost.map((each) => JSON.stringify(each))].join('\n')
}
