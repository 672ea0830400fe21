/**
 * A caller's object with `query(text, values)`: a Pool or Client of `pg`, PGlite, or a wrapper of
 * one. It is used, and never connected, reconfigured or closed.
 *
 * Nothing tells when such an object is away but a call that fails, so after one the server is asked
 * again every half a second until it answers. Nor does anything tell when it has found another
 * server by itself, or another life of this one, which may have brought back what was deleted: so
 * whatever reads values also asks when the server's process was started. What another one brings is
 * not used, and its log is heard first.
 */
import type { StoreListener } from '../../core/contracts.js'
import { type CallOrder, KeyLanes } from '../key-lanes.js'
import { LinkNews } from '../link-news.js'
import { isLost } from './call-errors.js'
import type { Row, SqlConnection, SqlLink, Statement } from './sql-connection.js'

/** An object that carries statements to Postgres. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): PromiseLike<{ readonly rows: readonly unknown[] }>
  /** As PGlite has it: hears what is notified on a channel. */
  listen?(channel: string, onMessage: (payload: string) => void): Promise<unknown>
}

const PROBE_EVERY_MS = 500
/** Text that differs with every start of a server, and that every user may ask for. */
export const LIFE = 'pg_postmaster_start_time()::text'

/** A pool of `pg`, by its shape. */
export interface PgPool extends PostgresClient {
  query(config: string | object, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  readonly totalCount: number
  readonly options: { readonly password?: unknown }
  readonly Client?: unknown
}

export function isPgPool(client: PostgresClient): client is PgPool {
  return 'totalCount' in client && 'options' in client
}

class GivenConnection implements SqlConnection {
  readonly isReady = true
  readonly #client: PostgresClient
  readonly #prepares: boolean
  readonly #onLost: (cause: unknown) => void
  readonly #lanes = new KeyLanes()
  /** When the server's process was started. */
  #life: unknown

  constructor(client: PostgresClient, prepares: boolean, onLost: (cause: unknown) => void) {
    this.#client = client
    this.#prepares = prepares
    this.#onLost = onLost
  }

  query(statement: Statement, values: unknown[], order?: CallOrder): Promise<readonly Row[]> {
    return this.#lanes.run(order, () => this.#send(statement, values))
  }

  async #send({ name, text }: Statement, values: unknown[]): Promise<readonly Row[]> {
    const client = this.#client
    try {
      const isPrepared = this.#prepares && isPgPool(client)
      const sent = isPrepared ? client.query({ name, text, values }) : client.query(text, values)
      const rows = (await sent).rows as readonly Row[]
      this.#check(rows[0]?.life)
      return rows
    } catch (cause) {
      if (isLost(cause)) this.#onLost(cause)
      throw cause
    }
  }

  /** Remembers the life of the server that the client leads to now. */
  async meet(): Promise<void> {
    this.#life = undefined
    await this.query({ name: 'cachewright_life', text: `SELECT ${LIFE} AS life` }, [])
  }

  #check(life: unknown): void {
    if (life === undefined || life === this.#life) return
    if (this.#life !== undefined) throw new Error('the client leads to another life of the server')
    this.#life = life
  }

  async run(script: string): Promise<void> {
    await this.#client.query(script)
  }

  async listen(channel: string, onMessage: (message: string) => void): Promise<void> {
    if (this.#client.listen === undefined) throw new Error('the client given cannot listen')
    await this.#client.listen(channel, onMessage)
  }

  release(): void {}
}

export class GivenLink implements SqlLink {
  readonly #given: GivenConnection
  readonly #probe: (connection: SqlConnection) => Promise<void>
  readonly #news = new LinkNews(new Error('the client given has not answered yet'))
  #isOpen = false
  #isUp = false
  #timer: NodeJS.Timeout | undefined

  /** `probe` rejects where the server cannot be used. */
  constructor(
    client: PostgresClient,
    prepares: boolean,
    probe: (connection: SqlConnection) => Promise<void>,
  ) {
    this.#given = new GivenConnection(client, prepares, (cause) => this.#lose(cause))
    this.#probe = probe
  }

  open(listener: StoreListener): void {
    this.#isOpen = true
    this.#news.tell(listener)
    void this.#ask()
  }

  get connection(): SqlConnection | undefined {
    return this.#isUp ? this.#given : undefined
  }

  get downCause(): unknown {
    return this.#news.downCause
  }

  get epoch(): number {
    return this.#news.epoch
  }

  reconnect(): void {}

  async close(): Promise<void> {
    this.#isOpen = false
    this.#isUp = false
    this.#news.closed()
    clearTimeout(this.#timer)
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer)
    try {
      await this.#probe(this.#given)
      await this.#given.meet()
    } catch (cause) {
      return this.#lose(cause)
    }
    if (!this.#isOpen || this.#isUp) return
    this.#isUp = true
    this.#news.up()
  }

  #lose(cause: unknown): void {
    if (!this.#isOpen) return
    this.#isUp = false
    clearTimeout(this.#timer)
    const waitMs = PROBE_EVERY_MS * (0.5 + Math.random() / 2)
    this.#timer = setTimeout(() => void this.#ask(), waitMs).unref()
    this.#news.down(cause)
  }
}
