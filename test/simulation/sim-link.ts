/**
 * The network between one process and the server, and the server's own troubles.
 *
 * Requests of a connection arrive in their order, and so do its replies, as TCP has it; each takes
 * its time. A cut loses all replies on their way, and half of the time the requests as well. Pushes
 * come over a connection of their own, which may be cut without a word; they are sometimes doubled
 * or late.
 */
import type { Store, StoreFill, StoreListener, StoreWrite } from '../../src/core/contracts.js'
import { CacheError } from '../../src/core/errors.js'
import type { Log, LogListener } from '../../src/core/log.js'
import { type InProcessStore, inProcessStore } from '../../src/testing/index.js'
import type { Scheduler } from './scheduler.js'

const SMALL_LOG = { maxRecords: 3, maxTags: 1, maxPrefixes: 1, maxRead: 2 }

export class SimServer {
  readonly data: InProcessStore
  /** How often it was started: one that starts knows of no process. */
  lives = 1
  /** Told of each write that the server has taken. */
  onTaken: (write: StoreWrite) => void = () => {}
  #isFrozen = false
  #held: (() => void)[] = []

  /** `isSmall`: its log keeps next to nothing: members find it trimmed, and its floor risen. */
  constructor(scheduler: Scheduler, isSmall: boolean) {
    const now = () => scheduler.nowMs
    const defer = (run: () => void) => process.nextTick(run)
    const setTimer = () => ({ cancel: () => {} })
    const clock = { monotonicMs: now, ceilingMs: now, wallMs: now, setTimer, defer }
    this.data = inProcessStore({ clock, log: true, logLimits: isSmall ? SMALL_LOG : {} })
    this.data.open({ onUp: () => {}, onDown: () => {} })
  }

  execute(run: () => void): void {
    if (this.#isFrozen) this.#held.push(run)
    else run()
  }

  freeze(): void {
    this.#isFrozen = true
  }

  thaw(): void {
    this.#isFrozen = false
    const held = this.#held
    this.#held = []
    for (const run of held) run()
  }
}

interface Connection {
  isCut: boolean
  /** What was sent before it was cut arrives all the same. */
  isHeard: boolean
  lastArrivalMs: number
  lastReplyMs: number
  readonly waiting: Set<(error: unknown) => void>
}

const AWAY = new CacheError('STORE_UNAVAILABLE', 'no connection')

export class SimLink implements Store {
  readonly name = 'simulated'
  readonly abilities = { shared: true, atomic: true, durable: true }
  readonly #scheduler: Scheduler
  readonly #server: SimServer
  readonly #data: InProcessStore
  readonly #deliver: (run: () => void) => void
  #listener: StoreListener | undefined
  #logListener: LogListener | undefined
  /** The life of the server in which it has heard of this process last. */
  #metLife = 0
  #connection: Connection | undefined
  #pushes: Connection | undefined

  constructor(scheduler: Scheduler, server: SimServer, deliver: (run: () => void) => void) {
    this.#scheduler = scheduler
    this.#server = server
    this.#data = server.data.peer()
    this.#deliver = deliver
  }

  open(listener: StoreListener): void {
    this.#listener = listener
    this.#data.open({ onUp: () => {}, onDown: () => {} })
    this.#scheduler.after(1, () => this.connect())
  }

  /** The process has its new connection when it hears of it. */
  connect(): void {
    this.#deliver(() => {
      if (this.#connection !== undefined) return
      this.#connection = newConnection(this.#scheduler.nowMs)
      this.#listener?.onUp()
      this.connectPushes()
    })
  }

  /** Everything on its way is lost; the process is told, soon or not at all. */
  cut(isTold = true): void {
    const connection = this.#connection
    if (connection === undefined) return
    this.#connection = undefined
    connection.isCut = true
    connection.isHeard = this.#scheduler.chance(0.5)
    this.cutPushes()
    if (!isTold) return
    for (const fail of connection.waiting) this.#deliver(() => fail(AWAY))
    this.#deliver(() => this.#listener?.onDown(AWAY))
  }

  /** Nothing moves for a while, in either direction. */
  stall(ms: number): void {
    for (const connection of [this.#connection, this.#pushes]) {
      if (connection === undefined) continue
      // Nothing overtakes what is on its way already.
      const untilMs = this.#scheduler.nowMs + ms
      connection.lastArrivalMs = Math.max(connection.lastArrivalMs, untilMs)
      connection.lastReplyMs = Math.max(connection.lastReplyMs, untilMs)
    }
  }

  cutPushes(): void {
    if (this.#pushes !== undefined) this.#pushes.isCut = true
    this.#pushes = undefined
  }

  connectPushes(): void {
    if (this.#pushes !== undefined || this.#connection === undefined) return
    this.#pushes = newConnection(this.#scheduler.nowMs)
    this.#deliver(() => this.#logListener?.onListening())
  }

  getMany(keys: readonly string[]) {
    return this.#send(() => this.#data.getMany(keys))
  }

  leaseMany(...call: Parameters<NonNullable<Store['leaseMany']>>) {
    return this.#send(() => this.#data.leaseMany!(...call))
  }

  fillMany(fills: readonly StoreFill[]) {
    return this.#send(() => this.#data.fillMany!(fills))
  }

  setMany(writes: readonly StoreWrite[], notAfterWallMs?: number) {
    return this.#send(async () => {
      await this.#data.setMany(writes, notAfterWallMs)
      for (const write of writes) this.#server.onTaken(write)
    })
  }

  deleteMany(...call: Parameters<Store['deleteMany']>) {
    return this.#send(() => this.#data.deleteMany(...call))
  }

  patch(...call: Parameters<Store['patch']>) {
    return this.#send(() => this.#data.patch(...call))
  }

  increment(...call: Parameters<Store['increment']>) {
    return this.#send(() => this.#data.increment(...call))
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    yield await this.#send(async () => {
      const keys: string[] = []
      for await (const page of this.#data.scan(prefix)) keys.push(...page)
      return keys
    })
  }

  ping(): Promise<void> {
    return this.#send(() => this.#data.ping())
  }

  /** Whether the server, as it lives now, has heard of this process. */
  get isKnown(): boolean {
    return this.#metLife === this.#server.lives
  }

  log(name: string): Log {
    const log = this.#data.log!(name)
    return {
      join: (member) => this.#send(() => this.#meet(log.join(member))),
      follow: (member) => this.#send(() => this.#meet(log.follow(member))),
      append: (...call) => this.#send(() => log.append(...call)),
      ack: (to, id, applied) => this.#send(() => log.ack(to, id, applied)),
      tagSeqs: (tags) => this.#send(() => log.tagSeqs(tags)),
      leave: (id) => this.#send(() => log.leave(id)),
      listen: (id, listener) => {
        this.#logListener = listener
        log.listen(id, {
          onFilled: (key) => this.#push(() => listener.onFilled(key)),
          onAck: (from, applied) => this.#push(() => listener.onAck(from, applied)),
          onListening: () => {},
          onRecord: (epoch, record) => this.#push(() => listener.onRecord(epoch, record)),
        })
      },
    }
  }

  /** A connection that went silent is given up, and another one made. */
  reconnect(): void {
    this.cut()
    this.#scheduler.after(1 + this.#scheduler.below(200), () => this.connect())
  }

  async close(): Promise<void> {
    this.#connection = undefined
  }

  #meet<T>(answer: Promise<T>): Promise<T> {
    this.#metLife = this.#server.lives
    return answer
  }

  #send<T>(run: () => Promise<T>): Promise<T> {
    const connection = this.#connection
    if (connection === undefined) return Promise.reject(AWAY)
    return new Promise((resolve, reject) => {
      connection.waiting.add(reject)
      const settle = (end: () => void) => {
        connection.lastReplyMs = this.#moment(connection.lastReplyMs)
        this.#at(connection.lastReplyMs, () => {
          if (connection.isCut) return
          connection.waiting.delete(reject)
          this.#deliver(end)
        })
      }
      connection.lastArrivalMs = this.#moment(connection.lastArrivalMs)
      this.#at(connection.lastArrivalMs, () => {
        if (connection.isCut && !connection.isHeard) return
        this.#server.execute(() => {
          run().then(
            (value) => settle(() => resolve(value)),
            (error: unknown) => settle(() => reject(error as Error)),
          )
        })
      })
    })
  }

  #push(deliver: () => void): void {
    const connection = this.#pushes
    if (connection === undefined) return
    const isOdd = this.#scheduler.chance(0.15)
    const atMs = this.#moment(connection.lastReplyMs)
    if (!isOdd) connection.lastReplyMs = atMs
    const copies = this.#scheduler.chance(0.03) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const lateMs = isOdd || copy > 0 ? this.#scheduler.below(300) : 0
      this.#at(atMs + lateMs, () => {
        if (!connection.isCut) this.#deliver(deliver)
      })
    }
  }

  /** When something sent now arrives, after what was sent before. */
  #moment(lastMs: number): number {
    const isSlow = this.#scheduler.chance(0.03)
    const delayMs = isSlow ? this.#scheduler.below(200) : 0.1 + this.#scheduler.random() * 3
    return Math.max(lastMs, this.#scheduler.nowMs + delayMs)
  }

  #at(atMs: number, run: () => void): void {
    this.#scheduler.after(atMs - this.#scheduler.nowMs, run)
  }
}

function newConnection(nowMs: number): Connection {
  return {
    isCut: false,
    isHeard: false,
    lastArrivalMs: nowMs,
    lastReplyMs: nowMs,
    waiting: new Set(),
  }
}
