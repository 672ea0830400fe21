/**
 * One process: the real cache on a clock of its own. While it is frozen its clock goes on and
 * nothing of it runs; what fell due runs after the thaw, in any order. A killed one never runs.
 */
import type { Clock } from '../../src/core/contracts.js'
import { type Cache, createCache } from '../../src/index.js'
import type { PlantedBug } from './planted-bugs.js'
import type { Scheduler } from './scheduler.js'
import { SimLink, type SimServer } from './sim-link.js'

/** Short enough for values to expire while they are looked at. */
export const TTL_MS = 8_000
/** For which `getOrSet` may hand them out while they are loaded anew. */
const GRACE_MS = 4_000

export interface SimProcessOptions {
  readonly life: number
  readonly scheduler: Scheduler
  readonly server: SimServer
  readonly wallSkewMs: number
  readonly staleIfDownMs: number
  readonly holdOffMs: number
  readonly refreshSpreadMs: number
  readonly dependents: boolean
  readonly bug: PlantedBug | undefined
}

export class SimProcess {
  readonly cache: Cache
  /** Each life of a process is a process of its own. */
  readonly life: number
  readonly link: SimLink
  #isFrozen = false
  isDead = false
  readonly #scheduler: Scheduler
  readonly #hasStoppedClock: boolean
  readonly #isOnWallClock: boolean
  #wallSkewMs: number
  #due: (() => void)[] = []
  #frozenAtMs = 0
  #frozenForMs = 0

  constructor(options: SimProcessOptions) {
    const { life, scheduler, server, wallSkewMs, staleIfDownMs, bug } = options
    const { holdOffMs, refreshSpreadMs, dependents } = options
    this.life = life
    this.#scheduler = scheduler
    this.#hasStoppedClock = bug?.hasStoppedClock === true
    this.#isOnWallClock = bug?.isOnWallClock === true
    this.#wallSkewMs = wallSkewMs
    this.link = new SimLink(scheduler, server, (run) => this.runAwake(run))
    bug?.onLink?.(this.link)
    this.cache = createCache({
      store: this.link,
      clock: this.#clock(),
      random: () => scheduler.random(),
      ttl: TTL_MS / 1_000,
      grace: GRACE_MS / 1_000,
      staleIfDown: staleIfDownMs / 1_000,
      holdOff: holdOffMs / 1_000,
      refreshSpread: refreshSpreadMs / 1_000,
      dependents,
      hardTimeout: '5s',
    }) as Cache
  }

  /** What the system does to this process: it notices when it runs. */
  runAwake(run: () => void): void {
    if (this.isDead) return
    if (this.#isFrozen) this.#due.push(run)
    else run()
  }

  freeze(): void {
    if (this.#isFrozen) return
    this.#isFrozen = true
    this.#frozenAtMs = this.#scheduler.nowMs
  }

  thaw(): void {
    if (!this.#isFrozen) return
    this.#isFrozen = false
    this.#frozenForMs += this.#scheduler.nowMs - this.#frozenAtMs
    const due = this.#due
    this.#due = []
    while (due.length > 0) {
      const [run] = due.splice(this.#scheduler.below(due.length), 1)
      this.#scheduler.after(0, () => this.runAwake(run!))
    }
  }

  kill(): void {
    this.isDead = true
    this.link.cut()
  }

  /** Somebody sets the clock of the machine. */
  setWallClock(skewMs: number): void {
    this.#wallSkewMs = skewMs
  }

  #clock(): Clock {
    const scheduler = this.#scheduler
    const wallMs = () => scheduler.nowMs + this.#wallSkewMs
    const monotonicMs = () => scheduler.nowMs - (this.#hasStoppedClock ? this.#frozenForMs : 0)
    const nowMs = this.#isOnWallClock ? wallMs : monotonicMs
    return {
      monotonicMs: nowMs,
      ceilingMs: () => nowMs() + 1_000,
      wallMs,
      setTimer: (run, delayMs) => {
        const event = scheduler.after(delayMs, () =>
          this.runAwake(() => {
            if (!event.isCancelled) run()
          }),
        )
        return {
          cancel: () => {
            event.isCancelled = true
          },
        }
      },
      defer: (run) => process.nextTick(run),
    }
  }
}
