/**
 * Gives room back: what has expired, and the oldest entries where the table is over its bounds.
 *
 * One process at a time does it for all: whoever finds it due puts it off by the same statement. It
 * walks over the table page by page, over whichever connection the store has, in pieces that take
 * about a millisecond, and rests at least twenty times as long as it walked. Expired entries are
 * gone for readers at once, whenever it comes by.
 *
 * A walk also counts, and takes a sample of when entries were written. Where the
 * table is over its bounds, the next walk, which follows at once, deletes what is older than the
 * share of the samples that is too much. So the bounds are kept to within what is written between
 * two walks.
 */
import { Chore } from '../chore.js'
import type { TableBounds } from '../table-bounds.js'
import type { Row, SqlSource, Statement } from './sql-connection.js'
import type { Statements } from './statements.js'

export interface SweeperOptions extends TableBounds {
  /** As it is written in statements. */
  readonly table: string
  readonly sweepIntervalMs: number
}

/** What a walk found. */
interface Count {
  entries: number
  bytes: number
  /** Seconds since the Unix epoch by the server's clock. */
  readonly writtenAt: number[]
}

const CHORE = 'sweep'
/** For how long a walk keeps others from beginning one; one that crashed is followed then. */
const WALK_MS = 30_000
const PAGES = 128
/** Of each piece; a large table is sampled more thinly: some ten thousand samples at most. */
const SAMPLE_EVERY = 32
const SAMPLE_PAGES = 500
const REST = 20
const MAX_REST_MS = 600_000
const LEASES = 1_000
const MAX_LEASE_BATCHES = 100
/** What an entry takes in the table beside key and value; the index is not counted. */
const OVERHEAD_BYTES = 60

export class Sweeper {
  readonly #options: SweeperOptions
  readonly #statements: Statements
  #source: SqlSource | undefined
  readonly #chore = new Chore(() => this.#sweep())

  constructor(options: SweeperOptions, statements: Statements) {
    this.#options = options
    this.#statements = statements
  }

  get maxBytes(): number {
    return this.#options.maxBytes
  }

  open(source: SqlSource): void {
    this.#source = source
    this.#chore.begin(this.#options.sweepIntervalMs)
  }

  /** Resolves after the piece in hand. Never rejects. */
  async close(): Promise<void> {
    this.#source = undefined
    await this.#chore.end()
  }

  /** How long it rests then. */
  async #sweep(): Promise<number> {
    const { sweepIntervalMs } = this.#options
    let restMs = sweepIntervalMs
    try {
      const { claim, postpone } = this.#statements
      const isMine = (await this.#ask(claim, [CHORE, WALK_MS])).length > 0
      if (isMine) {
        const beganMs = performance.now()
        const count = await this.#walk(undefined)
        const cutOff = this.#cutOff(count)
        if (cutOff !== undefined) await this.#walk(cutOff)
        await this.#sweepLeases()
        const walkedMs = performance.now() - beganMs
        restMs = Math.min(MAX_REST_MS, Math.max(sweepIntervalMs, REST * walkedMs))
        await this.#ask(postpone, [CHORE, restMs / 2])
      }
    } catch {
      // The store is away, or was closed: the next walk finds the same entries.
    }
    return restMs
  }

  /** Deletes what has expired, and what was written up to `cutOff`, in seconds. */
  async #walk(cutOff: number | undefined): Promise<Count> {
    const { pages: size, sweepPages, postpone } = this.#statements
    const [row] = await this.#ask(size, [this.#options.table])
    const pages = Number(row!.pages)
    const every = Math.max(SAMPLE_EVERY, Math.ceil(pages / SAMPLE_PAGES))
    const count: Count = { entries: 0, bytes: 0, writtenAt: [] }
    let toldMs = performance.now()
    for (let page = 0; page < pages; page += PAGES) {
      const [found] = await this.#ask(sweepPages, [page, page + PAGES, cutOff ?? null, every])
      count.entries += Number(found!.entries)
      count.bytes += Number(found!.bytes)
      for (const each of JSON.parse(String(found!.moments)) as number[]) count.writtenAt.push(each)
      if (performance.now() - toldMs < WALK_MS / 3) continue
      toldMs = performance.now()
      await this.#ask(postpone, [CHORE, WALK_MS])
    }
    return count
  }

  /** Up to which entries are too many; `undefined` where the table keeps its bounds. */
  #cutOff({ entries, bytes, writtenAt }: Count): number | undefined {
    const { maxEntries, maxBytes } = this.#options
    const allBytes = bytes + entries * OVERHEAD_BYTES
    const share = Math.max(1 - maxEntries / entries, 1 - maxBytes / allBytes)
    if (!(share > 0)) return undefined
    const ordered = writtenAt.sort((a, b) => a - b)
    return ordered[Math.ceil(share * ordered.length) - 1]
  }

  async #sweepLeases(): Promise<void> {
    for (let i = 0; i < MAX_LEASE_BATCHES; i++) {
      if ((await this.#ask(this.#statements.sweepLeases, [LEASES])).length < LEASES) return
    }
  }

  async #ask(statement: Statement, values: unknown[]): Promise<readonly Row[]> {
    const connection = this.#source?.connection
    if (connection === undefined) throw new Error('the store is away')
    return connection.query(statement, values)
  }
}
