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
import { LinkNews } from '../link-news.js'
import type { RedisConnection, RedisLink } from './connection.js'

export class GivenLink implements RedisLink {
  readonly #adopt: (listener: ConnectionListener) => RedisConnection
  #connection: RedisConnection | undefined
  readonly #news = new LinkNews(new Error('the client given is not connected: call its connect()'))

  constructor(adopt: (listener: ConnectionListener) => RedisConnection) {
    this.#adopt = adopt
  }

  open(listener: StoreListener): void {
    const news = this.#news
    news.tell(listener)
    const connection = this.#adopt({
      onUp: () => news.up(),
      onDown: (cause) => news.down(cause),
    })
    this.#connection = connection
    // Not within `open`: its caller may still be under construction.
    queueMicrotask(() => {
      if (this.#connection === undefined || news.epoch > 0) return
      if (connection.isReady) news.up()
      else news.down(news.downCause)
    })
  }

  get connection(): RedisConnection | undefined {
    return this.#connection?.isReady === true ? this.#connection : undefined
  }

  get downCause(): unknown {
    return this.#news.downCause
  }

  get epoch(): number {
    return this.#news.epoch
  }

  reconnect(): void {}

  async close(): Promise<void> {
    this.#news.closed()
    this.#connection?.release()
    this.#connection = undefined
  }
}
