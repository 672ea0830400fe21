/**
 * Confirms that what a server has taken has reached its disk, or a replica: by WAITAOF or WAIT.
 *
 * Those hold up whatever comes behind them on their connection, so they have one of their own; the
 * writes go with all other calls, in their order. They tell of what came over their connection
 * alone, so a mark is written over it first: a server logs and replicates in one order, and where
 * the mark has arrived, everything that was answered before has as well. That holds for one life of
 * one server, which is compared.
 *
 * Writes that wait share a mark: while one is under way, the next are gathered. Bounded: 10 000
 * wait at once; a mark is waited for as long as the last of its writes may be late, at most 5 s.
 */
import { type CacheError, isCacheError } from '../../../core/errors.js'
import { PartialFailure } from '../../../core/partial-failure.js'
import type { Durability } from '../../../core/write-queue.js'
import { UnansweredCalls } from '../../unanswered-calls.js'
import { awayError, failedError } from '../call-errors.js'
import type { ConnectionSource, RedisCommand, RedisLink } from '../connection.js'
import { infoOf } from '../server-info.js'
import { OwnLine, type ServerLife } from './own-line.js'
import { waitCommand } from './server-terms.js'

interface Server extends ServerLife {
  /** Of the connection over which it told. */
  readonly epoch: number
  readonly wait: RedisCommand | undefined
}

interface Group {
  readonly epoch: number
  readonly markKey: string
  untilMs: number
  readonly count: Promise<number>
}

const MAX_WAIT_MS = 5_000
const SILENT_MS = MAX_WAIT_MS + 1_000

export class WriteConfirms {
  readonly #durability: Durability
  readonly #source: ConnectionSource
  readonly #line: OwnLine
  readonly #unanswered = new UnansweredCalls()
  #server: Server | undefined
  #gathering: Group | undefined
  #last: Promise<unknown> = Promise.resolve()
  #giveUp: (cause: Error) => void = () => {}
  #isClosed = false

  /** `source`: over which the writes go. `dial`: one more link to the same server. */
  constructor(durability: Durability, source: ConnectionSource, dial: () => RedisLink) {
    this.#durability = durability
    this.#source = source
    this.#line = new OwnLine(dial)
  }

  /** Asks the server anew. Rejects with OPTION_INVALID where nothing would confirm. */
  prepare(): Promise<void> {
    return this.#inTurn(async () => {
      const server = await this.#ask(this.#source.epoch)
      if (server.wait !== undefined) await this.#line.to(server)
    })
  }

  /**
   * Of a write that was answered over the source, in that epoch of it; `markKey`: a hash beside it.
   * Waits for `limitMs` from now, or as long as those that share the mark. Where it rejects, the
   * server may have the write all the same.
   */
  async confirm(epoch: number, markKey: string, limitMs: number): Promise<void> {
    const refusal = this.#unanswered.begin()
    if (refusal !== undefined) throw unconfirmed(awayError('put', refusal))
    try {
      const untilMs = performance.now() + Math.min(MAX_WAIT_MS, limitMs)
      const count = await this.#join(epoch, markKey, untilMs)
      if (count < 1) throw new Error(NOT_CONFIRMED[this.#durability])
    } catch (cause) {
      throw unconfirmed(cause)
    } finally {
      this.#unanswered.end()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#giveUp(CLOSED)
    this.#line.drop()
  }

  #join(epoch: number, markKey: string, untilMs: number): Promise<number> {
    const gathering = this.#gathering
    if (gathering?.epoch === epoch) {
      gathering.untilMs = Math.max(gathering.untilMs, untilMs)
      return gathering.count
    }
    const group: Group = {
      ...{ epoch, markKey, untilMs },
      count: this.#inTurn(() => this.#mark(group)),
    }
    this.#gathering = group
    return group.count
  }

  /** How many have confirmed it. */
  async #mark(group: Group): Promise<number> {
    // Replies that came together are taken one by one: their writes can share this mark.
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#gathering === group) this.#gathering = undefined
    const isKnown = this.#server?.epoch === group.epoch
    const server = isKnown ? this.#server! : await this.#ask(group.epoch)
    if (server.wait === undefined) return 1
    const connection = await this.#line.to(server)
    // 0 would be for ever.
    const leftMs = Math.max(1, Math.ceil(group.untilMs - performance.now()))
    const [, reply] = await connection.sendMany([
      ['hset', group.markKey, 'mark', '1'],
      [...server.wait, String(leftMs)],
    ])
    return Number(Array.isArray(reply) ? reply[0] : reply)
  }

  /** Which server it is, and what it confirms by: also of one that has taken another's place. */
  async #ask(epoch: number): Promise<Server> {
    const { connection } = this.#source
    if (connection === undefined || this.#source.epoch !== epoch) throw new Error(LOST)
    const info = await infoOf(connection)
    const wait = await waitCommand(connection, this.#durability, info)
    if (this.#source.epoch !== epoch) throw new Error(LOST)
    this.#server = { epoch, wait, runId: info?.get('run_id') ?? '' }
    return this.#server
  }

  /** One after another: what comes behind a wait is held up by it. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#bounded(run))
    this.#last = turn.catch(() => {})
    return turn
  }

  async #bounded<T>(run: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw CLOSED
    let timer: NodeJS.Timeout | undefined
    const end = new Promise<never>((_, reject) => {
      this.#giveUp = reject
      timer = setTimeout(() => reject(new Error(SILENT)), SILENT_MS)
    })
    try {
      return await Promise.race([run(), end])
    } catch (cause) {
      this.#line.drop()
      throw cause
    } finally {
      clearTimeout(timer)
    }
  }
}

const CLOSED = new Error('the store is closed')
const LOST = 'the connection was lost before the write was confirmed'
const SILENT = `nothing has confirmed the write within ${SILENT_MS} ms`
const NOT_CONFIRMED: Readonly<Record<Durability, string>> = {
  memory: 'nothing has confirmed the write',
  disk: 'the disk has not confirmed the write',
  replica: 'no replica has confirmed the write',
}

/** It says nothing against the server, which has answered the write itself. */
function unconfirmed(cause: unknown): CacheError {
  if (isCacheError(cause, 'OPTION_INVALID')) return cause
  return new PartialFailure([], isCacheError(cause) ? cause : failedError('put', cause))
}
