/**
 * The environment: parsed and checked in one place, read by `createCache()` alone. A variable that
 * is set to '' counts as not set.
 */
import { CacheError } from './core/errors.js'
import type { CacheOptions } from './core/options.js'
import { deferredStore } from './deferred-store.js'
import { ENVIRONMENT_TABLE, type EnvironmentRow } from './environment-table.js'

export type Environment = Readonly<
  Record<string, string | number | boolean | readonly string[] | object | undefined>
>

/**
 * All variables of the table, parsed. Throws ENVIRONMENT_INVALID naming the variable, its value and
 * its range.
 */
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

const PREFIX = /^[\w.-]{1,64}$/

function storeFrom(environment: Environment): CacheOptions['store'] {
  const {
    CACHE_ADAPTER: adapter,
    REDIS_CLUSTER_NODES: nodes,
    REDIS_URL: url,
    REDIS_HOST: host,
  } = environment
  // Not a thing to pass over in silence: whoever sets these counts on a store that would not be
  // there.
  if (adapter === 'database') throw unavailable('CACHE_ADAPTER', 'database', 'the SQL stores')
  const isNamed = nodes !== undefined || url !== undefined || host !== undefined
  if (!isNamed && adapter !== 'redis') return undefined
  const server = nodes === undefined ? oneServer(environment) : clusterOf(environment)
  const timeoutMs = environment.REDIS_CONNECT_TIMEOUT
  const options =
    timeoutMs === undefined ? server : { ...server, connectTimeout: `${timeoutMs as number}ms` }
  // Imported when a cache needs it: the front door depends on no driver.
  return deferredStore('redis', async () =>
    (await import('./stores/redis/index.js')).redis(options),
  )
}

interface Server {
  url?: string
  cluster?: readonly string[]
  host?: string
  port?: number
  password?: string
  db?: number
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

function parse(row: EnvironmentRow, text: string): Environment[string] {
  switch (row.kind) {
    case 'text':
    case 'secret':
      return text
    case 'prefix':
      return PREFIX.test(text) ? text : fail(row, text, '1 to 64 letters, digits and _ . -')
    case 'url':
      return url(row, text)
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

function url(row: EnvironmentRow, text: string): string {
  const protocols = row.choices
  const isKnown = URL.canParse(text) && (protocols?.includes(new URL(text).protocol) ?? true)
  const range =
    protocols === undefined ? 'a URL' : `a URL that begins with ${protocols.join(' or ')}//`
  return isKnown ? text : fail(row, text, range)
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
  const shown = `environment variable ${name} is '${text.slice(0, 64)}'`
  const message = `${shown}, but ${what} is not part of this version`
  return new CacheError('ENVIRONMENT_INVALID', message)
}
