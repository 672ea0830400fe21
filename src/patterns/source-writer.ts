/**
 * Writes to a source with what follows for the cache: in order by key, each with a timeout.
 *
 * The source comes first, and the cache is touched after it alone. That is enough against loads: a
 * `set` or `delete` fences every load that began before it, in any process, so a row that was read
 * before or during the write is not kept once the cache has been touched. A `delete` before the
 * write would add nothing to that: a load between the two could fill the old row again. It would
 * cost a round trip, and send every reader to the source while that is busy writing.
 *
 *   load    read old row ........................ fill: refused, or replaced by the set
 *   write        begin ... committed ... set/delete
 *
 * A writer that fails may have written: its key is deleted, and the next reader asks the source.
 */
import type { Cache } from '../core/api.js'
import { systemClock } from '../core/clock.js'
import type { Timer } from '../core/contracts.js'
import { CacheError } from '../core/errors.js'
import { OrderedWrites } from './ordered-writes.js'

/** What a writer is given beside its id and value. */
export interface WriteContext {
  readonly key: string
  /** Aborted at the timeout of the write. */
  readonly signal: AbortSignal
}

export interface SourceWrite<R> {
  readonly key: string
  run(context: WriteContext): R | PromiseLike<R>
  /** Brings the cache up to what was written. */
  settle(answer: R): Promise<unknown>
}

export class SourceWriter {
  readonly #cache: Pick<Cache, 'delete'>
  readonly #timeoutMs: number
  readonly #writes = new OrderedWrites()
  /** How many writers of a key run on past their timeout. */
  readonly #late = new Map<string, number>()

  constructor(cache: Pick<Cache, 'delete'>, timeoutMs: number) {
    this.#cache = cache
    this.#timeoutMs = timeoutMs
  }

  /**
   * Resolves to what the writer has answered, once the cache has been touched; rejects with what it
   * threw, WRITER_TIMEOUT or WRITE_QUEUE_FULL. What goes wrong with the cache rejects nothing: the
   * source has the value, and who took that for a failed write would write twice.
   */
  write<R>(write: SourceWrite<R>): Promise<R> {
    return this.#writes.run(write.key, () => this.#perform(write))
  }

  async #perform<R>(write: SourceWrite<R>): Promise<R> {
    const { key } = write
    // Beside one that is late nobody knows which of the two the source took last.
    const isAlone = !this.#late.has(key)
    let answer: R
    try {
      answer = await this.#runInTime(write)
    } catch (error) {
      await this.#forget(key)
      throw error
    }
    // A value that no tier can keep must not leave the older one in its place.
    if (isAlone) await write.settle(answer).catch(() => this.#forget(key))
    else await this.#forget(key)
    return answer
  }

  #runInTime<R>({ key, run }: SourceWrite<R>): Promise<R> {
    const controller = new AbortController()
    return new Promise((resolve, reject) => {
      let isLate = false
      const onTimeout = () => {
        isLate = true
        this.#late.set(key, (this.#late.get(key) ?? 0) + 1)
        const error = timedOut(key, this.#timeoutMs)
        controller.abort(error)
        reject(error)
      }
      const timer = this.#arm(onTimeout)
      const end = () => {
        timer?.cancel()
        if (isLate) this.#endLate(key)
      }
      const answer = new Promise<R>((begin) => begin(run({ key, signal: controller.signal })))
      answer.finally(end).then(resolve, reject)
    })
  }

  /** Its key was deleted at the timeout, but what it replaces may have been loaded since. */
  #endLate(key: string): void {
    const left = this.#late.get(key)! - 1
    if (left === 0) this.#late.delete(key)
    else this.#late.set(key, left)
    void this.#forget(key)
  }

  #arm(onTimeout: () => void): Timer | undefined {
    if (this.#timeoutMs === Number.POSITIVE_INFINITY) return undefined
    return systemClock.setTimer(onTimeout, this.#timeoutMs, false)
  }

  /** A key that the cache refuses lies in no tier. */
  async #forget(key: string): Promise<void> {
    await this.#cache.delete(key).catch(() => {})
  }
}

function timedOut(key: string, timeoutMs: number): CacheError {
  const message = `the writer took longer than ${timeoutMs} ms: whether it has written is unknown`
  return new CacheError('WRITER_TIMEOUT', message, { op: 'set', key })
}
