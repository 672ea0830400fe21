/** Users, jobs and their results, cached over sources that the application gives. */
import { type Warmed, warm } from '../../automate/index.js'
import { CacheError } from '../../index.js'
import { asItIs } from '../as-it-is.js'
import { CACHE_CONFIG, cacheCore, cacheDelete, cacheGetOrSet, generateCacheKey } from './cache.js'

type Id = string | number
// biome-ignore lint/suspicious/noExplicitAny: what an id is, the application says
type GivenId = any
type Found<T> = Promise<T | null | undefined>

/** Where the data come from. `null` and `undefined` are "not there", and are not kept. */
// biome-ignore lint/suspicious/noExplicitAny: users and jobs are what the application says
export interface DataAccess<U = any, J = any, R = any> {
  findUser(id: GivenId): Found<U>
  findJob(id: GivenId): Found<J>
  /** At most `limit`, where one is given. */
  findJobsByUser(userId: GivenId, limit?: number): Promise<J[]>
  findJobResult(jobId: GivenId): Found<R>
  /** At most `limit`, each with its `id`, the newest first. */
  recentUsers(limit: number): Promise<U[]>
  recentJobs(limit: number): Promise<J[]>
}

const WARM_USERS = 100
const WARM_JOBS = 200
const CALLS = [
  'findUser',
  'findJob',
  'findJobsByUser',
  'findJobResult',
  'recentUsers',
  'recentJobs',
] as const

let sources: Partial<DataAccess> = {}

/** Sources that are left out make the calls reject that need them. Throws OPTION_INVALID. */
export function configureDataAccess<U, J, R>(access: Partial<DataAccess<U, J, R>>): void {
  for (const [name, source] of Object.entries(access)) {
    const isKnown = (CALLS as readonly string[]).includes(name)
    if (!isKnown) throw wrong('OPTION_UNKNOWN', `'${name}' is none of ${CALLS.join(', ')}`)
    if (typeof source !== 'function') throw wrong('OPTION_INVALID', `'${name}' is no function`)
  }
  sources = { ...access }
}

/** For an hour; `null` for nobody. Rejects with what the source throws. */
export function getCachedUser<U = unknown>(userId: Id): Promise<U | null> {
  const { ttl, keyPrefix } = CACHE_CONFIG.users
  return cached(generateCacheKey(keyPrefix, userId), ttl, () => source('findUser')(userId))
}

/** For five minutes. */
export function getCachedJob<J = unknown>(jobId: Id): Promise<J | null> {
  const { ttl, keyPrefix } = CACHE_CONFIG.jobs
  return cached(generateCacheKey(keyPrefix, jobId), ttl, () => source('findJob')(jobId))
}

/** A list for each limit, for five minutes. */
export async function getCachedJobsByUser<J = unknown>(userId: Id, limit?: number): Promise<J[]> {
  const { ttl } = CACHE_CONFIG.jobs
  const key = generateCacheKey(jobsPrefix(userId), limit ?? 'all')
  const load = () => source('findJobsByUser')(userId, limit)
  return (await cached<J[]>(key, ttl, load)) ?? []
}

/** For ten minutes. */
export function getCachedJobResult<R = unknown>(jobId: Id): Promise<R | null> {
  const { ttl, keyPrefix } = CACHE_CONFIG.jobResults
  return cached(generateCacheKey(keyPrefix, jobId), ttl, () => source('findJobResult')(jobId))
}

/** `false`, here and below: the store has not confirmed; it is repeated. */
export function invalidateUserCache(userId: Id): Promise<boolean> {
  return cacheDelete(generateCacheKey(CACHE_CONFIG.users.keyPrefix, userId))
}

export function invalidateJobCache(jobId: Id): Promise<boolean> {
  return cacheDelete(generateCacheKey(CACHE_CONFIG.jobs.keyPrefix, jobId))
}

/** All lists of the user. One round trip. */
export async function invalidateUserJobsCache(userId: Id): Promise<boolean> {
  return (await cacheCore().invalidatePattern(`${asItIs(jobsPrefix(userId))}*`)) !== false
}

export function invalidateJobResultCache(jobId: Id): Promise<boolean> {
  return cacheDelete(generateCacheKey(CACHE_CONFIG.jobResults.keyPrefix, jobId))
}

/**
 * Brings the 100 newest users and the 200 newest jobs into the cache; what is invalidated meanwhile
 * stays out. Rejects with what the sources throw.
 */
export async function warmCache(): Promise<{ users: Warmed; jobs: Warmed }> {
  const { users, jobs } = CACHE_CONFIG
  const [recentUsers, recentJobs] = [source('recentUsers'), source('recentJobs')]
  const [warmedUsers, warmedJobs] = await Promise.all([
    warm(cacheCore(), async () => byKey(users.keyPrefix, await recentUsers(WARM_USERS)), {
      ttl: users.ttl,
    }),
    warm(cacheCore(), async () => byKey(jobs.keyPrefix, await recentJobs(WARM_JOBS)), {
      ttl: jobs.ttl,
    }),
  ])
  return { users: warmedUsers, jobs: warmedJobs }
}

function byKey(prefix: string, rows: readonly { id: Id }[]): [string, unknown][] {
  return rows.map((row) => [generateCacheKey(prefix, row.id), row])
}

async function cached<T>(key: string, ttl: number, load: () => Found<T>): Promise<T | null> {
  return (await cacheGetOrSet<T | null | undefined>(key, ttl, load)) ?? null
}

function jobsPrefix(userId: Id): string {
  return generateCacheKey(CACHE_CONFIG.jobs.keyPrefix, 'user', userId, '')
}

function source<N extends keyof DataAccess>(name: N): DataAccess[N] {
  const given = sources[name]
  if (given !== undefined) return given as DataAccess[N]
  throw wrong('OPTION_INVALID', `'${name}' is needed, and was not given`)
}

function wrong(code: 'OPTION_INVALID' | 'OPTION_UNKNOWN', says: string): CacheError {
  return new CacheError(code, `configureDataAccess: ${says}`)
}
