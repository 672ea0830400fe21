/** Sessions by their token, until they expire. */
import { CacheError } from '../../index.js'
import { cacheConfig } from './cache-config.js'
import type { CacheService } from './cache-service.js'
import { generateHash } from './generate-hash.js'
import { cacheOf, type ServiceOptions } from './service-options.js'

export interface SessionOptions {
  /** When the session ends: a date, its text, or milliseconds since 1970. Default: in 24 hours. */
  expiresAt?: Date | string | number | undefined
}

/** Seconds. A session that lives longer is to be set again: the application has it elsewhere. */
const YEAR = 31_536_000

export class SessionCacheService {
  readonly #cache: CacheService

  /** Throws OPTION_UNKNOWN or OPTION_INVALID. */
  constructor(options: ServiceOptions = {}) {
    this.#cache = cacheOf('SessionCacheService', options)
  }

  /** `false` for one that has ended already: it is forgotten. Rejects with OPTION_INVALID. */
  async setSession(token: string, data: unknown, options: SessionOptions = {}): Promise<boolean> {
    const ttl = Math.min(secondsUntil(options.expiresAt), YEAR)
    if (ttl > 0) return this.#cache.set(keyOf(token), data, { ttl })
    await this.deleteSession(token)
    return false
  }

  /** `null` for none. */
  async getSession<T = unknown>(token: string): Promise<T | null> {
    return this.#cache.get<T>(keyOf(token))
  }

  async deleteSession(token: string): Promise<boolean> {
    return this.#cache.delete(keyOf(token))
  }
}

export const sessionCacheService = new SessionCacheService()

/** A token opens a door: in names of keys, logs and events its hash must do. */
function keyOf(token: string): string {
  return `session:${generateHash(token)}`
}

function secondsUntil(expiresAt: SessionOptions['expiresAt']): number {
  if (expiresAt === undefined) return cacheConfig.user.sessions
  const ms = new Date(expiresAt).getTime() - Date.now()
  if (!Number.isNaN(ms)) return Math.floor(ms) / 1_000
  const range = 'a date, its ISO text, or milliseconds since 1970'
  const shown = String(expiresAt).slice(0, 64)
  throw new CacheError('OPTION_INVALID', `setSession: 'expiresAt' is '${shown}', not ${range}`)
}
