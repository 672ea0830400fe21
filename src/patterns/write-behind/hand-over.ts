/**
 * Hands a claimed batch to the writer and settles what became of it, and so knows how the source
 * does.
 *
 * The partition is kept up while the writer works. Who loses it aborts the writer's signal and
 * settles nothing: the writes are there for the next.
 *
 * A write is buried where it has failed often enough, each time by itself, and the source has taken
 * others since about its last try, from whatever worker: while a source is away nothing is.
 */
import type { Clock } from '../../core/contracts.js'
import { CacheError } from '../../core/errors.js'
import type { Outcome, Settled, WaitingWrite, WriteQueue } from '../../core/write-queue.js'
import { KeptRight, trustedUntilMs } from '../kept-right.js'
import { type BackOffBounds, backOffMs, mostBackOffMs } from './back-off.js'
import { type BatchResult, writeBatch } from './write-batch.js'

export interface HandOverOptions extends BackOffBounds {
  readonly clock: Clock
  readonly random: () => number
  readonly queue: WriteQueue
  readonly holderId: string
  readonly leaseMs: number
  readonly maxAttempts: number
  readonly maxDead: number
  /**
   * Rejects where it is not known which writes have failed; else answers those that have, by their
   * place, each with its error.
   */
  readonly write: (
    writes: readonly WaitingWrite[],
    epoch: number,
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<number, unknown>>
  /** Runs `settle`, after which those keys have no write any more that a load would find. */
  readonly bury: <T>(keys: readonly string[], settle: () => Promise<T>) => Promise<T>
  readonly listener: HandOverListener
}

export interface HandOverListener {
  /** The source has confirmed them. */
  onWritten(writes: readonly WaitingWrite[]): void
  /** It has not; they are tried again, or were buried. */
  onFailed(failures: readonly FailedTry[]): void
}

export interface FailedTry {
  readonly write: WaitingWrite
  readonly error: unknown
  readonly isBuried: boolean
}

/** How long a source that takes nothing is left alone at most. */
const MAX_REST_MS = 5_000

export class HandOver {
  readonly #options: HandOverOptions
  /** Batches of which the source took nothing, since it last took something. */
  #failuresInRow = 0
  #tookAtMs = Number.NEGATIVE_INFINITY

  constructor(options: HandOverOptions) {
    this.#options = options
  }

  /** Whether the source took nothing when it was last asked. */
  get isSourceAway(): boolean {
    return this.#failuresInRow > 0
  }

  /** For how long the source is to be left alone now. */
  get restMs(): number {
    if (!this.isSourceAway) return 0
    const { random, retryMs, maxRetryMs } = this.#options
    const bounds = { retryMs, maxRetryMs: Math.min(maxRetryMs, MAX_REST_MS) }
    return backOffMs(this.#failuresInRow, bounds, random)
  }

  /** `askedMs`: when the partition was asked for. */
  async run(
    partition: number,
    epoch: number,
    writes: readonly WaitingWrite[],
    askedMs: number,
  ): Promise<void> {
    const { clock, holderId: id, leaseMs, queue, write } = this.#options
    const lost = new AbortController()
    const { signal } = lost
    const kept = new KeptRight({
      clock,
      leaseMs,
      untilMs: trustedUntilMs(askedMs, leaseMs),
      renew: () => queue.renew(partition, { id, leaseMs }, epoch),
      onLost: () => lost.abort(takenOver()),
    })
    try {
      const results: BatchResult<WaitingWrite>[] = []
      // What failed before is tried apart, so that it does not take its neighbours with it again.
      for (const part of [writes.filter(isFresh), writes.filter((each) => !isFresh(each))]) {
        if (part.length === 0 || signal.aborted) continue
        const writeAll = (some: readonly WaitingWrite[]) => {
          return signal.aborted ? Promise.reject(signal.reason) : write(some, epoch, signal)
        }
        results.push(...(await writeBatch(part, writeAll)))
      }
      if (!signal.aborted) await this.#settle(partition, epoch, results)
    } finally {
      kept.end()
    }
  }

  async #settle(
    partition: number,
    epoch: number,
    results: readonly BatchResult<WaitingWrite>[],
  ): Promise<void> {
    const { bury, clock, listener, queue } = this.#options
    const done = results.filter(({ kind }) => kind === 'done')
    if (done.length > 0) {
      this.#failuresInRow = 0
      this.#tookAtMs = clock.monotonicMs()
      // One that fails again says nothing about the source.
    } else if (results.some(({ write }) => isFresh(write))) this.#failuresInRow++
    // Those that were not tried by themselves stay due as they are.
    const tookAgoMs = await this.#tookAgoMs(results)
    const settled = results.flatMap((result) => this.#settledOf(result, tookAgoMs))
    const dead = settled.filter(({ outcome }) => outcome.kind === 'dead').map(({ key }) => key)
    const settle = () => queue.settle(partition, epoch, settled)
    const answers = dead.length === 0 ? await settle() : await bury(dead, settle)
    if (answers === undefined) return
    listener.onWritten(done.map(({ write }) => write))
    const failures = results.flatMap((result) => {
      if (result.kind !== 'failed') return []
      const { write, error } = result
      const at = settled.findIndex(({ key }) => key === write.key)
      const isBuried = settled[at]!.outcome.kind === 'dead' && answers[at] === 'settled'
      return [{ write, error, isBuried }]
    })
    if (failures.length > 0) listener.onFailed(failures)
  }

  /** What others have brought to the source counts where it decides over a write. */
  async #tookAgoMs(results: readonly BatchResult<WaitingWrite>[]): Promise<number> {
    const { clock, maxAttempts, queue } = this.#options
    const oursMs = clock.monotonicMs() - this.#tookAtMs
    const isLast = ({ kind, write }: BatchResult<WaitingWrite>) =>
      kind === 'failed' && write.attempts + 1 >= maxAttempts
    if (!results.some(isLast)) return oursMs
    return Math.min(oursMs, (await queue.state()).doneAgoMs)
  }

  #settledOf(result: BatchResult<WaitingWrite>, tookAgoMs: number): Settled[] {
    const { write, kind } = result
    if (kind === 'untried') return []
    const { key, version } = write
    if (kind === 'done') return [{ key, version, outcome: { kind } }]
    return [{ key, version, outcome: this.#outcomeOf(write, result.error, tookAgoMs) }]
  }

  #outcomeOf({ attempts }: WaitingWrite, error: unknown, tookAgoMs: number): Outcome {
    const { leaseMs, maxAttempts, maxDead } = this.#options
    const tries = attempts + 1
    const triedAgoMs = mostBackOffMs(tries, this.#options) + leaseMs
    if (tries >= maxAttempts && tookAgoMs <= triedAgoMs)
      return { kind: 'dead', error: textOf(error), maxDead }
    return { kind: 'retry', afterMs: backOffMs(tries, this.#options, this.#options.random) }
  }
}

function isFresh({ attempts }: WaitingWrite): boolean {
  return attempts === 0
}

const MAX_ERROR_CHARS = 1_000

function textOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.slice(0, MAX_ERROR_CHARS).toWellFormed()
}

function takenOver(): CacheError {
  return new CacheError('LOCK_LOST', 'another worker has this part of the queue now')
}
