/**
 * A connection of our own, by the `pg` package: one client object for each attempt to dial.
 *
 * Pipelined where the package can (8.22 and newer): a call does not wait for the answer to the one
 * before. Answers come in the order of sending either way. A statement that waits for somebody's
 * lock ends by itself: the server does not notice that whoever sent it has gone.
 */
import { CacheError } from '../../core/errors.js'
import type { ConnectionListener, DialTo } from '../kept-link.js'
import type { Row, SqlConnection, SqlTarget, Statement } from './sql-connection.js'

/** What we ask of a client object of `pg`. */
export interface PgClient {
  connect(): Promise<unknown>
  query(config: string | object): Promise<{ readonly rows: readonly unknown[] }>
  end(): Promise<unknown>
  on(event: string, listener: ClientListener): unknown
  readonly connection?: { readonly stream?: { destroy(): unknown } }
}

export type PgClientClass = new (settings: object) => PgClient

// biome-ignore lint/suspicious/noExplicitAny: what the library's types accept as a listener
type ClientListener = (...args: any[]) => void

const SESSION = `SET lock_timeout = '5s';
SET statement_timeout = '30s';
SET idle_in_transaction_session_timeout = '30s';
SET default_transaction_isolation = 'read committed';
SET extra_float_digits = 1`

export type PgDial = DialTo<SqlTarget, SqlConnection>

/** Rejects with CLIENT_MISSING where `pg` is not installed. */
export async function loadPg(prepares: boolean): Promise<PgDial> {
  try {
    const { Client } = ((await import('pg')) as { default: { Client: unknown } }).default
    return dialWith(Client as PgClientClass, prepares)
  } catch (cause) {
    const isAbsent = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND'
    if (!isAbsent || !String((cause as Error).message).includes("'pg'")) throw cause
    throw new CacheError('CLIENT_MISSING', 'postgres: no client library is installed; add pg')
  }
}

export function dialWith(Client: PgClientClass, prepares: boolean): PgDial {
  return ({ settings }, listener) => {
    const client = new Client({ keepAlive: true, ...settings, pipeline: true })
    return new PgConnection(client, prepares, listener)
  }
}

class PgConnection implements SqlConnection {
  isReady = false
  readonly #client: PgClient
  readonly #prepares: boolean
  readonly #listeners = new Map<string, (message: string) => void>()

  constructor(client: PgClient, prepares: boolean, listener: ConnectionListener) {
    this.#client = client
    this.#prepares = prepares
    const down = (cause: unknown): void => {
      this.isReady = false
      listener.onDown(cause)
    }
    client.on('error', down)
    client.on('end', () => down(new Error('the connection was closed')))
    client.on('notification', ({ channel, payload }: { channel: string; payload?: string }) => {
      this.#listeners.get(channel)?.(payload ?? '')
    })
    client
      .connect()
      .then(() => client.query(SESSION))
      .then(() => {
        this.isReady = true
        listener.onUp()
      })
      .catch(down)
  }

  async query({ name, text }: Statement, values: unknown[]): Promise<readonly Row[]> {
    const config = this.#prepares ? { name, text, values } : { text, values }
    return (await this.#client.query(config)).rows as readonly Row[]
  }

  async run(script: string): Promise<void> {
    await this.#client.query(script)
  }

  async listen(channel: string, onMessage: (message: string) => void): Promise<void> {
    this.#listeners.set(channel, onMessage)
    await this.#client.query(`LISTEN "${channel}"`)
  }

  release(): void {
    this.isReady = false
    // Without the farewell, which would wait for a silent server. Calls under way reject.
    this.#client.connection?.stream?.destroy()
    this.#client.end().catch(() => {})
  }
}
