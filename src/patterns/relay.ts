/**
 * The relay of an outbox: takes rows that are due, carries them out on the cache, deletes those
 * that the cache has confirmed. Any number of processes may run one.
 *
 * At least once: a row outlives whoever took it and crashed, lost the database or got no answer.
 * One loop at a time; at most `batch` rows in hand. While the store is known to be away nothing is
 * taken: the rows would collect back-off, and each failed tag would make the cache forget its
 * memory once more.
 */
import { systemClock } from '../core/clock.js'
import type { Timer } from '../core/contracts.js'
import { CacheError } from '../core/errors.js'
import { identityOf, type Note } from './note.js'
import type { ResolvedOutboxOptions } from './outbox-options.js'
import { noteOf, type OutboxRow, type OutboxTable } from './outbox-table.js'
import { performNotes } from './perform-notes.js'

/** What is known of rows that were tried. */
interface Settled {
  readonly done: readonly OutboxRow[]
  readonly failed: readonly OutboxRow[]
  /** What went wrong, each reason once. */
  readonly reasons: ReadonlySet<unknown>
}

export class Relay {
  readonly #options: ResolvedOutboxOptions
  readonly #table: OutboxTable
  #timer: Timer | undefined
  #loop: Promise<number> | undefined
  /** Somebody has asked since the loop last looked for rows. */
  #isAskedAgain = false
  #isStopping = false

  constructor(options: ResolvedOutboxOptions, table: OutboxTable) {
    this.#options = options
    this.#table = table
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#poll()
    const { listener } = this.#options
    if (listener === undefined) return
    listener.on('notification', this.#onNotification)
    this.#inBackground(() => listener.query(`LISTEN "${this.#table.channel}"`, []))
  }

  /** Rows in hand are finished. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const { listener } = this.#options
    if (this.#timer !== undefined && listener !== undefined) {
      listener.off('notification', this.#onNotification)
      this.#inBackground(() => listener.query(`UNLISTEN "${this.#table.channel}"`, []))
    }
    this.#timer?.cancel()
    this.#timer = undefined
    // Whoever began the loop is told of its failure.
    await this.#loop?.catch(() => {})
    this.#isStopping = false
  }

  /**
   * Carries out what is due now, also what a loop under way has looked past. Resolves to how many
   * rows that loop has done; rejects with what the database says.
   */
  publish(): Promise<number> {
    this.#isAskedAgain = true
    this.#loop ??= this.#drain()
    return this.#loop
  }

  readonly #onNotification = ({ channel }: { channel: string }): void => {
    if (channel === this.#table.channel) this.#inBackground(() => this.publish())
  }

  #poll(): void {
    this.#timer = systemClock.setTimer(() => this.#poll(), this.#options.pollMs, true)
    // A loop under way will look again by itself as long as it finds rows.
    if (this.#loop === undefined) this.#inBackground(() => this.publish())
  }

  async #drain(): Promise<number> {
    let count = 0
    // `publish` must know of the loop before it can end.
    await Promise.resolve()
    try {
      while (this.#isAskedAgain && !this.#isStopping && !this.#isStoreAway) {
        this.#isAskedAgain = false
        const rows = await this.#table.take()
        const { done, failed, reasons } = await this.#perform(rows)
        await this.#table.delete(done)
        await this.#table.putBack(failed)
        count += done.length
        for (const reason of reasons) this.#report(reason)
        // The store is away, or is going: the next poll tries again.
        if (failed.length > 0) break
        if (rows.length === this.#options.batch) this.#isAskedAgain = true
      }
      return count
    } finally {
      // In the turn in which the loop looked last: who asks later must not join it.
      this.#loop = undefined
    }
  }

  get #isStoreAway(): boolean {
    return this.#options.cache.stats().store?.breaker === 'open'
  }

  async #perform(rows: readonly OutboxRow[]): Promise<Settled> {
    const notes = new Map<OutboxRow, Note>()
    const failed: OutboxRow[] = []
    const reasons = new Set<unknown>()
    for (const row of rows) {
      try {
        notes.set(row, noteOf(row))
      } catch (cause) {
        const message = `invalidationOutbox: row ${row.id} holds a name that cannot be read`
        reasons.add(new CacheError('OPTION_INVALID', message, { cause }))
        failed.push(row)
      }
    }
    const failures = await performNotes(this.#options.cache, notes.values())
    const done: OutboxRow[] = []
    for (const [row, note] of notes) {
      const reason = failures.get(identityOf(note))
      if (reason === undefined) done.push(row)
      else {
        failed.push(row)
        reasons.add(reason)
      }
    }
    return { done, failed, reasons }
  }

  /** Whoever throws while being told has nobody left to tell, and must not end the process. */
  #report(error: unknown): void {
    try {
      const answer = this.#options.onError?.(error)
      if (answer instanceof Promise) answer.catch(() => {})
    } catch {}
  }

  #inBackground(run: () => PromiseLike<unknown>): void {
    const told = async () => {
      try {
        await run()
      } catch (error) {
        this.#report(error)
      }
    }
    void told()
  }
}
