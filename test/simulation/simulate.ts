/**
 * One run: some processes over one server, callers that read, load and invalidate, and everything
 * that can go wrong with networks, processes and servers. The seed decides it all.
 */

import type { DecodedEntry } from '../../src/core/contracts.js'
import type { Cache } from '../../src/index.js'
import { entryCodec } from '../support/entry-codec.js'
import { type Get, History, type Invalidation } from './history.js'
import type { PlantedBug } from './planted-bugs.js'
import { Scheduler } from './scheduler.js'
import { SimServer } from './sim-link.js'
import { SimProcess, TTL_MS } from './sim-process.js'

const RUN_MS = 20_000
/** After the last fault, for what has failed to be made up for; shorter than the ttl. */
const REST_MS = 3_500
const KEYS = ['a:1', 'a:2', 'b:1', 'b:2']
/** Made out of others, in some of the runs. */
const DEPENDENT = 'c:1'
const DEPENDS_ON = ['a:1', 'b:2']
const TAGS = ['odd', 'even']
const WALL_SKEW_MS = 900_000
const LEASE_MS = 2_000
const MAX_LAG_MS = 400
/** Strict, the default, and bounded. */
const STALE_IF_DOWN_MS = [0, 2_000, 2_000, 5_000]
const REFRESH_SPREAD_MS = 1_000

type Fault = readonly [name: string, begin: () => void, end?: () => void]

/** What an invalidation has resolved to. */
interface Told {
  readonly token: string
  readonly asked: Invalidation
}

export interface Outcome {
  readonly history: History
  readonly log: readonly string[]
}

/** With a bug planted, as if the protocol had it. */
export async function simulate(seed: number, bug?: PlantedBug): Promise<Outcome> {
  const undo = bug?.onClasses?.()
  try {
    return await new Simulation(seed, bug).run()
  } finally {
    undo?.()
  }
}

class Simulation {
  readonly #bug: PlantedBug | undefined
  readonly #scheduler: Scheduler
  readonly #server: SimServer
  readonly #history: History
  readonly #staleIfDownMs: number
  readonly #refreshSpreadMs: number
  /** Loads read from a replica. */
  readonly #lags: boolean
  readonly #keys: readonly string[]
  readonly #processes: SimProcess[] = []
  readonly #log: string[] = []
  /** The newest of them. */
  #told: readonly Told[] = []
  /** Each life of a process is a process of its own. */
  #lives = 0
  #isResting = false

  constructor(seed: number, bug: PlantedBug | undefined) {
    this.#bug = bug
    this.#scheduler = new Scheduler(seed)
    const scheduler = this.#scheduler
    this.#staleIfDownMs = STALE_IF_DOWN_MS[scheduler.below(STALE_IF_DOWN_MS.length)]!
    this.#history = new History(Math.max(LEASE_MS, this.#staleIfDownMs))
    this.#lags = scheduler.chance(0.2)
    this.#refreshSpreadMs = scheduler.chance(0.3) ? REFRESH_SPREAD_MS : 0
    this.#keys = scheduler.chance(0.3) ? [...KEYS, DEPENDENT] : KEYS
    this.#server = new SimServer(scheduler, scheduler.chance(0.3))
    this.#server.onTaken = ({ bytes }) => this.#taken(bytes)
  }

  async run(): Promise<Outcome> {
    const scheduler = this.#scheduler
    const processes = 2 + scheduler.below(2)
    for (let i = 0; i < processes; i++) this.#start(i)
    this.#save()
    this.#trouble()
    await scheduler.run(scheduler.nowMs + RUN_MS)
    await this.#rest()
    for (const each of this.#processes) each.kill()
    return { history: this.#history, log: this.#log }
  }

  /** All is mended, and nobody asks for anything; then everybody asks for everything. */
  async #rest(): Promise<void> {
    const scheduler = this.#scheduler
    this.#isResting = true
    this.#server.thaw()
    for (const process of this.#processes) {
      process.thaw()
      process.link.connect()
      process.link.connectPushes()
    }
    await scheduler.run(scheduler.nowMs + REST_MS)
    const isAlive = (life: number) => this.#processes.some((p) => p.life === life && !p.isDead)
    for (const process of this.#processes) {
      if (process.isDead) continue
      for (const key of this.#keys) {
        void process.cache.get<number>(key).then((value) => {
          if (value === undefined) return
          this.#note(`${process.life} got ${key} ${value} at rest`)
          this.#history.gotAtRest(key, value, scheduler.nowMs, isAlive)
        })
      }
    }
    await scheduler.run(scheduler.nowMs + 500)
  }

  #start(at: number): void {
    // Killed twice, it is started once.
    if (this.#isResting || this.#processes[at]?.isDead === false) return
    const life = ++this.#lives
    const process = new SimProcess({
      life,
      scheduler: this.#scheduler,
      server: this.#server,
      wallSkewMs: this.#someSkewMs(),
      staleIfDownMs: this.#staleIfDownMs,
      holdOffMs: this.#lags ? MAX_LAG_MS : 0,
      refreshSpreadMs: this.#refreshSpreadMs,
      dependents: this.#keys.includes(DEPENDENT),
      bug: this.#bug,
    })
    this.#processes[at] = process
    this.#act(process)
  }

  #someSkewMs(): number {
    return (this.#scheduler.random() - 0.5) * 2 * WALL_SKEW_MS
  }

  /** The callers of one process. */
  #act(process: SimProcess): void {
    this.#scheduler.after(this.#scheduler.below(150), () => {
      if (process.isDead || this.#isResting) return
      process.runAwake(() => this.#step(process))
      this.#act(process)
    })
  }

  #step(process: SimProcess): void {
    const scheduler = this.#scheduler
    const key = this.#keys[scheduler.below(this.#keys.length)]!
    if (scheduler.chance(0.15)) this.#invalidate(process, key)
    else if (scheduler.chance(0.4)) this.#load(process, key)
    else this.#read(process, key)
  }

  #taken(bytes: Uint8Array | string): void {
    const value = valueIn(bytes)
    this.#note(`the store takes ${value}`)
    this.#history.taken(value, this.#scheduler.nowMs)
  }

  #read(process: SimProcess, key: string): void {
    const told = this.#someToken()
    const get = this.#beginGet(process, told, true)
    process.cache.get<number>(key, { after: told?.token }).then((value) => {
      if (value !== undefined) this.#got(key, value, get)
    })
  }

  #load(process: SimProcess, key: string): void {
    const scheduler = this.#scheduler
    const told = this.#someToken()
    const get = this.#beginGet(process, told, false)
    const isFresh = scheduler.chance(0.1)
    const load = () => {
      // The row as it is when the load begins; how long it takes is another matter.
      const lagMs = this.#lags ? scheduler.below(MAX_LAG_MS) : 0
      const value = this.#history.make(scheduler.nowMs - lagMs)
      const takesMs = scheduler.chance(0.2) ? scheduler.below(3_000) : scheduler.below(30)
      return new Promise<number>((resolve) => {
        const end = () => {
          this.#history.loaded(value, scheduler.nowMs, TTL_MS)
          resolve(value)
        }
        scheduler.after(takesMs, () => process.runAwake(end))
      })
    }
    const options = { ...this.#namesOf(key), fresh: isFresh, after: told?.token }
    process.cache.getOrSet(key, load, options).then(
      (value) => this.#got(key, value, get),
      () => {},
    )
  }

  /** Some bring the token of an invalidation along, which may be any process's. */
  #someToken(): Told | undefined {
    const scheduler = this.#scheduler
    return scheduler.chance(0.2) ? this.#told[scheduler.below(this.#told.length)] : undefined
  }

  #beginGet({ life, link }: SimProcess, told: Told | undefined, isPlain: boolean): Get {
    const { nowMs: beganAtMs } = this.#scheduler
    return { by: life, beganAtMs, isPlain, isKnown: link.isKnown, after: told?.asked }
  }

  #invalidate(process: SimProcess, key: string): void {
    const { cache, life } = process
    const scheduler = this.#scheduler
    const at = this.#keys.indexOf(key)
    const beganAtMs = scheduler.nowMs
    const { tags } = this.#namesOf(key)
    const set = () => this.#set(cache, key)
    const isApplied = scheduler.chance(0.3)
    const until = { until: isApplied ? 'applied' : 'sent' } as const
    const soft = { ...until, mode: 'soft' } as const
    const alike = this.#keys.filter((_, i) => i % 2 === at % 2)
    const sameBeginning = this.#keys.filter((each) => each[0] === key[0])
    const kinds: readonly (readonly [string, readonly string[], () => Promise<unknown>])[] = [
      ['set', [key], set],
      ['set', [key], set],
      ['delete', [key], () => cache.delete(key, until)],
      ['delete', [key], () => cache.delete(key, until)],
      ['tag', alike, () => cache.invalidateTags(tags, until)],
      ['soft tag', alike, () => cache.invalidateTags(tags, soft)],
      ['prefix', sameBeginning, () => cache.invalidatePattern(`${key[0]}:*`, until)],
      ['soft prefix', sameBeginning, () => cache.invalidatePattern(`${key[0]}:*`, soft)],
      ['clear', this.#keys, () => cache.clear(until)],
    ]
    const [what, keys, call] = kinds[scheduler.below(kinds.length)]!
    const asked = this.#history.invalidate(this.#withDependent(keys, what), life, beganAtMs, {
      isApplied: isApplied && what !== 'set',
      isSoft: what.startsWith('soft'),
    })
    this.#note(`${life} ${what} ${keys.join(' ')} ${until.until}`)
    call().then((token) => {
      const isConfirmed = token !== false
      this.#note(`${life} ${what} ${isConfirmed ? 'confirmed' : 'failed'}`)
      if (isConfirmed) this.#history.confirm(asked, scheduler.nowMs)
      if (typeof token === 'string') this.#told = [...this.#told.slice(-2), { token, asked }]
    })
  }

  /** By which a value can be invalidated, besides its key. */
  #namesOf(key: string) {
    const tags = [TAGS[this.#keys.indexOf(key) % 2]!]
    return key === DEPENDENT ? { tags, dependsOn: DEPENDS_ON } : { tags }
  }

  /** What is made out of others follows them, but need not know of their tags. */
  #withDependent(keys: readonly string[], what: string): readonly string[] {
    const isMeant = !what.endsWith('tag') && keys.some((key) => DEPENDS_ON.includes(key))
    const isMissing = this.#keys.includes(DEPENDENT) && !keys.includes(DEPENDENT)
    return isMeant && isMissing ? [...keys, DEPENDENT] : keys
  }

  async #set(cache: Cache, key: string): Promise<boolean> {
    const value = this.#history.make(this.#scheduler.nowMs)
    this.#history.setting(value, TTL_MS)
    const isDone = await cache.set(key, value, this.#namesOf(key))
    this.#history.settled(value, this.#scheduler.nowMs)
    return isDone
  }

  #got(key: string, value: number, get: Get): void {
    this.#note(`${get.by} got ${key} ${value}, asked at ${get.beganAtMs}`)
    // Who loads from a replica that lags gets what it has; what is kept is another matter.
    if (!this.#lags || get.isPlain) this.#history.got(key, value, get)
  }

  /** What the server would have on its disk. */
  #save(): void {
    this.#server.data.save()
    this.#scheduler.after(1_000, () => this.#save())
  }

  /** Something goes wrong, and is mended a while later. */
  #trouble(): void {
    const scheduler = this.#scheduler
    scheduler.after(300 + scheduler.below(2_500), () => {
      if (this.#isResting) return
      this.#strike()
      this.#trouble()
    })
  }

  #strike(): void {
    const scheduler = this.#scheduler
    const at = scheduler.below(this.#processes.length)
    const process = this.#processes[at]!
    const { link } = process
    const lastsMs = scheduler.chance(0.5) ? scheduler.below(400) : scheduler.below(6_000)
    const server = this.#server
    const faults: readonly Fault[] = [
      ['pushes lost', () => link.cutPushes(), () => link.connectPushes()],
      ['cut', () => link.cut(), () => link.connect()],
      ['cut in silence', () => link.cut(false), () => link.connect()],
      ['stalled', () => link.stall(lastsMs)],
      ['frozen', () => process.freeze(), () => process.thaw()],
      ['killed', () => process.kill(), () => this.#start(at)],
      ['wall clock set', () => process.setWallClock(this.#someSkewMs())],
      ['server frozen', () => server.freeze(), () => server.thaw()],
      ['server restarted empty', () => this.#restartServer(() => server.data.flush())],
      ['server restarted', () => this.#restartServer(() => server.data.restart())],
      ['server restarted', () => this.#restartServer(() => server.data.restart())],
    ]
    const [name, begin, end] = faults[scheduler.below(faults.length)]!
    this.#note(`fault: ${name}, process ${at}, ${lastsMs} ms`)
    begin()
    if (end !== undefined) scheduler.after(lastsMs, end)
  }

  #restartServer(restart: () => void): void {
    const scheduler = this.#scheduler
    for (const { link } of this.#processes) link.cut()
    restart()
    this.#server.lives++
    for (const process of this.#processes) {
      const isSoon = scheduler.chance(0.5)
      scheduler.after(scheduler.below(isSoon ? 20 : 500), () => {
        process.link.connect()
        this.#rush(process)
      })
    }
  }

  /** Those who waited for the server. */
  #rush(process: SimProcess): void {
    for (const key of this.#keys) {
      this.#scheduler.after(this.#scheduler.below(5), () => {
        process.runAwake(() => this.#read(process, key))
      })
    }
  }

  #note(what: string): void {
    this.#log.push(`${this.#scheduler.nowMs.toFixed(1)} ${what}`)
  }
}

function valueIn(bytes: Uint8Array | string): number {
  const entry = entryCodec().decodeNow(Buffer.from(bytes as string)) as DecodedEntry
  return entry.value as number
}
