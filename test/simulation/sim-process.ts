/**
 * One process: the real cache on a clock of its own. While it is frozen its clock goes on and
 * nothing of it runs; what fell due runs after the thaw, in any order. A killed one never runs.
 */
import type { Clock } from '../../src/core/contracts.js'
import { type Cache, createCache } from '../../src/index.js'
import type { Scheduler } from './scheduler.js'
import { SimLink, type SimServer } from './sim-link.js'

export class SimProcess {
  readonly cache: Cache
  readonly link: SimLink
  isFrozen = false
  isDead = false
  readonly #scheduler: Scheduler
  #due: (() => void)[] = []

  constructor(scheduler: Scheduler, server: SimServer, wallSkewMs: number) {
    this.#scheduler = scheduler
    this.link = new SimLink(scheduler, server, (run) => this.runAwake(run))
    this.cache = createCache({
      store: this.link,
      clock: this.#clock(wallSkewMs),
      random: () => scheduler.random(),
      ttl: '1h',
      hardTimeout: '5s',
    }) as Cache
  }

  /** What the system does to this process: it notices when it runs. */
  runAwake(run: () => void): void {
    if (this.isDead) return
    if (this.isFrozen) this.#due.push(run)
    else run()
  }

  thaw(): void {
    this.isFrozen = false
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

  #clock(wallSkewMs: number): Clock {
    const scheduler = this.#scheduler
    return {
      monotonicMs: () => scheduler.nowMs,
      ceilingMs: () => scheduler.nowMs + 1_000,
      wallMs: () => scheduler.nowMs + wallSkewMs,
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
