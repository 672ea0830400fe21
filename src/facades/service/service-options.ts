/** The options of the services for what is cached. */
import { FaceOptionCheck } from '../face-options.js'
import { type CacheService, cacheService } from './cache-service.js'

export interface ServiceOptions {
  /** Default: the service of the process. */
  cache?: CacheService | undefined
}

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function cacheOf(
  where: string,
  options: ServiceOptions,
  own: readonly string[] = [],
): CacheService {
  const check = new FaceOptionCheck(where)
  check.known(options, ['cache', ...own])
  const { cache = cacheService } = options
  if (typeof cache?.getOrSet !== 'function' || typeof cache.invalidateByTags !== 'function') {
    throw check.invalid('cache', cache, 'a CacheService')
  }
  return cache
}
