/**
 * Brings the writes of a queue to their source: takes the partitions in which something is due, the
 * longest due first, and hands over what they hold together. While the source is at work more fall
 * due, so batches grow with the load. Such a write would wait for two batches: so all are taken
 * earlier, by about what a batch takes, but by a quarter of the delay at most.
 *
 * Any number of processes may run one. A partition is in one hand, and given back after each batch;
 * as many are taken at once as fill one, so that others find work where there is much of it.
 *
 * While the source takes nothing, one write is tried at a time, with rests between: the others stay
 * due.
 *
 * Bounded: `concurrency` groups of at most 16 partitions are under way, of each partition `batch`
 * writes and 4 MiB.
 */
import type { Timer } from '../../core/contracts.js'
import { type ClaimedPart, HandOver, type HandOverOptions } from './hand-over.js'

export interface QueueWorkerOptions extends HandOverOptions {
  /** How often a partition is looked into where nothing is known to be due before. */
  readonly pollMs: number
  /** From when a write is queued until it is due. */
  readonly delayMs: number
  readonly concurrency: number
  /** The queue could not be asked, or not told. */
  readonly onError: (error: unknown) => void
}

const MAX_BYTES = 4 * 2 ** 20
const MAX_GROUP = 16
/** Of the newest group, in what groups take and in how much that varies. */
const NEWEST_SHARE = 0.125
const DEVIATIONS = 4
const NEVER = Number.POSITIVE_INFINITY

export class QueueWorker {
  readonly #options: QueueWorkerOptions
  readonly #handOver: HandOver
  /** When each partition is to be looked into; of those under way, when they are again. */
  readonly #dueMs: number[]
  readonly #underWay = new Set<number>()
  readonly #groups = new Set<Promise<void>>()
  #timer: Timer | undefined
  #timerMs = NEVER
  #isRunning = false
  /** Partitions that fill a batch, about. */
  #groupSize = MAX_GROUP
  #restUntilMs = 0
  /** What a group takes, from its claims until its parts are given back; its mean deviation. */
  #groupMs = 0
  #deviationMs = 0
  #hurryMs = 0

  constructor(options: QueueWorkerOptions) {
    this.#options = options
    this.#handOver = new HandOver(options)
    this.#dueMs = new Array(options.queue.partitions).fill(NEVER)
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  get isSourceAway(): boolean {
    return this.#handOver.isSourceAway
  }

  /** Does not keep the process alive. */
  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    const { pollMs, random } = this.#options
    for (let partition = 0; partition < this.#dueMs.length; partition++) {
      this.#dueMs[partition] = this.#nowMs + random() * pollMs
    }
    this.#arm()
  }

  /** Batches under way are finished. Never rejects. */
  async stop(): Promise<void> {
    this.#isRunning = false
    this.#disarm()
    await Promise.all(this.#groups)
  }

  /** Something is due there in so many milliseconds. */
  wake(partition: number, inMs: number): void {
    const atMs = this.#nowMs + Math.max(0, inMs - this.#aheadMs)
    if (!this.#isRunning || atMs >= this.#dueMs[partition]!) return
    this.#dueMs[partition] = atMs
    if (atMs < this.#timerMs) this.#arm()
  }

  /** From now on also what is due within that time; 0 ends the hurry. */
  hurry(aheadMs: number): void {
    this.#hurryMs = aheadMs
    if (aheadMs === 0) return
    for (let partition = 0; partition < this.#dueMs.length; partition++) this.wake(partition, 0)
  }

  /** Begins what is due, as far as there is room for it. */
  #dispatch(): void {
    while (this.#hasRoom) {
      const group = this.#dueGroup()
      if (group.length === 0) break
      this.#begin(group)
    }
    this.#arm()
  }

  /** For the next that is due; where there is no room, the end of a batch dispatches. */
  #arm(): void {
    this.#disarm()
    const next = this.#isRunning && this.#hasRoom ? this.#next() : undefined
    if (next === undefined) return
    this.#timerMs = this.#atMs(next)
    const inMs = Math.max(0, this.#timerMs - this.#nowMs)
    this.#timer = this.#options.clock.setTimer(() => this.#dispatch(), inMs, true)
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerMs = NEVER
  }

  get #hasRoom(): boolean {
    return this.#groups.size < (this.isSourceAway ? 1 : this.#options.concurrency)
  }

  /** Of those nobody works on the one that is due first. */
  #next(): number | undefined {
    let next: number | undefined
    for (let partition = 0; partition < this.#dueMs.length; partition++) {
      if (this.#underWay.has(partition)) continue
      if (next === undefined || this.#dueMs[partition]! < this.#dueMs[next]!) next = partition
    }
    return next
  }

  #atMs(partition: number): number {
    return Math.max(this.#dueMs[partition]!, this.#restUntilMs)
  }

  /**
   * How much earlier than it is due a write is taken, where nobody is in a hurry: what a group
   * takes at most, nearly always, as round trips are estimated (Jacobson: Congestion Avoidance
   * and Control, SIGCOMM 1988).
   */
  get #aheadMs(): number {
    // A source that takes nothing is not asked before its time.
    if (this.isSourceAway) return 0
    return Math.min(this.#groupMs + DEVIATIONS * this.#deviationMs, this.#options.delayMs / 4)
  }

  #dueGroup(): number[] {
    const nowMs = this.#nowMs
    const due = [...this.#dueMs.keys()].filter((partition) => {
      return this.#atMs(partition) <= nowMs && !this.#underWay.has(partition)
    })
    due.sort((one, other) => this.#dueMs[one]! - this.#dueMs[other]!)
    return due.slice(0, this.isSourceAway ? 1 : this.#groupSize)
  }

  #begin(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#underWay.add(partition)
      // Who wakes it meanwhile brings it nearer.
      this.#dueMs[partition] = this.#nowMs + this.#options.pollMs
    }
    const group = this.#work(partitions)
      .catch(this.#options.onError)
      .then(() => {
        this.#groups.delete(group)
        for (const partition of partitions) this.#underWay.delete(partition)
        this.#restUntilMs = this.#nowMs + this.#handOver.restMs
        if (this.#isRunning) this.#dispatch()
      })
    this.#groups.add(group)
  }

  async #work(partitions: readonly number[]): Promise<void> {
    const askedMs = this.#nowMs
    const claims = await Promise.all(partitions.map((partition) => this.#claim(partition)))
    const parts = claims.filter((part) => part !== undefined)
    if (parts.length === 0) return
    this.#fitGroup(parts)
    try {
      await this.#handOver.run(parts, askedMs)
    } finally {
      await Promise.all(parts.map((part) => this.#release(part)))
      const offMs = this.#nowMs - askedMs - this.#groupMs
      this.#groupMs += NEWEST_SHARE * offMs
      this.#deviationMs += NEWEST_SHARE * (Math.abs(offMs) - this.#deviationMs)
    }
  }

  #fitGroup(parts: readonly ClaimedPart[]): void {
    const { batch } = this.#options
    const count = parts.reduce((sum, { writes }) => sum + writes.length, 0)
    if (count > batch) this.#groupSize = Math.max(1, Math.floor(this.#groupSize / 2))
    else if (2 * count < batch) this.#groupSize = Math.min(MAX_GROUP, this.#groupSize * 2)
  }

  /** There may be more in it. Where it cannot be given back, its lease ends by itself. */
  async #release({ partition, epoch }: ClaimedPart): Promise<void> {
    this.#dueMs[partition] = this.#nowMs
    await this.#options.queue.release(partition, epoch).catch(this.#options.onError)
  }

  /** What is due there. Where nothing is, or it cannot be asked, it is looked into again later. */
  async #claim(partition: number): Promise<ClaimedPart | undefined> {
    const { batch, holderId: id, leaseMs, onError, queue } = this.#options
    const maxWrites = this.isSourceAway ? 1 : batch
    const aheadMs = Math.max(this.#hurryMs, this.#aheadMs)
    const bounds = { maxWrites, maxBytes: MAX_BYTES, aheadMs }
    try {
      const claim = await queue.claim(partition, { id, leaseMs }, bounds)
      const { epoch, nextMs = NEVER, writes } = claim
      if (epoch !== undefined) return { partition, epoch, writes }
      // What is nearer than that is the end of another's lease, before which nothing is to be had.
      const inMs = nextMs > aheadMs ? nextMs - this.#aheadMs : nextMs
      this.#dueMs[partition] = Math.min(this.#dueMs[partition]!, this.#nowMs + inMs)
    } catch (error) {
      onError(error)
    }
    return undefined
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}
