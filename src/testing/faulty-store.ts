/**
 * A wrapper that makes any store fail as real ones do, switched while a test runs.
 *
 * Calls that hang are held until `heal` and then run, late, as a frozen server would run them; at
 * most `MAX_HELD` are held, further ones reject. What is drawn at random comes from a seed. Without
 * a fault it costs one more promise per call.
 */
import { systemClock } from '../core/clock.js'
import type {
  Clock,
  LeaseAnswer,
  Store,
  StoreFill,
  StoreListener,
  StoreWrite,
} from '../core/contracts.js'
import { CacheError } from '../core/errors.js'
import { forwardedQueue } from '../core/forwarded-queue.js'
import type { Log } from '../core/log.js'
import type { WriteQueue } from '../core/write-queue.js'
import { seededRandom } from './seeded-random.js'
import type { FaultScope, StoreFault, StoreOp } from './store-fault.js'

export type { FaultScope, StoreFault, StoreOp }

export interface FaultyStore extends Store {
  /** Replaces the fault at work. */
  inject(fault: StoreFault, scope?: FaultScope): void
  /** Ends the fault; calls that hang reach the store now. */
  heal(): void
  /** Tells the listener that the store went away. Calls are failed by `inject`, not by this. */
  announceDown(cause?: unknown): void
  announceUp(): void
  /** Calls that a fault has hit since the start. */
  readonly hits: number
  /** Calls that hang now. */
  readonly held: number
  /** Times that `reconnect` was asked for. */
  readonly reconnects: number
}

export interface FaultyStoreOptions {
  /** Default: 1. */
  seed?: number
  /** Times delays. Default: the system clock. */
  clock?: Clock
}

const MAX_HELD = 10_000
/** Of `append` nothing can be acknowledged that was not done: its answer is what was appended. */
const OPS_THAT_WRITE = new Set<StoreOp>(['fillMany', 'setMany', 'deleteMany', 'patch', 'increment'])

/** `inner` with faults. It is opened and closed through the wrapper. */
export function faultyStore(inner: Store, options: FaultyStoreOptions = {}): FaultyStore {
  return new FaultWrapper(inner, options)
}

class FaultWrapper implements FaultyStore {
  readonly name: string
  readonly abilities
  readonly log?: (name: string) => Log
  readonly writeQueue?: NonNullable<Store['writeQueue']>
  readonly leaseMany?: NonNullable<Store['leaseMany']>
  readonly fillMany?: NonNullable<Store['fillMany']>
  readonly #inner: Store
  readonly #clock: Clock
  readonly #random: () => number
  #listener: StoreListener | undefined
  #fault: StoreFault | undefined
  #scope: FaultScope = {}
  #hitsLeft = 0
  #held: (() => void)[] = []
  hits = 0
  reconnects = 0

  constructor(inner: Store, { seed = 1, clock = systemClock }: FaultyStoreOptions) {
    this.name = inner.name
    this.abilities = inner.abilities
    this.#inner = inner
    if (inner.leaseMany !== undefined && inner.fillMany !== undefined) {
      this.leaseMany = (...call) => this.#leaseMany(...call)
      this.fillMany = (fills) => this.#fillMany(fills)
    }
    if (inner.log !== undefined) this.log = (name) => this.#wrapLog(inner.log!(name))
    if (inner.writeQueue !== undefined) {
      this.writeQueue = (...queue) => this.#wrapQueue(inner.writeQueue!(...queue))
    }
    this.#clock = clock
    this.#random = seededRandom(seed)
  }

  inject(fault: StoreFault, scope: FaultScope = {}): void {
    this.#fault = fault
    this.#scope = scope
    this.#hitsLeft = scope.times ?? Number.POSITIVE_INFINITY
  }

  heal(): void {
    this.#fault = undefined
    const held = this.#held
    this.#held = []
    for (const run of held) run()
  }

  announceDown(cause: unknown = new Error('announced by a test')): void {
    this.#listener?.onDown(cause)
  }

  announceUp(): void {
    this.#listener?.onUp()
  }

  get held(): number {
    return this.#held.length
  }

  open(listener: StoreListener): void {
    this.#listener = listener
    this.#inner.open(listener)
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const fault = this.#strike('getMany')
    const read = () => this.#inner.getMany(keys)
    if (fault?.kind !== 'corrupt') return this.#run('getMany', fault, read)
    return read().then((values) => values.map((bytes) => bytes && this.#corrupt(bytes)))
  }

  #leaseMany(
    ...call: Parameters<NonNullable<Store['leaseMany']>>
  ): Promise<readonly LeaseAnswer[]> {
    const fault = this.#strike('leaseMany')
    const lease = () => this.#inner.leaseMany!(...call)
    if (fault?.kind !== 'corrupt') return this.#run('leaseMany', fault, lease)
    return lease().then((answers) =>
      answers.map(({ bytes, isLeased }) => ({ bytes: bytes && this.#corrupt(bytes), isLeased })),
    )
  }

  #fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    const dropped = fills.map(() => true)
    return this.#call('fillMany', () => this.#inner.fillMany!(fills), dropped)
  }

  setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void> {
    return this.#call('setMany', () => this.#inner.setMany(writes, notAfterWallMs), undefined)
  }

  deleteMany(...call: Parameters<Store['deleteMany']>): Promise<number> {
    return this.#call('deleteMany', () => this.#inner.deleteMany(...call), call[0].length)
  }

  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#call('patch', () => this.#inner.patch(key, offset, patch, ttlMs), true)
  }

  increment(...call: Parameters<Store['increment']>): Promise<number> {
    return this.#call('increment', () => this.#inner.increment(...call), call[1])
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    await this.#call('scan', async () => {}, undefined)
    yield* this.#inner.scan(prefix)
  }

  bornFloor(key: string): number {
    return this.#inner.bornFloor?.(key) ?? 0
  }

  ping(): Promise<void> {
    return this.#call('ping', () => this.#inner.ping(), undefined)
  }

  reconnect(): void {
    this.reconnects += 1
    this.#inner.reconnect()
  }

  close(): Promise<void> {
    this.heal()
    return this.#inner.close()
  }

  #wrapLog(log: Log): Log {
    const read = <T>(run: () => Promise<T>) => this.#run('log', this.#strike('log'), run)
    return {
      join: (member) => read(() => log.join(member)),
      follow: (member) => read(() => log.follow(member)),
      tagSeqs: (tags) => read(() => log.tagSeqs(tags)),
      leave: (id) => read(() => log.leave(id)),
      ack: (to, id, applied) => read(() => log.ack(to, id, applied)),
      append: (...call) => {
        return this.#run('append', this.#strike('append'), () => log.append(...call))
      },
      listen: (id, listener) => {
        log.listen(id, {
          onFilled: (key) => this.#push(() => listener.onFilled(key)),
          onAck: (from, applied) => this.#push(() => listener.onAck(from, applied)),
          onListening: () => listener.onListening(),
          onRecord: (epoch, record) => this.#push(() => listener.onRecord(epoch, record)),
        })
      },
    }
  }

  #wrapQueue(queue: WriteQueue): WriteQueue {
    return forwardedQueue(queue.partitions, (run) => {
      return this.#run('queue', this.#strike('queue'), () => run(queue))
    })
  }

  #push(deliver: () => void): void {
    const fault = this.#strike('push')
    if (fault === undefined) deliver()
    else if (fault.kind === 'delay') this.#clock.setTimer(deliver, fault.delayMs, false)
    else if (fault.kind === 'hang' && this.#held.length < MAX_HELD) this.#held.push(deliver)
  }

  #call<Reply>(op: StoreOp, run: () => Promise<Reply>, dropped: Reply): Promise<Reply> {
    const fault = this.#strike(op)
    if (fault?.kind === 'drop' && OPS_THAT_WRITE.has(op)) return Promise.resolve(dropped)
    return this.#run(op, fault, run)
  }

  /** The fault that hits this call, if any. */
  #strike(op: StoreOp): StoreFault | undefined {
    const { ops, ratio = 1 } = this.#scope
    if (this.#fault === undefined || this.#hitsLeft <= 0) return undefined
    if (ops?.includes(op) === false || (ratio < 1 && this.#random() >= ratio)) return undefined
    this.#hitsLeft -= 1
    this.hits += 1
    return this.#fault
  }

  async #run<Reply>(
    op: StoreOp,
    fault: StoreFault | undefined,
    run: () => Promise<Reply>,
  ): Promise<Reply> {
    if (fault === undefined) return run()
    switch (fault.kind) {
      case 'throw':
        throw fault.error ?? injected(op)
      case 'lose-reply':
        await run()
        throw fault.error ?? injected(op)
      case 'delay':
        await new Promise<void>((resolve) => this.#clock.setTimer(resolve, fault.delayMs, false))
        return run()
      case 'hang':
        if (this.#held.length >= MAX_HELD) throw injected(op)
        await new Promise<void>((resolve) => this.#held.push(resolve))
        return run()
      case 'drop':
      case 'corrupt':
        return run()
    }
  }

  #corrupt(bytes: Uint8Array): Uint8Array {
    // A Buffer's own slice would be a view.
    const broken = Uint8Array.from(bytes)
    const at = Math.floor(this.#random() * bytes.length)
    if (this.#random() < 0.5) return broken.subarray(0, at)
    broken[at]! ^= 1 << Math.floor(this.#random() * 8)
    return broken
  }
}

function injected(op: StoreOp): CacheError {
  return new CacheError('STORE_FAILED', `${op}: a fault was injected`, { op })
}
