/** The configuration of a manager, and what it means to the cache underneath. */
import {
  type CacheOptions as CoreOptions,
  environmentOptions,
  readEnvironment,
} from '../../index.js'
import { checkServer } from '../face-connection.js'
import type { FaceOptions, FacePreset } from '../face-core.js'
import { FaceOptionCheck } from '../face-options.js'
import { known } from '../known.js'

export interface DatabaseConfig {
  /** `postgres://…`. Without one, in options or environment, the database is SQLite. */
  url?: string | undefined
  /** Default: the store's. */
  tableName?: string | undefined
}

export interface CacheConfig extends FaceOptions {
  /** Seconds. Default: 3 600. */
  defaultTTL: number
  /** Default: 10 000. */
  maxMemoryEntries: number
  /** Default: false. */
  enableCompression: boolean
  /** Accepted: values are serialized by their kind, always. */
  enableSerialization: boolean
  /** What `invalidateConfigured` makes out of date. */
  invalidationPatterns: string[]
  /**
   * `auto`: a database in test and development, else Redis where one is configured. Default:
   * CACHE_ADAPTER, else `redis` where `url` or `redis` names a server, else `auto`.
   */
  adapter: 'redis' | 'database' | 'auto'
  database?: DatabaseConfig | undefined
}

/** How one entry lives, or where it lies. */
export interface CacheOptions {
  /** Seconds. */
  ttl?: number | undefined
  tags?: string[] | undefined
  /** Default: as `enableCompression` says. */
  compress?: boolean | undefined
  /** Accepted: values are serialized by their kind, always. */
  serialize?: boolean | undefined
  namespace?: string | undefined
}

export const WHERE = 'CacheManager'
export const check = new FaceOptionCheck(WHERE)

const NAMES: readonly (keyof CacheConfig)[] = [
  'url',
  'redis',
  'core',
  'defaultTTL',
  'maxMemoryEntries',
  'enableCompression',
  'enableSerialization',
  'invalidationPatterns',
  'adapter',
  'database',
]
const ADAPTERS: readonly unknown[] = ['auto', 'redis', 'database']

/** A whole configuration: what is given, over the environment, over the defaults. */
export function createCacheConfig(given: Partial<CacheConfig> = {}): CacheConfig {
  checkConfig(given)
  const environment = readEnvironment()
  const { ttl, memory, compress } = environmentOptions()
  const { maxEntries } = memory === false || memory === undefined ? {} : memory
  return {
    ...given,
    defaultTTL: given.defaultTTL ?? (ttl as number | undefined) ?? 3_600,
    maxMemoryEntries: given.maxMemoryEntries ?? maxEntries ?? 10_000,
    enableCompression: given.enableCompression ?? (compress ?? false) !== false,
    enableSerialization: given.enableSerialization ?? true,
    invalidationPatterns: [...(given.invalidationPatterns ?? [])],
    adapter: given.adapter ?? (environment.CACHE_ADAPTER as 'auto' | undefined) ?? 'auto',
  }
}

/** What of it goes to the face: Redis only where the adapter is to be that. */
export function connectionOf(given: Partial<CacheConfig>, isTest: boolean): FaceOptions {
  const { url, redis, core } = given
  if (core !== undefined) return { core }
  checkServer(WHERE, given)
  const store = environmentOptions(variablesOf(given, isTest)).store
  if (store?.name === 'redis') return { url, redis }
  return { redis: { keyPrefix: redis?.keyPrefix } }
}

export function presetOf(given: Partial<CacheConfig>, isTest: boolean): FacePreset {
  const { defaultTTL: ttl, maxMemoryEntries: maxEntries, enableCompression } = given
  const presets: CoreOptions = { ttl: 3_600, memory: { maxEntries: 10_000 } }
  const own: CoreOptions = { ttl, memory: { maxEntries }, compress: enableCompression }
  return { presets, given: own, variables: variablesOf(given, isTest) }
}

function variablesOf(
  { adapter, database, url, redis }: Partial<CacheConfig>,
  isTest: boolean,
): Record<string, string | undefined> {
  const { env } = process
  const { keyPrefix: _, ...server } = { ...redis, url: url ?? redis?.url }
  const hasServer = Object.values(server).some((value) => value !== undefined)
  return {
    ...env,
    NODE_ENV: isTest ? 'test' : env.NODE_ENV,
    // Who names a server wants that one, also where `auto` would take another store.
    CACHE_ADAPTER: adapter ?? (env.CACHE_ADAPTER || (hasServer && !isTest ? 'redis' : 'auto')),
    DATABASE_URL: database?.url ?? env.DATABASE_URL,
    CACHE_TABLE_NAME: database?.tableName ?? env.CACHE_TABLE_NAME,
    ...(hasServer ? { REDIS_HOST: env.REDIS_HOST || 'localhost' } : {}),
  }
}

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function checkConfig(given: Partial<CacheConfig>): void {
  check.known(given, NAMES)
  const { invalidationPatterns: _, ...ofCache } = known(given)
  if (given.core !== undefined) check.alone('core', Object.keys(ofCache))
  check.ttl('defaultTTL', given.defaultTTL)
  check.entries('maxMemoryEntries', given.maxMemoryEntries)
  check.flag('enableCompression', given.enableCompression)
  check.flag('enableSerialization', given.enableSerialization)
  const { adapter, database = {}, invalidationPatterns: patterns = [] } = given
  if (adapter !== undefined && !ADAPTERS.includes(adapter)) {
    throw check.invalid('adapter', adapter, "'redis' | 'database' | 'auto'")
  }
  if (!Array.isArray(patterns) || !patterns.every((each) => typeof each === 'string')) {
    throw check.invalid('invalidationPatterns', patterns, 'an array of patterns such as user:*')
  }
  if (typeof database !== 'object' || database === null) {
    throw check.invalid('database', database, '{ url, tableName }')
  }
  check.known(database, ['url', 'tableName'])
  check.identifier('database.tableName', database.tableName, 40)
  const { url } = database
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    throw check.invalid('database.url', 'a value that is not shown', 'postgres://…')
  }
}
