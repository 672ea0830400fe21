/**
 * A process following the log: joining, applying records in their order, closing gaps, and the
 * lease on the process's memory.
 *
 *   absent    not joined yet, or thrown out: nothing is trusted
 *   joined    records are applied one by one, and the lease is extended
 *
 * Whatever does not fit (another epoch, a record missing and trimmed, a head behind what was
 * applied) throws the process out: it drops its memory and joins anew. A record that was skipped by
 * the pushes suspends the lease until the log was read.
 *
 * One heartbeat is under way at a time, and at most one more waits: whoever asks while one is under
 * way needs one that began after it asked. Cost: two round trips a second, and what pushes bring.
 */
import type { Confirmation } from '../core/coherence.js'
import type { Clock, Timer } from '../core/contracts.js'
import type {
  Invalidation,
  Log,
  LogListener,
  LogMember,
  LogRecord,
  LogReply,
  LogSnapshot,
} from '../core/log.js'
import type { StoreClock } from '../core/store-clock.js'
import { tokenOf } from '../core/token.js'
import { Acks } from './acks.js'
import type { MemoryLease } from './memory-lease.js'
import { isContinuous, type Mirror } from './mirror.js'
import { OneAtATime } from './one-at-a-time.js'
import { OwnRecords } from './own-records.js'

/** Why a process was thrown out. */
export type LossReason = 'epoch' | 'trimmed' | 'regressed'

export interface Appended extends Confirmation {
  /** Whether this process has applied it. */
  readonly isApplied: boolean
}

export interface FollowerOptions {
  readonly log: Log
  readonly mirror: Mirror
  readonly storeClock: StoreClock
  readonly lease: MemoryLease
  readonly clock: Clock
  /** Unlike any other process's. */
  readonly id: string
  /** Default: a quarter of the lease. */
  readonly heartbeatMs?: number | undefined
  readonly onFilled: (storeKey: string) => void
  /** A record was applied. */
  readonly onApplied: (record: LogRecord) => void
  /** Records are applied from now on; what was kept before this call may be out of date. */
  readonly onJoined: () => void
  /** Records may have been missed. */
  readonly onLost: (reason: LossReason) => void
}

const BEATS_PER_LEASE = 4
/** Reads of the log in a row, each of many records, before a heartbeat counts as failed. */
const MAX_READS = 1_000

type State =
  | { readonly at: 'absent' }
  | { readonly at: 'joined'; readonly epoch: string }
  | { readonly at: 'closed' }

export class Follower implements LogListener {
  memberCount = 0
  /** How often a push was missed and the log read instead. */
  gapsRepaired = 0
  resets = 0
  readonly #options: FollowerOptions
  readonly #mirror: Mirror
  readonly #lease: MemoryLease
  readonly #heartbeatMs: number
  readonly #acks: Acks
  #state: State = { at: 'absent' }
  readonly #beats = new OneAtATime(() => this.#beat().catch(() => false))
  #timer: Timer | undefined
  /** The newest record of this epoch that a push has told of. */
  #announced = 0
  readonly #own: OwnRecords
  #doubts = 0
  #doubtsCleared = 0

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#mirror = options.mirror
    this.#lease = options.lease
    const { leaseMs, staleIfDownMs } = this.#lease
    this.#heartbeatMs = options.heartbeatMs ?? leaseMs / BEATS_PER_LEASE
    // Who may be stale for ever when cut off is waited for as if it were not.
    const waitMs = Number.isFinite(staleIfDownMs) ? Math.max(leaseMs, staleIfDownMs) : leaseMs
    this.#acks = new Acks(options.log, options.clock, options.id, waitMs)
    this.#own = new OwnRecords(options.id)
  }

  get isStoreTrusted(): boolean {
    return this.#areDoubtsCleared && this.#lease.isHeld
  }

  /** Only a heartbeat that begins after this says whose answers the store's are. */
  doubtStore(): void {
    this.#doubts++
  }

  /** Whose numbers it applies; none before it has joined. */
  get epoch(): string | undefined {
    return this.#state.at === 'joined' ? this.#state.epoch : undefined
  }

  /** Called once; the first heartbeat goes out at once. */
  start(): void {
    this.#options.log.listen(this.#options.id, this)
    void this.#beatAgain()
  }

  /** Leaves. Never rejects. */
  async close(): Promise<void> {
    const { at } = this.#state
    this.#state = { at: 'closed' }
    this.#lease.end()
    this.#timer?.cancel()
    this.#acks.end()
    if (at === 'joined') await this.#options.log.leave(this.#options.id).catch(() => {})
  }

  /**
   * Resolves to whether a heartbeat that began after this call was answered and caught up with.
   * Never rejects.
   */
  renew(): Promise<boolean> {
    return this.#beats.ask()
  }

  /**
   * Appends one record. Resolves once this process has applied it, or could not hear the log to do
   * so; rejects if the log did not confirm it: whether it was appended is then unknown.
   */
  async append(invalidations: readonly Invalidation[], wantsAcks: boolean): Promise<Appended> {
    const settle = this.#mirror.anticipate(invalidations)
    const origin = this.#own.begin(invalidations)
    try {
      const sentAtMs = this.#options.clock.monotonicMs()
      const before = this.#mirror.applied
      const member = { ...this.#member(), id: origin }
      const reply = await this.#options.log.append(member, invalidations, wantsAcks)
      const applied = wantsAcks ? this.#acks.wait(reply) : undefined
      // As if its own record were in the answer; a gap before it stays a gap.
      const own = { seq: reply.seq, origin, invalidations, wantsAcks: false }
      const records = [...reply.records, own]
      const isCaughtUp = this.#take({ ...reply, records }, sentAtMs, before)
      // Until it is applied here, what it invalidated could be served here.
      const isApplied = isCaughtUp || (await this.renew())
      return { token: tokenOf(reply.epoch, reply.seq), applied, isApplied }
    } finally {
      this.#own.end(origin)
      settle()
    }
  }

  /** Whether this process appended the record. */
  isOwn(record: LogRecord): boolean {
    return this.#own.has(record)
  }

  onRecord(epoch: string, record: LogRecord): void {
    if (this.#state.at !== 'joined') return
    const { applied } = this.#mirror
    if (epoch === this.#state.epoch && record.seq <= applied) return
    if (epoch === this.#state.epoch && record.seq === applied + 1) {
      this.#apply(this.#own.recall(record))
    } else {
      if (epoch === this.#state.epoch) this.#announced = Math.max(this.#announced, record.seq)
      this.gapsRepaired++
      // Where the log cannot be read at once, the lease ends by itself, and soon enough.
      if (this.#areDoubtsCleared) this.#lease.end()
      void this.renew()
    }
  }

  onFilled(storeKey: string): void {
    this.#options.onFilled(storeKey)
  }

  onAck(id: string, applied: number): void {
    this.#acks.heard(id, applied)
  }

  onListening(): void {
    void this.renew()
  }

  get #areDoubtsCleared(): boolean {
    return this.#doubtsCleared === this.#doubts
  }

  async #beat(): Promise<boolean> {
    const { clock, log } = this.#options
    for (let reads = 0; reads < MAX_READS; reads++) {
      const sentAtMs = clock.monotonicMs()
      const before = this.#mirror.applied
      const doubts = this.#doubts
      if (this.#state.at === 'closed') return false
      if (this.#state.at === 'absent') this.#enter(await log.join(this.#member()), sentAtMs)
      else {
        const reply = await log.follow(this.#member())
        this.memberCount = reply.memberCount
        if (!this.#take(reply, sentAtMs, before)) continue
      }
      if (!this.#lease.isHeld) continue
      this.#doubtsCleared = Math.max(this.#doubtsCleared, doubts)
      return true
    }
    return false
  }

  #enter(snapshot: LogSnapshot, sentAtMs: number): void {
    this.#hearTime(snapshot, sentAtMs)
    if (this.#state.at !== 'absent') return
    this.#mirror.reset(snapshot)
    this.#state = { at: 'joined', epoch: snapshot.epoch }
    this.#announced = 0
    this.memberCount = snapshot.memberCount
    this.#options.onJoined()
    this.#lease.extend(sentAtMs)
  }

  /** What any call to the log has told. `true` if all of it was applied. */
  #take(reply: LogReply, sentAtMs: number, appliedBefore: number): boolean {
    this.#hearTime(reply, sentAtMs)
    const state = this.#state
    if (state.at !== 'joined') return false
    if (reply.epoch !== state.epoch) return this.#leave('epoch')
    // The head only moves on: one that lies behind what was applied is the head of another log.
    if (reply.head < appliedBefore) return this.#leave('regressed')
    if (!isContinuous(reply, this.#mirror.applied)) return this.#leave('trimmed')
    for (const record of reply.records) {
      if (record.seq === this.#mirror.applied + 1) this.#apply(record)
    }
    this.#mirror.raiseFloor(reply.floor)
    if (this.#mirror.applied < Math.max(reply.head, this.#announced)) return false
    this.#lease.extend(sentAtMs)
    return true
  }

  #hearTime({ nowMs }: LogReply, sentAtMs: number): void {
    const { clock, storeClock } = this.#options
    storeClock.heard(nowMs, sentAtMs, clock.monotonicMs())
  }

  #apply(record: LogRecord): void {
    this.#mirror.apply(record.seq, record.invalidations)
    this.#options.onApplied(record)
    if (record.wantsAcks) this.#acks.confirm(record.origin, () => this.#mirror.applied)
  }

  #leave(reason: LossReason): false {
    this.#state = { at: 'absent' }
    this.#lease.end()
    this.resets++
    this.#options.onLost(reason)
    return false
  }

  #member(): LogMember {
    const applied = this.#state.at === 'joined' ? this.#mirror.applied : -1
    return { id: this.#options.id, applied, leaseMs: this.#lease.leaseMs }
  }

  async #beatAgain(): Promise<void> {
    await this.renew()
    if (this.#state.at === 'closed') return
    this.#timer = this.#options.clock.setTimer(
      () => void this.#beatAgain(),
      this.#heartbeatMs,
      true,
    )
  }
}
