/**
 * The records that this process is appending, by the names under which they will be pushed back to
 * it: what it wrote itself it need not read.
 *
 * Bounded by the appends under way.
 */
import type { Invalidation, LogRecord } from '../core/log.js'

export class OwnRecords {
  readonly #id: string
  readonly #underWay = new Map<string, readonly Invalidation[]>()
  #count = 0

  constructor(id: string) {
    this.#id = id
  }

  /** Returns the origin that the record will have. */
  begin(invalidations: readonly Invalidation[]): string {
    const origin = `${this.#id}.${++this.#count}`
    this.#underWay.set(origin, invalidations)
    return origin
  }

  end(origin: string): void {
    this.#underWay.delete(origin)
  }

  /** The record with what was written here, if it was. */
  recall(record: LogRecord): LogRecord {
    const invalidations = this.#underWay.get(record.origin)
    if (invalidations === undefined) return record
    const { seq, origin } = record
    return { seq, origin, invalidations, wantsAcks: false }
  }

  has({ origin }: LogRecord): boolean {
    return origin.startsWith(`${this.#id}.`)
  }
}
