/**
 * What lies behind in-process stores, as a server would hold it: entries, rights to fill, logs,
 * queues of writes.
 */
import type { Clock, LeaseRequest } from '../core/contracts.js'
import { QueueData } from '../core/process-write-queue.js'
import { type InProcessLogLimits, LogData } from './in-process-log.js'

interface Lease {
  readonly token: string
  readonly untilMs: number
  /** Somebody else has asked for it. */
  isWaitedFor: boolean
}

interface Entry {
  readonly bytes: Uint8Array
  readonly deadAtMs: number
}

/** In the place of a token: no load has it. */
const HELD_OFF = '!'

export class InProcessData {
  readonly #clock: Clock
  readonly #maxEntries: number
  #entries = new Map<string, Entry>()
  #saved: Map<string, Entry> | undefined
  readonly #leases = new Map<string, Lease>()
  /** By name; `undefined` where none is kept. */
  readonly #logs: Map<string, LogData> | undefined
  readonly #logLimits: Partial<InProcessLogLimits>
  #epochs = 0
  readonly #queues = new Map<string, QueueData>()

  constructor(
    clock: Clock,
    maxEntries: number,
    hasLog: boolean,
    logLimits: Partial<InProcessLogLimits> = {},
  ) {
    this.#clock = clock
    this.#maxEntries = maxEntries
    this.#logs = hasLog ? new Map() : undefined
    this.#logLimits = logLimits
  }

  get hasLog(): boolean {
    return this.#logs !== undefined
  }

  log(name: string): LogData {
    const known = this.#logs!.get(name)
    const data = known ?? this.#newLog()
    this.#logs!.set(name, data)
    return data
  }

  queue(name: string, partitions: number): QueueData {
    const known = this.#queues.get(name)
    const data = known ?? new QueueData(this.#clock, partitions)
    this.#queues.set(name, data)
    return data
  }

  #newLog(): LogData {
    const wallMs = () => this.#clock.wallMs()
    return new LogData(`epoch-${++this.#epochs}`, wallMs, this.#logLimits)
  }

  read(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || this.#clock.monotonicMs() < entry.deadAtMs) return entry
    this.#entries.delete(key)
    return undefined
  }

  write(key: string, bytes: Uint8Array, deadAtMs: number): void {
    // Deleted first, so that the order of the Map is the order of the last writes.
    this.#entries.delete(key)
    if (this.#entries.size >= this.#maxEntries) this.#makeRoom()
    this.#entries.set(key, { bytes, deadAtMs })
  }

  /** Whether the request has the right now. */
  lease({ key, token, leaseMs, how, replaces }: LeaseRequest): boolean {
    const held = this.#lease(key)
    if (held?.token === HELD_OFF && how !== 'renew') return true
    if (how === 'renew' && held?.token !== token) return false
    if (how === 'ask' && held !== undefined && held.token !== replaces) {
      held.isWaitedFor = true
      return false
    }
    if (this.#leases.size >= this.#maxEntries) this.#leases.clear()
    const isWaitedFor = held?.isWaitedFor ?? false
    this.#leases.set(key, { token, untilMs: this.deadlineMs(leaseMs), isWaitedFor })
    return true
  }

  /** Whether the token had the right, which ends; `fill` runs before others are told. */
  endLeaseOf(key: string, token: string, fill: () => void): boolean {
    const held = this.#lease(key)
    if (held?.token !== token) return false
    this.#leases.delete(key)
    fill()
    if (held.isWaitedFor) for (const log of this.#logs?.values() ?? []) log.tellFilled(key)
    return true
  }

  /** For `holdOffMs`, whoever is granted the right has it in name alone. */
  endLease(key: string, holdOffMs = 0): void {
    this.#leases.delete(key)
    if (holdOffMs === 0) return
    const untilMs = this.deadlineMs(holdOffMs)
    this.#leases.set(key, { token: HELD_OFF, untilMs, isWaitedFor: false })
  }

  #lease(key: string): Lease | undefined {
    const lease = this.#leases.get(key)
    return lease !== undefined && this.#clock.monotonicMs() < lease.untilMs ? lease : undefined
  }

  wallMs(): number {
    return this.#clock.wallMs()
  }

  deadlineMs(ttlMs: number): number {
    return this.#clock.monotonicMs() + ttlMs
  }

  remove(key: string): boolean {
    return this.read(key) !== undefined && this.#entries.delete(key)
  }

  liveKeys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.read(key) !== undefined)
  }

  clear(): void {
    this.#entries = new Map()
    this.#saved = undefined
    this.restart()
  }

  save(): void {
    this.#saved = new Map(this.#entries)
  }

  restart(): void {
    if (this.#saved !== undefined) this.#entries = new Map(this.#saved)
    this.#leases.clear()
    for (const data of this.#logs?.values() ?? []) {
      data.beginEpoch(`epoch-${++this.#epochs}`)
    }
  }

  #makeRoom(): void {
    if (this.liveKeys().length < this.#maxEntries) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
