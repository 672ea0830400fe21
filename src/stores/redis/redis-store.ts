/**
 * The `Store` contract over one Redis server, whichever client carries it.
 *
 * Owns the commands and the meaning of their errors; refuses to queue, retry or time. A call that
 * finds no connection rejects with STORE_UNAVAILABLE; one that fails later with STORE_FAILED: it
 * may have happened. Bytes handed in are sent without a copy and must stay as they are until the
 * promise settles. Bytes handed out are views on what the socket read: whoever keeps a part of them
 * for long copies it. Each call is one round trip, also where it is cut into several commands of a
 * bounded size.
 */
import { attempt } from '../../core/attempt.js'
import type {
  Expiry,
  LeaseAnswer,
  LeaseRequest,
  Store,
  StoreAbilities,
  StoreFill,
  StoreListener,
  StoreWrite,
} from '../../core/contracts.js'
import type { Log } from '../../core/log.js'
import type { StoreHealth } from '../../core/store-health.js'
import type { WriteQueue } from '../../core/write-queue.js'
import { slices } from '../slices.js'
import { UnansweredCalls } from '../unanswered-calls.js'
import { awayError, failedError } from './call-errors.js'
import type { RedisArg, RedisCommand, RedisConnection, RedisLink } from './connection.js'
import { FILL, HELD_OFF, LEASE, leaseKey, SET_MANY, withLeases } from './lease-scripts.js'
import { ping } from './ping.js'
import { RedisWriteQueue, type RunScript } from './queue/redis-write-queue.js'
import { ServerQueue } from './queue/server-queue.js'
import {
  asArg,
  asBuffer,
  chunked,
  escapeGlob,
  MAX_COMMAND_KEYS,
  momentText,
  ttlText,
  writeArgs,
} from './redis-args.js'
import { channelOn, RedisLog } from './redis-log.js'
import { absentAsUndefined } from './redis-replies.js'
import { DELETE_ONLY, INCREMENT, PATCH, runScript } from './scripts.js'
import { healthOf } from './server-health.js'

/** Keys in one script: Lua unpacks no more than some thousands of values at once. */
const MAX_SCRIPT_KEYS = 1_000
const SCAN_COUNT = '1000'

/** No load has this token. */
const NOBODY = '-'

export class RedisStore implements Store {
  readonly name = 'redis'
  readonly abilities: StoreAbilities = Object.freeze({ shared: true, atomic: true, durable: true })
  readonly #link: RedisLink
  readonly #dial: (() => RedisLink) | undefined
  /** Where its queues of writes lie. */
  readonly queues: ServerQueue
  readonly #logs: RedisLog[] = []
  readonly #logNames: string[]
  readonly #unanswered = new UnansweredCalls()

  /**
   * `dial`: one link more, for what the log pushes or what confirms a write; without it there is
   * neither. `logNames`: those of all logs that hear of fills, where several nodes share them.
   */
  constructor(link: RedisLink, dial?: () => RedisLink, logNames: string[] = []) {
    this.#link = link
    this.#dial = dial
    this.queues = new ServerQueue(link, dial, (...call) => this.#runScript(...call))
    this.#logNames = logNames
  }

  open(listener: StoreListener): void {
    this.#link.open(listener)
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 0) return Promise.resolve([])
    // MGET also for one key: as fast as GET, and a foreign list under the key is a miss, not an
    // error.
    if (keys.length <= MAX_COMMAND_KEYS) {
      return this.#call('getMany', absentAsUndefined, (connection) =>
        connection.send(['mget', ...keys]),
      )
    }
    return this.#call(
      'getMany',
      (replies: readonly unknown[]) => absentAsUndefined(replies.flat()),
      (connection) => connection.sendMany(chunked('mget', keys)),
    )
  }

  async leaseMany(
    requests: readonly LeaseRequest[],
    { offset, now }: Expiry,
    notAfterWallMs?: number,
  ): Promise<readonly LeaseAnswer[]> {
    if (requests.length === 0) return []
    const args: RedisArg[] = [momentText(notAfterWallMs), String(offset), asBuffer(now)]
    for (const { token, leaseMs, how, replaces, unusable } of requests) {
      if (unusable === undefined) args.push(token, ttlText(leaseMs), how, replaces ?? NOBODY)
      else args.push(token, ttlText(leaseMs), 'replace', asBuffer(unusable))
    }
    const keys = withLeases(requests)
    const run = (connection: RedisConnection) => runScript(connection, LEASE, keys, args)
    const reply = (await this.#call('leaseMany', itself, run)) as unknown[]
    return requests.map(({ how }, i) => {
      const bytes = how === 'ask' ? ((reply[i] as Uint8Array | null) ?? undefined) : undefined
      return { bytes, isLeased: Number(reply[requests.length + i]) === 1 }
    })
  }

  async fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    if (fills.length === 0) return []
    const args: RedisArg[] = []
    for (const { token, write } of fills) {
      if (write === undefined) args.push(token, '0', '', '')
      else args.push(token, '1', asArg(write.bytes), ttlText(write.ttlMs))
    }
    const keys = withLeases(fills)
    // All fills of a call are of one cache, and so of one log.
    const name = this.#logNames.find((each) => fills[0]!.key.startsWith(`${each}:`))
    const run = (connection: RedisConnection) => {
      const channel = name === undefined ? '' : channelOn(connection, name)
      return runScript(connection, FILL, keys, [channel, ...args])
    }
    const reply = (await this.#call('fillMany', itself, run)) as unknown[]
    return reply.map((had) => Number(had) === 1)
  }

  setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void> {
    if (writes.length === 0) return Promise.resolve()
    const limit = momentText(notAfterWallMs)
    const chunks = slices(writes, MAX_SCRIPT_KEYS)
    const holds = writes.filter(({ holdOffMs = 0 }) => holdOffMs > 0)
    return this.#call('setMany', nothing, (connection): Promise<unknown> => {
      const sent = chunks.map((chunk) => {
        return runScript(connection, SET_MANY, withLeases(chunk), [limit, ...writeArgs(chunk)])
      })
      // After the script, which ends the rights that were granted before.
      const held = holds.map(({ key, holdOffMs }) => connection.send(holdOff(key, holdOffMs!)))
      return Promise.all([...sent, ...held])
    })
  }

  deleteMany(keys: readonly string[], holdOffMs = 0, only?: Expiry): Promise<number> {
    if (keys.length === 0) return Promise.resolve(0)
    if (only !== undefined) return this.#deleteOnly(keys, only)
    // The rights first: the server may take a long pipeline in pieces, and a fill that came after
    // the value was gone and before its right was would stay.
    const endLeases =
      holdOffMs > 0
        ? keys.map((key) => holdOff(key, holdOffMs))
        : chunked('unlink', keys.map(leaseKey))
    const commands = chunked('unlink', keys)
    return this.#call(
      'deleteMany',
      (replies: readonly unknown[]) => sum(replies.slice(endLeases.length)),
      (connection) => connection.sendMany([...endLeases, ...commands]),
    )
  }

  #deleteOnly(keys: readonly string[], { offset, now }: Expiry): Promise<number> {
    const args = [String(offset), asBuffer(now)]
    const chunks = slices(keys, MAX_SCRIPT_KEYS)
    return this.#call('deleteMany', sum, (connection) =>
      Promise.all(chunks.map((chunk) => runScript(connection, DELETE_ONLY, chunk, args))),
    )
  }

  async patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    const args = [String(offset), asBuffer(patch), ttlText(ttlMs)] as const
    const run = (connection: RedisConnection) => {
      endLease(connection, key)
      return runScript(connection, PATCH, [key], args)
    }
    return (await this.#call('patch', Number, run, key)) === 1
  }

  async increment(
    key: string,
    by: number,
    head: Uint8Array,
    ttlMs: number,
    limits: readonly Expiry[] = [],
  ): Promise<number> {
    const past = limits.flatMap(({ offset, now }) => [String(offset), asBuffer(now)])
    const args = [String(by), asBuffer(head), ttlText(ttlMs), ...past] as const
    const run = (connection: RedisConnection) => {
      endLease(connection, key)
      return runScript(connection, INCREMENT, [key], args)
    }
    return Number(await this.#call('increment', String, run, key))
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    const { epoch } = this.#link
    let cursor = '0'
    do {
      let skip = 0
      const [next, keys] = (await this.#call('scan', itself, (connection) => {
        // The cursor belongs to the table of one server; another would skip keys in silence.
        if (this.#link.epoch !== epoch) throw new Error('the connection was replaced')
        skip = connection.keyPrefix.length
        const pattern = `${escapeGlob(connection.keyPrefix + prefix)}*`
        return connection.send(['scan', cursor, 'match', pattern, 'count', SCAN_COUNT])
      })) as [cursor: unknown, keys: Buffer[]]
      cursor = String(next)
      // Also an empty one: who waits for the next page waits for one round trip, however many keys
      // of others lie between.
      yield keys.map((key) => key.toString().slice(skip))
    } while (cursor !== '0')
  }

  log(name: string): Log {
    const log = new RedisLog(name, this.#link, this.#dial?.())
    this.#logs.push(log)
    this.#logNames.push(name)
    return log
  }

  writeQueue(name: string, partitions: number): WriteQueue {
    return new RedisWriteQueue(name, partitions, this.queues)
  }

  #runScript(...call: Parameters<RunScript>): Promise<unknown> {
    const [op, script, keys, args, notAfterWallMs] = call
    const all = notAfterWallMs === undefined ? args : [momentText(notAfterWallMs), ...args]
    return this.#call(op, itself, (connection) => runScript(connection, script, keys, all))
  }

  ping(): Promise<void> {
    return this.#call('ping', nothing, ping)
  }

  health(): Promise<StoreHealth> {
    return this.#call('health', itself, healthOf)
  }

  reconnect(): void {
    this.#link.reconnect()
  }

  async close(): Promise<void> {
    this.queues.close()
    await Promise.all([...this.#logs.map((log) => log.close()), this.#link.close()])
  }

  /** Not async, and one `then`: each turn of the microtask queue shows in a lone get. */
  #call<R, T>(
    op: string,
    read: (reply: R) => T,
    run: (connection: RedisConnection) => Promise<R>,
    key?: string,
  ): Promise<T> {
    const connection = this.#link.connection
    if (connection === undefined) return Promise.reject(awayError(op, this.#link.downCause))
    const refusal = this.#unanswered.begin()
    if (refusal !== undefined) return Promise.reject(awayError(op, refusal))
    return attempt(() => run(connection)).then(
      (reply) => {
        this.#unanswered.end()
        return read(reply)
      },
      (cause: unknown) => {
        this.#unanswered.end()
        throw failedError(op, cause, key)
      },
    )
  }
}

/** Ends the right, and all that are granted for a while. */
function holdOff(key: string, ms: number): RedisCommand {
  return ['set', leaseKey(key), HELD_OFF, 'px', ttlText(ms)]
}

/** In the same write as what follows; if it fails, so does that. */
function endLease(connection: RedisConnection, key: string): void {
  connection.send(['unlink', leaseKey(key)]).catch(() => {})
}

function itself<T>(reply: T): T {
  return reply
}

function nothing(): void {}

function sum(counts: readonly unknown[]): number {
  return counts.reduce((total: number, count) => total + Number(count), 0)
}
