/**
 * Keeps the rights to fill of loads that take long: each lasts for some seconds, so that others
 * need not wait for the load of a process that has died.
 *
 * Costs nothing for loads of less than a second. Those that run on past their hard timeout are
 * kept as long again.
 */
import type { Clock, Timer } from './contracts.js'
import type { Flights } from './flight.js'

/** For how long others take a load to be alive that was not heard of. */
export const RIGHT_MS = 4_000
const EVERY_MS = 1_500
const LONG_MS = 1_000

export class RightRenewal {
  readonly #clock: Clock
  readonly #flights: Flights
  readonly #renew: (storeKey: string, token: string) => void
  #timer: Timer | undefined

  constructor(clock: Clock, flights: Flights, renew: (storeKey: string, token: string) => void) {
    this.#clock = clock
    this.#flights = flights
    this.#renew = renew
  }

  /** A load begins that has the right. */
  arm(): void {
    this.#timer ??= this.#clock.setTimer(() => this.#renewAll(), EVERY_MS, true)
  }

  end(): void {
    this.#timer?.cancel()
  }

  #renewAll(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#timer = undefined
    for (const { storeKey, token, beganMs, rightUntilMs } of this.#flights.all()) {
      if (token === undefined || nowMs >= rightUntilMs) continue
      this.arm()
      if (nowMs - beganMs >= LONG_MS) this.#renew(storeKey, token)
    }
  }
}
