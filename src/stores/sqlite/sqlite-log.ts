/** The `Log` contract over a database in this process. */
import type {
  AppendReply,
  FollowReply,
  Invalidation,
  Log,
  LogListener,
  LogMember,
  LogSnapshot,
  TagSeqs,
} from '../../core/log.js'
import type { SourceOf } from '../kept-link.js'
import { namesOf, payloadOf, storedName } from '../log-text.js'
import type { SqliteConnection } from './sqlite-connection.js'
import type { SqliteRecords } from './sqlite-records.js'
import { Watcher } from './watcher.js'

/** Runs a call in the order of all, on the connection of then. */
export type RunCall = <T>(op: string, call: (on: SqliteConnection) => T) => Promise<T>

export class SqliteLog implements Log {
  readonly name: string
  readonly #run: RunCall
  readonly #source: SourceOf<SqliteConnection>
  readonly #records: SqliteRecords
  readonly #onMoved: () => void
  #watcher: Watcher | undefined
  #calls = 0

  /** `onMoved`: told when the file is another one by now. */
  constructor(
    name: string,
    run: RunCall,
    source: SourceOf<SqliteConnection>,
    records: SqliteRecords,
    onMoved: () => void,
  ) {
    this.name = name
    this.#run = run
    this.#source = source
    this.#records = records
    this.#onMoved = onMoved
  }

  join(member: LogMember): Promise<LogSnapshot> {
    const beginner = { ...member, applied: -1 }
    return this.#run('join', (on) => {
      const reply = this.#records.follow(on, this.name, beginner, this.#newEpoch(member))
      return { ...reply, prefixes: this.#records.prefixes(on, this.name) }
    })
  }

  follow(member: LogMember): Promise<FollowReply> {
    return this.#run('follow', (on) => {
      if (on.isMoved) {
        this.#onMoved()
        throw new Error('the file was replaced by another')
      }
      return this.#records.follow(on, this.name, member, this.#newEpoch(member))
    })
  }

  append(
    member: LogMember,
    invalidations: readonly Invalidation[],
    wantsAcks: boolean,
  ): Promise<AppendReply> {
    const record = { payload: payloadOf(invalidations), names: namesOf(invalidations), wantsAcks }
    return this.#run('append', (on) => {
      return this.#records.append(on, this.name, member, this.#newEpoch(member), record)
    })
  }

  /** Whoever waits looks into the table of members. */
  ack(_to: string, id: string, applied: number): Promise<void> {
    return this.#run('ack', (on) => this.#records.ack(on, this.name, id, applied))
  }

  tagSeqs(tags: readonly string[]): Promise<TagSeqs> {
    const names = tags.map(storedName)
    return this.#run('tagSeqs', (on) => this.#records.tagSeqs(on, this.name, names))
  }

  async leave(id: string): Promise<void> {
    if (this.#source.connection === undefined) return
    await this.#run('leave', (on) => this.#records.leave(on, this.name, id))
  }

  listen(_id: string, listener: LogListener): void {
    this.#watcher = new Watcher(this.name, this.#source, this.#records, listener)
  }

  close(): void {
    this.#watcher?.close()
  }

  #newEpoch({ id }: LogMember): string {
    return `${id}.${++this.#calls}`
  }
}
