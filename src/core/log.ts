/**
 * The invalidation log: the one sequence in which all processes of a cache hear what was
 * invalidated.
 *
 * A record has a number, `seq`, one above the record before. A process has `applied` all records up
 * to a number; a load notes it when it begins (`born`), and whatever was invalidated by a later
 * record makes its value unusable. An `epoch` names one life of the sequence: a server that lost
 * its data, or a replica that never had its end, begins another, and numbers of two epochs say
 * nothing about each other.
 */

/** One thing that was invalidated. Names and tags are data: any string. */
export type Invalidation =
  | { readonly kind: 'key'; readonly namespace: string; readonly key: string }
  | { readonly kind: 'tag'; readonly tag: string }
  /** All keys of a namespace that begin with `prefix`; '' is the whole namespace. */
  | { readonly kind: 'prefix'; readonly namespace: string; readonly prefix: string }
  /** Every key of every namespace. */
  | { readonly kind: 'all' }

/** What others must hear of a write, once the store has it. */
export type KeyInvalidation = Extract<Invalidation, { readonly kind: 'key' }> & {
  /** The tag of its dependents, which goes with it. */
  readonly dependents?: string | undefined
}

export interface LogRecord {
  readonly seq: number
  /** Who appended it: the `id` that was given with it. */
  readonly origin: string
  readonly invalidations: readonly Invalidation[]
  /** Who has applied it is asked to say so, to the member that appended it. */
  readonly wantsAcks: boolean
}

/** A process, as the log knows it. */
export interface LogMember {
  /** Unlike that of any other process, also of this one's earlier lives. */
  readonly id: string
  /** How far it has applied the log; -1 before it has joined. */
  readonly applied: number
  /** For how long the log may take it to be there. */
  readonly leaseMs: number
}

/** What every call to the log tells, beside its own answer. */
export interface LogReply {
  readonly epoch: string
  /** The number of the newest record; 0 for none. */
  readonly head: number
  /** Whatever was born before it is out of date. */
  readonly floor: number
  /** The log's wall clock when it answered, whole milliseconds. */
  readonly nowMs: number
  /**
   * Records after the caller's `applied`, in order and without a gap. They may end before `head`
   * (ask again) and begin later than asked for (the log was trimmed).
   */
  readonly records: readonly LogRecord[]
}

export interface FollowReply extends LogReply {
  /** How many processes the log takes to be there. */
  readonly memberCount: number
}

export interface AppendReply extends LogReply {
  readonly seq: number
  /** Those heard of in the last ten minutes; empty unless `wantsAcks`. */
  readonly members: readonly string[]
  /** For how long the log has known its members; `Infinity` unless `wantsAcks`. */
  readonly epochAgeMs: number
}

export interface LogSnapshot extends FollowReply {
  /** Prefixes that were invalidated, each with its newest record. */
  readonly prefixes: readonly PrefixSeq[]
}

export interface PrefixSeq {
  readonly namespace: string
  readonly prefix: string
  readonly seq: number
}

export interface TagSeqs {
  /** 0 where a tag was never invalidated, or was let go of: the floor knows of it then. */
  readonly seqs: readonly number[]
  /** As it was then. */
  readonly floor: number
}

/** Told of what the log pushes. All of it may come late, twice or never. */
export interface LogListener {
  onRecord(epoch: string, record: LogRecord): void
  /** Pushes come (again): what was appended before may have been missed. */
  onListening(): void
  /** A key was filled, or the right to, given back, while this or another member waited for it. */
  onFilled(storeKey: string): void
  /** The member has applied all records up to that number. */
  onAck(id: string, applied: number): void
}

/**
 * Where a store keeps the log. Like the store it has no deadline, retry or memory of its own, and a
 * rejected promise means "failed or unknown". What is asked in one tick, of the store and of its
 * log, is executed in that order.
 *
 * Bounded: the log keeps about its last 100 000 records, tags and prefixes a bounded number each;
 * where one of those is let go of, `floor` rises to its record, so that too much is out of date and
 * never too little.
 */
export interface Log {
  /** All that a process must know to begin at the head of the log. One round trip. */
  join(member: LogMember): Promise<LogSnapshot>
  /** A heartbeat: the member is there, and hears what it has not applied. One round trip. */
  follow(member: LogMember): Promise<FollowReply>
  /** Appends one record; `records` are those before it. One round trip. */
  append(
    member: LogMember,
    invalidations: readonly Invalidation[],
    wantsAcks: boolean,
  ): Promise<AppendReply>
  /** Tells a member how far this one has applied. One command. */
  ack(to: string, id: string, applied: number): Promise<void>
  /** The newest record of each tag. One round trip. */
  tagSeqs(tags: readonly string[]): Promise<TagSeqs>
  /** The member is gone, on purpose. */
  leave(id: string): Promise<void>
  /** Called once, before any other call; `id` is the member that listens. */
  listen(id: string, listener: LogListener): void
}
