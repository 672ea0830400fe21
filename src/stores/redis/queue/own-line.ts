/**
 * A connection of its own to the server that another connection leads to, dialed when it is needed.
 *
 * It is used for one life of the other: what is dialed later may find another server at the
 * address. A link that redials by itself is given up instead, for the same reason.
 */
import type { RedisConnection, RedisLink } from '../connection.js'
import { infoOf } from '../server-info.js'

/** One life of the server that is wanted, told by identity. */
export interface ServerLife {
  /** '' where its user may not ask for it. */
  readonly runId: string
}

interface Line {
  readonly life: ServerLife
  readonly link: RedisLink
  readonly connection: RedisConnection
}

export class OwnLine {
  readonly #dial: () => RedisLink
  #link: RedisLink | undefined
  #line: Line | undefined

  constructor(dial: () => RedisLink) {
    this.#dial = dial
  }

  /** Rejects where the server cannot be reached, or another is there. */
  async to(life: ServerLife): Promise<RedisConnection> {
    const known = this.#line
    const isUp = known !== undefined && known.link.connection === known.connection
    if (isUp && known.life === life) return known.connection
    this.drop()
    const link = this.#dial()
    this.#link = link
    const connection = await opened(link)
    const info = await infoOf(connection)
    if ((info?.get('run_id') ?? '') !== life.runId) {
      throw new Error('another server than before answers at its address')
    }
    this.#line = { life, link, connection }
    return connection
  }

  /** Ends it; what waits for it may never hear of that. */
  drop(): void {
    void this.#link?.close()
    this.#link = undefined
    this.#line = undefined
  }
}

function opened(link: RedisLink): Promise<RedisConnection> {
  return new Promise((resolve, reject) => {
    const take = () => {
      const { connection } = link
      if (connection === undefined) reject(link.downCause)
      else resolve(connection)
    }
    link.open({ onUp: take, onDown: reject })
  })
}
