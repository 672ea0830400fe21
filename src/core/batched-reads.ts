/**
 * The reads of a tick: those that want a value in one `getMany`, those that also want the right to
 * fill in one `leaseMany`, each in chunks of 512.
 *
 * Answers never reject: a failure is a value, since a failed read is a miss. Where the process has
 * no lease on its memory, its mirror of the log is worth nothing either: a heartbeat goes along,
 * and the answers count only once it was caught up with.
 */
import { asStoreError } from './as-store-error.js'
import type { Coherence } from './coherence.js'
import type { Clock, Expiry, LeaseAnswer, LeaseRequest } from './contracts.js'
import { CacheError } from './errors.js'
import type { GuardedStore } from './guarded-store.js'
import { PartialFailure } from './partial-failure.js'

/** Bytes, nothing, or why it could not be told. */
export type ReadAnswer = Uint8Array | undefined | CacheError
/** A read that wants its answer; `finish` is called once. */
export interface ReadRequest {
  readonly storeKey: string
  /**
   * `atMs`: a moment not long ago; `wallAheadMs`: what the wall clock is ahead of the monotonic
   * one; `isLeased`: the right to fill the key that was asked for was granted.
   */
  finish(answer: ReadAnswer, atMs: number, wallAheadMs: number, isLeased: boolean): void
}

/** A read that also asks for the right to fill its key. */
export type Lease = Omit<LeaseRequest, 'key'>

interface LeaseRead {
  readonly read: ReadRequest
  readonly lease: Lease
}

type Finisher = (read: ReadRequest, i: number, atMs: number, wallAheadMs: number) => void

export const MAX_BATCH_KEYS = 512

export class BatchedReads {
  /** Counts the batches: what was gathered under an older number is on its way. */
  tick = 0
  readonly #store: GuardedStore
  readonly #coherence: Coherence
  readonly #expiryAt: (nowWallMs: number) => Expiry
  readonly #clock: Clock
  #keys: string[] = []
  #reads: ReadRequest[] = []
  #leaseReads: LeaseRead[] = []

  constructor(
    store: GuardedStore,
    coherence: Coherence,
    expiryAt: (nowWallMs: number) => Expiry,
    clock: Clock,
  ) {
    this.#store = store
    this.#coherence = coherence
    this.#expiryAt = expiryAt
    this.#clock = clock
  }

  add(request: ReadRequest): void {
    this.#keys.push(request.storeKey)
    this.#reads.push(request)
  }

  addLease(read: ReadRequest, lease: Lease): void {
    this.#leaseReads.push({ read, lease })
  }

  flush(): void {
    if (this.#reads.length > 0) this.#flushReads()
    if (this.#leaseReads.length > 0) this.#flushLeaseReads()
  }

  #flushLeaseReads(): void {
    const reads = this.#leaseReads
    this.#leaseReads = []
    for (let from = 0; from < reads.length; from += MAX_BATCH_KEYS) {
      this.#sendLeaseReads(reads.slice(from, from + MAX_BATCH_KEYS))
    }
  }

  #sendLeaseReads(leaseReads: readonly LeaseRead[]): void {
    const reads = leaseReads.map(({ read }) => read)
    const requests = leaseReads.map(({ read, lease }) => ({ ...lease, key: read.storeKey }))
    const nowWallMs = this.#clock.monotonicMs() + this.#coherence.wallAheadMs
    // A right that is granted when nobody waits for it any more would keep others waiting.
    const isClockKnown = this.#coherence.isShared && this.#coherence.isJoined
    const notAfterWallMs = isClockKnown ? nowWallMs + this.#store.readDeadlineMs : undefined
    const sent = this.#store.leaseMany(requests, this.#expiryAt(nowWallMs), notAfterWallMs)
    const finisher = (answers: readonly LeaseAnswer[]): Finisher => {
      return (read, i, atMs, wallAheadMs) => {
        const answer = answers[i]!
        if (answer instanceof CacheError) finish(read, answer, atMs, wallAheadMs, false)
        else finish(read, answer.bytes, atMs, wallAheadMs, answer.isLeased)
      }
    }
    this.#finishWhenTrusted(reads, sent, finisher, (answers) => this.#giveBack(requests, answers))
  }

  /** Rights that came with answers that nobody may use. */
  #giveBack(requests: readonly LeaseRequest[], answers: readonly LeaseAnswer[]): void {
    const granted = requests.filter((_, i) => answers[i]?.isLeased === true)
    if (granted.length === 0) return
    const fills = granted.map(({ key, token }) => ({ key, token, write: undefined }))
    this.#store.fillMany(fills).catch(() => {})
  }

  #flushReads(): void {
    const keys = this.#keys
    const reads = this.#reads
    this.#keys = []
    this.#reads = []
    this.tick++
    if (keys.length <= MAX_BATCH_KEYS) {
      this.#sendReads(keys, reads)
      return
    }
    for (let from = 0; from < keys.length; from += MAX_BATCH_KEYS) {
      const to = from + MAX_BATCH_KEYS
      this.#sendReads(keys.slice(from, to), reads.slice(from, to))
    }
  }

  #sendReads(keys: readonly string[], reads: readonly ReadRequest[]): void {
    const sent = this.#store.getMany(keys)
    this.#finishWhenTrusted(reads, sent, (answers) => (read, i, atMs, wallAheadMs) => {
      finish(read, answers[i], atMs, wallAheadMs, false)
    })
  }

  /** Where nobody knows what the answers are worth, a heartbeat goes along. */
  #finishWhenTrusted<T>(
    reads: readonly ReadRequest[],
    sent: Promise<readonly T[]>,
    finisher: (answers: readonly T[]) => Finisher,
    onUnused: (answers: readonly T[]) => void = () => {},
  ): void {
    const renewed = this.#coherence.isStoreTrusted ? undefined : this.#coherence.renew()
    const fail = (error: unknown) => {
      const failure = asStoreError(error)
      for (const read of reads) finish(read, failure, 0, 0, false)
    }
    const finishAll = (answers: readonly T[]) => {
      // One look at the clocks for the whole batch: what is about to expire looks again.
      const atMs = this.#clock.monotonicMs()
      const { wallAheadMs } = this.#coherence
      const finishOne = finisher(answers)
      reads.forEach((read, i) => {
        finishOne(read, i, atMs, wallAheadMs)
      })
    }
    const take = (answers: readonly T[]) => {
      // A store may be the user's own.
      if (!Array.isArray(answers)) return fail(new Error('the store answered with no list'))
      if (renewed === undefined) return finishAll(answers)
      void renewed.then((isLeased) => {
        if (isLeased) finishAll(answers)
        else {
          onUnused(answers)
          fail(LAPSED)
        }
      })
    }
    sent.then(take, (error: unknown) => {
      // An error in the place of an answer is a read that failed.
      if (error instanceof PartialFailure) take(error.answers as readonly T[])
      else fail(error)
    })
  }
}

/** One listener that throws must not keep the rest of its batch from their answers. */
function finish(
  read: ReadRequest,
  answer: ReadAnswer,
  atMs: number,
  wallAheadMs: number,
  isLeased: boolean,
): void {
  try {
    read.finish(answer, atMs, wallAheadMs, isLeased)
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}

const LAPSED = new CacheError(
  'STORE_UNAVAILABLE',
  'the invalidation log was not heard for longer than the lease on memory',
)
