/**
 * Hands what was claimed to the writer, batch by batch, and settles what became of it; and so knows
 * how the source does.
 *
 * The partitions are kept up while the writer works. Who loses one aborts the writer's signal and
 * settles nothing: the writes are there for the next, who knows them by their versions.
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
  /** Writes that are handed over at once. */
  readonly batch: number
  readonly maxAttempts: number
  readonly maxDead: number
  /**
   * Rejects where it is not known which writes have failed; else answers those that have, by their
   * place, each with its error.
   */
  readonly write: (
    writes: readonly ClaimedWrite[],
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<number, unknown>>
  /** Runs `settle`, after which those keys have no write any more that a load would find. */
  readonly bury: <T>(keys: readonly string[], settle: () => Promise<T>) => Promise<T>
  readonly listener: HandOverListener
}

/** A partition in this worker's hand, and what is due in it. */
export interface ClaimedPart {
  readonly partition: number
  readonly epoch: number
  readonly writes: readonly WaitingWrite[]
}

export interface ClaimedWrite extends WaitingWrite {
  readonly partition: number
  readonly epoch: number
}

type Result = BatchResult<ClaimedWrite>

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

  /** `askedMs`: when the partitions were asked for. */
  async run(parts: readonly ClaimedPart[], askedMs: number): Promise<void> {
    const lost = new AbortController()
    const kept = parts.map((part) => this.#keep(part, askedMs, lost))
    const writes = parts.flatMap(({ partition, epoch, writes: all }) =>
      all.map((write): ClaimedWrite => ({ ...write, partition, epoch })),
    )
    try {
      const results = await this.#write(writes, lost.signal)
      if (!lost.signal.aborted) await this.#settle(parts, results)
    } finally {
      for (const right of kept) right.end()
    }
  }

  #keep({ partition, epoch }: ClaimedPart, askedMs: number, lost: AbortController): KeptRight {
    const { clock, holderId: id, leaseMs, queue } = this.#options
    return new KeptRight({
      clock,
      leaseMs,
      untilMs: trustedUntilMs(askedMs, leaseMs),
      renew: () => queue.renew(partition, { id, leaseMs }, epoch),
      onLost: () => lost.abort(takenOver()),
    })
  }

  /** What failed before is tried apart, so that it does not take its neighbours with it again. */
  async #write(writes: readonly ClaimedWrite[], signal: AbortSignal): Promise<readonly Result[]> {
    const { batch, write } = this.#options
    const writeAll = (some: readonly ClaimedWrite[]) => {
      return signal.aborted ? Promise.reject(signal.reason) : write(some, signal)
    }
    const results: Result[] = []
    for (const part of [writes.filter(isFresh), writes.filter((each) => !isFresh(each))]) {
      for (let from = 0; from < part.length && !signal.aborted; from += batch) {
        results.push(...(await writeBatch(part.slice(from, from + batch), writeAll)))
      }
    }
    return results
  }

  async #settle(parts: readonly ClaimedPart[], results: readonly Result[]): Promise<void> {
    const { bury, clock, listener } = this.#options
    const done = results.filter(({ kind }) => kind === 'done').map(({ write }) => write)
    if (done.length > 0) {
      this.#failuresInRow = 0
      this.#tookAtMs = clock.monotonicMs()
      // One that fails again says nothing about the source.
    } else if (results.some(({ write }) => isFresh(write))) this.#failuresInRow++
    const tookAgoMs = await this.#tookAgoMs(results)
    // Those that were not tried by themselves stay due as they are.
    const settled = results.flatMap((result) => this.#settledOf(result, tookAgoMs))
    const dead = settled.filter(({ outcome }) => outcome.kind === 'dead').map(({ key }) => key)
    const settle = () => this.#settleParts(parts, results, settled)
    const buried = dead.length === 0 ? await settle() : await bury(dead, settle)
    listener.onWritten(done)
    const failures = results.flatMap((result) => {
      if (result.kind !== 'failed') return []
      const { write, error } = result
      return [{ write, error, isBuried: buried.has(write.key) }]
    })
    if (failures.length > 0) listener.onFailed(failures)
  }

  /** The keys that are buried now: there may be no room, or a newer write. */
  async #settleParts(
    parts: readonly ClaimedPart[],
    results: readonly Result[],
    settled: readonly Settled[],
  ): Promise<ReadonlySet<string>> {
    const partitionOf = new Map(results.map(({ write }) => [write.key, write.partition]))
    const buried = new Set<string>()
    const settleOne = async ({ partition, epoch }: ClaimedPart) => {
      const own = settled.filter(({ key }) => partitionOf.get(key) === partition)
      const answers = await this.#options.queue.settle(partition, epoch, own)
      own.forEach(({ key, outcome }, at) => {
        if (outcome.kind === 'dead' && answers?.[at] === 'settled') buried.add(key)
      })
    }
    await Promise.all(parts.map(settleOne))
    return buried
  }

  /** What others have brought to the source counts where it decides over a write. */
  async #tookAgoMs(results: readonly Result[]): Promise<number> {
    const { clock, maxAttempts, queue } = this.#options
    const oursMs = clock.monotonicMs() - this.#tookAtMs
    const isLast = ({ kind, write }: Result) =>
      kind === 'failed' && write.attempts + 1 >= maxAttempts
    if (!results.some(isLast)) return oursMs
    return Math.min(oursMs, (await queue.state()).doneAgoMs)
  }

  #settledOf(result: Result, tookAgoMs: number): Settled[] {
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
