/**
 * Gives room back: what has expired, and the oldest entries where the table is over its bounds.
 *
 * One process at a time does it for all: whoever finds it due makes it due again by the same
 * statement. It works in batches, over whichever connection the store has, and never keeps the
 * process alive. Expired entries are gone for readers at once, whenever this comes by.
 *
 * Bounds are kept to within what is written between two measurements, a minute apart: counting
 * reads the whole table, and is left out while the files are too small to hold more than allowed.
 */
import type { SqlSource, Statement } from './sql-connection.js'
import type { Statements } from './statements.js'

export interface SweeperOptions {
  /** As it is written in statements. */
  readonly table: string
  readonly sweepIntervalMs: number
  readonly maxEntries: number
  readonly maxBytes: number
}

const BATCH = 500
/** Of one turn; what is left waits for the next, soon. */
const MAX_BATCHES = 100
const MEASURE_EVERY_MS = 60_000
/** The least that an entry takes in the table's file: headers, moments, a short key. */
const MIN_ENTRY_BYTES = 52
/** What an entry takes beside key and value, indexes not counted. */
const OVERHEAD_BYTES = 60

export class Sweeper {
  readonly #options: SweeperOptions
  readonly #statements: Statements
  #source: SqlSource | undefined
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()

  constructor(options: SweeperOptions, statements: Statements) {
    this.#options = options
    this.#statements = statements
  }

  open(source: SqlSource): void {
    this.#source = source
    this.#wait(this.#options.sweepIntervalMs)
  }

  /** Resolves after the batch in hand. Never rejects. */
  async close(): Promise<void> {
    this.#source = undefined
    clearTimeout(this.#timer)
    await this.#turn
  }

  /** Spread, so that the processes of a service do not ask as one. */
  #wait(delayMs: number): void {
    if (this.#source === undefined) return
    const spreadMs = delayMs * (0.75 + Math.random() / 4)
    this.#timer = setTimeout(() => {
      this.#turn = this.#sweep()
    }, spreadMs).unref()
  }

  async #sweep(): Promise<void> {
    let isDone = true
    try {
      const { sweepIntervalMs } = this.#options
      if (await this.#claim('sweep', sweepIntervalMs / 2)) {
        isDone = await this.#batches(() => this.#count(this.#statements.sweepEntries))
        await this.#batches(() => this.#count(this.#statements.sweepLeases))
      }
      if (await this.#claim('measure', MEASURE_EVERY_MS)) await this.#keepBounds()
    } catch {
      // The store is away, or a batch met a lock: the next turn finds the same entries.
    }
    this.#wait(isDone ? this.#options.sweepIntervalMs : BATCH)
  }

  /** Whether the chore is due, and now this process's. */
  async #claim(chore: string, everyMs: number): Promise<boolean> {
    return (await this.#ask(this.#statements.claim, [chore, everyMs])).length > 0
  }

  async #count(statement: Statement): Promise<number> {
    return (await this.#ask(statement, [BATCH])).length
  }

  /** Until one is not full; `false` where there is more to do. */
  async #batches(run: () => Promise<number>): Promise<boolean> {
    for (let i = 0; i < MAX_BATCHES; i++) if ((await run()) < BATCH) return true
    return false
  }

  async #keepBounds(): Promise<void> {
    const { table, maxEntries, maxBytes } = this.#options
    const fileBytes = Number((await this.#ask(this.#statements.size, [table]))[0]!.bytes)
    if (fileBytes <= maxBytes && fileBytes / MIN_ENTRY_BYTES <= maxEntries) return
    const [found] = await this.#ask(this.#statements.measure, [])
    let rows = Number(found!.rows) - maxEntries
    let bytes = Number(found!.bytes) + Number(found!.rows) * OVERHEAD_BYTES - maxBytes
    while (rows > 0 || bytes > 0) {
      const [gone] = await this.#ask(this.#statements.evict, [BATCH])
      if (Number(gone!.rows) === 0) return
      rows -= Number(gone!.rows)
      bytes -= Number(gone!.bytes) + Number(gone!.rows) * OVERHEAD_BYTES
    }
  }

  #ask(statement: Statement, values: unknown[]) {
    const connection = this.#source?.connection
    if (connection === undefined) throw new Error('the store is away')
    return connection.query(statement, values)
  }
}
