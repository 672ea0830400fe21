/**
 * Which store the environment asks for, and why. Decides, and makes nothing.
 *
 * Without `CACHE_ADAPTER` it is Redis where that is configured, else none: an application with a
 * `DATABASE_URL` has not asked for tables. With it, `auto` tells test, development and everything
 * else apart, since a laptop has a database sooner than a Redis, and a server both.
 */
import { CacheError } from './core/errors.js'
import type { Environment } from './environment-table.js'

export interface StoreChoice {
  readonly adapter: 'redis' | 'postgres' | 'sqlite' | 'none'
  /** Of this one cache alone: tests share no entries. */
  readonly isIsolated: boolean
  readonly reason: string
}

const REDIS_VARIABLES = ['REDIS_CLUSTER_NODES', 'REDIS_URL', 'REDIS_HOST'] as const

/** Throws ENVIRONMENT_INVALID where a database is asked for that is none of ours. */
export function chooseStore(environment: Environment): StoreChoice {
  const { CACHE_ADAPTER: adapter, NODE_ENV: mode } = environment
  const redis = REDIS_VARIABLES.find((name) => environment[name] !== undefined)
  if (adapter === undefined) {
    if (redis !== undefined) return chosen('redis', `${redis} is set`)
    return chosen('none', 'neither CACHE_ADAPTER nor a Redis is set')
  }
  const asked = `CACHE_ADAPTER=${String(adapter)}`
  if (adapter === 'redis') {
    return chosen('redis', `${asked}${redis === undefined ? '' : `, ${redis} is set`}`)
  }
  if (adapter === 'database') return database(environment, asked)
  const auto = `${asked}, NODE_ENV=${String(mode ?? '')}`
  if (mode === 'test') return { ...database(environment, auto), isIsolated: true }
  if (mode === 'development' || redis === undefined) return database(environment, auto)
  return chosen('redis', `${auto}, ${redis} is set`)
}

function database({ DATABASE_URL: url }: Environment, why: string): StoreChoice {
  if (url === undefined) return chosen('sqlite', `${why}, DATABASE_URL is not set`)
  if (/^postgres(ql)?:\/\//.test(String(url))) {
    return chosen('postgres', `${why}, DATABASE_URL is set`)
  }
  const shown = 'environment variable DATABASE_URL is a value that is not shown'
  const message = `${shown}; the range is a URL that begins with postgres:// or postgresql://`
  throw new CacheError('ENVIRONMENT_INVALID', message)
}

function chosen(adapter: StoreChoice['adapter'], reason: string): StoreChoice {
  return { adapter, isIsolated: false, reason }
}
