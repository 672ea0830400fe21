/** The writer of a worker: notes what it was given, takes its time, and writes it to Postgres. */
import { setTimeout as pause } from 'node:timers/promises'
import type {
  BehindWrite,
  BehindWriteContext,
  FailedWrite,
  SqlClient,
} from '../../../src/patterns/index.js'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import type { FromMember, RoundSetting } from './messages.js'
import { noteDeliveries, upserts, writeUnguarded } from './source.js'

type Write = (
  writes: readonly BehindWrite<string>[],
  context: BehindWriteContext,
) => Promise<readonly FailedWrite[]>

const EARLY_MS = 50

export class Deliverer {
  readonly #client: SqlClient
  readonly #setting: RoundSetting
  readonly #tell: (message: FromMember) => void
  readonly #random: () => number
  readonly #write: Write
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(client: SqlClient, setting: RoundSetting, tell: (message: FromMember) => void) {
    this.#client = client
    this.#setting = setting
    this.#tell = tell
    this.#random = seededRandom(setting.plan.seed + setting.by)
    const isUnguarded = setting.plant === 'versions are not compared'
    this.#write = isUnguarded ? (writes) => writeUnguarded(client, writes) : upserts(client).write
  }

  /** The `write` of write-behind. */
  readonly write: Write = async (writes, context) => {
    const taken = () => this.#tell({ kind: 'trouble', error: 'a batch was taken away' })
    context.signal.addEventListener('abort', taken, { once: true })
    await noteDeliveries(this.#client, this.#setting.by, writes)
    const written = this.#deliver(writes, context)
    this.#underWay.add(written)
    const end = () => this.#underWay.delete(written)
    written.then(end, end)
    return this.#setting.plant === 'settled before it is written' ? [] : written
  }

  /** Resolves when nothing is under way any more, also of what was aborted. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }

  async #deliver(
    writes: readonly BehindWrite<string>[],
    context: BehindWriteContext,
  ): ReturnType<Write> {
    const isEarly = this.#setting.plant === 'settled before it is written'
    await pause(this.#random() * this.#setting.plan.pauseMs + (isEarly ? EARLY_MS : 0))
    return this.#write(writes, context)
  }
}
