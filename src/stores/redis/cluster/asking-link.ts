/**
 * A node asked for keys of a slot that is on its way to it: ASKING goes before each command, which
 * the node would else answer with MOVED.
 */
import type { StoreListener } from '../../../core/contracts.js'
import type { RedisCommand, RedisConnection, RedisLink } from '../connection.js'

export class AskingLink implements RedisLink {
  readonly #link: RedisLink
  #known: { readonly plain: RedisConnection; readonly asking: RedisConnection } | undefined

  constructor(link: RedisLink) {
    this.#link = link
  }

  get connection(): RedisConnection | undefined {
    const plain = this.#link.connection
    if (plain === undefined) return undefined
    if (this.#known?.plain !== plain) this.#known = { plain, asking: new AskingConnection(plain) }
    return this.#known.asking
  }

  get downCause(): unknown {
    return this.#link.downCause
  }

  get epoch(): number {
    return this.#link.epoch
  }

  open(_listener: StoreListener): void {}

  reconnect(): void {}

  async close(): Promise<void> {}
}

class AskingConnection implements RedisConnection {
  readonly #plain: RedisConnection

  constructor(plain: RedisConnection) {
    this.#plain = plain
  }

  get isReady(): boolean {
    return this.#plain.isReady
  }

  get keyPrefix(): string {
    return this.#plain.keyPrefix
  }

  async send(command: RedisCommand): Promise<unknown> {
    const [, reply] = await this.#plain.sendMany([['asking'], command])
    return reply
  }

  async sendMany(commands: readonly RedisCommand[]): Promise<readonly unknown[]> {
    const sent = commands.flatMap((command): RedisCommand[] => [['asking'], command])
    const replies = await this.#plain.sendMany(sent)
    return replies.filter((_, i) => i % 2 === 1)
  }

  cork(): void {}

  uncork(): void {}

  subscribe(): Promise<void> {
    return Promise.reject(new Error('a slot that moves is not subscribed with'))
  }

  release(): void {}
}
