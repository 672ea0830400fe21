/**
 * The `Log` contract over Postgres: each call is one function of log-functions.ts. A notification
 * carries the record, as a wake-up that saves the reading; one that is too long for it, or lost, is
 * read from the table.
 */
import { createHash } from 'node:crypto'
import type {
  AppendReply,
  FollowReply,
  Invalidation,
  Log,
  LogListener,
  LogMember,
  LogReply,
  LogSnapshot,
  TagSeqs,
} from '../../core/log.js'
import type { CallOrder } from '../key-lanes.js'
import { keyOf } from '../key-text.js'
import { namesOf, payloadOf, readPrefix, readPush, storedName, TextRecord } from '../log-text.js'
import { awayError, failedError } from './call-errors.js'
import type { Notifications } from './notifications.js'
import type { Row, SqlSource, Statement } from './sql-connection.js'
import type { Statements } from './statements.js'

type Records = readonly (readonly [seq: number, origin: string, payload: string])[]
type Reply = readonly [epoch: string, head: number, floor: number, nowMs: number, Records]
type Followed = readonly [...Reply, number, readonly (readonly [name: string, seq: number])[]]
type Appended = readonly [...Reply, number?, (readonly string[])?]

export class PostgresLog implements Log {
  readonly name: string
  /** What all members of the log hear. */
  readonly channel: string
  readonly #source: SqlSource
  readonly #statements: Statements
  /** For the pushes; none where the client given cannot listen. */
  readonly #notifications: Notifications | undefined
  #calls = 0

  /** `place`: schema and table, for the names of channels, which are the database's. */
  constructor(
    name: string,
    place: string,
    source: SqlSource,
    statements: Statements,
    notifications: Notifications | undefined,
  ) {
    this.name = name
    this.channel = `cachewright_${hashOf(`${place} ${name}`).slice(0, 32)}`
    this.#source = source
    this.#statements = statements
    this.#notifications = notifications
  }

  async join(member: LogMember): Promise<LogSnapshot> {
    const reply = await this.#follow({ ...member, applied: -1 }, true)
    const prefixes = reply[6].map(([name, seq]) => readPrefix(name, seq))
    return { ...readReply(reply), memberCount: reply[5], prefixes }
  }

  async follow(member: LogMember): Promise<FollowReply> {
    this.#notifications?.beat()
    const reply = await this.#follow(member, false)
    return { ...readReply(reply), memberCount: reply[5] }
  }

  async append(
    member: LogMember,
    invalidations: readonly Invalidation[],
    wantsAcks: boolean,
  ): Promise<AppendReply> {
    const names = namesOf(invalidations)
    const [kinds, stored] = [0, 1].map((odd) => names.filter((_, at) => at % 2 === odd))
    const what = [wantsAcks, payloadOf(invalidations), kinds, stored, this.channel]
    const values = [this.name, ...this.#who(member), ...what]
    // Behind the deletes that it tells of.
    const rows = await this.#query('append', this.#statements.append, values, 'after writes')
    const reply = parse<Appended>(rows)
    const epochAgeMs = reply[5] ?? Number.POSITIVE_INFINITY
    return { ...readReply(reply), seq: reply[1], members: reply[6] ?? [], epochAgeMs }
  }

  async ack(to: string, id: string, applied: number): Promise<void> {
    const values = [this.#channelOf(to), `${id} ${applied}`]
    await this.#query('ack', this.#statements.ack, values)
  }

  async tagSeqs(tags: readonly string[]): Promise<TagSeqs> {
    const values = [this.name, tags.map(storedName)]
    const rows = await this.#query('tagSeqs', this.#statements.tagSeqs, values)
    return { seqs: rows.map(({ seq }) => Number(seq)), floor: Number(rows[0]?.floor ?? 0) }
  }

  async leave(id: string): Promise<void> {
    if (this.#source.connection === undefined) return
    await this.#query('leave', this.#statements.leave, [this.name, id])
  }

  listen(id: string, listener: LogListener): void {
    const onRecord = (message: string) => {
      // No record begins with a space; one that was too long to be pushed is empty.
      if (message.startsWith(' ')) return listener.onFilled(keyOf(message.slice(1)))
      const push = readPush(message)
      if (push === undefined) listener.onListening()
      else listener.onRecord(push.epoch, push.record)
    }
    const onAck = (message: string) => {
      const [from, applied] = message.split(' ')
      listener.onAck(from!, Number(applied))
    }
    const channels = { [this.channel]: onRecord, [this.#channelOf(id)]: onAck }
    this.#notifications?.hear(channels, () => listener.onListening())
  }

  async #follow(member: LogMember, wantsPrefixes: boolean): Promise<Followed> {
    const values = [this.name, ...this.#who(member), member.leaseMs, wantsPrefixes]
    return parse<Followed>(await this.#query('follow', this.#statements.follow, values))
  }

  async #query(
    op: string,
    statement: Statement,
    values: unknown[],
    order?: CallOrder,
  ): Promise<readonly Row[]> {
    const { connection, downCause } = this.#source
    if (connection === undefined) throw awayError(op, downCause)
    try {
      return await connection.query(statement, values, order)
    } catch (cause) {
      throw failedError(op, cause)
    }
  }

  /** Member, applied, and the name of an epoch that may begin with this call. */
  #who({ id, applied }: LogMember): unknown[] {
    return [id, applied, `${id}.${++this.#calls}`]
  }

  /** The channel of one member. */
  #channelOf(id: string): string {
    return `${this.channel}_${hashOf(id).slice(0, 16)}`
  }
}

/** Names of channels are no longer than 63 bytes. */
function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

function parse<T>(rows: readonly Row[]): T {
  return JSON.parse(String(rows[0]!.answer)) as T
}

function readReply([epoch, head, floor, nowMs, records]: readonly [...Reply, ...unknown[]]) {
  const read = records.map(([seq, origin, payload]) => new TextRecord(seq, origin, payload))
  return { epoch, head, floor, nowMs, records: read } satisfies LogReply
}
