/** Brings popular data, and what users will ask for, into the cache before they do. */
import {
  type RepeatedJob,
  repeatedJob,
  type Warmed,
  type WarmRecord,
  warm,
} from '../../automate/index.js'
import { abortable } from '../../core/abortable.js'
import { FaceOptionCheck } from '../face-options.js'
import type { CacheService } from './cache-service.js'
import { cacheOf } from './service-options.js'

type Entries = WarmRecord<unknown>
type Provider = (() => Entries | Promise<Entries>) | Entries

export interface CacheWarmerOptions {
  /** Default: the service of the process. */
  cache?: CacheService | undefined
  /** What a user's session needs: values by their keys. */
  warmUser?: ((userId: string) => Entries | Promise<Entries>) | undefined
  /** Who is warmed with each run: 1 000 at most. */
  recentlyActiveUsers?: (() => readonly string[] | Promise<readonly string[]>) | undefined
  /** What all users need: values by their keys, or a function that brings them. */
  popular?: Provider | undefined
  /** Between runs, ms. 10 ms to 12 days. Default: 5 minutes. */
  intervalMs?: number | undefined
  /** Seconds for what is warmed. Default: that of the cache. */
  ttl?: number | undefined
  /** Told of what fails. What it throws is dropped. */
  onError?: ((error: unknown) => void) | undefined
}

export interface WarmingReport {
  /** Entries that the cache has taken. */
  kept: number
  /** Those that it has not: they were invalidated meanwhile, or nobody could tell. */
  refused: number
  /** Users that were warmed, without those whose load failed. */
  users: number
  /** Loads that failed; `onError` was told of each. */
  failures: number
}

const FIVE_MINUTES_MS = 300_000
const TWELVE_DAYS_MS = 1_036_800_000
const MAX_USERS = 1_000
/** Users that are loaded at once. */
const AT_ONCE = 20
/** Of a thousand users. */
const RUN_TIMEOUT = '10m'
const check = new FaceOptionCheck('CacheWarmer')

export class CacheWarmer {
  readonly #options: CacheWarmerOptions
  readonly #cache: CacheService
  readonly #job: RepeatedJob

  /** Throws OPTION_UNKNOWN or OPTION_INVALID. */
  constructor(options: CacheWarmerOptions) {
    checkOptions(options)
    const { cache, intervalMs = FIVE_MINUTES_MS } = options
    this.#options = Object.freeze({ ...options })
    this.#cache = cacheOf('CacheWarmer', { cache })
    this.#job = repeatedJob(({ signal }) => this.#run(signal), {
      every: `${intervalMs}ms`,
      timeout: RUN_TIMEOUT,
      onError: (error: unknown) => this.#tell(error),
    })
  }

  /** On demand, for one user. Rejects with what `warmUser` throws. */
  async warmUserSession(userId: string): Promise<Warmed> {
    const { warmUser, ttl } = this.#options
    if (warmUser === undefined) throw check.invalid('warmUser', warmUser, 'a function of a user id')
    return warm(this.#cache.core, () => warmUser(userId), { ttl })
  }

  /** Popular data, then each user who was active of late. What fails is told and passed over. */
  runOnce(): Promise<WarmingReport> {
    return this.#run(undefined)
  }

  /** Runs now, and then again and again. Keeps no process alive. */
  start(): void {
    this.#job.start()
  }

  /** Waits for the run in hand. Never rejects. */
  async stop(): Promise<void> {
    await this.#job.stop()
  }

  async #run(signal: AbortSignal | undefined): Promise<WarmingReport> {
    const report = { kept: 0, refused: 0, users: 0, failures: 0 }
    const { popular, recentlyActiveUsers, warmUser, ttl } = this.#options
    const attempt = async <T>(run: () => T | Promise<T>): Promise<T | undefined> => {
      try {
        return await run()
      } catch (error) {
        // Who stopped it knows.
        if (signal?.aborted === true) return undefined
        report.failures++
        this.#tell(error)
        return undefined
      }
    }
    const take = (warmed: Warmed | undefined) => {
      report.kept += warmed?.kept ?? 0
      report.refused += warmed?.refused ?? 0
    }
    if (popular !== undefined) {
      const load = typeof popular === 'function' ? popular : () => popular
      take(await attempt(() => warm(this.#cache.core, load, { ttl, signal })))
    }
    if (warmUser === undefined || recentlyActiveUsers === undefined) return report
    const asked = () => abortable(Promise.resolve(recentlyActiveUsers()), signal)
    const users = (await attempt(async () => firstOf(await asked()))) ?? []
    for (let from = 0; from < users.length && signal?.aborted !== true; from += AT_ONCE) {
      const some = users.slice(from, from + AT_ONCE)
      const load = async () => {
        const records = await Promise.all(
          some.map((id) => attempt(async () => pairsOf(await warmUser(id)))),
        )
        const loaded = records.filter((record) => record !== undefined)
        report.users += loaded.length
        return loaded.flat()
      }
      // All of them through the fenced door at once: it takes a wait, however many there are.
      take(await attempt(() => warm(this.#cache.core, load, { ttl, signal })))
    }
    return report
  }

  #tell(error: unknown): void {
    try {
      this.#options.onError?.(error)
    } catch {
      // It was told.
    }
  }
}

function pairsOf(record: Entries): (readonly [key: string, value: unknown])[] {
  if (typeof record !== 'object' || record === null) {
    throw check.invalid('warmUser()', record, 'values by their keys')
  }
  return Symbol.iterator in record ? [...record] : Object.entries(record)
}

function firstOf(users: readonly string[]): readonly string[] {
  if (Array.isArray(users)) return users.slice(0, MAX_USERS)
  throw check.invalid('recentlyActiveUsers()', users, 'an array of ids')
}

function checkOptions(options: CacheWarmerOptions): void {
  const functions = ['warmUser', 'recentlyActiveUsers', 'onError'] as const
  check.known(options, ['cache', 'popular', 'intervalMs', 'ttl', ...functions])
  for (const name of functions) {
    const given = options[name]
    if (given !== undefined && typeof given !== 'function') {
      throw check.invalid(name, given, 'a function')
    }
  }
  check.whole('intervalMs', options.intervalMs, 10, TWELVE_DAYS_MS)
  check.ttl('ttl', options.ttl)
}
