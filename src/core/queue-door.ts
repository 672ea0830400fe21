/**
 * What write-behind needs of a cache beside its verbs: the queue in its store, values as the
 * namespace stores them, and invalidations that keep fills away until a write is queued.
 */

import { admitTo } from './admission.js'
import { allConfirmed } from './confirmed.js'
import { ENDLESS_META } from './endless-meta.js'
import type { Engine } from './engine.js'
import { CacheError } from './errors.js'
import type { Insides } from './insides.js'
import { decodeKey, encodeKey } from './key.js'
import { invalidOption } from './option-reading.js'
import { inProcessWriteQueue, QueueData } from './process-write-queue.js'
import type { Space } from './space.js'
import { storeKeyOf } from './store-key.js'
import { takeOut } from './write.js'
import type { WriteOp, WriteQueue } from './write-queue.js'

/** Beside the deadlines of the invalidation and of what it is for: how well clocks are known. */
const HOLD_SPARE_MS = 1_000

export interface QueueChoice {
  readonly name: string
  readonly partitions: number
  /** In this process' memory, whatever the store keeps. */
  readonly isInProcess: boolean
}

export class QueueDoor {
  readonly queue: WriteQueue
  /** Unlike that of any other queue in the store. */
  readonly name: string
  readonly engine: Engine
  readonly #space: Space

  /** `where` begins the message. Throws OPTION_INVALID where the store keeps no queues. */
  constructor({ engine, space }: Insides, where: string, of: QueueChoice) {
    const { name, partitions, isInProcess } = of
    // No namespace holds a `!`.
    this.name = `${space.storePrefix}!writes:${name}`
    const queue = isInProcess
      ? inProcessWriteQueue(new QueueData(engine.clock, partitions), partitions, () => {})
      : engine.store?.writeQueue(this.name, partitions)
    if (queue === undefined) {
      const given = engine.store?.name ?? 'memory alone'
      throw invalidOption(
        where,
        'cache',
        given,
        "a cache whose store keeps queues, as redis(), or durability: 'process'",
      )
    }
    this.queue = queue
    this.engine = engine
    this.#space = space
  }

  /** Under which the queue knows a key. Throws KEY_INVALID or KEY_TOO_LONG. */
  nameOf(key: string): string {
    // A hash could not be told to the writer.
    return encodeKey(key, 'refuse')
  }

  keyOf(name: string): string {
    return decodeKey(name)!
  }

  /** As the namespace stores it. Copies at once; throws or rejects with VALUE_UNSUPPORTED. */
  encode(name: string, value: unknown): Uint8Array | Promise<Uint8Array> {
    if (value === undefined) {
      const message = 'undefined cannot be written: null is a value, and delete removes one'
      throw new CacheError('VALUE_UNSUPPORTED', message, { op: 'set', key: name })
    }
    const { codec, policy } = this.#space
    const { form, value: admitted, weightBytes } = admitTo(this.engine, this.#space, name, value)
    const { compression } = policy.format
    const entry = { ...ENDLESS_META, value: admitted, form, weightBytes, compression }
    const encoded = codec.encode(`${this.name}:${name}`, entry)
    if (encoded instanceof Promise) return encoded.then(asBytes)
    return asBytes(encoded)
  }

  /** Rejects with STORE_FAILED for what cannot be read here. */
  async decode(name: string, bytes: Uint8Array): Promise<unknown> {
    const decoded = await this.#space.codec.decode(`${this.name}:${name}`, bytes)
    if (typeof decoded !== 'string') return decoded.value
    const message = `a write that waits cannot be read: ${decoded}`
    throw new CacheError('STORE_FAILED', message, { op: 'read', key: name })
  }

  /**
   * Takes the keys out of all tiers, and lets nobody fill them until `release`: for as long as a
   * call may take that begins now. Whether every process will hear of it. One round trip, shared
   * with others of the tick.
   */
  hold(keys: readonly string[]): Promise<boolean> {
    return this.#takeOut(keys, 2 * this.engine.settings.writeDeadlineMs + HOLD_SPARE_MS)
  }

  /** Takes the keys out once more, and lets them be filled. One round trip, shared as well. */
  release(keys: readonly string[]): Promise<boolean> {
    return this.#takeOut(keys, this.#space.policy.holdOffMs)
  }

  /**
   * On the clock of the log: when a call of now has failed for its caller. `undefined` without a
   * log. Rejects with STORE_UNAVAILABLE where that clock is not known.
   */
  async callEndsWallMs(): Promise<number | undefined> {
    const { coherence } = this.engine
    if (!coherence.isShared) return undefined
    if (!coherence.isJoined) await coherence.renew()
    if (!coherence.isJoined) {
      throw new CacheError('STORE_UNAVAILABLE', 'the invalidation log was not heard yet')
    }
    return this.engine.now().wallMs + this.engine.settings.writeDeadlineMs
  }

  count(op: WriteOp, keys: readonly string[]): void {
    const { counters, name: namespace } = this.#space
    const { events } = this.engine
    counters[op === 'set' ? 'sets' : 'deletes'] += keys.length
    const event = op === 'set' ? 'set' : 'deleted'
    if (!events.wants(event)) return
    for (const key of keys) events.emit(event, { namespace, key })
  }

  async #takeOut(keys: readonly string[], holdOffMs: number): Promise<boolean> {
    const answers = keys.map((key) => {
      const storeKey = storeKeyOf(this.engine, this.#space, key)
      return takeOut(this.engine, this.#space, key, storeKey, 'sent', holdOffMs)
    })
    return allConfirmed(await Promise.all(answers), this.engine.coherence.token) !== false
  }
}

function asBytes(encoded: Uint8Array | string): Uint8Array {
  return typeof encoded === 'string' ? Buffer.from(encoded) : encoded
}
