/**
 * Write-behind as a class: writes are queued in the store, which survives the process, or in the
 * process where the store keeps no queue.
 */
import { isCacheError } from '../../index.js'
import {
  type BehindWrite,
  type BehindWriteContext,
  type BehindWriter,
  type WriteBehind,
  writeBehind,
} from '../../patterns/index.js'
import { SourceWriter } from '../../patterns/source-writer.js'
import { orNull } from '../face-answers.js'
import { type CachePatternOptions, PatternCache } from './pattern-cache.js'

export interface WriteBehindPatternOptions extends CachePatternOptions {
  /**
   * Writes a batch to the source: each key once, the newest. `op` tells a `set` from a `delete`.
   * What it throws counts for the whole batch, which comes again; what it answers counts nothing.
   */
  writer: (batch: readonly BehindWrite[], context: BehindWriteContext) => unknown
  /** How long a write waits for later ones of its key, ms. 0 to 24 h. Default: 5 000. */
  flushInterval?: number | undefined
  /** Writes that come together. 1 to 1 000. Default: 100. */
  batchSize?: number | undefined
  /** Of the queue in the store, one for each source. Default: 'default'. */
  name?: string | undefined
}

const DAY_MS = 86_400_000
const WRITE_TIMEOUT_MS = 60_000
const AWAY: readonly string[] = ['STORE_UNAVAILABLE', 'STORE_TIMEOUT', 'STORE_FAILED']

export class WriteBehindPattern {
  readonly #cache: PatternCache
  readonly #options: WriteBehindPatternOptions
  readonly #direct: SourceWriter
  #behind: WriteBehind<string, unknown>

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
    this.#direct = new SourceWriter(this.#spaceOfAll, WRITE_TIMEOUT_MS)
    this.#behind = this.#queueIn(this.#hasQueue ? 'memory' : 'process')
  }

  /**
   * Resolves once it is queued; reads have it from then on. While Redis is away it goes to the
   * source at once, and rejects with what `writer` throws.
   */
  async set(key: string, value: unknown): Promise<boolean> {
    await this.#put(key, value, (behind) => behind.set(key, value))
    // So that plain reads of the cache find it as well.
    await this.#behind.get(key).catch(() => undefined)
    return true
  }

  /** The newest value, whether the source has it already or not; `null` for none. */
  async get<T = unknown>(key: string): Promise<T | null> {
    return orNull((await this.#behind.get(key)) as T | null | undefined)
  }

  /** As `set`, of a removal. */
  async delete(key: string): Promise<boolean> {
    await this.#put(key, undefined, (behind) => behind.delete(key))
    return true
  }

  /** Whether the source has everything within half a minute. Rejects where Redis is away. */
  async flush(): Promise<boolean> {
    return this.#behind.drain({ deadline: '30s' })
  }

  /** Flushes, then ends. What a store has queued and no writer took stays there. Never rejects. */
  async close(): Promise<void> {
    await this.flush().catch(() => false)
    await this.#behind.stop()
    await this.#cache.close()
  }

  get #hasQueue(): boolean {
    const name = this.#cache.service.core.stats().store?.name ?? ''
    return name.startsWith('redis') || name === 'postgres'
  }

  /** That of the namespace, or the cache itself: one queue has the keys of one. */
  get #spaceOfAll() {
    const { namespace } = this.#options
    return namespace === undefined ? this.#cache.service.core : this.#cache.place('').space
  }

  async #put(
    key: string,
    value: unknown,
    put: (behind: WriteBehind<string, unknown>) => Promise<number>,
  ): Promise<void> {
    const behind = this.#behind
    try {
      await put(behind)
    } catch (error) {
      if (isCacheError(error, 'OPTION_INVALID')) {
        // A server that may evict what waits, as `allkeys-lru` does: nothing was written.
        if (this.#behind === behind) this.#queueHere(error.message)
        await put(this.#behind)
      } else if (isCacheError(error) && AWAY.includes(error.code)) {
        await this.#writeNow(key, value)
      } else throw error
    }
  }

  #queueHere(reason: string): void {
    process.emitWarning(`WriteBehindPattern queues in this process: ${reason}`)
    void this.#behind.stop()
    this.#behind = this.#queueIn('process')
  }

  #writeNow(key: string, value: unknown): Promise<void> {
    const write = directWrite(key, value)
    const space = this.#spaceOfAll
    return this.#direct.write({
      key: this.#keyOf(key),
      run: async (context) => void (await this.#options.writer([write], context)),
      settle: (): Promise<unknown> =>
        value === undefined ? space.delete(this.#keyOf(key)) : this.#cache.set(key, value),
    })
  }

  #keyOf(key: string): string {
    return this.#options.namespace === undefined ? key : this.#cache.place(key).key
  }

  #queueIn(durability: 'memory' | 'process'): WriteBehind<string, unknown> {
    const { writer, flushInterval = 5_000, batchSize: batch = 100, name } = this.#options
    const write: BehindWriter = async (writes, context) => void (await writer(writes, context))
    const { ttl, compress } = this.#cache.lifeOf(this.#cache.place(''))
    const life = { ttl, compress }
    const delay = `${flushInterval}ms`
    const key = (id: string) => this.#keyOf(id)
    const queue = { write, delay, batch, durability, key, ...(name === undefined ? {} : { name }) }
    return writeBehind<unknown, string, unknown>(this.#spaceOfAll, { ...queue, ...life })
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
