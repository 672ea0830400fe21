/**
 * One master of a cluster: its connection, its clock, and whether it may be used.
 *
 *   greeted    it has told which server it is, which slots it has, and its time
 *   admitted   whatever it may have brought back is fenced (slot-floors.ts): it may be asked
 *   silent     it has not answered for a while: what waits is rejected, nothing more is sent
 *
 * A silent node must not make a whole batch miss its deadline, so it is given up on before; any
 * answer ends the silence. One that stays silent is dialed anew. Bounded: RedisStore refuses more
 * than 10 000 calls under way.
 */
import { attempt } from '../../../core/attempt.js'
import { CacheError } from '../../../core/errors.js'
import { StoreClock } from '../../../core/store-clock.js'
import { awayError } from '../call-errors.js'
import type { RedisConnection } from '../connection.js'
import type { DialedLink } from '../dialed-link.js'
import { splitAddress } from '../node-addresses.js'
import { RedisStore } from '../redis-store.js'
import { AskingLink } from './asking-link.js'
import { type ClusterView, readView, type SlotRange, VIEW_COMMANDS } from './cluster-view.js'

export interface Greeting {
  /** Of this server since it became a master: unlike after a restart, and that of any replica. */
  readonly life: string
  /** Its own, as it sees them. */
  readonly ranges: readonly SlotRange[]
}

export type NodeCall<T> = (store: RedisStore, node: ClusterNode) => Promise<T>

interface Waiting {
  readonly op: string
  readonly answer: Promise<unknown>
  readonly reject: (error: CacheError) => void
}

const WHO_COMMANDS = [
  ['info', 'server'],
  ['info', 'replication'],
  ['cluster', 'myid'],
] as const
/** Of these a deadline for reads has five. */
const SILENT_TURNS = 4
const DROP_TURNS = 20

export class ClusterNode {
  readonly address: string
  readonly link: DialedLink
  readonly store: RedisStore
  /** For keys that are on their way to this node. */
  readonly askingStore: RedisStore
  greeting: Greeting | undefined
  /** When another node last said that it is a master: a moment before it was asked. */
  confirmedAtMs = Number.NEGATIVE_INFINITY
  readonly clock = new StoreClock()
  /** Until then it is kept, though it has no slot. */
  wantedUntilMs = 0
  /** Whether the last attempt to reach, meet or admit it came to nothing. */
  hasFailed = false
  readonly #onWaiting: () => void
  readonly #waiting = new Set<Waiting>()
  #greetedEpoch = -1
  #admittedEpoch = -1
  #silentTurns = 0
  #isSilent = false

  /**
   * `dial`: a link to the node of that address, not opened yet. `onWaiting`: called when a call
   * begins to wait, where none did.
   */
  constructor(
    address: string,
    dial: (address: string) => DialedLink,
    logNames: string[],
    onWaiting: () => void,
  ) {
    const link = dial(address)
    const dialMore = () => dial(address)
    this.address = address
    this.link = link
    this.#onWaiting = onWaiting
    this.store = new RedisStore(link, dialMore, logNames)
    this.askingStore = new RedisStore(new AskingLink(link), dialMore, logNames)
  }

  get isGreeted(): boolean {
    return this.#isUp(this.#greetedEpoch)
  }

  get isAdmitted(): boolean {
    return this.#isUp(this.#admittedEpoch)
  }

  get downCause(): unknown {
    if (this.#isSilent) return new Error(`${this.address} does not answer`)
    if (this.link.connection === undefined) return this.link.downCause
    return new Error(`${this.address} was not heard for long enough to be trusted`)
  }

  /** Asks all that must be known before it is used. Rejects where it is no master, or fails. */
  async greet(): Promise<void> {
    const { connection, epoch } = this.link
    if (connection === undefined) throw awayError('greet', this.link.downCause)
    const ask = (): Promise<readonly unknown[]> => {
      return connection.sendMany([...WHO_COMMANDS, ...VIEW_COMMANDS])
    }
    const [server, replication, id, ...view] = await this.watch('greet', ask)
    const run = /^run_id:(\w+)/m.exec(String(server))?.[1]
    const history = /^master_replid:(\w+)/m.exec(String(replication))?.[1]
    if (run === undefined || history === undefined || !/^role:master/m.test(String(replication))) {
      throw new Error(`${this.address} is no master`)
    }
    const { ranges } = readView(view, splitAddress(this.address).host)
    // By the id: what others call the node may be another address.
    const own = ranges.filter((range) => range.id === String(id))
    this.greeting = { life: `${run}.${history}`, ranges: own }
    await this.measure()
    this.#greetedEpoch = epoch
  }

  /** Nothing that it may have brought back can be mistaken for what is current. */
  admit(): void {
    this.#admittedEpoch = this.#greetedEpoch
    this.hasFailed = false
  }

  /** What it says of the cluster. */
  async view(): Promise<ClusterView> {
    const reply = await this.watch('view', () => this.#connected.sendMany(VIEW_COMMANDS))
    return readView(reply, splitAddress(this.address).host)
  }

  /** Whether slots are on their way to it or from it. Rejects where it cannot be asked. */
  async hasMovingSlots(): Promise<boolean> {
    const reply = await this.watch('nodes', () => this.#connected.send(['cluster', 'nodes']))
    const own = String(reply)
      .split('\n')
      .find((line) => line.includes('myself'))
    return own?.includes('[') === true
  }

  /** Reads its clock. */
  async measure(): Promise<void> {
    const sentAtMs = performance.now()
    const reply = await this.watch('time', () => this.#connected.send(['time']))
    const [seconds, micros] = reply as [unknown, unknown]
    const wallMs = Number(String(seconds)) * 1_000 + Math.floor(Number(String(micros)) / 1_000)
    this.clock.heard(wallMs, sentAtMs, performance.now())
  }

  /** Runs a call of an admitted node; rejects at once where it is none. */
  call<T>(op: string, send: NodeCall<T>, store: RedisStore = this.store): Promise<T> {
    if (!this.isAdmitted) return Promise.reject(awayError(op, this.downCause))
    return this.watch(op, () => send(store, this))
  }

  /** Gives up on what `send` began once the node is silent. */
  watch<T>(op: string, send: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = withResolvers<T>()
    const waiting: Waiting = { op, answer: promise, reject }
    if (this.#waiting.size === 0) this.#onWaiting()
    this.#waiting.add(waiting)
    attempt(send).then(
      (value) => {
        this.#heard(waiting)
        resolve(value)
      },
      (error: unknown) => {
        this.#heard(waiting)
        reject(error)
      },
    )
    return promise
  }

  /** Resolves once all that waits now has its answer; `undefined` where nothing does. */
  settled(): Promise<void> | undefined {
    if (this.#waiting.size === 0) return undefined
    const answers = [...this.#waiting].map(({ answer }) => answer)
    // And once those who wait for them have taken them.
    const taken = () => new Promise<void>((resolve) => setImmediate(resolve))
    return Promise.allSettled(answers).then(taken)
  }

  /**
   * Called five times in a deadline while anything waits; returns whether something does. Counts
   * turns, so that a pause of this process is but one.
   */
  turn(): boolean {
    if (this.link.connection === undefined) this.#isSilent = false
    if (this.#waiting.size === 0 && !this.#isSilent) return false
    this.#silentTurns += 1
    if (this.#silentTurns >= SILENT_TURNS) this.#giveUp()
    if (this.#silentTurns >= DROP_TURNS) {
      this.#silentTurns = 0
      this.link.reconnect()
    }
    return true
  }

  async close(): Promise<void> {
    await Promise.all([this.store.close(), this.askingStore.close()])
  }

  get #connected(): RedisConnection {
    const { connection } = this.link
    if (connection === undefined) throw awayError('call', this.link.downCause)
    return connection
  }

  #isUp(epoch: number): boolean {
    return !this.#isSilent && this.link.epoch === epoch && this.link.connection !== undefined
  }

  #heard(waiting: Waiting): void {
    this.#waiting.delete(waiting)
    this.#silentTurns = 0
    this.#isSilent = false
  }

  #giveUp(): void {
    this.#isSilent = true
    for (const { op, reject } of this.#waiting) {
      const message = `redis ${op}: ${this.address} did not answer in time`
      reject(new CacheError('STORE_TIMEOUT', message, { op }))
    }
    this.#waiting.clear()
  }
}

/** As `Promise.withResolvers` of later Nodes. */
function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}
