/**
 * ioredis 5 and 6, and iovalkey by shape, as a `RedisConnection`.
 *
 * Commands go by their `…Buffer` methods: `callBuffer` loses the command name where auto-pipelining
 * is on. Many commands share one corked write: 512 SETs take 1.2 ms of CPU, `pipeline()` takes 1.9.
 * A caller's client whose `autoResendUnfulfilledCommands` is on (its default) sends what was under
 * way once more after a reconnect; nothing outside the client can prevent that, so a late write is
 * possible there.
 */
import type { ConnectionListener } from '../kept-link.js'
import type {
  ClientListener,
  RedisArg,
  RedisCommand,
  RedisConnection,
  RedisTarget,
} from './connection.js'

/** The members that are used of a `Redis` object. */
export interface IoredisClient {
  readonly status: string
  readonly options: { readonly keyPrefix?: string | undefined }
  readonly stream?: {
    readonly writable: boolean
    cork(): void
    uncork(): void
    unref?(): void
  }
  mgetBuffer(keys: RedisArg[]): Promise<unknown>
  callBuffer(name: string, args: RedisArg[]): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  disconnect(reconnect?: boolean): void
  on(event: string, listener: ClientListener): unknown
  off(event: string, listener: ClientListener): unknown
}

interface DuplicableIoredisClient extends IoredisClient {
  duplicate(overrides: object): IoredisClient
}

export interface IoredisLibrary {
  readonly Redis: new (options: Record<string, unknown>) => unknown
}

type BufferMethod = (args: readonly RedisArg[]) => Promise<unknown>

export class IoredisConnection implements RedisConnection {
  readonly keyPrefix: string
  readonly #client: IoredisClient
  readonly #listener: ConnectionListener
  readonly #isOwn: boolean
  #isReleased = false

  constructor(client: IoredisClient, listener: ConnectionListener, isOwn: boolean) {
    this.#client = client
    this.#listener = listener
    this.#isOwn = isOwn
    this.keyPrefix = String(client.options.keyPrefix ?? '')
    client.on('ready', this.#onReady)
    client.on('close', this.#onClose)
    client.on('end', this.#onClose)
    // Not on a caller's client: without a listener it prints its errors, and that is the caller's
    // choice.
    if (isOwn) client.on('error', this.#onError)
  }

  get isReady(): boolean {
    // A socket that ended before 'close' came would send the command into the offline queue.
    return (
      this.#client.status === 'ready' &&
      this.#client.stream?.writable !== false &&
      !this.#isReleased
    )
  }

  send(command: RedisCommand): Promise<unknown> {
    // The client has such a method for every command that it knows; its type lists each one apart.
    const methods = this.#client as unknown as Record<string, BufferMethod | undefined>
    const args = command.slice(1)
    return methods[`${command[0]}Buffer`]?.(args) ?? this.#client.callBuffer(command[0], args)
  }

  sendMany(commands: readonly RedisCommand[]): Promise<readonly unknown[]> {
    this.cork()
    try {
      return Promise.all(commands.map((command) => this.send(command)))
    } finally {
      this.uncork()
    }
  }

  cork(): void {
    this.#client.stream?.cork()
  }

  uncork(): void {
    this.#client.stream?.uncork()
  }

  async subscribe(channel: string, onMessage: (message: string) => void): Promise<void> {
    this.#client.on('message', (from: string, message: string) => {
      if (from === channel) onMessage(message)
    })
    await this.#client.subscribe(channel)
  }

  release(): void {
    this.#isReleased = true
    if (this.#isOwn) {
      // Listeners stay on: without one for 'error' the client prints to the console.
      this.#client.disconnect()
      return
    }
    this.#client.off('ready', this.#onReady)
    this.#client.off('close', this.#onClose)
    this.#client.off('end', this.#onClose)
  }

  readonly #onReady = (): void => {
    if (!this.#isReleased) this.#listener.onUp()
  }

  /** Also a failed SELECT comes here, after which the client would go on, in database 0. */
  readonly #onError = (cause: unknown): void => {
    if (!this.#isReleased) this.#listener.onDown(cause)
  }

  readonly #onClose = (): void => {
    if (this.#isReleased) return
    this.#listener.onDown(new Error('the connection was closed'))
  }
}

/** Also against what a caller's client was told. */
const ONE_ATTEMPT = {
  // A socket that does not end by itself is destroyed: it was silent, or we are closing.
  disconnectTimeout: 1,
  lazyConnect: false,
  enableOfflineQueue: false,
  // The link probes with PING, which more users may do than INFO.
  enableReadyCheck: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: null,
  reconnectOnError: null,
  enableAutoPipelining: false,
}

/**
 * A client for one attempt: it never reconnects by itself, queues nothing and sends nothing twice.
 */
export function dialIoredis(
  library: IoredisLibrary,
  target: RedisTarget,
  listener: ConnectionListener,
): RedisConnection {
  const client = new library.Redis({
    host: target.host,
    port: target.port,
    username: target.username,
    password: target.password,
    db: target.db,
    tls: target.tls,
    protocol: 2,
    connectTimeout: target.connectTimeoutMs,
    keepAlive: 5_000,
    noDelay: true,
    ...ONE_ATTEMPT,
  }) as IoredisClient
  return new IoredisConnection(client, listener, true)
}

/** A client like the caller's, for one attempt. It does not keep the process alive. */
export function duplicateIoredis(
  given: IoredisClient,
  listener: ConnectionListener,
): RedisConnection {
  const client = (given as DuplicableIoredisClient).duplicate(ONE_ATTEMPT)
  client.on('connect', () => client.stream?.unref?.())
  return new IoredisConnection(client, listener, true)
}
