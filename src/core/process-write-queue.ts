/**
 * A write queue in memory: what the stores' scripts do, in TypeScript, for caches whose store keeps
 * no queue; lost with its process. Tests run commands through it and through real servers and
 * compare the answers. `QueueData` is the server's side.
 */
import type { Clock } from './contracts.js'
import { invalidOption } from './option-reading.js'
import {
  type Claim,
  type ClaimBounds,
  type DeadLetter,
  type Durability,
  FULL_AGAIN_MS,
  type Holder,
  type NewWrite,
  type PutAnswer,
  type PutLimits,
  partitionOf,
  type QueueState,
  type SettleAnswer,
  type Settled,
  type WaitingWrite,
  type WriteQueue,
} from './write-queue.js'

interface Waiting {
  write: WaitingWrite
  dueMs: number
  sinceMs: number
}

interface Partition {
  readonly waiting: Map<string, Waiting>
  readonly dead: Map<string, DeadLetter>
  version: number
  epoch: number
  holder: string | undefined
  untilMs: number
  doneAtMs: number
}

/** The data of one queue, shared by all that use it. */
export class QueueData {
  readonly clock: Clock
  readonly partitions: readonly Partition[]

  constructor(clock: Clock, partitions: number) {
    this.clock = clock
    this.partitions = Array.from({ length: partitions }, () => ({
      waiting: new Map(),
      dead: new Map(),
      version: 0,
      epoch: 0,
      holder: undefined,
      untilMs: 0,
      doneAtMs: Number.NEGATIVE_INFINITY,
    }))
  }
}

/** `check` throws where the store is closed. */
export function inProcessWriteQueue(
  data: QueueData,
  partitions: number,
  check: (op: string) => void,
): WriteQueue {
  return new MapWriteQueue(data, partitions, check)
}

class MapWriteQueue implements WriteQueue {
  readonly partitions: number
  readonly #data: QueueData
  readonly #check: (op: string) => void

  constructor(data: QueueData, partitions: number, check: (op: string) => void) {
    this.partitions = partitions
    this.#data = data
    this.#check = check
  }

  async prepare(durability: Durability): Promise<void> {
    this.#check('prepare')
    const { length } = this.#data.partitions
    if (this.partitions !== length) {
      throw invalidOption('writeBehind', 'partitions', this.partitions, `${length}, as elsewhere`)
    }
    if (durability !== 'memory') {
      throw invalidOption('writeBehind', 'durability', durability, "'memory' in a process")
    }
  }

  async put(writes: readonly NewWrite[], limits: PutLimits): Promise<readonly PutAnswer[]> {
    this.#check('put')
    const { notAfterWallMs = Number.POSITIVE_INFINITY } = limits
    if (this.#nowMs > notAfterWallMs) throw new Error('the write came too late')
    // As a script sees it, which takes all of a partition at once.
    const wasOld = this.#data.partitions.map((each) => this.#ageOf(each) > limits.maxAgeMs)
    return writes.map((write) => {
      const number = partitionOf(write.key, this.partitions)
      return this.#putOne(this.#data.partitions[number]!, write, limits, wasOld[number]!)
    })
  }

  async waiting(keys: readonly string[]): Promise<readonly (WaitingWrite | undefined)[]> {
    this.#check('waiting')
    return keys.map((key) => this.#partitionOf(key).waiting.get(key)?.write)
  }

  async claim(number: number, { id, leaseMs }: Holder, bounds: ClaimBounds): Promise<Claim> {
    this.#check('claim')
    const partition = this.#data.partitions[number]!
    const nowMs = this.#nowMs
    const { holder, untilMs } = partition
    if (holder !== undefined && holder !== id && untilMs > nowMs) {
      return { epoch: undefined, writes: [], nextMs: untilMs - nowMs }
    }
    const all = [...partition.waiting.values()].sort(byDue)
    const { aheadMs = 0, maxWrites } = bounds
    const due = all.filter(({ dueMs }) => dueMs <= nowMs + aheadMs).slice(0, maxWrites)
    if (due.length === 0) {
      if (holder === id) release(partition)
      const [first] = all
      return { epoch: undefined, writes: [], nextMs: first && first.dueMs - nowMs }
    }
    if (holder !== id) partition.epoch++
    partition.holder = id
    partition.untilMs = nowMs + leaseMs
    let bytes = 0
    const fits = due.filter(({ write }, i) => {
      bytes += write.bytes.length
      return i === 0 || bytes <= bounds.maxBytes
    })
    return { epoch: partition.epoch, writes: fits.map(({ write }) => write), nextMs: 0 }
  }

  async renew(number: number, { leaseMs }: Holder, epoch: number): Promise<boolean> {
    this.#check('renew')
    const partition = this.#data.partitions[number]!
    if (!this.#isHeld(partition, epoch)) return false
    partition.untilMs = this.#nowMs + leaseMs
    return true
  }

  async settle(
    number: number,
    epoch: number,
    settled: readonly Settled[],
  ): Promise<readonly SettleAnswer[] | undefined> {
    this.#check('settle')
    const partition = this.#data.partitions[number]!
    if (!this.#isHeld(partition, epoch)) return undefined
    return settled.map((each) => this.#settleOne(partition, each))
  }

  async release(number: number, epoch: number): Promise<void> {
    this.#check('release')
    const partition = this.#data.partitions[number]!
    if (partition.epoch === epoch) release(partition)
  }

  async state(): Promise<QueueState> {
    this.#check('state')
    const { partitions } = this.#data
    const sum = (of: (partition: Partition) => number) =>
      partitions.reduce((total, partition) => total + of(partition), 0)
    return {
      pending: sum(({ waiting }) => waiting.size),
      oldestMs: Math.max(...partitions.map((partition) => this.#ageOf(partition))),
      dead: sum(({ dead }) => dead.size),
      held: sum(({ untilMs }) => (untilMs > this.#nowMs ? 1 : 0)),
      doneAgoMs: Math.min(...partitions.map(({ doneAtMs }) => this.#nowMs - doneAtMs)),
    }
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    this.#check('deadLetters')
    return this.#data.partitions.flatMap(({ dead }) => [...dead.values()]).slice(0, limit)
  }

  async replay(keys: readonly string[]): Promise<number> {
    this.#check('replay')
    return keys.filter((key) => {
      const { dead, waiting } = this.#partitionOf(key)
      const letter = dead.get(key)
      if (letter === undefined) return false
      const { error: _, diedAtWallMs: __, ...write } = letter
      dead.delete(key)
      waiting.set(key, { write, dueMs: this.#nowMs, sinceMs: this.#nowMs })
      return true
    }).length
  }

  async drop(keys: readonly string[]): Promise<number> {
    this.#check('drop')
    return keys.filter((key) => this.#partitionOf(key).dead.delete(key)).length
  }

  #putOne(partition: Partition, write: NewWrite, limits: PutLimits, isOld: boolean): PutAnswer {
    const { waiting, dead } = partition
    const nowMs = this.#nowMs
    const former = waiting.get(write.key)
    partition.version = Math.max(partition.version, nowMs * 1_000) + 1
    const { version } = partition
    if (former === undefined && (isOld || waiting.size >= limits.maxPending)) {
      return { version, isQueued: false }
    }
    const dueMs = nowMs + limits.delayMs
    const newer = { ...write, bytes: write.bytes.slice(), version, attempts: 0 }
    dead.delete(write.key)
    if (former === undefined) waiting.set(write.key, { write: newer, dueMs, sinceMs: nowMs })
    else {
      if (former.write.attempts > 0) former.dueMs = Math.min(former.dueMs, dueMs)
      former.write = newer
    }
    return { version, isQueued: true }
  }

  #settleOne(partition: Partition, { key, version, outcome }: Settled): SettleAnswer {
    const { waiting, dead } = partition
    const nowMs = this.#nowMs
    const found = waiting.get(key)
    if (outcome.kind === 'done') partition.doneAtMs = nowMs
    if (found?.write.version !== version) {
      if (found !== undefined) found.dueMs = nowMs
      if (found !== undefined && outcome.kind === 'done') found.sinceMs = nowMs
      return 'newer'
    }
    if (outcome.kind === 'done') waiting.delete(key)
    else if (outcome.kind === 'later') found.dueMs = nowMs + outcome.afterMs
    else if (outcome.kind === 'retry') failed(found, nowMs + outcome.afterMs)
    else if (dead.size >= outcome.maxDead) {
      failed(found, nowMs + FULL_AGAIN_MS)
      return 'full'
    } else {
      dead.set(key, { ...found.write, error: outcome.error, diedAtWallMs: nowMs })
      waiting.delete(key)
    }
    return 'settled'
  }

  #isHeld({ epoch: newest, untilMs }: Partition, epoch: number): boolean {
    return newest === epoch && untilMs > this.#nowMs
  }

  #ageOf({ waiting }: Partition): number {
    const sinces = [...waiting.values()].map(({ sinceMs }) => sinceMs)
    return sinces.length === 0 ? 0 : this.#nowMs - Math.min(...sinces)
  }

  #partitionOf(key: string): Partition {
    return this.#data.partitions[partitionOf(key, this.partitions)]!
  }

  get #nowMs(): number {
    return this.#data.clock.wallMs()
  }
}

function release(partition: Partition): void {
  partition.holder = undefined
  partition.untilMs = 0
}

function failed(waiting: Waiting, dueMs: number): void {
  waiting.write = { ...waiting.write, attempts: waiting.write.attempts + 1 }
  waiting.dueMs = dueMs
}

function byDue(one: Waiting, other: Waiting): number {
  return one.dueMs - other.dueMs || (one.write.key < other.write.key ? -1 : 1)
}
