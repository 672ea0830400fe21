/**
 * Coherence of several processes over one log: the mirror, the follower, and what of it the engine
 * sees.
 */
import { randomBytes } from 'node:crypto'
import {
  type Coherence,
  type CoherenceListener,
  type CoherenceStats,
  type Confirmation,
  type InvalidatedSince,
  type MemoryGuard,
  type SinceFault,
  UNJOINED,
  type Verdict,
} from '../core/coherence.js'
import type { Clock } from '../core/contracts.js'
import type { Invalidation, Log, LogRecord } from '../core/log.js'
import { isSoft } from '../core/soft.js'
import { StoreClock } from '../core/store-clock.js'
import { seqIn, tokenOf } from '../core/token.js'
import { AppliedHistory } from './applied-history.js'
import { Follower } from './follower.js'
import { MemoryLease } from './memory-lease.js'
import { Mirror } from './mirror.js'
import { replayAfter } from './replay.js'

const ID_BYTES = 9

/** 72 random bits in twelve characters: each record carries one. */
function shortId(): string {
  return randomBytes(ID_BYTES).toString('base64url')
}

export interface LogCoherenceOptions {
  readonly log: Log
  readonly clock: Clock
  /** Unlike any other process's. Default: random. */
  readonly id?: string
  readonly leaseMs?: number
  readonly heartbeatMs?: number
  readonly maxTags?: number
  /** For how long memory serves what was last known to be current. Default: the lease. */
  readonly staleIfDownMs?: number | undefined
}

export class LogCoherence implements Coherence {
  readonly guard: MemoryGuard = { generation: 1, leaseUntilMs: Number.NEGATIVE_INFINITY }
  readonly isShared = true
  readonly #id: string
  readonly #log: Log
  readonly #clock: Clock
  readonly #storeClock = new StoreClock()
  readonly #history = new AppliedHistory()
  readonly #lease: MemoryLease
  readonly #mirror: Mirror
  readonly #follower: Follower
  #listener: CoherenceListener | undefined
  /** The tags of this tick that only the log knows. */
  #asking: { readonly tags: Set<string>; readonly asked: Promise<void> } | undefined

  constructor(options: LogCoherenceOptions) {
    const { log, clock, id = shortId(), leaseMs, heartbeatMs, maxTags, staleIfDownMs } = options
    this.#id = id
    this.#log = log
    this.#clock = clock
    this.#lease = new MemoryLease({ guard: this.guard, clock, leaseMs, staleIfDownMs })
    this.#mirror = new Mirror({ guard: this.guard, maxTags })
    this.#follower = new Follower({
      log,
      mirror: this.#mirror,
      storeClock: this.#storeClock,
      lease: this.#lease,
      clock,
      id,
      heartbeatMs,
      onFilled: (storeKey) => this.#listener?.onFilled(storeKey),
      onApplied: (record) => this.#onApplied(record),
      onJoined: () => this.#onJoined(),
      onLost: () => {
        this.#listener?.onLost()
        // It may be that of another server, after one that was deposed and did not know.
        this.#listener?.onReplaced()
      },
    })
  }

  get wallAheadMs(): number {
    const ownAheadMs = () => this.#clock.wallMs() - this.#clock.monotonicMs()
    return this.#storeClock.aheadMs ?? ownAheadMs()
  }

  get leaseMs(): number {
    return this.#lease.trustMs
  }

  get applied(): number {
    return this.isJoined ? this.#mirror.applied : UNJOINED
  }

  get isJoined(): boolean {
    return this.#follower.epoch !== undefined
  }

  get isLeased(): boolean {
    return this.#lease.isHeld
  }

  get isStoreTrusted(): boolean {
    return this.#follower.isStoreTrusted
  }

  doubtStore(): void {
    this.#follower.doubtStore()
  }

  appliedAt(atMs: number): number {
    return this.isJoined ? (this.#history.asOf(atMs) ?? 0) : UNJOINED
  }

  mayServe(loadedAtMs: number): boolean {
    return this.#lease.mayServe(loadedAtMs)
  }

  open(listener: CoherenceListener): void {
    this.#listener = listener
    this.#follower.start()
  }

  renew(): Promise<boolean> {
    return this.#follower.renew()
  }

  judge(
    namespace: string,
    key: string,
    tags: readonly string[] | undefined,
    born: number,
  ): Verdict {
    if (born === UNJOINED) return this.isJoined ? 'invalidated' : 'current'
    return this.#mirror.judge(namespace, key, tags, born)
  }

  oldestBorn(namespace: string, key: string, tags: readonly string[]): number {
    return this.#mirror.oldestBorn(namespace, key, tags)
  }

  async learn(tags: readonly string[], born: number): Promise<void> {
    const unknown = this.#mirror.unknownTags(tags, born)
    if (unknown.length === 0) return
    // A batch of entries is judged in one go: one question for all of them.
    this.#asking ??= { tags: new Set(), asked: Promise.resolve().then(() => this.#ask()) }
    for (const tag of unknown) this.#asking.tags.add(tag)
    await this.#asking.asked
  }

  get token(): string {
    return tokenOf(this.#follower.epoch ?? '', this.#mirror.applied)
  }

  async hear(token: string): Promise<boolean> {
    const { epoch } = this.#follower
    const seq = epoch === undefined ? undefined : seqIn(epoch, token)
    if (seq !== undefined && seq <= this.#mirror.applied) return true
    // Everything that was appended before this call is applied after a heartbeat.
    return this.renew()
  }

  async append(invalidations: readonly Invalidation[], wantsAcks = false): Promise<Confirmation> {
    try {
      const appended = await this.#follower.append(invalidations, wantsAcks)
      // Others have heard of it, and here is no number yet to compare with.
      const isCompared = invalidations.some(({ kind }) => kind !== 'key')
      if (isCompared && !appended.isApplied) this.#listener?.onLost()
      return appended
    } catch (error) {
      // What is only compared was not dropped by whoever asked, and there is no number to compare.
      const isCompared = (what: Invalidation) => what.kind !== 'key' && !isSoft(what)
      if (invalidations.some(isCompared)) this.#listener?.onLost()
      throw error
    }
  }

  async invalidatedSince(token: string): Promise<InvalidatedSince | SinceFault> {
    const { epoch } = this.#follower
    if (epoch === undefined) return 'unheard'
    const seq = seqIn(epoch, token)
    // A log that is asked for more than it has takes itself for another one, and begins anew.
    if (seq === undefined || seq < 0 || seq > this.#mirror.applied) return 'epoch'
    // As itself: a member of another name would be waited for by whoever wants confirmations.
    const member = { id: this.#id, applied: seq, leaseMs: this.#lease.leaseMs }
    return replayAfter(this.#log, member, epoch, this.#mirror.applied)
  }

  stats(): CoherenceStats {
    const { applied, tagCount, prefixCount } = this.#mirror
    const { gapsRepaired, resets, memberCount: members } = this.#follower
    const { isHeld, heardAgoMs } = this.#lease
    const mirrored = tagCount + prefixCount
    const state = isHeld ? 'leased' : 'lapsed'
    return { state, applied, gapsRepaired, resets, mirrored, members, heardAgoMs }
  }

  close(): Promise<void> {
    return this.#follower.close()
  }

  async #ask(): Promise<void> {
    const tags = [...this.#asking!.tags]
    this.#asking = undefined
    const asOf = this.#mirror.applied
    const { resets } = this.#follower
    try {
      const { seqs, floor } = await this.#log.tagSeqs(tags)
      // Numbers of another epoch say nothing in this one.
      if (this.#follower.resets !== resets) return
      // First: of a tag that the log has let go of, the floor alone knows.
      this.#mirror.raiseFloor(floor)
      this.#mirror.learn(tags, seqs, asOf)
    } catch {
      // They stay unknown, and the entry a miss.
    }
  }

  #onJoined(): void {
    this.#history.begin(this.#mirror.applied, this.#clock.monotonicMs())
    this.#listener?.onJoined()
  }

  #onApplied(record: LogRecord): void {
    this.#history.note(record.seq, this.#clock.monotonicMs())
    // What this process invalidated itself it dropped when it asked, and may have filled since.
    if (this.#follower.isOwn(record)) return
    for (const each of record.invalidations) {
      if (each.kind === 'key') this.#listener?.onKey(each.namespace, each.key)
    }
  }
}
