/**
 * The environment: one table of variables, parsed and checked in one place, read by `createCache()` alone.
 *
 * The table is the union of what five caching layers called their settings, so several names mean one
 * thing; the order of the rows is their precedence. A variable that is set to '' counts as not set. A row
 * with `awaits` is checked like all others, and has its effect once that capability is there.
 */
import { CacheError } from './core/errors.js'
import type { CacheOptions } from './core/options.js'
import { deferredStore } from './deferred-store.js'

type EnvironmentKind =
  | 'url'
  | 'text'
  | 'secret'
  | 'port'
  | 'count'
  | 'milliseconds'
  | 'seconds'
  | 'flag'
  | 'choice'
  | 'nodes'
  | 'json'

export interface EnvironmentRow {
  readonly name: string
  readonly kind: EnvironmentKind
  /** Inclusive, for numbers. */
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
  readonly says: string
  /** The capability without which it has no effect yet. */
  readonly awaits?: string
}

const YEAR_SECONDS = 31_536_000
const HOUR_MS = 3_600_000

export const ENVIRONMENT_TABLE: readonly EnvironmentRow[] = [
  {
    name: 'NODE_ENV',
    kind: 'text',
    says: 'which store is chosen by itself',
    awaits: 'adapter choice',
  },
  {
    name: 'CACHE_ADAPTER',
    kind: 'choice',
    choices: ['auto', 'redis', 'database'],
    says: 'which store: auto takes Redis if one is configured',
  },
  { name: 'DATABASE_URL', kind: 'url', says: 'the Postgres server', awaits: 'the Postgres store' },
  {
    name: 'CACHE_TABLE_NAME',
    kind: 'text',
    says: 'the table of the SQL stores',
    awaits: 'the Postgres store',
  },
  {
    name: 'REDIS_URL',
    kind: 'url',
    says: 'the Redis server: redis:// or rediss://; goes before host, port, password and db',
  },
  {
    name: 'REDIS_CLUSTER_NODES',
    kind: 'nodes',
    says: 'nodes of a Redis Cluster, host:port with commas',
    awaits: 'Redis Cluster',
  },
  { name: 'REDIS_HOST', kind: 'text', says: 'the Redis server, by host' },
  { name: 'REDIS_PORT', kind: 'port', says: 'its port; 6379 if not set' },
  { name: 'REDIS_PASSWORD', kind: 'secret', says: 'its password' },
  { name: 'REDIS_DB', kind: 'count', min: 0, max: 65_535, says: 'its database number' },
  {
    name: 'REDIS_DATABASE',
    kind: 'count',
    min: 0,
    max: 65_535,
    says: 'the same as REDIS_DB, which goes first',
  },
  { name: 'REDIS_KEY_PREFIX', kind: 'text', says: 'what every key begins with' },
  {
    name: 'REDIS_CONNECT_TIMEOUT',
    kind: 'milliseconds',
    min: 1,
    max: HOUR_MS,
    says: 'how long a connection attempt may take, ms',
  },
  {
    name: 'REDIS_POOL_SIZE',
    kind: 'count',
    min: 1,
    max: 1_000,
    says: 'connections to the server',
    awaits: 'connection pooling',
  },
  {
    name: 'REDIS_MAX_RETRIES',
    kind: 'count',
    min: 0,
    max: 1_000,
    says: 'attempts per call',
    awaits: 'retries of calls',
  },
  {
    name: 'REDIS_RETRY_DELAY',
    kind: 'milliseconds',
    min: 0,
    max: HOUR_MS,
    says: 'pause between attempts, ms',
    awaits: 'retries of calls',
  },
  {
    name: 'CACHE_DEFAULT_TTL',
    kind: 'seconds',
    min: 1,
    max: YEAR_SECONDS,
    says: 'the default ttl, seconds',
  },
  {
    name: 'CACHE_TTL_DEFAULT',
    kind: 'seconds',
    min: 1,
    max: YEAR_SECONDS,
    says: 'the default ttl, seconds; after CACHE_DEFAULT_TTL',
  },
  {
    name: 'NODE_CACHE_TTL',
    kind: 'seconds',
    min: 1,
    max: YEAR_SECONDS,
    says: 'the default ttl, seconds; after CACHE_TTL_DEFAULT',
  },
  {
    name: 'CACHE_TTL_SHORT',
    kind: 'seconds',
    min: 1,
    max: YEAR_SECONDS,
    says: 'the ttl that code calls short',
    awaits: 'the facades',
  },
  {
    name: 'CACHE_TTL_MEDIUM',
    kind: 'seconds',
    min: 1,
    max: YEAR_SECONDS,
    says: 'the ttl that code calls medium',
    awaits: 'the facades',
  },
  {
    name: 'CACHE_TTL_LONG',
    kind: 'seconds',
    min: 1,
    max: YEAR_SECONDS,
    says: 'the ttl that code calls long',
    awaits: 'the facades',
  },
  {
    name: 'CACHE_MAX_MEMORY_ENTRIES',
    kind: 'count',
    min: 1,
    max: 2 ** 24,
    says: 'entries in memory',
  },
  {
    name: 'NODE_CACHE_MAX_KEYS',
    kind: 'count',
    min: 1,
    max: 2 ** 24,
    says: 'entries in memory; after CACHE_MAX_MEMORY_ENTRIES',
  },
  {
    name: 'NODE_CACHE_CHECK_PERIOD',
    kind: 'seconds',
    min: 0,
    max: YEAR_SECONDS,
    says: 'accepted and not needed: dead entries give their room back within seconds',
  },
  {
    name: 'CACHE_ENABLE_COMPRESSION',
    kind: 'flag',
    says: 'compress values',
    awaits: 'compression',
  },
  {
    name: 'CACHE_COMPRESSION_ENABLED',
    kind: 'flag',
    says: 'compress values; after CACHE_ENABLE_COMPRESSION',
    awaits: 'compression',
  },
  {
    name: 'CACHE_COMPRESSION_THRESHOLD',
    kind: 'count',
    min: 0,
    max: 2 ** 30,
    says: 'bytes from which values are compressed',
    awaits: 'compression',
  },
  {
    name: 'CACHE_ENCRYPTION_KEYS',
    kind: 'secret',
    says: 'keys for encryption at rest',
    awaits: 'encryption',
  },
  { name: 'CACHE_WARMING_ENABLED', kind: 'flag', says: 'warm at start', awaits: 'warming' },
  {
    name: 'CACHE_METRICS_ENABLED',
    kind: 'flag',
    says: 'collect snapshots',
    awaits: 'the metrics collector',
  },
  {
    name: 'CACHE_HEALTH_CHECK_INTERVAL',
    kind: 'milliseconds',
    min: 100,
    max: 24 * HOUR_MS,
    says: 'between health checks, ms',
    awaits: 'the metrics collector',
  },
  {
    name: 'CACHE_ALERT_THRESHOLDS',
    kind: 'json',
    says: 'thresholds of alerts, a JSON object of numbers',
    awaits: 'the metrics collector',
  },
  {
    name: 'CACHE_API_URL',
    kind: 'url',
    says: 'where the deployment command finds the cache',
    awaits: 'the deployment command',
  },
  { name: 'CACHE_API_KEY', kind: 'secret', says: 'its key', awaits: 'the deployment command' },
]

export type Environment = Readonly<
  Record<string, string | number | boolean | readonly string[] | object | undefined>
>

/** All variables of the table, parsed. Throws ENVIRONMENT_INVALID naming the variable, its value and its range. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>>): Environment {
  const environment: Record<string, Environment[string]> = {}
  for (const row of ENVIRONMENT_TABLE) {
    const text = source[row.name]
    if (text !== undefined && text !== '') environment[row.name] = parse(row, text)
  }
  return Object.freeze(environment)
}

/** The options that the environment stands for. */
export function cacheOptionsFrom(environment: Environment): CacheOptions {
  const options: CacheOptions = {}
  const ttl =
    environment.CACHE_DEFAULT_TTL ?? environment.CACHE_TTL_DEFAULT ?? environment.NODE_CACHE_TTL
  const maxEntries = environment.CACHE_MAX_MEMORY_ENTRIES ?? environment.NODE_CACHE_MAX_KEYS
  if (ttl !== undefined) options.ttl = ttl as number
  if (maxEntries !== undefined) options.memory = { maxEntries: maxEntries as number }
  if (environment.REDIS_KEY_PREFIX !== undefined)
    options.prefix = environment.REDIS_KEY_PREFIX as string
  const store = storeFrom(environment)
  if (store !== undefined) options.store = store
  return options
}

function storeFrom(environment: Environment): CacheOptions['store'] {
  const {
    CACHE_ADAPTER: adapter,
    REDIS_CLUSTER_NODES: nodes,
    REDIS_URL: url,
    REDIS_HOST: host,
  } = environment
  // Not a thing to pass over in silence: whoever sets these counts on a store that would not be there.
  if (adapter === 'database') throw unavailable('CACHE_ADAPTER', 'database', 'the SQL stores')
  if (nodes !== undefined) throw unavailable('REDIS_CLUSTER_NODES', String(nodes), 'Redis Cluster')
  if (url === undefined && host === undefined && adapter !== 'redis') return undefined
  const server = url === undefined ? serverByHost(environment) : { url: url as string }
  const timeoutMs = environment.REDIS_CONNECT_TIMEOUT
  const options =
    timeoutMs === undefined ? server : { ...server, connectTimeout: `${timeoutMs as number}ms` }
  // Imported when a cache needs it: the front door depends on no driver.
  return deferredStore('redis', async () =>
    (await import('./stores/redis/index.js')).redis(options),
  )
}

function serverByHost(environment: Environment): {
  host: string
  port: number
  password?: string
  db?: number
} {
  const db = (environment.REDIS_DB ?? environment.REDIS_DATABASE) as number | undefined
  const password = environment.REDIS_PASSWORD as string | undefined
  return {
    host: (environment.REDIS_HOST as string | undefined) ?? 'localhost',
    port: (environment.REDIS_PORT as number | undefined) ?? 6_379,
    ...(password === undefined ? {} : { password }),
    ...(db === undefined ? {} : { db }),
  }
}

function parse(row: EnvironmentRow, text: string): Environment[string] {
  switch (row.kind) {
    case 'text':
    case 'secret':
      return text
    case 'url':
      return URL.canParse(text) ? text : fail(row, text, 'a URL such as redis://localhost:6379')
    case 'port':
      return whole(row, text, 1, 65_535)
    case 'count':
    case 'milliseconds':
    case 'seconds':
      return whole(row, text, row.min!, row.max!)
    case 'flag':
      return flag(row, text)
    case 'choice':
      return row.choices!.includes(text) ? text : fail(row, text, row.choices!.join(' | '))
    case 'nodes':
      return nodeList(row, text)
    case 'json':
      return jsonObject(row, text)
  }
}

function whole(row: EnvironmentRow, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  return value >= min && value <= max
    ? value
    : fail(row, text, `a whole number from ${min} to ${max}`)
}

function flag(row: EnvironmentRow, text: string): boolean {
  const lower = text.trim().toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(lower)) return true
  return ['false', '0', 'no', 'off'].includes(lower)
    ? false
    : fail(row, text, 'true | false | 1 | 0 | yes | no | on | off')
}

function nodeList(row: EnvironmentRow, text: string): readonly string[] {
  const nodes = text.split(',').map((node) => node.trim())
  return nodes.every((node) => /^[^\s:]+:\d{1,5}$/.test(node))
    ? nodes
    : fail(row, text, 'host:port,host:port,…')
}

function jsonObject(row: EnvironmentRow, text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Told below, with the text that is no JSON.
  }
  return fail(row, text, 'a JSON object')
}

function fail(row: EnvironmentRow, text: string, allowed: string): never {
  const hidden = row.kind === 'secret' || row.kind === 'url'
  const shown = hidden ? 'a value that is not shown' : `'${text.slice(0, 64)}'`
  throw new CacheError(
    'ENVIRONMENT_INVALID',
    `environment variable ${row.name} is ${shown}; the range is ${allowed}`,
  )
}

function unavailable(name: string, text: string, what: string): CacheError {
  return new CacheError(
    'ENVIRONMENT_INVALID',
    `environment variable ${name} is '${text.slice(0, 64)}', but ${what} is not part of this version`,
  )
}
