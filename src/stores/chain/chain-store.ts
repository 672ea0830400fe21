/**
 * The `Store` contract over two stores, the second behind the first: what the first one lacks is
 * looked for in the second, and comes back into the first with its right to fill. Coherent through
 * the log of the first.
 *
 * Why an old value does not come back:
 * - A delete goes to the second store and then to the first. Whoever has found the old value in the
 *   second before that holds the right to fill the first, which the delete ends.
 * - A fill goes to the first store and, if that has taken it, to the second with a right of its own
 *   there, which a delete in between has ended.
 * - A call stays behind the writes of its keys before it, which take two steps (key-lanes.ts).
 * - What the second has from another life of its server counts as absent (life-watch.ts).
 * - A write that the second has not confirmed is not confirmed: the engine deletes the key again
 *   when it can. It is told as a part of the store, so that the breaker stays closed for the rest.
 *
 * Cost: what a call costs in the first store; one round trip to the second for a miss there, two
 * for a load, one before a delete, one beside a write. Counters lie in the first store alone.
 */
import { asStoreError } from '../../core/as-store-error.js'
import type {
  Expiry,
  LeaseAnswer,
  LeaseRequest,
  Store,
  StoreAbilities,
  StoreFill,
  StoreListener,
  StoreWrite,
} from '../../core/contracts.js'
import type { Log } from '../../core/log.js'
import { PartialFailure } from '../../core/partial-failure.js'
import type { StoreHealth } from '../../core/store-health.js'
import { KeyLanes } from '../key-lanes.js'
import { chainLog } from './chain-log.js'
import { SecondStore } from './second-store.js'

/** Of what comes back from the second store; its own ttl stands in its envelope. */
const PROMOTED_TTL_MS = 3_600_000
/** How long the first connection of the second store may keep the chain from being told up. */
const START_MS = 500

export class ChainStore implements Store {
  readonly name: string
  readonly abilities: StoreAbilities
  /** Where the first is a cluster: what it says of a key holds for both. */
  readonly bornFloor?: (key: string) => number
  readonly #first: Store
  readonly #second: SecondStore
  readonly #lanes = new KeyLanes()

  constructor(first: Store, second: Store) {
    this.name = `${first.name}+${second.name}`
    const shared = first.abilities.shared && second.abilities.shared
    const durable = first.abilities.durable || second.abilities.durable
    this.abilities = Object.freeze({ shared, atomic: first.abilities.atomic, durable })
    if (first.bornFloor !== undefined) this.bornFloor = (key) => first.bornFloor!(key)
    this.#first = first
    this.#second = new SecondStore(second)
  }

  open(listener: StoreListener): void {
    let isSettled = false
    let isUp = false
    const settle = () => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      if (isUp) listener.onUp()
    }
    const timer = setTimeout(settle, START_MS)
    timer.unref()
    this.#second.open(listener.readDeadlineMs, settle)
    this.#first.open({
      ...listener,
      onUp: () => {
        isUp = true
        if (isSettled) listener.onUp()
      },
      onDown: (cause) => {
        isUp = false
        listener.onDown(cause)
      },
    })
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#lanes.run({ keys, isWrite: false }, () => this.#read(keys))
  }

  async #read(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const values = await this.#first.getMany(keys)
    const absent = keys.flatMap((_, i) => (values[i] === undefined ? [i] : []))
    if (absent.length === 0) return values
    const found = await this.#second.getMany(absent.map((i) => keys[i]!))
    const all = [...values]
    for (const [at, i] of absent.entries()) all[i] = found[at]
    return all
  }

  leaseMany(
    requests: readonly LeaseRequest[],
    expiry: Expiry,
    notAfterWallMs?: number,
  ): Promise<readonly LeaseAnswer[]> {
    const order = { keys: requests.map(keyOf), isWrite: false }
    return this.#lanes.run(order, () => this.#lease(requests, expiry, notAfterWallMs))
  }

  async #lease(
    requests: readonly LeaseRequest[],
    expiry: Expiry,
    notAfterWallMs?: number,
  ): Promise<readonly LeaseAnswer[]> {
    const answers = [...(await this.#first.leaseMany!(requests, expiry, notAfterWallMs))]
    const granted = requests.flatMap((_, i) => (answers[i]!.isLeased ? [i] : []))
    const asked = granted.map((i) => requests[i]!)
    const found = await this.#second.leaseMany(asked, expiry)
    const fresh: number[] = []
    for (const [at, i] of granted.entries()) {
      const { bytes, isLeased } = found[at]!
      // Granted by the second as well: what it has is as little fresh as that of the first.
      if (bytes !== undefined && !isLeased) fresh.push(at)
      else answers[i] = { bytes: answers[i]!.bytes ?? bytes, isLeased: true }
    }
    const promoted = await this.#promote(fresh.map((at) => [asked[at]!, found[at]!.bytes!]))
    for (const [n, at] of fresh.entries()) {
      const bytes = promoted[n] === true ? found[at]!.bytes : undefined
      answers[granted[at]!] = { bytes, isLeased: false }
    }
    return answers
  }

  /** Uses the right to fill the first store for what the second has. */
  async #promote(
    found: readonly (readonly [LeaseRequest, Uint8Array])[],
  ): Promise<readonly boolean[]> {
    if (found.length === 0) return []
    const fills = found.map(([{ key, token }, bytes]) => {
      return { key, token, write: { key, bytes, ttlMs: PROMOTED_TTL_MS } }
    })
    return this.#first.fillMany!(fills)
  }

  fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    return this.#lanes.run({ keys: fills.map(keyOf), isWrite: false }, () => this.#fill(fills))
  }

  async #fill(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    const had = await this.#first.fillMany!(fills)
    // What the first has refused, gives its right in the second back.
    const then = fills.map((fill, i) => (had[i] === true ? fill : { ...fill, write: undefined }))
    await this.#second.fillMany(then)
    return had
  }

  setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void> {
    return this.#lanes.run({ keys: writes.map(keyOf), isWrite: true }, () => {
      const second = this.#second.setMany(writes)
      return this.#both(writes.length, () => this.#first.setMany(writes, notAfterWallMs), second)
    })
  }

  deleteMany(keys: readonly string[], holdOffMs?: number, only?: Expiry): Promise<number> {
    return this.#lanes.run({ keys, isWrite: true }, async () => {
      const second = this.#second.deleteMany(keys, holdOffMs, only)
      const [ofSecond] = await Promise.allSettled([second])
      const first = () => this.#first.deleteMany(keys, holdOffMs, only)
      const ofFirst = await this.#both(keys.length, first, second)
      return Math.max(ofFirst, ofSecond.status === 'fulfilled' ? ofSecond.value : 0)
    })
  }

  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#lanes.run({ keys: [key], isWrite: true }, async () => {
      const second = this.#second.patch(key, offset, patch, ttlMs)
      const first = () => this.#first.patch(key, offset, patch, ttlMs)
      const isInFirst = await this.#both(1, first, second)
      return isInFirst || (await second)
    })
  }

  increment(...call: Parameters<Store['increment']>): Promise<number> {
    const keys = [call[0]]
    return this.#lanes.run({ keys, isWrite: true }, () => {
      return this.#both(1, () => this.#first.increment(...call), this.#second.deleteMany(keys))
    })
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    yield* this.#first.scan(prefix)
    // Mostly they lie in both. One more round trip for each page.
    for await (const page of this.#second.scan(prefix)) {
      const inFirst = await this.#first.getMany(page)
      yield page.filter((_, i) => inFirst[i] === undefined)
    }
  }

  log(name: string): Log {
    return chainLog(this.#first.log!(name), this.#lanes)
  }

  ping(): Promise<void> {
    return this.#first.ping()
  }

  async health(): Promise<StoreHealth> {
    const [first, second] = await Promise.all([this.#first.health?.(), this.#second.health()])
    return {
      servers: [...(first?.servers ?? []), ...second.servers],
      warnings: [...(first?.warnings ?? []), ...second.warnings],
    }
  }

  reconnect(): void {
    this.#first.reconnect()
    this.#second.reconnect()
  }

  async close(): Promise<void> {
    await Promise.all([this.#first.close(), this.#second.close()])
  }

  /** The answer of the first; where the second alone has failed, that of a part. */
  async #both<T>(count: number, first: () => Promise<T>, second: Promise<unknown>): Promise<T> {
    const [ofFirst, ofSecond] = await Promise.allSettled([first(), second])
    if (ofFirst.status === 'rejected') throw ofFirst.reason
    if (ofSecond.status === 'fulfilled') return ofFirst.value
    const error = asStoreError(ofSecond.reason)
    throw new PartialFailure(
      Array.from({ length: count }, () => error),
      error,
    )
  }
}

function keyOf({ key }: { readonly key: string }): string {
  return key
}
