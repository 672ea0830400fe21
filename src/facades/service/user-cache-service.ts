/** Profiles of users, from a source that is given. */
import { CacheError } from '../../index.js'
import { cacheConfig } from './cache-config.js'
import { type CacheService, cacheService } from './cache-service.js'

export interface UserSource<U, C = Partial<U>> {
  /** `null` or `undefined` for nobody. */
  findUser(id: string): Promise<U | null | undefined>
  /** The user as stored, if it tells. */
  updateUser(id: string, changes: C): Promise<U | null | undefined | unknown>
}

export interface UserCacheOptions<U, C> {
  /** Default: the service of the process. */
  cache?: CacheService | undefined
  source?: UserSource<U, C> | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: a user is what the application says
export class UserCacheService<U = any, C = Partial<U>> {
  readonly #cache: CacheService
  #source: UserSource<U, C> | undefined

  constructor({ cache = cacheService, source }: UserCacheOptions<U, C> = {}) {
    this.#cache = cache
    this.#source = source
  }

  /** Gives the service of the process its source. */
  configure(source: UserSource<U, C>): void {
    this.#source = source
  }

  /** `null` for nobody, which is not kept. Rejects with what the source throws. */
  async getUser(id: string | number): Promise<U | null> {
    const source = this.#sourceOf('getUser')
    const options = { ttl: cacheConfig.user.profile, tags: [tagOf(id)] }
    const load = () => source.findUser(String(id))
    return (await this.#cache.getOrSet(`user:${id}:profile`, load, options)) ?? null
  }

  /** Writes to the source, then makes everything out of date that has the tag `user:<id>`. */
  async updateUser(id: string | number, changes: C): Promise<unknown> {
    const source = this.#sourceOf('updateUser')
    try {
      return await source.updateUser(String(id), changes)
    } finally {
      // Also where it failed: it may have written.
      await this.invalidateUser(id)
    }
  }

  async invalidateUser(id: string | number): Promise<void> {
    await this.#cache.invalidateByTag(tagOf(id))
  }

  #sourceOf(call: string): UserSource<U, C> {
    if (this.#source !== undefined) return this.#source
    const range = '{ findUser, updateUser }, by the constructor or by configure()'
    throw new CacheError('OPTION_INVALID', `UserCacheService.${call}: 'source' must be ${range}`)
  }
}

/** That of the process; `configure` gives it its source. */
export const userCacheService = new UserCacheService()

function tagOf(id: string | number): string {
  return `user:${id}`
}
