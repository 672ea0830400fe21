/**
 * The connection that hears what is notified: a second one of our own, so that a burst of records
 * never waits behind an answer. What was notified while it was lost is not told again, so whoever
 * listens is told when it hears (again).
 */
import type { StoreListener } from '../../core/contracts.js'
import { Pulse } from '../pulse.js'
import type { SqlConnection, SqlLink } from './sql-connection.js'

interface Hearing {
  readonly channels: Readonly<Record<string, (message: string) => void>>
  readonly onListening: () => void
}

export class Notifications {
  readonly #link: SqlLink
  readonly #pulse: Pulse<SqlConnection>
  readonly #hearings: Hearing[] = []

  constructor(link: SqlLink, ping: (connection: SqlConnection) => Promise<void>) {
    this.#link = link
    this.#pulse = new Pulse(link, ping)
  }

  open(): void {
    const listener: StoreListener = {
      onUp: () => {
        this.#pulse.reset()
        for (const hearing of this.#hearings) void this.#listen(hearing)
      },
      onDown: () => {},
    }
    this.#link.open(listener)
  }

  /** Hears the channels from now on, over each connection that comes. */
  hear(channels: Hearing['channels'], onListening: () => void): void {
    const hearing = { channels, onListening }
    this.#hearings.push(hearing)
    if (this.#link.connection !== undefined) void this.#listen(hearing)
  }

  /** Called with each heartbeat. */
  beat(): void {
    this.#pulse.beat()
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  async #listen({ channels, onListening }: Hearing): Promise<void> {
    const { connection, epoch } = this.#link
    if (connection === undefined) return
    try {
      const all = Object.entries(channels)
      await Promise.all(all.map(([name, onMessage]) => connection.listen(name, onMessage)))
      onListening()
    } catch {
      if (this.#link.epoch === epoch) this.#link.reconnect()
    }
  }
}
