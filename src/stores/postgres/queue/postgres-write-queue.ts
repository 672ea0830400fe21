/**
 * The `WriteQueue` contract over Postgres: each call is one statement, most of them a function of
 * queue-functions.ts; where it is cut into several of a bounded size, they go out together. A put
 * into many partitions is one transaction, so that one wait for the disk is enough.
 */
import { invalidOption } from '../../../core/option-reading.js'
import {
  type Claim,
  type ClaimBounds,
  type DeadLetter,
  type Durability,
  type Holder,
  type NewWrite,
  type PutAnswer,
  type PutLimits,
  partitionOf,
  type QueueState,
  type SettleAnswer,
  type Settled,
  type WaitingWrite,
  type WriteOp,
  type WriteQueue,
} from '../../../core/write-queue.js'
import type { CallOrder } from '../../key-lanes.js'
import { keyOf, textOf } from '../../key-text.js'
import { slices } from '../../slices.js'
import type { Row, Statement } from '../sql-connection.js'
import type { Statements } from '../statements.js'
import { asBuffer, joinedValues } from '../written-values.js'

/** Sends a statement of the operation that messages name. */
export type RunStatement = (
  op: string,
  statement: Statement,
  values: unknown[],
  order?: CallOrder,
) => Promise<readonly Row[]>

/** Of one statement, which has its partitions to itself while it runs. */
const MAX_ITEMS = 1_000
/** A thousand years: more is more than a moment of the server can hold. */
const MAX_MS = 31_556_952_000_000
/** The server's `synchronous_commit`. */
const COMMITS = { memory: 'off', disk: 'local', replica: 'on' } as const

export class PostgresWriteQueue implements WriteQueue {
  readonly partitions: number
  readonly #name: string
  readonly #statements: Statements['queue']
  readonly #run: RunStatement

  constructor(
    name: string,
    partitions: number,
    statements: Statements['queue'],
    run: RunStatement,
  ) {
    this.#name = textOf(name)
    this.partitions = partitions
    this.#statements = statements
    this.#run = run
  }

  async prepare(durability: Durability): Promise<void> {
    const values = [this.#name, this.partitions]
    const [row] = await this.#run('prepare', this.#statements.prepare, values)
    const known = Number(row!.known)
    if (known !== this.partitions) {
      throw invalidOption('writeBehind', 'partitions', this.partitions, `${known}, as elsewhere`)
    }
    if (durability !== 'replica' || row!.has_standby === true) return
    const range = "'memory' or 'disk' where synchronous_standby_names of the server is empty"
    throw invalidOption('writeBehind', 'durability', durability, range)
  }

  async put(writes: readonly NewWrite[], limits: PutLimits): Promise<readonly PutAnswer[]> {
    const answers: PutAnswer[] = new Array(writes.length)
    const items = writes.map((write, at) => ({ write, at, part: this.#partOf(write.key) }))
    // The order in which they are locked, and answered; within a partition that of the call.
    items.sort((one, other) => one.part - other.part)
    const calls = slices(items, MAX_ITEMS).map(async (slice) => {
      const versions = await this.#put(slice, limits)
      slice.forEach(({ at }, i) => {
        const version = versions[i]!
        answers[at] = { version: Math.abs(version), isQueued: version > 0 }
      })
    })
    await Promise.all(calls)
    return answers
  }

  async #put(items: readonly Item[], limits: PutLimits): Promise<readonly number[]> {
    if (items.length === 0) return []
    const { delayMs, maxPending, maxAgeMs, durability, notAfterWallMs } = limits
    const keys = items.map(({ write }) => textOf(write.key))
    const { places, sizes, bytes } = joinedValues(items.map(({ write }) => asBuffer(write.bytes)))
    const ops = items.map(({ write }) => write.op)
    const parts = items.map(({ part }) => part)
    const bounds = [msOf(delayMs), numberOf(maxPending), msOf(maxAgeMs), COMMITS[durability]]
    const what = [parts, keys, ops, places, sizes, bytes]
    const values = [this.#name, ...what, ...bounds, numberOf(notAfterWallMs)]
    const [row] = await this.#run('put', this.#statements.put, values, this.#order(keys, true))
    return (row!.answer as readonly unknown[]).map(Number)
  }

  async waiting(keys: readonly string[]): Promise<readonly (WaitingWrite | undefined)[]> {
    const texts = keys.map(textOf)
    const calls = slices(texts, MAX_ITEMS).map((slice) => {
      const order = this.#order(slice, false)
      return this.#run('waiting', this.#statements.waiting, [this.#name, slice], order)
    })
    const rows = (await Promise.all(calls)).flat()
    const found = new Map(rows.map((row) => [row.key, row]))
    return texts.map((text) => {
      const row = found.get(text)
      return row && readWrite(row)
    })
  }

  async claim(partition: number, holder: Holder, bounds: ClaimBounds): Promise<Claim> {
    const { aheadMs = 0, maxWrites, maxBytes } = bounds
    const most = [Math.ceil(maxWrites), Math.ceil(maxBytes)].map(numberOf)
    const who = [this.#name, partition, textOf(holder.id), msOf(holder.leaseMs)]
    const values = [...who, ...most, msOf(aheadMs)]
    const rows = await this.#run('claim', this.#statements.claim, values)
    const { epoch, next_ms: nextMs } = rows[0]!
    const isHeld = epoch !== null
    return {
      epoch: isHeld ? Number(epoch) : undefined,
      writes: isHeld ? rows.map(readWrite) : [],
      nextMs: nextMs === null ? undefined : Number(nextMs),
    }
  }

  async renew(partition: number, { leaseMs }: Holder, epoch: number): Promise<boolean> {
    const values = [this.#name, partition, epoch, msOf(leaseMs)]
    const [row] = await this.#run('renew', this.#statements.renew, values)
    return row!.answer === true
  }

  async settle(
    partition: number,
    epoch: number,
    settled: readonly Settled[],
  ): Promise<readonly SettleAnswer[] | undefined> {
    const calls = slices(settled, MAX_ITEMS).map(async (slice) => {
      const values = [this.#name, partition, epoch, ...outcomeLists(slice)]
      const [row] = await this.#run('settle', this.#statements.settle, values)
      return row!.answer as readonly SettleAnswer[] | null
    })
    const answers = await Promise.all(calls)
    return answers.includes(null) ? undefined : answers.flatMap((each) => each!)
  }

  async release(partition: number, epoch: number): Promise<void> {
    await this.#run('release', this.#statements.release, [this.#name, partition, epoch])
  }

  async state(): Promise<QueueState> {
    const [row] = await this.#run('state', this.#statements.state, [this.#name])
    const { pending, oldest_ms: oldestMs, dead, held, done_ago_ms: doneAgoMs } = row!
    return {
      pending: Number(pending),
      oldestMs: Number(oldestMs),
      dead: Number(dead),
      held: Number(held),
      doneAgoMs: doneAgoMs === null ? Number.POSITIVE_INFINITY : Math.max(0, Number(doneAgoMs)),
    }
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const values = [this.#name, numberOf(limit)]
    const rows = await this.#run('deadLetters', this.#statements.dead, values)
    return rows.map((row) => ({
      ...readWrite(row),
      error: keyOf(String(row.error)),
      diedAtWallMs: Number(row.died_at_ms),
    }))
  }

  replay(keys: readonly string[]): Promise<number> {
    return this.#letters('replay', keys)
  }

  drop(keys: readonly string[]): Promise<number> {
    return this.#letters('drop', keys)
  }

  async #letters(op: 'replay' | 'drop', keys: readonly string[]): Promise<number> {
    const calls = slices(keys, MAX_ITEMS).map(async (slice) => {
      const texts = slice.map(textOf)
      const parts = slice.map((key) => this.#partOf(key))
      const values = [this.#name, parts, texts, op === 'replay']
      const order = this.#order(texts, true)
      const [row] = await this.#run(op, this.#statements.letters, values, order)
      return Number(row!.answer)
    })
    return (await Promise.all(calls)).reduce((sum, count) => sum + count, 0)
  }

  #partOf(key: string): number {
    return partitionOf(key, this.partitions)
  }

  /** Two puts of a key must not overtake each other, whichever connections carry them. */
  #order(texts: readonly string[], isWrite: boolean): CallOrder {
    return { keys: texts.map((text) => `${this.#name} ${text}`), isWrite }
  }
}

interface Item {
  readonly write: NewWrite
  /** In the call. */
  readonly at: number
  readonly part: number
}

function msOf(ms: number): number {
  return Math.min(MAX_MS, ms)
}

/** `Infinity` as a number that nothing reaches. */
function numberOf(number = Number.POSITIVE_INFINITY): number {
  return Math.min(Number.MAX_SAFE_INTEGER, number)
}

function readWrite(row: Row): WaitingWrite {
  return {
    key: keyOf(String(row.key)),
    op: row.op as WriteOp,
    version: Number(row.version),
    attempts: Number(row.attempts),
    bytes: row.value as Uint8Array,
  }
}

/** Keys, versions, kinds, milliseconds or most dead letters, errors. */
function outcomeLists(settled: readonly Settled[]): unknown[] {
  const numbers = settled.map(({ outcome }) => {
    if (outcome.kind === 'done') return 0
    return outcome.kind === 'dead' ? numberOf(outcome.maxDead) : msOf(outcome.afterMs)
  })
  return [
    settled.map(({ key }) => textOf(key)),
    settled.map(({ version }) => version),
    settled.map(({ outcome }) => outcome.kind),
    numbers,
    settled.map(({ outcome }) => (outcome.kind === 'dead' ? textOf(outcome.error) : '')),
  ]
}
