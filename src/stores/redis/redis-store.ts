/**
 * The `Store` contract over one Redis server, whichever client carries it.
 *
 * Owns the commands and the meaning of their errors; refuses to queue, retry or time. A call that finds no
 * connection rejects with STORE_UNAVAILABLE; one that fails later with STORE_FAILED: it may have happened.
 * Bytes handed in are sent without a copy and must stay as they are until the promise settles. Bytes handed
 * out are views on what the socket read: whoever keeps a part of them for long copies it.
 * Each call is one round trip, also where it is cut into several commands of a bounded size.
 */
import type { Store, StoreAbilities, StoreListener, StoreWrite } from '../../core/contracts.js'
import { awayError, failedError, isAnswer } from './call-errors.js'
import type { RedisCommand, RedisConnection, RedisLink } from './connection.js'
import { INCREMENT, PATCH, runScript, type Script } from './scripts.js'

/** Keys in one command: more would keep the server from everyone else for milliseconds. */
const MAX_COMMAND_KEYS = 4_096
const SCAN_COUNT = '1000'
/** The most that PX takes without overflow on any clock, and exact as a double: 285 000 years. */
const MAX_TTL_MS = Number.MAX_SAFE_INTEGER

export class RedisStore implements Store {
  readonly name = 'redis'
  readonly abilities: StoreAbilities = Object.freeze({ shared: true, atomic: true, durable: true })
  readonly #link: RedisLink

  constructor(link: RedisLink) {
    this.#link = link
  }

  open(listener: StoreListener): void {
    this.#link.open(listener)
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 0) return []
    // MGET also for one key: as fast as GET, and a foreign list under the key is a miss, not an error.
    const replies = await this.#perKeys<(Uint8Array | null | undefined)[]>('getMany', 'mget', keys)
    const values = replies.length === 1 ? replies[0]! : replies.flat()
    for (let i = 0; i < values.length; i++) if (values[i] === null) values[i] = undefined
    return values as (Uint8Array | undefined)[]
  }

  async setMany(writes: readonly StoreWrite[]): Promise<void> {
    if (writes.length === 0) return
    const connection = this.#connection('setMany')
    try {
      if (writes.length === 1) await connection.send(setCommand(writes[0]!))
      else await connection.sendMany(writes.map(setCommand))
    } catch (cause) {
      throw failedError('setMany', cause)
    }
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0
    const counts = await this.#perKeys<number>('deleteMany', 'unlink', keys)
    return counts.reduce((sum, count) => sum + Number(count), 0)
  }

  async patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    const args = [String(offset), asBuffer(patch), ttlText(ttlMs)] as const
    return Number(await this.#script('patch', PATCH, key, args)) === 1
  }

  async increment(key: string, by: number, head: Uint8Array, ttlMs: number): Promise<number> {
    const args = [String(by), asBuffer(head), ttlText(ttlMs)] as const
    return Number(String(await this.#script('increment', INCREMENT, key, args)))
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    const { epoch } = this.#link
    let cursor = '0'
    do {
      const connection = this.#connection('scan')
      // The cursor belongs to the table of one server; another one would skip keys in silence.
      if (this.#link.epoch !== epoch)
        throw failedError('scan', new Error('the connection was replaced'))
      const pattern = `${escapeGlob(connection.keyPrefix + prefix)}*`
      const command: RedisCommand = ['scan', cursor, 'match', pattern, 'count', SCAN_COUNT]
      let page: [cursor: unknown, keys: Buffer[]]
      try {
        page = (await connection.send(command)) as typeof page
      } catch (cause) {
        throw failedError('scan', cause)
      }
      cursor = String(page[0])
      const skip = connection.keyPrefix.length
      if (page[1].length > 0) yield page[1].map((key) => key.toString().slice(skip))
    } while (cursor !== '0')
  }

  async ping(): Promise<void> {
    const connection = this.#connection('ping')
    try {
      await connection.send(['ping'])
    } catch (cause) {
      if (!isAnswer(cause)) throw failedError('ping', cause)
    }
  }

  reconnect(): void {
    this.#link.reconnect()
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  #connection(op: string): RedisConnection {
    const connection = this.#link.connection
    if (connection === undefined) throw awayError(op, this.#link.downCause)
    return connection
  }

  /** `name` with all keys, as one command or as several of a bounded size in one write. */
  async #perKeys<Reply>(op: string, name: string, keys: readonly string[]): Promise<Reply[]> {
    const connection = this.#connection(op)
    try {
      if (keys.length <= MAX_COMMAND_KEYS)
        return [(await connection.send([name, ...keys])) as Reply]
      const commands: RedisCommand[] = []
      for (let from = 0; from < keys.length; from += MAX_COMMAND_KEYS) {
        commands.push([name, ...keys.slice(from, from + MAX_COMMAND_KEYS)])
      }
      return (await connection.sendMany(commands)) as Reply[]
    } catch (cause) {
      throw failedError(op, cause)
    }
  }

  async #script(
    op: string,
    script: Script,
    key: string,
    args: readonly (string | Buffer)[],
  ): Promise<unknown> {
    const connection = this.#connection(op)
    try {
      return await runScript(connection, script, key, args)
    } catch (cause) {
      throw failedError(op, cause, key)
    }
  }
}

function setCommand({ key, bytes, ttlMs }: StoreWrite): RedisCommand {
  const ttl = ttlText(ttlMs)
  return ttl === '' ? ['set', key, asBuffer(bytes)] : ['set', key, asBuffer(bytes), 'PX', ttl]
}

/** Whole milliseconds, rounded up so that nothing is gone early; '' for no limit. */
function ttlText(ttlMs: number): string {
  if (ttlMs === Number.POSITIVE_INFINITY) return ''
  return String(Math.min(MAX_TTL_MS, Math.max(1, Math.ceil(ttlMs))))
}

/** The same memory, in the class that both clients take as binary. */
function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&')
}
