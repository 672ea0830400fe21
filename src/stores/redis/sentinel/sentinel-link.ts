/**
 * A link to whichever server the sentinels call the master: dialed anew when they name another, and
 * not used while none of them vouches for it.
 */
import type { StoreListener } from '../../../core/contracts.js'
import type { RedisConnection, RedisLink } from '../connection.js'
import type { DialedLink } from '../dialed-link.js'
import type { SentinelWatch } from './sentinel-watch.js'

export class SentinelLink implements RedisLink {
  readonly #watch: SentinelWatch
  readonly #link: DialedLink
  /** The address of the attempt that was made last. */
  readonly #dialed: () => string | undefined
  #listener: StoreListener | undefined
  #isDialing = false
  #isUp: boolean | undefined

  constructor(watch: SentinelWatch, link: DialedLink, dialed: () => string | undefined) {
    this.#watch = watch
    this.#link = link
    this.#dialed = dialed
  }

  open(listener: StoreListener): void {
    this.#listener = listener
    this.#watch.open(() => this.#check())
  }

  get connection(): RedisConnection | undefined {
    const dialed = this.#dialed()
    if (dialed === undefined || !this.#watch.isTrusted(dialed)) return undefined
    return this.#link.connection
  }

  get downCause(): unknown {
    if (this.#listener === undefined) return new Error('the store is closed')
    if (this.#watch.address === undefined) return this.#watch.cause
    if (this.#link.connection === undefined) return this.#link.downCause
    const { cause } = this.#watch
    return new Error('no sentinel in touch with a majority vouches for the master', { cause })
  }

  get epoch(): number {
    return this.#link.epoch
  }

  reconnect(): void {
    this.#link.reconnect()
  }

  async close(): Promise<void> {
    this.#listener = undefined
    await Promise.all([this.#link.close(), this.#watch.close()])
  }

  /** Once there is somebody to dial. */
  #dial(): void {
    this.#isDialing = true
    const check = () => this.#check()
    this.#link.open({ onUp: check, onDown: check })
  }

  /** Something may be another: who is master, the connection to it, or how much it is trusted. */
  #check(): void {
    const { address } = this.#watch
    if (this.#listener === undefined) return
    if (address !== undefined && !this.#isDialing) this.#dial()
    else if (address !== undefined && this.#dialed() !== address) this.#link.redial()
    const isUp = this.connection !== undefined
    this.#watch.miss(!isUp)
    if (isUp === this.#isUp) return
    // Until the first attempt has ended either way nothing is told.
    const hasFailed = this.#watch.areAllFailing || this.#link.failures > 0
    if (this.#isUp === undefined && !isUp && !hasFailed) return
    this.#isUp = isUp
    if (isUp) this.#listener.onUp()
    else this.#listener.onDown(this.downCause)
  }
}
