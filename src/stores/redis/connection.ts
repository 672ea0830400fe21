/**
 * What the Redis store asks of a client library: two small contracts.
 *
 * A `RedisConnection` is one client object of either library, seen alike. A `RedisLink` is where
 * the store finds the connection that works right now: `DialedLink` keeps one alive, `GivenLink`
 * watches a caller's. Neither has a deadline for a call, a retry of a call or a queue: those belong
 * to the engine or to nobody.
 */
import type { DialTo, LinkTo, SourceOf } from '../kept-link.js'

export type RedisArg = string | Buffer

/** A command name in lower case, then its arguments. */
export type RedisCommand = readonly [name: string, ...args: RedisArg[]]

export interface RedisConnection {
  /** Whether a command sent now goes to the socket, not into a queue. */
  readonly isReady: boolean
  /** What the client itself puts in front of every key, which only SCAN must know. */
  readonly keyPrefix: string
  /**
   * The reply with strings as Buffers: views on what the socket read. Rejects with an error reply.
   */
  send(command: RedisCommand): Promise<unknown>
  /** Sends all in one write; rejects if any failed, with the first error. One round trip. */
  sendMany(commands: readonly RedisCommand[]): Promise<readonly unknown[]>
  /** What is sent from now on goes out in one write with `uncork`, within this tick. */
  cork(): void
  uncork(): void
  /**
   * Hears a channel from now on; the connection is good for nothing but PING then. Resolves when
   * the server has confirmed.
   */
  subscribe(channel: string, onMessage: (message: string) => void): Promise<void>
  /**
   * Own client: ends it now, calls under way reject. A caller's client: takes our listeners off, no
   * more.
   */
  release(): void
}

// biome-ignore lint/suspicious/noExplicitAny: what both libraries' types accept as a listener
export type ClientListener = (...args: any[]) => void

/** Where to dial, all resolved. */
export interface RedisTarget {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly tls: Readonly<Record<string, unknown>> | undefined
  readonly connectTimeoutMs: number
}

export type Dial = DialTo<RedisTarget, RedisConnection>

/** `epoch`: a SCAN cursor holds for one. */
export type ConnectionSource = SourceOf<RedisConnection>

export type RedisLink = LinkTo<RedisConnection>
