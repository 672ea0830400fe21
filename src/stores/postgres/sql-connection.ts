/**
 * What the Postgres store asks of a client library.
 *
 * A `SqlConnection` is one way to the server: a connection of our own, on which calls are answered
 * in the order of their sending, or a caller's object, which may spread them over several.
 */
import type { KeptConnection, LinkTo, SourceOf } from '../kept-link.js'
import type { CallOrder } from '../key-lanes.js'

/** Prepared by its name where the client can. */
export interface Statement {
  readonly name: string
  readonly text: string
}

export type Row = Readonly<Record<string, unknown>>

export interface SqlConnection extends KeptConnection {
  /** Rejects with the database's error. One round trip. */
  query(statement: Statement, values: unknown[], order?: CallOrder): Promise<readonly Row[]>
  /** Statements without values, in one transaction. */
  run(script: string): Promise<void>
  /** Hears a channel from now on. Rejects where the client cannot. */
  listen(channel: string, onMessage: (message: string) => void): Promise<void>
}

export type SqlSource = SourceOf<SqlConnection>
export type SqlLink = LinkTo<SqlConnection>

/** Where and how to dial, all resolved. */
export interface SqlTarget {
  /** As `new Client(…)` of pg takes them; without a time limit of its own. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly connectTimeoutMs: number
}
