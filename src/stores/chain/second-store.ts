/**
 * The second store of a chain: each value has the life of the store in front, in which it was
 * written. Calls have a deadline of their own, a part of that of the whole, so that a second store
 * that is silent costs its answers and no others; what comes later than that does not take place,
 * by the clock of the second store.
 */
import { asStoreError } from '../../core/as-store-error.js'
import type {
  Expiry,
  LeaseAnswer,
  LeaseRequest,
  Store,
  StoreFill,
  StoreListener,
  StoreWrite,
} from '../../core/contracts.js'
import { CacheError } from '../../core/errors.js'
import { reasonOf } from '../store-errors.js'
import { LifeWatch } from './life-watch.js'

/** Of a read, in parts of the read deadline; a write may take twice as long. */
const SHARE = 0.5
const DEFAULT_DEADLINE_MS = 100

export class SecondStore {
  readonly #store: Store
  readonly #watch: LifeWatch
  #patienceMs = DEFAULT_DEADLINE_MS * SHARE
  #cause: unknown = new Error('it was not heard yet')

  constructor(store: Store) {
    this.#store = store
    this.#watch = new LifeWatch(store)
  }

  /** `onSettled`: called once it is known whether it can be used. */
  open(readDeadlineMs: number | undefined, onSettled: () => void): void {
    this.#patienceMs = (readDeadlineMs ?? DEFAULT_DEADLINE_MS) * SHARE
    const listener: StoreListener = {
      onUp: () => this.#watch.doubt(),
      onDown: (cause) => {
        this.#cause = cause
        this.#watch.doubt()
        onSettled()
      },
    }
    this.#watch.open(onSettled)
    this.#store.open(listener)
  }

  get isUsable(): boolean {
    return this.#watch.life !== undefined
  }

  /** Those of this life. Never rejects: what cannot be read is absent. */
  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const none = () => keys.map(() => undefined)
    if (keys.length === 0 || !this.isUsable) return none()
    const read = this.#within(this.#patienceMs, () => this.#store.getMany(keys))
    const values = await read.catch(none)
    const { life } = this.#watch
    return values.map((value) => valueIn(value, life))
  }

  /** What is there, and the right to fill what is not fresh. Never rejects. */
  async leaseMany(
    requests: readonly LeaseRequest[],
    { offset, now }: Expiry,
  ): Promise<readonly LeaseAnswer[]> {
    const { life } = this.#watch
    const none = () => requests.map(() => ({ bytes: undefined, isLeased: false }))
    if (requests.length === 0 || life === undefined) return none()
    const limit = { offset: offset + life.length, now }
    const asked = requests.map((request) => {
      const { unusable } = request
      return unusable === undefined
        ? request
        : { ...request, unusable: Buffer.concat([life, unusable]) }
    })
    const notAfter = this.#watch.wallMsIn(this.#patienceMs)
    const ask = () => this.#store.leaseMany!(asked, limit, notAfter)
    const answers = await this.#within(this.#patienceMs, ask).catch(none)
    return answers.map(({ bytes, isLeased }) => ({ bytes: valueIn(bytes, life), isLeased }))
  }

  /** Never rejects: what is not filled is absent, or as old as it was. */
  async fillMany(fills: readonly StoreFill[]): Promise<void> {
    const { life } = this.#watch
    if (fills.length === 0 || life === undefined) return
    const withLife = fills.map((fill) => {
      return fill.write === undefined ? fill : { ...fill, write: inLife(fill.write, life) }
    })
    await this.#within(this.#patienceMs, () => this.#store.fillMany!(withLife)).catch(() => {})
  }

  /** Rejects where it may have kept what was there before. */
  setMany(writes: readonly StoreWrite[]): Promise<void> {
    const { life } = this.#watch
    if (life === undefined) return Promise.reject(this.#away('setMany'))
    const withLife = writes.map((write) => inLife(write, life))
    const notAfter = this.#watch.wallMsIn(this.#writePatienceMs)
    return this.#told(() => this.#store.setMany(withLife, notAfter))
  }

  /** As `setMany`; also where its life is not known, since a delete needs none. */
  deleteMany(keys: readonly string[], holdOffMs?: number, only?: Expiry): Promise<number> {
    const { life } = this.#watch
    if (only === undefined) return this.#told(() => this.#store.deleteMany(keys, holdOffMs))
    if (life === undefined) return Promise.reject(this.#away('deleteMany'))
    const limit = { offset: only.offset + life.length, now: only.now }
    return this.#told(() => this.#store.deleteMany(keys, holdOffMs, limit))
  }

  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    const { life } = this.#watch
    if (life === undefined) return Promise.reject(this.#away('patch'))
    return this.#told(() => this.#store.patch(key, offset + life.length, patch, ttlMs))
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    yield* this.#store.scan(prefix)
  }

  async health() {
    const ask = async () => this.#store.health?.()
    const told = await this.#within(this.#patienceMs, ask).catch(() => undefined)
    const name = `second (${this.#store.name})`
    const servers = (told?.servers ?? []).map((each) => ({ ...each, name: each.name || name }))
    const warnings = (told?.warnings ?? []).map((each) => each.replace(/^the store/, name))
    return { servers, warnings: this.isUsable ? warnings : [...warnings, `${name}: it is away`] }
  }

  reconnect(): void {
    this.#store.reconnect()
  }

  async close(): Promise<void> {
    this.#watch.close()
    await this.#store.close()
  }

  async #told<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await this.#within(this.#writePatienceMs, send)
    } catch (cause) {
      throw asStoreError(cause)
    }
  }

  /** A call that takes too long is given up on, and so is the store until it is heard again. */
  #within<T>(patienceMs: number, send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (cause: unknown) => {
        clearTimeout(timer)
        this.#cause = cause
        this.#watch.doubt()
        reject(cause)
      }
      const silent = () => giveUp(new Error(`no answer within ${patienceMs} ms`))
      const timer = setTimeout(silent, patienceMs)
      send().then((answer) => {
        clearTimeout(timer)
        resolve(answer)
      }, giveUp)
    })
  }

  get #writePatienceMs(): number {
    return this.#patienceMs / SHARE
  }

  #away(op: string): CacheError {
    const message = `chain ${op}: the second store is away: ${reasonOf(this.#cause)}`
    return new CacheError('STORE_UNAVAILABLE', message, { op, cause: this.#cause })
  }
}

function inLife(write: StoreWrite, life: Buffer): StoreWrite {
  const { bytes } = write
  const value = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  return { ...write, bytes: Buffer.concat([life, value]) }
}

function valueIn(bytes: Uint8Array | undefined, life: Buffer | undefined): Uint8Array | undefined {
  if (bytes === undefined || life === undefined || bytes.length < life.length) return undefined
  const isOurs = Buffer.compare(bytes.subarray(0, life.length), life) === 0
  return isOurs ? bytes.subarray(life.length) : undefined
}
