/**
 * The `Log` contract over one Redis server.
 *
 * Commands go over the store's own connection, so that a tick's writes and its record keep their
 * order. Pushes come over a connection of their own, dialed anew whenever it is lost, also
 * when it has gone silent. Without
 * pushes (a caller's client without `duplicate`) the heartbeats alone bring what was appended.
 */
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
import { LOG_LIMITS, type LogLimits } from '../log-limits.js'
import { namesOf, payloadOf, readPush, storedName } from '../log-text.js'
import { Pulse } from '../pulse.js'
import { awayError, failedError } from './call-errors.js'
import type { ConnectionSource, RedisArg, RedisConnection, RedisLink } from './connection.js'
import { readAppended, readFollowed, readPrefixes } from './log-records.js'
import { type LogScripts, logScripts } from './log-scripts.js'
import { ping } from './ping.js'
import { runScript, type Script } from './scripts.js'

type LogKey = 'state' | 'log' | 'tags' | 'prefixes' | 'members'

export class RedisLog implements Log {
  readonly name: string
  readonly #scripts: LogScripts
  readonly #link: ConnectionSource
  /** For the pushes. */
  readonly #subscriber: RedisLink | undefined
  /** Which life of which server a life of the connection leads to. */
  #run: { readonly linkEpoch: number; readonly id: string } | undefined
  #calls = 0
  readonly #pulse: Pulse<RedisConnection> | undefined

  constructor(
    name: string,
    link: ConnectionSource,
    subscriber: RedisLink | undefined,
    limits: LogLimits = LOG_LIMITS,
  ) {
    this.#scripts = logScripts(limits)
    this.name = name
    this.#link = link
    this.#subscriber = subscriber
    this.#pulse = subscriber && new Pulse(subscriber, ping)
  }

  async join(member: LogMember): Promise<LogSnapshot> {
    const reply = await this.#follow({ ...member, applied: -1 }, true)
    return { ...readFollowed(reply), prefixes: readPrefixes(reply[6] as unknown[]) }
  }

  async follow(member: LogMember): Promise<FollowReply> {
    this.#pulse?.beat()
    return readFollowed(await this.#follow(member, false))
  }

  async append(
    member: LogMember,
    invalidations: readonly Invalidation[],
    wantsAcks: boolean,
  ): Promise<AppendReply> {
    const args = [wantsAcks ? '1' : '0', payloadOf(invalidations), ...namesOf(invalidations)]
    const reply = await this.#call(
      'append',
      this.#scripts.append,
      ['state', 'log', 'tags', 'prefixes', 'members'],
      (run) => [...this.#who(member, run), ...args],
    )
    return readAppended(reply as unknown[])
  }

  async ack(to: string, id: string, applied: number): Promise<void> {
    const connection = this.#link.connection
    if (connection === undefined) throw awayError('ack', this.#link.downCause)
    const channel = channelOn(connection, this.name, to)
    await connection.send(['publish', channel, `${id} ${applied}`])
  }

  async tagSeqs(tags: readonly string[]): Promise<TagSeqs> {
    const reply = await this.#call('tagSeqs', this.#scripts.tagSeqs, ['tags', 'state'], () =>
      tags.map(storedName),
    )
    const numbers = (reply as unknown[]).map((each) => Number(String(each)))
    return { seqs: numbers.slice(0, -1), floor: numbers.at(-1)! }
  }

  async leave(id: string): Promise<void> {
    const connection = this.#link.connection
    if (connection !== undefined) await connection.send(['zrem', this.#key('members'), id])
  }

  listen(id: string, listener: LogListener): void {
    const link = this.#subscriber
    link?.open({
      onUp: () => void this.#subscribe(link, id, listener),
      onDown: () => {},
    })
  }

  /** Ends the connection for the pushes. Never rejects. */
  async close(): Promise<void> {
    await this.#subscriber?.close()
  }

  async #subscribe(link: RedisLink, id: string, listener: LogListener): Promise<void> {
    const { connection, epoch } = link
    if (connection === undefined) return
    this.#pulse?.reset()
    try {
      await connection.subscribe(channelOn(connection, this.name), (message) => {
        // No record begins with a space.
        const isFilled = message.startsWith(' ')
        if (isFilled) listener.onFilled(message.slice(1 + connection.keyPrefix.length))
        const push = isFilled ? undefined : readPush(message)
        if (push !== undefined) listener.onRecord(push.epoch, push.record)
      })
      await connection.subscribe(channelOn(connection, this.name, id), (message) => {
        const [from, applied] = message.split(' ')
        listener.onAck(from!, Number(applied))
      })
      listener.onListening()
    } catch {
      if (link.epoch === epoch) link.reconnect()
    }
  }

  #follow(member: LogMember, wantsPrefixes: boolean): Promise<readonly unknown[]> {
    const keys = ['state', 'log', 'members', 'prefixes'] as const
    return this.#call('follow', this.#scripts.follow, keys, (run) => [
      ...this.#who(member, run),
      String(member.leaseMs),
      wantsPrefixes ? '1' : '0',
    ]) as Promise<readonly unknown[]>
  }

  async #call(
    op: string,
    script: Script,
    keys: readonly LogKey[],
    args: (run: string) => readonly RedisArg[],
  ): Promise<unknown> {
    const connection = this.#link.connection
    if (connection === undefined) throw awayError(op, this.#link.downCause)
    try {
      // Nothing is awaited before the sending but in a connection's first call.
      const run = this.#knownRun() ?? (await this.#askRun(connection))
      const names = keys.map((key) => this.#key(key))
      return await runScript(connection, script, names, args(run))
    } catch (cause) {
      throw failedError(op, cause)
    }
  }

  #knownRun(): string | undefined {
    return this.#run?.linkEpoch === this.#link.epoch ? this.#run.id : undefined
  }

  /**
   * The server's run id: after a restart it is another, and on a replica that took over too. ''
   * where the user may not ask; a restart is then told by its sequence alone.
   */
  async #askRun(connection: RedisConnection): Promise<string> {
    const linkEpoch = this.#link.epoch
    const id = await runIdOf(connection)
    if (this.#link.epoch === linkEpoch) this.#run = { linkEpoch, id }
    return id
  }

  /** What every script begins with. */
  #who({ id, applied }: LogMember, run: string): RedisArg[] {
    return [id, String(applied), `${id}.${++this.#calls}`, run]
  }

  #key(key: LogKey): string {
    return `{${this.name}}!${key}`
  }
}

/** The channel of all members of a log, or of one. */
export function channelOn({ keyPrefix }: RedisConnection, name: string, id?: string): string {
  const common = `${keyPrefix}{${name}}!push`
  return id === undefined ? common : `${common}:${id}`
}

async function runIdOf(connection: RedisConnection): Promise<string> {
  try {
    const info = String(await connection.send(['info', 'server']))
    return /^run_id:(\w+)/m.exec(info)?.[1] ?? ''
  } catch {
    return ''
  }
}
