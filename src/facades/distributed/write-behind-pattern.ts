/**
 * Write-behind as a class: writes are queued in the store, which survives the process, or in the
 * process where the store keeps no queue.
 */
import { isCacheError } from '../../index.js'
import type { FlatPlace } from '../../patterns/flat-keys.js'
import {
  type BehindWrite,
  type BehindWriteContext,
  type BehindWriter,
  type WriteBehind,
  writeBehind,
} from '../../patterns/index.js'
import { SourceWriter } from '../../patterns/source-writer.js'
import { FlatWriteBehind } from '../../patterns/write-behind/flat-write-behind.js'
import { claimQueue, releaseQueues } from '../../patterns/write-behind/queue-names.js'
import { orNull } from '../face-answers.js'
import { isStoreThere } from '../face-core.js'
import { type CachePatternOptions, PatternCache } from './pattern-cache.js'

export interface WriteBehindPatternOptions extends CachePatternOptions {
  /**
   * Writes a batch to the source: each key once, the newest, as it was given but for the prefix of
   * the option `namespace`. `op` tells a `set` from a `delete`.
   * What it throws counts for the whole batch, which comes again; what it answers counts nothing.
   */
  writer: (batch: readonly BehindWrite[], context: BehindWriteContext) => unknown
  /** How long a write waits for later ones of its key, ms. 0 to 24 h. Default: 5 000. */
  flushInterval?: number | undefined
  /** Writes that come together. 1 to 1 000. Default: 100. */
  batchSize?: number | undefined
  /**
   * Of the queue in the store: one for each source, in all processes. Patterns of one name over one
   * store take each other's writes. Default: 'default'.
   */
  name?: string | undefined
}

type Behind = WriteBehind<string, unknown>

const DAY_MS = 86_400_000
const WRITE_TIMEOUT_MS = 60_000
const PATIENCE = '30s'
const AWAY: readonly string[] = ['STORE_UNAVAILABLE', 'STORE_TIMEOUT', 'STORE_FAILED']

export class WriteBehindPattern {
  readonly #cache: PatternCache
  readonly #options: WriteBehindPatternOptions
  readonly #direct: SourceWriter
  #durability: 'memory' | 'process'
  #queues: FlatWriteBehind
  #closed: Promise<void> | undefined

  /** Throws OPTION_UNKNOWN or OPTION_INVALID. */
  constructor(options: WriteBehindPatternOptions) {
    const own = ['writer', 'flushInterval', 'batchSize', 'name']
    this.#cache = new PatternCache('WriteBehindPattern', options, own)
    const { check } = this.#cache
    if (typeof options.writer !== 'function') {
      throw check.invalid('writer', options.writer, 'a function of a batch of writes')
    }
    check.whole('flushInterval', options.flushInterval, 0, DAY_MS)
    check.whole('batchSize', options.batchSize, 1, 1_000)
    this.#options = Object.freeze({ ...options })
    const forget = async (key: string) => {
      const place = this.#cache.place(key)
      return place.space.delete(place.key)
    }
    this.#direct = new SourceWriter({ delete: forget }, WRITE_TIMEOUT_MS)
    this.#durability = this.#hasQueue ? 'memory' : 'process'
    this.#queues = this.#queuesIn(this.#durability)
    // What an earlier process has queued waits for nobody's first write.
    this.#queues.of(this.#cache.place(''))
  }

  /**
   * Resolves once it is queued; reads have it from then on. While Redis is away it goes to the
   * source at once, past what waits in the queue, and rejects with what `writer` throws: an older
   * write of the key may come after it, which its version tells.
   */
  async set(key: string, value: unknown): Promise<boolean> {
    const place = this.#cache.place(key)
    await this.#put(key, value, () => this.#queues.of(place).set(place.key, value))
    // So that plain reads of the cache find it as well.
    await this.#queues
      .of(place)
      .get(place.key)
      .catch(() => undefined)
    return true
  }

  /** The newest value, whether the source has it already or not; `null` for none. */
  async get<T = unknown>(key: string): Promise<T | null> {
    const place = this.#cache.place(key)
    return orNull((await this.#queues.of(place).get(place.key)) as T | null | undefined)
  }

  /** As `set`, of a removal. */
  async delete(key: string): Promise<boolean> {
    const place = this.#cache.place(key)
    await this.#put(key, undefined, () => this.#queues.of(place).delete(place.key))
    return true
  }

  /** Whether the source has everything within half a minute. Rejects where Redis is away. */
  async flush(): Promise<boolean> {
    return this.#queues.drain({ deadline: PATIENCE })
  }

  /**
   * Flushes, then ends. What a store has queued and no writer took stays there; what the process
   * has is lost, with a warning. Does not wait for a Redis that is away. Never rejects.
   */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    const isHere = this.#durability === 'process'
    const isThere = isStoreThere(this.#cache.service.core.stats())
    const isWritten = (isHere || isThere) && (await this.flush().catch(() => false))
    await this.#queues.stop()
    releaseQueues(this)
    if (isHere && !isWritten) process.emitWarning('WriteBehindPattern: writes were lost at close')
    await this.#cache.close()
  }

  get #hasQueue(): boolean {
    const name = this.#cache.service.core.stats().store?.name ?? ''
    return name.startsWith('redis') || name === 'postgres'
  }

  async #put(key: string, value: unknown, put: () => Promise<number>): Promise<void> {
    const queues = this.#queues
    // A name that is taken is no server that refuses.
    queues.of(this.#cache.place(key))
    try {
      await put()
    } catch (error) {
      if (isCacheError(error, 'OPTION_INVALID') && this.#durability === 'memory') {
        // A server that may evict what waits, as `allkeys-lru` does: nothing was written.
        this.#queueHere(error.message)
        await put()
      } else if (isCacheError(error, 'OPTION_INVALID') && this.#queues !== queues) {
        await put()
      } else if (isCacheError(error) && AWAY.includes(error.code)) {
        await this.#writeNow(key, value)
      } else throw error
    }
  }

  #queueHere(reason: string): void {
    process.emitWarning(`WriteBehindPattern queues in this process: ${reason}`)
    void this.#queues.stop()
    this.#durability = 'process'
    this.#queues = this.#queuesIn('process')
  }

  /** Beside what waits in the queue: a source that minds the order compares versions. */
  #writeNow(key: string, value: unknown): Promise<void> {
    const place = this.#cache.place(key)
    const write = directWrite(this.#keyOf(place, place.key), value)
    return this.#direct.write({
      key,
      run: async (context) => void (await this.#options.writer([write], context)),
      settle: (): Promise<unknown> =>
        value === undefined ? place.space.delete(place.key) : this.#cache.set(key, value),
    })
  }

  /** As writers know it. */
  #keyOf({ namespace }: FlatPlace, key: string): string {
    const isFlat = this.#options.namespace === undefined && namespace !== undefined
    return isFlat ? `${namespace.prefix}:${key}` : key
  }

  #claim(space: FlatPlace['space'], name = 'default'): void {
    if (claimQueue(space, name, this, this.#options.writer)) return
    const range = 'one that no open pattern with another writer has over this cache'
    throw this.#cache.check.invalid('name', name, range)
  }

  #queuesIn(durability: 'memory' | 'process'): FlatWriteBehind {
    return new FlatWriteBehind((place) => this.#queueIn(place, durability))
  }

  #queueIn(place: FlatPlace, durability: 'memory' | 'process'): Behind {
    const { writer, flushInterval = 5_000, batchSize: batch = 100, name } = this.#options
    const write: BehindWriter = async (writes, context) => {
      const batchOf = writes.map((each) => ({ ...each, key: this.#keyOf(place, each.key) }))
      await writer(batchOf, context)
    }
    if (durability === 'memory') this.#claim(place.space, name)
    const { ttl, compress } = this.#cache.lifeOf(place)
    const delay = `${flushInterval}ms`
    return writeBehind<unknown, string, unknown>(place.space, {
      write,
      delay,
      batch,
      durability,
      ttl,
      compress,
      // Nothing is known of the source but how it is written to.
      load: () => undefined,
      ...(name === undefined ? {} : { name }),
    })
  }
}

/** Versions of a queue are of its clock as well. */
function directWrite(key: string, value: unknown): BehindWrite {
  const version = Date.now() * 1_000
  const rest = { key, version, epoch: undefined, idempotencyKey: `${key}:${version}`, attempts: 0 }
  return value === undefined
    ? { ...rest, op: 'delete', value: undefined }
    : { ...rest, op: 'set', value }
}
