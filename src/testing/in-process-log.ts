/**
 * The invalidation log in memory: what the store's scripts do, in TypeScript.
 *
 * For tests and for the simulation of several processes; the suite runs commands through it and
 * through a real server and compares the answers. `LogData` is the server's side, shared by all
 * members; `push` is how it would publish.
 */
import type {
  AppendReply,
  FollowReply,
  Invalidation,
  Log,
  LogListener,
  LogMember,
  LogRecord,
  LogReply,
  LogSnapshot,
  PrefixSeq,
  TagSeqs,
} from '../core/log.js'

export interface InProcessLogLimits {
  readonly maxRecords: number
  readonly maxTags: number
  readonly maxPrefixes: number
  /** The most that one answer carries. */
  readonly maxRead: number
}

const LIMITS: InProcessLogLimits = {
  maxRecords: 100_000,
  maxTags: 100_000,
  maxPrefixes: 1_000,
  maxRead: 1_000,
}

/** Members that were not heard of for this long are forgotten. */
const FORGET_MS = 600_000

/** The data, as a server would hold it. */
export class LogData {
  epoch: string
  seq: number
  floor: number
  records: LogRecord[] = []
  readonly #tags = new Map<string, number>()
  readonly #prefixes = new Map<string, PrefixSeq>()
  readonly members = new Map<string, { readonly atMs: number; readonly leaseMs: number }>()
  readonly listeners = new Map<string, LogListener>()
  #beganAtMs: number
  readonly #wallMs: () => number
  readonly #limits: InProcessLogLimits

  /** Its numbers begin at `start` or, by default, at the wall clock: above all earlier ones. */
  constructor(
    epoch: string,
    wallMs: () => number,
    limits: Partial<InProcessLogLimits> = {},
    start = wallMs(),
  ) {
    this.epoch = epoch
    this.seq = start
    this.floor = start
    this.#wallMs = wallMs
    this.#beganAtMs = wallMs()
    this.#limits = { ...LIMITS, ...limits }
  }

  /** Another life of the server: what it held of the log may have been lost. */
  beginEpoch(epoch: string): void {
    this.epoch = epoch
    this.#beganAtMs = this.#wallMs()
    this.seq = Math.max(this.seq + 1, this.#wallMs())
    this.floor = this.seq
    this.records = []
    this.members.clear()
  }

  join(member: LogMember): LogSnapshot {
    const reply = this.follow({ ...member, applied: this.seq })
    return { ...reply, prefixes: inOrder(this.#prefixes, seqOf) }
  }

  follow({ id, applied, leaseMs }: LogMember): FollowReply {
    const atMs = this.#wallMs()
    this.members.set(id, { atMs, leaseMs })
    const isThere = (each: { atMs: number; leaseMs: number }) => each.atMs + each.leaseMs > atMs
    const memberCount = [...this.members.values()].filter(isThere).length
    return { ...this.#reply(applied), memberCount }
  }

  append(
    member: LogMember,
    invalidations: readonly Invalidation[],
    wantsAcks: boolean,
  ): AppendReply {
    const seq = ++this.seq
    for (const each of invalidations) this.#note(seq, each)
    const record = { seq, origin: member.id, invalidations, wantsAcks }
    this.records.push(record)
    if (this.records.length > this.#limits.maxRecords) this.records.shift()
    for (const listener of this.listeners.values()) listener.onRecord(this.epoch, record)
    const reply = this.#reply(member.applied, seq - 1)
    if (!wantsAcks) return { ...reply, seq, members: [], epochAgeMs: Number.POSITIVE_INFINITY }
    const nowMs = this.#wallMs()
    const members = [...this.members].filter(
      ([, { atMs, leaseMs }]) => atMs + leaseMs > nowMs - FORGET_MS,
    )
    const epochAgeMs = nowMs - this.#beganAtMs
    return { ...reply, seq, members: members.map(([id]) => id), epochAgeMs }
  }

  tellFilled(storeKey: string): void {
    for (const listener of this.listeners.values()) listener.onFilled(storeKey)
  }

  tagSeqs(tags: readonly string[]): TagSeqs {
    const seqs = tags.map((tag) => this.#tags.get(JSON.stringify(tag)) ?? 0)
    return { seqs, floor: this.floor }
  }

  #note(seq: number, what: Invalidation): void {
    if (what.kind === 'all') this.floor = seq
    else if (what.kind === 'tag') {
      this.#tags.set(JSON.stringify(what.tag), seq)
      if (this.#tags.size > this.#limits.maxTags) this.#raise(removeOldest(this.#tags, Number))
    } else if (what.kind === 'prefix') {
      const { namespace, prefix } = what
      this.#prefixes.set(`${namespace}:${JSON.stringify(prefix)}`, { namespace, prefix, seq })
      const isFull = this.#prefixes.size > this.#limits.maxPrefixes
      if (isFull) this.#raise(removeOldest(this.#prefixes, seqOf))
    }
  }

  #raise(floor: number): void {
    this.floor = Math.max(this.floor, floor)
  }

  #reply(applied: number, upTo = this.seq): LogReply {
    const { epoch, seq: head, floor } = this
    const isMissed = ({ seq }: LogRecord) => applied >= 0 && seq > applied && seq <= upTo
    const records = this.records.filter(isMissed)
    const nowMs = Math.floor(this.#wallMs())
    return { epoch, head, floor, nowMs, records: records.slice(0, this.#limits.maxRead) }
  }
}

/** A member's connection to the data; each call settles in the microtasks after it. */
export function inProcessLog(data: LogData): Log {
  return {
    join: async (member) => data.join(member),
    follow: async (member) => data.follow(member),
    append: async (member, invalidations, wantsAcks) =>
      data.append(member, invalidations, wantsAcks),
    ack: async (to, id, applied) => data.listeners.get(to)?.onAck(id, applied),
    tagSeqs: async (tags) => data.tagSeqs(tags),
    leave: async (id) => {
      data.members.delete(id)
      data.listeners.delete(id)
    },
    listen: (id, listener) => {
      data.listeners.set(id, listener)
      queueMicrotask(() => listener.onListening())
    },
  }
}

function seqOf(prefix: PrefixSeq): number {
  return prefix.seq
}

/** As a sorted set has them: by number, and of one record by the bytes of their names. */
function inOrder<V>(map: ReadonlyMap<string, V>, toSeq: (value: V) => number): V[] {
  return sorted(map, toSeq).map(([, value]) => value)
}

/** Returns the number of what it removed. */
function removeOldest<V>(map: Map<string, V>, toSeq: (value: V) => number): number {
  const [name, value] = sorted(map, toSeq)[0]!
  map.delete(name)
  return toSeq(value)
}

function sorted<V>(map: ReadonlyMap<string, V>, toSeq: (value: V) => number): [string, V][] {
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
  return [...map].sort(([a, x], [b, y]) => toSeq(x) - toSeq(y) || byBytes(a, b))
}
