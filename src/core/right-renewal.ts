/**
 * Keeps the rights to fill of loads that take long: each lasts for some seconds, so that others
 * need not wait for the load of a process that has died.
 *
 * Costs nothing for loads of less than a second. Those that run on past their hard timeout are
 * kept as long again.
 */
import type { Timer } from './contracts.js'
import type { Engine } from './engine.js'

/** For how long others take a load to be alive that was not heard of. */
export const RIGHT_MS = 4_000
const EVERY_MS = 1_500
const LONG_MS = 1_000

export class RightRenewal {
  readonly #engine: Engine
  #timer: Timer | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** A load begins that has the right. */
  arm(): void {
    this.#timer ??= this.#engine.clock.setTimer(() => this.#renew(), EVERY_MS, true)
  }

  end(): void {
    this.#timer?.cancel()
  }

  #renew(): void {
    const { batch, clock, flights } = this.#engine
    const nowMs = clock.monotonicMs()
    this.#timer = undefined
    for (const { storeKey, token, beganMs, rightUntilMs } of flights.all()) {
      if (token === undefined || nowMs >= rightUntilMs) continue
      this.arm()
      if (nowMs - beganMs < LONG_MS) continue
      const lease = { token, leaseMs: RIGHT_MS, how: 'renew' } as const
      const rest = { replaces: undefined, unusable: undefined }
      batch!.lease({ storeKey, finish: () => {} }, { ...lease, ...rest })
    }
  }
}
