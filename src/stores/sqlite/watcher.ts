/**
 * Hears what other processes have done to the file: SQLite counts its changes, and reading that
 * count takes microseconds, so it is looked at many times a second, and the tables only when it has
 * moved. Never keeps the process alive.
 */
import type { LogListener } from '../../core/log.js'
import type { SourceOf } from '../kept-link.js'
import { keyOf } from '../key-text.js'
import type { SqliteConnection } from './sqlite-connection.js'
import type { SqliteRecords } from './sqlite-records.js'

const LOOK_EVERY_MS = 10

interface Seen {
  readonly linkEpoch: number
  version: number
  seq: number
  told: number
  readonly acked: Map<string, number>
}

export class Watcher {
  readonly #log: string
  readonly #source: SourceOf<SqliteConnection>
  readonly #records: SqliteRecords
  readonly #listener: LogListener
  readonly #timer: NodeJS.Timeout
  #seen: Seen | undefined

  constructor(
    log: string,
    source: SourceOf<SqliteConnection>,
    records: SqliteRecords,
    listener: LogListener,
  ) {
    this.#log = log
    this.#source = source
    this.#records = records
    this.#listener = listener
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const { connection, epoch } = this.#source
    if (connection === undefined) return
    try {
      const version = Number(connection.prepare('PRAGMA data_version').get()!.data_version)
      if (this.#seen?.linkEpoch !== epoch) this.#begin(connection, epoch, version)
      else if (this.#seen.version !== version) this.#read(connection, this.#seen, version)
    } catch {
      // Busy for a moment, or closed: the next look finds the same, the heartbeat at the latest.
    }
  }

  /** What came before is read by whoever is told that it listens now. */
  #begin(connection: SqliteConnection, linkEpoch: number, version: number): void {
    const seq = this.#records.head(connection, this.#log)
    const told = this.#records.lastTold(connection)
    this.#seen = { linkEpoch, version, seq, told, acked: new Map() }
    this.#listener.onListening()
  }

  #read(connection: SqliteConnection, seen: Seen, version: number): void {
    const { epoch, records } = this.#records.after(connection, this.#log, seen.seq)
    const { keys, last } = this.#records.told(connection, seen.told)
    const acks = this.#records.acks(connection, this.#log)
    seen.version = version
    seen.seq = records.at(-1)?.seq ?? seen.seq
    seen.told = last
    for (const record of records) this.#listener.onRecord(epoch, record)
    for (const key of keys) {
      if (key.startsWith(`${this.#log}:`)) this.#listener.onFilled(keyOf(key))
    }
    for (const [id, applied] of acks) {
      if (applied > (seen.acked.get(id) ?? -1)) this.#listener.onAck(id, applied)
    }
    seen.acked.clear()
    for (const [id, applied] of acks) seen.acked.set(id, applied)
  }
}
