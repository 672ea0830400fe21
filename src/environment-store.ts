/**
 * The store that the environment stands for. Each is imported when a cache needs it: the front door
 * depends on no driver.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from './core/contracts.js'
import { CacheError } from './core/errors.js'
import { deferredStore } from './deferred-store.js'
import type { Environment } from './environment-table.js'
import type { StoreChoice } from './store-choice.js'

export function storeFrom(environment: Environment, choice: StoreChoice): Store | undefined {
  const table = environment.CACHE_TABLE_NAME as string | undefined
  const named = table === undefined ? {} : { table }
  switch (choice.adapter) {
    case 'redis':
      return redisStore(environment)
    case 'postgres': {
      const options = { url: environment.DATABASE_URL as string, ...named }
      return deferredStore('postgres', async () =>
        (await import('./stores/postgres/index.js')).postgres(options),
      )
    }
    case 'sqlite': {
      const path = choice.isIsolated ? ':memory:' : filePath()
      return deferredStore('sqlite', async () =>
        (await import('./stores/sqlite/index.js')).sqlite({ path, ...named }),
      )
    }
    case 'none':
      return undefined
  }
}

/** Where tools keep what they can make again; memory where there is no such place. */
function filePath(): string {
  const folder = join(process.cwd(), 'node_modules')
  if (!existsSync(folder)) return ':memory:'
  const place = join(folder, '.cache', 'cachewright')
  try {
    mkdirSync(place, { recursive: true })
    return join(place, 'cache.db')
  } catch {
    // Nobody may write there.
    return ':memory:'
  }
}

interface Server {
  url?: string
  cluster?: readonly string[]
  host?: string
  port?: number
  password?: string
  db?: number
}

function redisStore(environment: Environment): Store {
  const isCluster = environment.REDIS_CLUSTER_NODES !== undefined
  const server = isCluster ? clusterOf(environment) : oneServer(environment)
  const timeoutMs = environment.REDIS_CONNECT_TIMEOUT
  const options =
    timeoutMs === undefined ? server : { ...server, connectTimeout: `${timeoutMs as number}ms` }
  return deferredStore('redis', async () =>
    (await import('./stores/redis/index.js')).redis(options),
  )
}

function clusterOf(environment: Environment): Server {
  const cluster = environment.REDIS_CLUSTER_NODES as readonly string[]
  const password = environment.REDIS_PASSWORD as string | undefined
  const name = environment.REDIS_DB === undefined ? 'REDIS_DATABASE' : 'REDIS_DB'
  const db = environment[name]
  if (db !== undefined && db !== 0) {
    const message = `environment variable ${name} is '${String(db)}'; the range is 0 on a cluster`
    throw new CacheError('ENVIRONMENT_INVALID', message)
  }
  return password === undefined ? { cluster } : { cluster, password }
}

function oneServer(environment: Environment): Server {
  if (environment.REDIS_URL !== undefined) return { url: environment.REDIS_URL as string }
  const db = (environment.REDIS_DB ?? environment.REDIS_DATABASE) as number | undefined
  const password = environment.REDIS_PASSWORD as string | undefined
  return {
    host: (environment.REDIS_HOST as string | undefined) ?? 'localhost',
    port: (environment.REDIS_PORT as number | undefined) ?? 6_379,
    ...(password === undefined ? {} : { password }),
    ...(db === undefined ? {} : { db }),
  }
}
