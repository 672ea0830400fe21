/**
 * A flight that waits for the load of another process.
 *
 * The store lets one process at a time fill a key. The others wait: they are told when it is
 * filled or given up, or ask again after a while, since what tells them may be lost. Whoever is
 * granted the right meanwhile loads by itself: it was given back, or its holder has died and did
 * not renew it.
 *
 * Bounded by the hard timeout of the flight.
 */
import type { Timer } from './contracts.js'
import type { Engine } from './engine.js'
import type { HeldEntry } from './entry.js'
import type { MissReason } from './events.js'
import { giveBack } from './fill.js'
import { askRight, type RightRequest } from './fill-right.js'
import type { Flight } from './flight.js'

const FIRST_POLL_MS = 20
const MAX_POLL_MS = 400

export interface FillWaitOptions {
  readonly engine: Engine
  readonly flight: Flight
  readonly request: RightRequest
  /** What the store has now; where that will not do, the loader must run. */
  readonly onEnd: (held: HeldEntry | MissReason) => void
}

export class FillWait {
  readonly #options: FillWaitOptions
  #pollMs = FIRST_POLL_MS
  #timer: Timer | undefined
  #isAsking = false
  #isWoken = false
  #isOver = false
  readonly #wake = () => this.#ask()

  constructor(options: FillWaitOptions) {
    this.#options = options
  }

  start(): void {
    const { engine, flight } = this.#options
    engine.fillWaits.add(flight.storeKey, this.#wake)
    this.#arm()
  }

  /** Nobody waits any more. */
  end(): void {
    const { engine, flight } = this.#options
    this.#isOver = true
    this.#timer?.cancel()
    engine.fillWaits.remove(flight.storeKey, this.#wake)
  }

  #arm(): void {
    const { clock, random } = this.#options.engine
    // Spread, so that the processes do not all ask at once.
    const delayMs = this.#pollMs * (0.75 + random() / 2)
    this.#pollMs = Math.min(MAX_POLL_MS, this.#pollMs * 2)
    this.#timer = clock.setTimer(this.#wake, delayMs, false)
  }

  #ask(): void {
    if (this.#isAsking) {
      // What is on its way was asked before this.
      this.#isWoken = true
      return
    }
    const { engine, flight, request } = this.#options
    this.#isAsking = true
    this.#timer?.cancel()
    askRight(engine, flight, request, (held, isElsewhere) => {
      this.#isAsking = false
      if (this.#isOver) giveBack(engine, flight)
      else if (!isElsewhere) {
        this.end()
        this.#options.onEnd(held)
      } else if (this.#isWoken) {
        this.#isWoken = false
        this.#ask()
      } else this.#arm()
    })
  }
}
