/**
 * The calls on the invalidation log, as synchronous work on a connection: what log-scripts.ts is
 * for Redis. One writer at a time gives records their order.
 *
 * There is no server that could come back without its last seconds: whatever a crash takes, it
 * takes of values and records alike. An epoch ends where the log is gone, or a member knows of more
 * than it holds.
 */
import type { LogMember, LogRecord, TagSeqs } from '../../core/log.js'
import { FORGET_MS, LOG_LIMITS, LOST_AT_MOST, type LogLimits } from '../log-limits.js'
import { readPrefix, TextRecord } from '../log-text.js'
import type { SqliteConnection } from './sqlite-connection.js'
import type { SqliteRow } from './sqlite-library.js'
import type { Names } from './tables.js'

interface State {
  epoch: string
  beganAt: number
  seq: number
  floor: number
  bytes: number
  tags: number
  prefixes: number
}

/** Names and payload of a record, as text. */
export interface NewRecord {
  readonly payload: string
  /** Kind and name by turns. */
  readonly names: readonly string[]
  readonly wantsAcks: boolean
}

const TRIM_EVERY = 128

export class SqliteRecords {
  readonly #sql: ReturnType<typeof statements>
  readonly #limits: LogLimits

  constructor(name: Names, limits: LogLimits = LOG_LIMITS) {
    this.#sql = statements(name)
    this.#limits = limits
  }

  /** `newEpoch`: the name of one that may begin with this call. */
  follow(on: SqliteConnection, log: string, member: LogMember, newEpoch: string) {
    return on.transact(() => {
      const state = this.#state(on, log, member.applied, newEpoch)
      const nowMs = Date.now()
      on.prepare(this.#sql.beThere).run(log, member.id, nowMs + member.leaseMs)
      on.prepare(this.#sql.forget).run(log, nowMs - FORGET_MS)
      const memberCount = Number(on.prepare(this.#sql.countMembers).get(log, nowMs)!.count)
      return { ...this.#reply(on, log, state, member.applied, state.seq), memberCount }
    })
  }

  prefixes(on: SqliteConnection, log: string) {
    const rows = on.prepare(this.#sql.prefixes).all(log)
    return rows.map(({ name, seq }) => readPrefix(String(name), Number(seq)))
  }

  append(
    on: SqliteConnection,
    log: string,
    member: LogMember,
    newEpoch: string,
    record: NewRecord,
  ) {
    return on.transact(() => {
      const state = this.#state(on, log, member.applied, newEpoch)
      const reply = this.#reply(on, log, state, member.applied, state.seq)
      state.seq += 1
      for (let at = 0; at < record.names.length; at += 2) {
        this.#note(on, log, state, record.names[at]!, record.names[at + 1]!)
      }
      const origin = record.wantsAcks ? `${member.id}!` : member.id
      state.bytes += Buffer.byteLength(record.payload)
      const values = [log, state.seq, state.bytes, origin, record.payload]
      on.prepare(this.#sql.append).run(...values)
      if (state.seq % TRIM_EVERY === 0) this.#trim(on, log, state)
      this.#keep(on, log, state)
      const common = { ...reply, head: state.seq, floor: state.floor, seq: state.seq }
      if (!record.wantsAcks) {
        return { ...common, members: [], epochAgeMs: Number.POSITIVE_INFINITY }
      }
      const nowMs = Date.now()
      const members = on.prepare(this.#sql.members).all(log, nowMs - FORGET_MS)
      const epochAgeMs = nowMs - state.beganAt
      return { ...common, members: members.map(({ id }) => String(id)), epochAgeMs }
    })
  }

  tagSeqs(on: SqliteConnection, log: string, names: readonly string[]): TagSeqs {
    const floor = Number(on.prepare(this.#sql.state).get(log)?.floor ?? 0)
    const seqs = names.map((name) => Number(on.prepare(this.#sql.tag).get(log, name)?.seq ?? 0))
    return { seqs, floor }
  }

  ack(on: SqliteConnection, log: string, id: string, applied: number): void {
    on.transact(() => on.prepare(this.#sql.ack).run(applied, log, id))
  }

  leave(on: SqliteConnection, log: string, id: string): void {
    on.transact(() => on.prepare(this.#sql.leave).run(log, id))
  }

  /** The number of the newest record, 0 without any. */
  head(on: SqliteConnection, log: string): number {
    return Number(on.prepare(this.#sql.state).get(log)?.seq ?? 0)
  }

  /** Records after a number, of whatever epoch there is. */
  after(on: SqliteConnection, log: string, seq: number): { epoch: string; records: LogRecord[] } {
    const epoch = on.prepare(this.#sql.state).get(log)?.epoch
    return { epoch: String(epoch ?? ''), records: this.#missed(on, log, seq, FAR) }
  }

  /** How far each member has said it applied the log. */
  acks(on: SqliteConnection, log: string): ReadonlyMap<string, number> {
    const rows = on.prepare(this.#sql.acks).all(log)
    return new Map(rows.map(({ id, acked }) => [String(id), Number(acked)]))
  }

  /** Keys that were filled after that row of the list, and the last row. */
  told(on: SqliteConnection, after: number): { readonly keys: string[]; readonly last: number } {
    const rows = on.prepare(this.#sql.told).all(after)
    return { keys: rows.map(({ key }) => String(key)), last: Number(rows.at(-1)?.id ?? after) }
  }

  /** Where its list of filled keys ends now. */
  lastTold(on: SqliteConnection): number {
    return Number(on.prepare(this.#sql.lastTold).get()?.last ?? 0)
  }

  #state(on: SqliteConnection, log: string, applied: number, newEpoch: string): State {
    const row = on.prepare(this.#sql.state).get(log)
    const seq = Number(row?.seq ?? 0)
    if (row !== undefined && applied <= seq) return toState(row)
    const known = Math.max(seq, applied)
    const nowMs = Date.now()
    const start = Math.max(known > 0 ? known + LOST_AT_MOST : 0, nowMs)
    const count = (kind: string) => Number(on.prepare(this.#sql.countNames).get(log, kind)!.count)
    const counts = { bytes: 0, tags: count('t'), prefixes: count('p') }
    const state = { epoch: newEpoch, beganAt: nowMs, seq: start, floor: start, ...counts }
    on.prepare(this.#sql.dropRecords).run(log)
    this.#keep(on, log, state)
    return state
  }

  #keep(on: SqliteConnection, log: string, state: State): void {
    const { epoch, beganAt, seq, floor, bytes, tags, prefixes } = state
    on.prepare(this.#sql.keep).run(log, epoch, beganAt, seq, floor, bytes, tags, prefixes)
  }

  #reply(on: SqliteConnection, log: string, state: State, applied: number, upTo: number) {
    const { epoch, seq: head, floor } = state
    const records = applied < 0 ? [] : this.#missed(on, log, applied, upTo)
    return { epoch, head, floor, nowMs: Date.now(), records }
  }

  #missed(on: SqliteConnection, log: string, applied: number, upTo: number): LogRecord[] {
    const rows = on.prepare(this.#sql.records).all(log, applied, upTo, this.#limits.maxRead)
    return rows.map(({ seq, origin, payload }) => {
      return new TextRecord(Number(seq), String(origin), String(payload))
    })
  }

  /** Beyond a limit the name noted longest ago goes, and the floor rises to its record. */
  #note(on: SqliteConnection, log: string, state: State, kind: string, name: string): void {
    if (kind === 'a') {
      state.floor = state.seq
      return
    }
    const renewed = on.prepare(this.#sql.renewName).run(state.seq, log, kind, name)
    if (Number(renewed.changes) > 0) return
    on.prepare(this.#sql.addName).run(log, kind, name, state.seq)
    const count = kind === 't' ? 'tags' : 'prefixes'
    state[count] += 1
    if (state[count] <= (kind === 't' ? this.#limits.maxTags : this.#limits.maxPrefixes)) return
    const oldest = on.prepare(this.#sql.oldestName).get(log, kind)!
    on.prepare(this.#sql.dropName).run(log, kind, oldest.name!)
    state[count] -= 1
    state.floor = Math.max(state.floor, Number(oldest.seq))
  }

  /** The sums of bytes rise with the numbers. */
  #trim(on: SqliteConnection, log: string, { seq, bytes }: State): void {
    const { maxRecords, maxBytes } = this.#limits
    const first = on.prepare(this.#sql.firstKept).get(log, seq - maxRecords, bytes - maxBytes)
    on.prepare(this.#sql.trim).run(log, Number(first?.seq ?? seq))
  }
}

const FAR = Number.MAX_SAFE_INTEGER

function toState(row: SqliteRow): State {
  const { epoch, began_at, seq, floor, bytes, tags, prefixes } = row
  return {
    epoch: String(epoch),
    beganAt: Number(began_at),
    seq: Number(seq),
    floor: Number(floor),
    bytes: Number(bytes),
    tags: Number(tags),
    prefixes: Number(prefixes),
  }
}

function statements(name: Names) {
  return {
    state: `SELECT * FROM ${name('logs')} WHERE name = ?`,
    keep: `INSERT OR REPLACE INTO ${name('logs')} VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    records: `SELECT seq, origin, payload FROM ${name('log')}
      WHERE log = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
    append: `INSERT INTO ${name('log')} VALUES (?, ?, ?, ?, ?)`,
    dropRecords: `DELETE FROM ${name('log')} WHERE log = ?`,
    firstKept: `SELECT seq FROM ${name('log')} WHERE log = ? AND seq > ? AND bytes > ?
      ORDER BY seq LIMIT 1`,
    trim: `DELETE FROM ${name('log')} WHERE log = ? AND seq < ?`,
    renewName: `UPDATE ${name('names')} SET seq = ? WHERE log = ? AND kind = ? AND name = ?`,
    addName: `INSERT INTO ${name('names')} VALUES (?, ?, ?, ?)`,
    countNames: `SELECT count(*) AS count FROM ${name('names')} WHERE log = ? AND kind = ?`,
    oldestName: `SELECT name, seq FROM ${name('names')} WHERE log = ? AND kind = ?
      ORDER BY seq, name LIMIT 1`,
    dropName: `DELETE FROM ${name('names')} WHERE log = ? AND kind = ? AND name = ?`,
    tag: `SELECT seq FROM ${name('names')} WHERE log = ? AND kind = 't' AND name = ?`,
    prefixes: `SELECT name, seq FROM ${name('names')} WHERE log = ? AND kind = 'p'
      ORDER BY seq, name`,
    beThere: `INSERT INTO ${name('members')} VALUES (?1, ?2, ?3, -1)
      ON CONFLICT (log, id) DO UPDATE SET ends_at = ?3`,
    forget: `DELETE FROM ${name('members')} WHERE log = ? AND ends_at < ?`,
    countMembers: `SELECT count(*) AS count FROM ${name('members')} WHERE log = ? AND ends_at > ?`,
    members: `SELECT id FROM ${name('members')} WHERE log = ? AND ends_at >= ?`,
    acks: `SELECT id, acked FROM ${name('members')} WHERE log = ?`,
    ack: `UPDATE ${name('members')} SET acked = max(acked, ?) WHERE log = ? AND id = ?`,
    leave: `DELETE FROM ${name('members')} WHERE log = ? AND id = ?`,
    told: `SELECT id, key FROM ${name('told')} WHERE id > ? ORDER BY id`,
    lastTold: `SELECT max(id) AS last FROM ${name('told')}`,
  }
}
