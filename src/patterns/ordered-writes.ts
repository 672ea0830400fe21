/**
 * Writes of one key, one after another: the next begins when the one before has ended. Writes of
 * different keys do not wait for each other.
 *
 * Bounded: of one key 1 000 wait at most; one more is refused before it has begun. A line leaves
 * the table with its last write.
 */
import { CacheError } from '../core/errors.js'

/** The one that runs among them. */
const MAX_LINE = 1_001

interface Line {
  length: number
  /** When the last one has ended; never rejects. */
  end: Promise<void>
}

export class OrderedWrites {
  readonly #lines = new Map<string, Line>()

  /** Keys that have a line. */
  get size(): number {
    return this.#lines.size
  }

  /** Ends as `write` does, or rejects with WRITE_QUEUE_FULL. */
  run<T>(key: string, write: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { length: 0, end: Promise.resolve() }
    if (line.length >= MAX_LINE) return Promise.reject(queueFull(key))
    this.#lines.set(key, line)
    line.length++
    const outcome = line.end.then(write)
    const leave = () => {
      line.length--
      if (line.length === 0) this.#lines.delete(key)
    }
    line.end = outcome.then(leave, leave)
    return outcome
  }
}

function queueFull(key: string): CacheError {
  const message = `${MAX_LINE - 1} writes of this key wait already: nothing was written`
  return new CacheError('WRITE_QUEUE_FULL', message, { op: 'set', key })
}
