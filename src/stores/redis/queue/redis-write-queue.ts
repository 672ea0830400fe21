/**
 * The `WriteQueue` contract over Redis: each call is one script for each partition that it touches,
 * so what a partition promises is atomic, on one server and on a cluster; on one server writes are
 * put into several by one script. Scripts of a call go out together. What is put for a disk or a
 * replica costs one round trip more, and what those take.
 */
import { invalidOption } from '../../../core/option-reading.js'
import type {
  Claim,
  ClaimBounds,
  DeadLetter,
  Durability,
  Holder,
  NewWrite,
  PutAnswer,
  PutLimits,
  QueueState,
  SettleAnswer,
  Settled,
  WaitingWrite,
  WriteQueue,
} from '../../../core/write-queue.js'
import { slices } from '../../slices.js'
import type { RedisArg } from '../connection.js'
import { asBuffer } from '../redis-args.js'
import type { Script } from '../scripts.js'
import { bundled, byPartition, type Part } from './by-partition.js'
import { numberIn, pairs, readLetter, readWrite } from './queue-replies.js'
import {
  CLAIM,
  DROP,
  LETTERS,
  PREPARE,
  PUT,
  QUEUE_KEYS,
  RELEASE,
  RENEW,
  REPLAY,
  SETTLE,
  STATE,
  WAITING,
} from './queue-scripts.js'

/**
 * Runs a script where its keys lie. `notAfterWallMs`, on the clock of the log: the text of that
 * moment on the clock of the server comes before `args`, or '' for `Infinity`.
 */
export type RunScript = (
  op: string,
  script: Script,
  keys: readonly string[],
  args: readonly RedisArg[],
  notAfterWallMs?: number,
) => Promise<unknown>

export interface Answered {
  readonly reply: unknown
  /**
   * Resolves once what the script wrote has reached the durability, within `limitMs`; `markKey` is
   * a hash in its slot. Rejects where that is not known.
   */
  confirm(durability: Durability, markKey: string, limitMs: number): Promise<void>
}

/** Where the data of a queue lies. */
export interface QueuePlace {
  /** Whether one script can touch several partitions. */
  readonly isOneServer: boolean
  /** Rejects with OPTION_INVALID where writes cannot be kept so. */
  prepare(durability: Durability): Promise<void>
  run(...call: Parameters<RunScript>): Promise<Answered>
}

/** Of one script: more would keep the server from everyone else for milliseconds. */
const MAX_ITEMS = 500

export class RedisWriteQueue implements WriteQueue {
  readonly partitions: number
  readonly #name: string
  readonly #place: QueuePlace

  constructor(name: string, partitions: number, place: QueuePlace) {
    this.#name = name
    this.partitions = partitions
    this.#place = place
  }

  async prepare(durability: Durability): Promise<void> {
    await this.#place.prepare(durability)
    const known = Number(await this.#on(0, 'prepare', PREPARE, [String(this.partitions)]))
    if (known === this.partitions) return
    throw invalidOption('writeBehind', 'partitions', this.partitions, `${known}, as elsewhere`)
  }

  async put(writes: readonly NewWrite[], limits: PutLimits): Promise<readonly PutAnswer[]> {
    const answers: PutAnswer[] = new Array(writes.length)
    const parts = byPartition(writes.map(keyOf), this.partitions, MAX_ITEMS)
    const together = this.#place.isOneServer
      ? bundled(parts, MAX_ITEMS)
      : parts.map((part) => [part])
    await Promise.all(
      together.map(async (bundle) => {
        const got = await this.#put(bundle, writes, limits)
        bundle
          .flatMap(({ places }) => places)
          .forEach((at, i) => {
            answers[at] = got[i]!
          })
      }),
    )
    return answers
  }

  /** In the order of the parts. */
  async #put(
    parts: readonly Part[],
    writes: readonly NewWrite[],
    limits: PutLimits,
  ): Promise<readonly PutAnswer[]> {
    const { notAfterWallMs = Number.POSITIVE_INFINITY, durability } = limits
    const bounds = [limits.delayMs, limits.maxPending, limits.maxAgeMs].map(wholeText)
    const keys = parts.flatMap(({ partition }) => this.#keys(partition))
    const args = parts.flatMap(({ places }) => [
      String(places.length),
      ...places.flatMap((at) => putArgs(writes[at]!)),
    ])
    const all = [...bounds, ...args]
    const { reply, confirm } = await this.#place.run('put', PUT, keys, all, notAfterWallMs)
    const [left, ...versions] = (reply as unknown[]).map(String)
    await confirm(durability, keys.at(-1)!, left === '' ? Number.POSITIVE_INFINITY : Number(left))
    return versions.map((text) => {
      const isQueued = !text.startsWith('-')
      return { version: Number(isQueued ? text : text.slice(1)), isQueued }
    })
  }

  waiting(keys: readonly string[]): Promise<readonly (WaitingWrite | undefined)[]> {
    return this.#each(keys, async (partition, part) => {
      const reply = await this.#on(partition, 'waiting', WAITING, part)
      return (reply as (Buffer | null)[]).map((stored, i) =>
        stored === null ? undefined : readWrite(part[i]!, stored),
      )
    })
  }

  async claim(partition: number, holder: Holder, bounds: ClaimBounds): Promise<Claim> {
    const { maxWrites, maxBytes, aheadMs = 0 } = bounds
    const limits = [holder.leaseMs, maxWrites, maxBytes, aheadMs]
    const args = [holder.id, ...limits.map(wholeText)]
    const reply = (await this.#on(partition, 'claim', CLAIM, args)) as Buffer[]
    return {
      epoch: numberIn(reply[0]!),
      nextMs: numberIn(reply[1]!),
      writes: pairs(reply.slice(2)).map(([key, stored]) => readWrite(String(key), stored)),
    }
  }

  async renew(partition: number, { id, leaseMs }: Holder, epoch: number): Promise<boolean> {
    const args = [id, wholeText(leaseMs), String(epoch)]
    return Number(await this.#on(partition, 'renew', RENEW, args)) === 1
  }

  async settle(
    partition: number,
    epoch: number,
    settled: readonly Settled[],
  ): Promise<readonly SettleAnswer[] | undefined> {
    const replies = await Promise.all(
      slices(settled, MAX_ITEMS).map((part) => {
        const args = [String(epoch), ...part.flatMap(outcomeArgs)]
        return this.#on(partition, 'settle', SETTLE, args)
      }),
    )
    if (replies.includes(null)) return undefined
    return (replies as unknown[][]).flat().map(String) as SettleAnswer[]
  }

  async release(partition: number, epoch: number): Promise<void> {
    await this.#on(partition, 'release', RELEASE, [String(epoch)])
  }

  async state(): Promise<QueueState> {
    const states = (await this.#all('state', STATE, [])) as unknown[][]
    const numbers = states.map((state) => state.slice(0, 4).map(Number))
    const doneAgoMs = states.map(
      (state) => numberIn(state[4] as Buffer) ?? Number.POSITIVE_INFINITY,
    )
    const sum = (at: number) => numbers.reduce((total, state) => total + state[at]!, 0)
    const oldestMs = Math.max(...numbers.map((state) => state[1]!))
    return {
      pending: sum(0),
      oldestMs,
      dead: sum(2),
      held: sum(3),
      doneAgoMs: Math.min(...doneAgoMs),
    }
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const replies = await this.#all('deadLetters', LETTERS, [wholeText(limit)])
    return replies
      .flatMap((reply) => pairs(reply as Buffer[]))
      .slice(0, limit)
      .map(([key, letter]) => readLetter(String(key), letter))
  }

  replay(keys: readonly string[]): Promise<number> {
    return this.#count('replay', REPLAY, keys)
  }

  drop(keys: readonly string[]): Promise<number> {
    return this.#count('drop', DROP, keys)
  }

  async #count(op: string, script: Script, keys: readonly string[]): Promise<number> {
    // One of a part stands for all of it.
    const counts = await this.#each(keys, async (partition, part) => {
      return [Number(await this.#on(partition, op, script, part))]
    })
    return counts.reduce((sum: number, count) => sum + (count ?? 0), 0)
  }

  /** Answers in the order of the keys, each from its partition. */
  async #each<A>(
    keys: readonly string[],
    send: (partition: number, part: readonly string[]) => Promise<readonly A[]>,
  ): Promise<A[]> {
    const answers: A[] = new Array(keys.length)
    const parts = byPartition(keys, this.partitions, MAX_ITEMS)
    await Promise.all(
      parts.map(async ({ partition, places }) => {
        const part = places.map((at) => keys[at]!)
        const got = await send(partition, part)
        places.forEach((at, i) => {
          answers[at] = got[i]!
        })
      }),
    )
    return answers
  }

  #all(op: string, script: Script, args: readonly RedisArg[]): Promise<unknown[]> {
    const each = Array.from({ length: this.partitions }, (_, partition) => partition)
    return Promise.all(each.map((partition) => this.#on(partition, op, script, args)))
  }

  async #on(
    partition: number,
    op: string,
    script: Script,
    args: readonly RedisArg[],
  ): Promise<unknown> {
    const { reply } = await this.#place.run(op, script, this.#keys(partition), args)
    return reply
  }

  #keys(partition: number): readonly string[] {
    return QUEUE_KEYS.map((key) => `{${this.#name}:${partition}}!${key}`)
  }
}

function keyOf({ key }: { readonly key: string }): string {
  return key
}

function putArgs({ key, op, bytes }: NewWrite): RedisArg[] {
  return [key, op, asBuffer(bytes)]
}

/** `Infinity` as a number that Lua reads and nothing reaches. */
function wholeText(number: number): string {
  return String(Math.ceil(Math.min(Number.MAX_SAFE_INTEGER, number)))
}

function outcomeArgs({ key, version, outcome }: Settled): string[] {
  switch (outcome.kind) {
    case 'done':
      return [key, String(version), 'done', '0', '']
    case 'retry':
    case 'later':
      return [key, String(version), outcome.kind, wholeText(outcome.afterMs), '']
    case 'dead':
      return [key, String(version), 'dead', wholeText(outcome.maxDead), outcome.error]
  }
}
