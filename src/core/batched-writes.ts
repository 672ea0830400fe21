/**
 * The writes of a tick: sets in one `setMany`, deletes in one `deleteMany`, fills of loads in one
 * `fillMany`, in this order, and what others must hear of the first two in one record of the log.
 *
 * Of several writes of one key in one tick only the last is sent, and all of them get its outcome.
 * Bounded: chunks of 512 keys, and at most `MAX_PENDING_WRITES` on their way; one more is refused
 * at once (STORE_UNAVAILABLE), but for a delete.
 */
import { asStoreError } from './as-store-error.js'
import { MAX_BATCH_KEYS } from './batched-reads.js'
import type { Coherence, Confirmation } from './coherence.js'
import type { Clock, StoreFill, StoreWrite } from './contracts.js'
import { CacheError } from './errors.js'
import type { GuardedStore } from './guarded-store.js'
import type { Invalidation, KeyInvalidation } from './log.js'
import { PartialFailure } from './partial-failure.js'
import type { Unconfirmed } from './unconfirmed.js'

/** What others will hear of it once the store has taken it, or why it did not. */
export type WriteAnswer = Confirmation | CacheError

/** What calls to the store need. */
export interface StoreParts {
  readonly store: GuardedStore
  readonly coherence: Coherence
  readonly clock: Clock
  readonly unconfirmed: Unconfirmed
}

export interface DeleteOptions {
  /** Others are asked to confirm that they have heard. */
  readonly wantsAcks: boolean
  /** For how long nobody may fill the key. */
  readonly holdOffMs: number
}

interface PendingFill {
  readonly fill: StoreFill
  /** The right to fill was lost: something newer is there, or was invalidated. */
  readonly onRefused: () => void
}

/** Told what became of a write, once. */
type WriteListener = (answer: WriteAnswer) => void

interface PendingWrite {
  readonly key: string
  /** `undefined` deletes. */
  write: StoreWrite | undefined
  /** Nobody need hear of a fill: it changes nothing that others may hold. */
  tells: KeyInvalidation | undefined
  /** Others are asked to confirm that they have heard. */
  wantsAcks: boolean
  /** For how long after a delete nobody may fill the key. */
  holdOffMs: number
  /** Nobody waits for a fill. */
  listeners: WriteListener[] | undefined
}

export const MAX_PENDING_WRITES = 10_000

export class BatchedWrites {
  readonly #store: GuardedStore
  readonly #coherence: Coherence
  readonly #clock: Clock
  readonly #unconfirmed: Unconfirmed
  readonly #onRefused: (error: CacheError) => void
  #writes = new Map<string, PendingWrite>()
  #fills = new Map<string, PendingFill>()
  #underWay = 0
  #idleWaiters: (() => void)[] = []

  /** `onRefused` is told of each write that is not sent because too many are on their way. */
  constructor(parts: StoreParts, onRefused: (error: CacheError) => void) {
    this.#store = parts.store
    this.#coherence = parts.coherence
    this.#clock = parts.clock
    this.#unconfirmed = parts.unconfirmed
    this.#onRefused = onRefused
  }

  /** Fills with the right of `fill.token`, or gives it back. Nobody waits for it. */
  fill(fill: StoreFill, onRefused: () => void): void {
    if (this.#writes.has(fill.key)) onRefused()
    else if (this.#pending >= MAX_PENDING_WRITES) this.#onRefused(TOO_MANY_WRITES)
    else this.#fills.set(fill.key, { fill, onRefused })
  }

  set(write: StoreWrite, tells: KeyInvalidation | undefined, listener?: WriteListener): void {
    const known = this.#writes.get(write.key)
    if (known === undefined && this.#pending >= MAX_PENDING_WRITES) {
      this.#unconfirmed.addKey(write.key, tells)
      this.#onRefused(TOO_MANY_WRITES)
      listener?.(TOO_MANY_WRITES)
    } else this.#enqueue(write.key, write, tells, listener)
  }

  /** Never refused for want of room: dropping one could leave a stale value behind. */
  delete(
    key: string,
    tells: KeyInvalidation | undefined,
    { wantsAcks, holdOffMs }: DeleteOptions,
  ): Promise<WriteAnswer> {
    return new Promise((resolve) => {
      const pending = this.#enqueue(key, undefined, tells, resolve)
      pending.wantsAcks ||= wantsAcks
      pending.holdOffMs = Math.max(pending.holdOffMs, holdOffMs)
    })
  }

  /** Resolves when no write is on its way. */
  async idle(): Promise<void> {
    if (this.#pending === 0) return
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  flush(): void {
    if (this.#writes.size > 0) this.#flushWrites()
    // After the writes: those end the rights of whoever loaded before.
    if (this.#fills.size > 0) this.#flushFills()
  }

  get #pending(): number {
    return this.#underWay + this.#writes.size + this.#fills.size
  }

  #enqueue(
    key: string,
    write: StoreWrite | undefined,
    tells: KeyInvalidation | undefined,
    listener: WriteListener | undefined,
  ): PendingWrite {
    this.#unconfirmed.forget(key)
    const known = this.#writes.get(key)
    if (known === undefined) {
      const listeners = listener && [listener]
      const pending = { key, write, tells, wantsAcks: false, holdOffMs: 0, listeners }
      this.#writes.set(key, pending)
      return pending
    }
    known.write = write
    known.tells ??= tells
    if (listener === undefined) return known
    if (known.listeners === undefined) known.listeners = [listener]
    else known.listeners.push(listener)
    return known
  }

  #flushFills(): void {
    const fills = [...this.#fills.values()]
    this.#fills = new Map()
    for (let from = 0; from < fills.length; from += MAX_BATCH_KEYS) {
      const chunk = fills.slice(from, from + MAX_BATCH_KEYS)
      this.#underWay += chunk.length
      const settle = (kept: readonly unknown[]) => {
        chunk.forEach(({ onRefused }, i) => {
          if (kept[i] !== true && !(kept[i] instanceof CacheError)) onRefused()
        })
        this.#settled(chunk.length)
      }
      // What failed is reported where calls of the store are; the callers have their values.
      const fail = (error: unknown) => {
        if (error instanceof PartialFailure) settle(error.answers)
        else this.#settled(chunk.length)
      }
      this.#store.fillMany(chunk.map(({ fill }) => fill)).then(settle, fail)
    }
  }

  #flushWrites(): void {
    const sets: PendingWrite[] = []
    const deletes: PendingWrite[] = []
    for (const pending of this.#writes.values()) {
      if (pending.write === undefined) deletes.push(pending)
      else sets.push(pending)
    }
    this.#writes = new Map()
    const notAfterWallMs = this.#notAfterWallMs()
    this.#send(sets, (chunk) => {
      const writes = chunk.map(({ write }) => write!)
      return this.#store.setMany(writes, notAfterWallMs)
    })
    for (const [holdOffMs, alike] of byHoldOff(deletes)) {
      this.#send(alike, (chunk) => {
        const keys = chunk.map(({ key }) => key)
        return this.#store.deleteMany(keys, holdOffMs)
      })
    }
  }

  /** A write that has failed must not take place later, over what others have written since. */
  #notAfterWallMs(): number | undefined {
    if (!this.#coherence.isShared) return undefined
    const nowWallMs = this.#clock.monotonicMs() + this.#coherence.wallAheadMs
    return nowWallMs + this.#store.writeDeadlineMs
  }

  #send(
    pending: readonly PendingWrite[],
    send: (chunk: readonly PendingWrite[]) => Promise<unknown>,
  ): void {
    for (let from = 0; from < pending.length; from += MAX_BATCH_KEYS) {
      const chunk = pending.slice(from, from + MAX_BATCH_KEYS)
      this.#underWay += chunk.length
      const sent = send(chunk).then(() => NONE_FAILED, failedIn)
      const told = this.#tell(chunk)
      Promise.all([told, sent]).then(
        ([confirmation, failed]) => this.#settle(chunk, confirmation, failed),
        (error: unknown) => this.#settle(chunk, asStoreError(error), NONE_FAILED),
      )
    }
  }

  /**
   * Sent right after the writes, in the same tick: the store executes it after them. The other way
   * round another process could hear of it, read the old value and keep it.
   */
  #tell(chunk: readonly PendingWrite[]): Promise<Confirmation> | Confirmation {
    const invalidations: Invalidation[] = []
    let areAcksWanted = false
    for (const { tells, wantsAcks } of chunk) {
      if (tells === undefined) continue
      pushTells(invalidations, tells)
      areAcksWanted ||= wantsAcks
    }
    if (invalidations.length > 0) return this.#coherence.append(invalidations, areAcksWanted)
    return { token: this.#coherence.token, applied: undefined }
  }

  /** `failed`: the error of each, in the places of those that failed by themselves. */
  #settle(chunk: readonly PendingWrite[], common: WriteAnswer, failed: readonly unknown[]): void {
    chunk.forEach(({ key, tells, listeners }, i) => {
      const own = failed[i]
      const answer = own instanceof CacheError ? own : common
      if (answer instanceof CacheError) this.#unconfirmed.addKey(key, tells)
      else if (tells !== undefined) this.#unconfirmed.confirmedKey(key, tells)
      if (listeners !== undefined) for (const listener of listeners) listener(answer)
    })
    this.#settled(chunk.length)
  }

  #settled(count: number): void {
    this.#underWay -= count
    if (this.#pending > 0) return
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const resolve of waiters) resolve()
  }
}

const NONE_FAILED: readonly unknown[] = []

/** Rejects unless only some have failed. */
function failedIn(error: unknown): readonly unknown[] {
  if (error instanceof PartialFailure) return error.answers
  throw error
}

/** A key, and where others depend on it their tag. */
export function pushTells(to: Invalidation[], tells: KeyInvalidation): void {
  to.push(tells)
  if (tells.dependents !== undefined) to.push({ kind: 'tag', tag: tells.dependents })
}

/** Few caches have more than one. */
function byHoldOff(deletes: readonly PendingWrite[]): Map<number, PendingWrite[]> {
  const groups = new Map<number, PendingWrite[]>()
  for (const each of deletes) {
    const group = groups.get(each.holdOffMs)
    if (group === undefined) groups.set(each.holdOffMs, [each])
    else group.push(each)
  }
  return groups
}

const TOO_MANY_WRITES = new CacheError(
  'STORE_UNAVAILABLE',
  `more than ${MAX_PENDING_WRITES} writes are on their way to the store`,
)
