/**
 * A store behind a wire: requests travel, are carried out in the order in which they were sent, and
 * the replies travel back, in order too. As one connection to a real server, on the model's clock.
 */
import type { Store, StoreListener, StoreWrite } from '../../src/core/contracts.js'
import type { FakeClock } from '../../src/testing/index.js'

/** Milliseconds there and back, one pair for each call in turn, then from the start again. */
export type WireDelays = readonly (readonly [thereMs: number, backMs: number])[]

export class WireStore implements Store {
  readonly name = 'wire'
  readonly abilities
  readonly #inner: Store
  readonly #clock: FakeClock
  readonly #delays: WireDelays
  #calls = 0
  #lastArrivalMs = 0
  #lastReplyMs = 0

  constructor(inner: Store, clock: FakeClock, delays: WireDelays) {
    this.abilities = inner.abilities
    this.#inner = inner
    this.#clock = clock
    this.#delays = delays
  }

  open(listener: StoreListener): void {
    this.#inner.open(listener)
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#send(() => this.#inner.getMany(keys))
  }

  setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void> {
    return this.#send(() => this.#inner.setMany(writes, notAfterWallMs))
  }

  deleteMany(...call: Parameters<Store['deleteMany']>): Promise<number> {
    return this.#send(() => this.#inner.deleteMany(...call))
  }

  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#send(() => this.#inner.patch(key, offset, patch, ttlMs))
  }

  increment(...call: Parameters<Store['increment']>): Promise<number> {
    return this.#send(() => this.#inner.increment(...call))
  }

  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    const pages: (readonly string[])[] = []
    await this.#send(async () => {
      for await (const page of this.#inner.scan(prefix)) pages.push(page)
    })
    yield* pages
  }

  ping(): Promise<void> {
    return this.#send(() => this.#inner.ping())
  }

  reconnect(): void {}

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #send<T>(run: () => Promise<T>): Promise<T> {
    const [thereMs, backMs] = this.#delays[this.#calls++ % this.#delays.length] ?? [0, 0]
    const clock = this.#clock
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, clock.monotonicMs() + thereMs)
    await this.#until(this.#lastArrivalMs)
    const outcome = await run().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error
      },
    )
    this.#lastReplyMs = Math.max(this.#lastReplyMs, clock.monotonicMs() + backMs)
    await this.#until(this.#lastReplyMs)
    return outcome()
  }

  async #until(atMs: number): Promise<void> {
    const waitMs = atMs - this.#clock.monotonicMs()
    if (waitMs <= 0) return
    await new Promise<void>((resolve) => this.#clock.setTimer(resolve, waitMs, false))
  }
}
