/**
 * A source that keeps the newest version of each key, takes its time by a timer, and can be away.
 * What is measured is the queue; what a database does with the writes is the database's.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { BehindWrite } from '../../src/patterns/index.js'
import type { Person } from '../harness/rows.js'

export class SlowSource {
  readonly rows = new Map<string, { version: number; value: Person | undefined }>()
  /** How old each write was when it was taken, by the clock of this process. */
  lagsMs: number[] = []
  isAway = false
  /** Of a write; a batch takes the sum. */
  writeMs = 0
  /** Of a batch, beside its writes. */
  batchMs = 0
  /** One batch at a time, as a database at its limit; else as one with a connection for each. */
  isOneAtATime = true
  #free: Promise<unknown> = Promise.resolve()

  /** A row with this id is never taken. */
  static readonly POISON = -1

  readonly write = async (batch: readonly BehindWrite<Person>[]): Promise<void> => {
    const takesMs = this.batchMs + this.writeMs * batch.length
    if (takesMs > 0) await this.#occupy(takesMs)
    if (this.isAway) throw new Error('the source is away')
    if (batch.some(({ value }) => value?.id === SlowSource.POISON)) throw new Error('a bad row')
    for (const { key, value, version } of batch) {
      this.lagsMs.push(Date.now() - version / 1_000)
      if ((this.rows.get(key)?.version ?? 0) < version) this.rows.set(key, { value, version })
    }
  }

  async #occupy(ms: number): Promise<void> {
    if (!this.isOneAtATime) return pause(ms)
    const free = this.#free.then(() => pause(ms))
    this.#free = free
    await free
  }
}
