/** Profiles of users, from a source that is given. */
import { asItIs } from '../as-it-is.js'
import { FaceOptionCheck } from '../face-options.js'
import { cacheConfig } from './cache-config.js'
import type { CacheService } from './cache-service.js'
import { cacheOf, type ServiceOptions } from './service-options.js'

/** Ids reach it as they are given. */
export interface UserSource<U, C = Partial<U>> {
  /** `null` or `undefined` for nobody. */
  findUser(id: Id): Promise<U | null | undefined>
  /** What it answers is what the service answers. */
  updateUser(id: Id, changes: C): Promise<unknown>
}

// biome-ignore lint/suspicious/noExplicitAny: what an id is, the application says
type Id = any

export interface UserCacheOptions<U, C> extends ServiceOptions {
  source?: UserSource<U, C> | undefined
}

const WHERE = 'UserCacheService'
const RANGE = '{ findUser, updateUser }, by the constructor or by configure()'
const check = new FaceOptionCheck(WHERE)

// biome-ignore lint/suspicious/noExplicitAny: a user is what the application says
export class UserCacheService<U = any, C = Partial<U>> {
  readonly #cache: CacheService
  #source: UserSource<U, C> | undefined

  /** Throws OPTION_UNKNOWN or OPTION_INVALID. */
  constructor(options: UserCacheOptions<U, C> = {}) {
    this.#cache = cacheOf(WHERE, options, ['source'])
    if (options.source !== undefined) this.configure(options.source)
  }

  /** Gives the service of the process its source. Throws OPTION_INVALID. */
  configure(source: UserSource<U, C>): void {
    const { findUser, updateUser } = source ?? {}
    if (typeof findUser !== 'function' || typeof updateUser !== 'function') {
      throw check.invalid('source', source, RANGE)
    }
    this.#source = source
  }

  /** `null` for nobody, which is not kept. Rejects with what the source throws. */
  async getUser(id: string | number): Promise<U | null> {
    const source = this.#sourceOf('getUser')
    const options = { ttl: cacheConfig.user.profile, tags: [tagOf(id)] }
    const load = () => source.findUser(id)
    return (await this.#cache.getOrSet(`user:${id}:profile`, load, options)) ?? null
  }

  /** Writes to the source, then forgets the user as `invalidateUser` does. */
  async updateUser(id: string | number, changes: C): Promise<unknown> {
    const source = this.#sourceOf('updateUser')
    try {
      return await source.updateUser(id, changes)
    } finally {
      // Also where it failed: it may have written.
      await this.invalidateUser(id)
    }
  }

  /**
   * Makes everything out of date that is about the user: what has the tag `user:<id>`, and keys
   * that begin with `user:<id>:` or `user-conversations:<id>:`. One round trip.
   */
  async invalidateUser(id: string | number): Promise<void> {
    const { core } = this.#cache
    await Promise.all([
      core.invalidateTags([tagOf(id)]),
      core.invalidatePattern(`user:${asItIs(id)}:*`),
      core.invalidatePattern(`user-conversations:${asItIs(id)}:*`),
    ])
  }

  #sourceOf(call: string): UserSource<U, C> {
    if (this.#source !== undefined) return this.#source
    throw new FaceOptionCheck(`${WHERE}.${call}`).invalid('source', undefined, RANGE)
  }
}

/** That of the process; `configure` gives it its source. */
export const userCacheService = new UserCacheService()

function tagOf(id: string | number): string {
  return `user:${id}`
}
