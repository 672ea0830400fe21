/** A queue of writes and its model side by side: whatever both are asked, they answer the same. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import type { Settled, WaitingWrite, WriteQueue } from '../../src/core/write-queue.js'
import { seededRandom } from '../../src/testing/seeded-random.js'

const STEPS = 1_500
const KEYS = Array.from({ length: 30 }, (_, i) => `k${i}`)
const PARTITIONS = 3
const ALL = { maxWrites: 1_000, maxBytes: 1e9 }
const NOBODY = new Uint8Array(0)

/** What can be compared: versions by their order alone. */
const shown = (write: WaitingWrite | undefined) =>
  write && [write.key, write.op, write.attempts, Buffer.from(write.bytes).toString()]

/** Both stores are open, and hold no queue. */
export async function agreeWithModel(store: Store, model: Store, seed: number): Promise<void> {
  const queues = [store, model].map((each) => each.writeQueue!('q', PARTITIONS))
  const both = new Both(queues as [WriteQueue, WriteQueue], seededRandom(seed))
  for (let step = 0; step < STEPS; step++) await both.step()
  expect(both.answers).toBeGreaterThan(STEPS)
}

/** Asks two queues the same; each has its own versions and epochs. */
class Both {
  readonly #queues: readonly [WriteQueue, WriteQueue]
  readonly #random: () => number
  #claims: { partition: number; epochs: number[]; writes: (readonly WaitingWrite[])[] }[] = []
  answers = 0

  constructor(queues: readonly [WriteQueue, WriteQueue], random: () => number) {
    this.#queues = queues
    this.#random = random
  }

  async step(): Promise<void> {
    const draw = this.#random()
    if (draw < 0.4) await this.#put()
    else if (draw < 0.6) await this.#claim()
    else if (draw < 0.8) await this.#settle()
    else if (draw < 0.85) await this.#letters()
    else if (draw < 0.92) await this.#letGo(draw < 0.9)
    else await this.#look()
  }

  async #put(): Promise<void> {
    const writes = this.#keys(4).map((key) => {
      const op = this.#random() < 0.8 ? ('set' as const) : ('delete' as const)
      return { key, op, bytes: op === 'set' ? Buffer.from(String(this.#random())) : NOBODY }
    })
    // An hour stands for "not yet", 0 for "now".
    const delayMs = this.#random() < 0.7 ? 0 : 3_600_000
    const limits = {
      delayMs,
      maxPending: 7,
      maxAgeMs: Number.POSITIVE_INFINITY,
      durability: 'memory',
    } as const
    await this.#same(async (queue) => {
      return (await queue.put(writes, limits)).map(({ isQueued }) => isQueued)
    })
  }

  async #claim(): Promise<void> {
    const partition = this.#below(PARTITIONS)
    const holder = { id: this.#random() < 0.7 ? 'a' : 'b', leaseMs: 3_600_000 }
    // The model's clock and the server's tick at their own moments.
    await sleep(2)
    const claims = await Promise.all(
      this.#queues.map((queue) => queue.claim(partition, holder, ALL)),
    )
    const [one, other] = claims.map(({ epoch, writes }) => [
      epoch !== undefined,
      writes.map(shown).sort(),
    ])
    this.#agree(one, other)
    if (claims[0]!.epoch === undefined) return
    const epochs = claims.map(({ epoch }) => epoch!)
    this.#agree(epochs[0], epochs[1])
    const writes = claims.map(({ writes: all }) =>
      [...all].sort((a, b) => (a.key < b.key ? -1 : 1)),
    )
    this.#claims = [...this.#claims.slice(-5), { partition, epochs, writes }]
  }

  async #settle(): Promise<void> {
    const claim = this.#claims[this.#below(this.#claims.length)]
    if (claim === undefined) return
    const { partition, epochs, writes } = claim
    if (this.#random() < 0.2) {
      await this.#same((queue, i) => queue.release(partition, epochs[i]!))
      return
    }
    const draws = writes[0]!.map(() => this.#random())
    await this.#same((queue, i) =>
      queue.settle(
        partition,
        epochs[i]!,
        writes[i]!.map(({ key, version }, at) => ({ key, version, outcome: outcome(draws[at]!) })),
      ),
    )
  }

  #letters(): Promise<void> {
    return this.#same(async (queue) =>
      (await queue.deadLetters(1_000)).map((each) => [...shown(each)!, each.error]).sort(),
    )
  }

  async #letGo(isReplay: boolean): Promise<void> {
    const keys = this.#keys(3)
    await this.#same((queue) => (isReplay ? queue.replay(keys) : queue.drop(keys)))
  }

  async #look(): Promise<void> {
    const keys = this.#keys(10)
    await this.#same(async (queue) => (await queue.waiting(keys)).map(shown))
    await this.#same(async (queue) => ({ ...(await queue.state()), oldestMs: 0, doneAgoMs: 0 }))
  }

  async #same(ask: (queue: WriteQueue, i: number) => Promise<unknown>): Promise<void> {
    const [one, other] = await Promise.all(this.#queues.map(ask))
    this.#agree(one, other)
  }

  #agree(one: unknown, other: unknown): void {
    this.answers++
    expect(one).toEqual(other)
  }

  #keys(most: number): string[] {
    const count = 1 + this.#below(most)
    return [...new Set(Array.from({ length: count }, () => KEYS[this.#below(KEYS.length)]!))]
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }
}

function outcome(draw: number): Settled['outcome'] {
  if (draw < 0.5) return { kind: 'done' }
  const afterMs = draw % 0.02 < 0.01 ? 0 : 3_600_000
  if (draw < 0.7) return { kind: draw < 0.6 ? 'retry' : 'later', afterMs }
  return { kind: 'dead', error: `drawn ${draw}`, maxDead: 3 }
}
