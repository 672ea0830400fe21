/**
 * The time of a simulation: events in the order of their moments, and of their making where two
 * fall on one. Between two of them everything runs that is ready, so a run depends on its seed
 * alone. Bounded by the moment up to which it is run.
 */
export interface Event {
  readonly atMs: number
  readonly run: () => void
  isCancelled: boolean
}

/** One to a turn of the event loop, the turns took a third of the time. */
const EVENTS_PER_TURN = 32

export class Scheduler {
  nowMs = 1_000_000
  readonly #events: Event[] = []
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  after(delayMs: number, run: () => void): Event {
    const event: Event = { atMs: this.nowMs + Math.max(0, delayMs), run, isCancelled: false }
    this.#events.splice(this.#placeOf(event.atMs), 0, event)
    return event
  }

  async run(untilMs: number): Promise<void> {
    this.#runNext(untilMs)
    while (this.#isDue(untilMs)) await this.#turn(untilMs)
    this.nowMs = untilMs
  }

  /** In [0, 1). mulberry32. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** Some events: between two immediates Node runs all ticks and microtasks, and polls nothing. */
  #turn(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const runNext = () => {
        try {
          this.#runNext(untilMs)
        } catch (error) {
          reject(error as Error)
        }
      }
      for (let i = 0; i < EVENTS_PER_TURN; i++) setImmediate(runNext)
      setImmediate(resolve)
    })
  }

  #runNext(untilMs: number): void {
    while (this.#isDue(untilMs)) {
      const event = this.#events.shift()!
      this.nowMs = event.atMs
      if (event.isCancelled) continue
      event.run()
      return
    }
  }

  #isDue(untilMs: number): boolean {
    return this.#events.length > 0 && this.#events[0]!.atMs <= untilMs
  }

  /** After all that is due at that moment already. */
  #placeOf(atMs: number): number {
    let [low, high] = [0, this.#events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.atMs <= atMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
