/**
 * Who has yet to apply a record, for callers that wait until nobody can serve what they have
 * invalidated; and the other side, saying so to those who wait elsewhere.
 *
 * A wait ends when every member has confirmed, or when a lease has passed, or `staleIfDown` where
 * that is longer: whoever has not heard by then serves nothing that is older. A log that began a
 * moment ago may not know all members yet, so the wait is then as long as if one were missing.
 * Nobody polls: a confirmation that is lost costs the rest of the wait.
 *
 * Bounded: a wait lasts a lease or `staleIfDown`; of more than 10 000 members nothing is
 * remembered between waits.
 */
import type { Clock, Timer } from '../core/contracts.js'
import type { AppendReply, Log } from '../core/log.js'

const MAX_REMEMBERED = 10_000

interface Wait {
  readonly seq: number
  readonly missing: Set<string>
  readonly end: () => void
}

export class Acks {
  readonly #log: Log
  readonly #clock: Clock
  readonly #ownId: string
  readonly #waitMs: number
  readonly #waits = new Set<Wait>()
  /** A confirmation may be here before the answer that names the members. */
  readonly #applied = new Map<string, number>()
  /** Members that wait for this one. */
  readonly #due = new Set<string>()

  constructor(log: Log, clock: Clock, ownId: string, waitMs: number) {
    this.#log = log
    this.#clock = clock
    this.#ownId = ownId
    this.#waitMs = waitMs
  }

  /** Resolves when no process can serve any more what this record made out of date. */
  wait({ seq, members, epochAgeMs }: AppendReply): Promise<void> {
    const isMissing = (id: string) => id !== this.#ownId && (this.#applied.get(id) ?? 0) < seq
    const missing = new Set(members.filter(isMissing))
    const isYoung = epochAgeMs < this.#waitMs
    if (missing.size === 0 && !isYoung) return Promise.resolve()
    return new Promise((resolve) => {
      let timer: Timer | undefined
      const end = () => {
        timer?.cancel()
        this.#waits.delete(wait)
        resolve()
      }
      const wait: Wait = { seq, missing, end }
      // No member can be known by this name: the wait then lasts as long as the timer.
      if (isYoung) missing.add('')
      this.#waits.add(wait)
      timer = this.#clock.setTimer(end, this.#waitMs, false)
    })
  }

  /** The member has applied all records up to `applied`. */
  heard(id: string, applied: number): void {
    if (this.#applied.size >= MAX_REMEMBERED) this.#applied.clear()
    this.#applied.set(id, Math.max(applied, this.#applied.get(id) ?? 0))
    for (const wait of this.#waits) {
      if (wait.seq <= applied && wait.missing.delete(id) && wait.missing.size === 0) wait.end()
    }
  }

  /** The record that came from there is applied: said once for all records of one answer. */
  confirm(origin: string, applied: () => number): void {
    this.#due.add(origin.slice(0, origin.lastIndexOf('.')))
    if (this.#due.size > 1) return
    this.#clock.defer(() => {
      const waiting = [...this.#due]
      this.#due.clear()
      // One that is lost costs its waiter the rest of a lease.
      for (const to of waiting) this.#log.ack(to, this.#ownId, applied()).catch(() => {})
    })
  }

  end(): void {
    for (const { end } of this.#waits) end()
  }
}
