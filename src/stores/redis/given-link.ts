/**
 * A caller's client: watched, used, and otherwise left alone.
 *
 * It is never connected, reconfigured or closed here. Its own reconnecting decides when it is back;
 * calls in between reject at once and never enter its offline queue. On @redis/client an 'error'
 * listener is attached while the store is open: without one, losing the server would end the
 * process.
 */
import type { StoreListener } from '../../core/contracts.js'
import type { ConnectionListener } from '../kept-link.js'
import type { RedisConnection, RedisLink } from './connection.js'

export class GivenLink implements RedisLink {
  readonly #adopt: (listener: ConnectionListener) => RedisConnection
  #connection: RedisConnection | undefined
  #downCause: unknown = new Error('the client given is not connected: call its connect()')
  #isToldDown = false
  #epoch = 0

  constructor(adopt: (listener: ConnectionListener) => RedisConnection) {
    this.#adopt = adopt
  }

  open(listener: StoreListener): void {
    const tellDown = (cause: unknown): void => {
      this.#downCause = cause
      if (this.#isToldDown) return
      this.#isToldDown = true
      listener.onDown(cause)
    }
    const tellUp = (): void => {
      this.#isToldDown = false
      this.#epoch += 1
      listener.onUp()
    }
    const connection = this.#adopt({ onUp: tellUp, onDown: tellDown })
    this.#connection = connection
    // Not within `open`: its caller may still be under construction.
    queueMicrotask(() => {
      if (this.#connection === undefined || this.#epoch > 0) return
      if (connection.isReady) tellUp()
      else tellDown(this.#downCause)
    })
  }

  get connection(): RedisConnection | undefined {
    return this.#connection?.isReady === true ? this.#connection : undefined
  }

  get downCause(): unknown {
    return this.#downCause
  }

  get epoch(): number {
    return this.#epoch
  }

  reconnect(): void {}

  async close(): Promise<void> {
    this.#downCause = new Error('the store is closed')
    this.#connection?.release()
    this.#connection = undefined
  }
}
