/**
 * Brings the writes of a queue to their source: takes the partitions in which something is due, one
 * batch at a time, the longest due first. Any number of processes may run one; a partition is in
 * one hand.
 *
 * While the source takes nothing, one write is tried at a time, with rests between: the others stay
 * due.
 *
 * Bounded: `concurrency` batches are under way, each of `batch` writes and 4 MiB.
 */
import type { Timer } from '../../core/contracts.js'
import { HandOver, type HandOverOptions } from './hand-over.js'

export interface QueueWorkerOptions extends HandOverOptions {
  /** How often a partition is looked into where nothing is known to be due before. */
  readonly pollMs: number
  readonly concurrency: number
  readonly batch: number
  /** The queue could not be asked, or not told. */
  readonly onError: (error: unknown) => void
}

const MAX_BYTES = 4 * 2 ** 20
const NEVER = Number.POSITIVE_INFINITY

export class QueueWorker {
  readonly #options: QueueWorkerOptions
  readonly #handOver: HandOver
  /** When each partition is to be looked into; of those under way, when they are again. */
  readonly #dueMs: number[]
  readonly #underWay = new Map<number, Promise<void>>()
  #timer: Timer | undefined
  #timerMs = NEVER
  #isRunning = false
  #restUntilMs = 0
  #aheadMs = 0

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
    await Promise.all(this.#underWay.values())
  }

  /** Something is due there in so many milliseconds. */
  wake(partition: number, inMs: number): void {
    const atMs = this.#nowMs + inMs
    if (!this.#isRunning || atMs >= this.#dueMs[partition]!) return
    this.#dueMs[partition] = atMs
    if (atMs < this.#timerMs) this.#arm()
  }

  /** From now on also what is due within that time; 0 ends the hurry. */
  hurry(aheadMs: number): void {
    this.#aheadMs = aheadMs
    if (aheadMs === 0) return
    for (let partition = 0; partition < this.#dueMs.length; partition++) this.wake(partition, 0)
  }

  /** Begins what is due, as far as there is room for it. */
  #dispatch(): void {
    while (this.#hasRoom) {
      const partition = this.#next()
      if (partition === undefined || this.#atMs(partition) > this.#nowMs) break
      this.#begin(partition)
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
    return this.#underWay.size < (this.isSourceAway ? 1 : this.#options.concurrency)
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

  #begin(partition: number): void {
    const { onError, pollMs } = this.#options
    // Who wakes it meanwhile brings it nearer.
    this.#dueMs[partition] = this.#nowMs + pollMs
    const end = (inMs: number) => {
      this.#underWay.delete(partition)
      this.#dueMs[partition] = Math.min(this.#dueMs[partition]!, this.#nowMs + inMs)
      this.#restUntilMs = this.#nowMs + this.#handOver.restMs
      if (this.#isRunning) this.#dispatch()
    }
    const fail = (error: unknown) => {
      onError(error)
      end(pollMs)
    }
    this.#underWay.set(partition, this.#work(partition).then(end, fail))
  }

  /** One batch. In how long the partition is to be looked into again. */
  async #work(partition: number): Promise<number> {
    const { batch, holderId: id, leaseMs, queue } = this.#options
    const askedMs = this.#nowMs
    const maxWrites = this.isSourceAway ? 1 : batch
    const bounds = { maxWrites, maxBytes: MAX_BYTES, aheadMs: this.#aheadMs }
    const { epoch, nextMs, writes } = await queue.claim(partition, { id, leaseMs }, bounds)
    if (epoch === undefined) return nextMs ?? NEVER
    await this.#handOver.run(partition, epoch, writes, askedMs)
    if (!this.#isRunning) await queue.release(partition, epoch)
    return 0
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}
