/** Calls that are collected, and made together. */
import { CacheError } from '../../index.js'
import type { CacheOptions, WhereOptions } from './cache-options.js'

interface Verbs {
  get(key: string, options?: WhereOptions): Promise<unknown>
  set(key: string, value: unknown, options?: CacheOptions): Promise<boolean>
  delete(key: string, options?: WhereOptions): Promise<boolean>
  exists(key: string, options?: WhereOptions): Promise<boolean>
  expire(key: string, ttl: number, options?: WhereOptions): Promise<boolean>
}

interface PipelinedCall {
  readonly key: string
  run(): Promise<unknown>
}

const MAX_CALLS = 10_000

export class CachePipeline {
  readonly #cache: Verbs
  #calls: PipelinedCall[] = []

  constructor(cache: Verbs) {
    this.#cache = cache
  }

  /** How many calls wait for `exec`. */
  get length(): number {
    return this.#calls.length
  }

  get(...call: Parameters<Verbs['get']>): this {
    return this.#add(call[0], () => this.#cache.get(...call))
  }

  set(...call: Parameters<Verbs['set']>): this {
    return this.#add(call[0], () => this.#cache.set(...call))
  }

  delete(...call: Parameters<Verbs['delete']>): this {
    return this.#add(call[0], () => this.#cache.delete(...call))
  }

  exists(...call: Parameters<Verbs['exists']>): this {
    return this.#add(call[0], () => this.#cache.exists(...call))
  }

  expire(...call: Parameters<Verbs['expire']>): this {
    return this.#add(call[0], () => this.#cache.expire(...call))
  }

  /**
   * Makes the calls, which share their round trips; those of one key follow one another. They are
   * no transaction. Resolves to their answers, in their order, or rejects with the first that was a
   * mistake, once all have ended.
   */
  async exec(): Promise<unknown[]> {
    const calls = this.#calls
    this.#calls = []
    const last = new Map<string, Promise<unknown>>()
    const begun = calls.map(({ key, run }) => {
      // A read of this tick would find what a later call of it has written.
      const call = last.get(key)?.then(run, run) ?? run()
      last.set(key, call)
      return call
    })
    const outcomes = await Promise.allSettled(begun)
    return outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    })
  }

  #add(key: string, run: () => Promise<unknown>): this {
    if (this.#calls.length >= MAX_CALLS) {
      const range = `at most ${MAX_CALLS} calls before exec()`
      throw new CacheError('OPTION_INVALID', `pipeline: one more call; the range is ${range}`)
    }
    this.#calls.push({ key, run })
    return this
  }
}
