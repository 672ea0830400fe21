/**
 * Every environment variable as one row: the union of what five caching layers called their
 * settings, so several names may mean one thing; the order of the rows is their precedence. A row
 * with `awaits` is checked like all others and has its effect once that capability is there.
 */
type EnvironmentKind =
  | 'url'
  | 'text'
  | 'prefix'
  | 'table'
  | 'secret'
  | 'keys'
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
  /** Of a url: its protocols. */
  readonly choices?: readonly string[]
  readonly says: string
  /** The capability without which it has no effect yet. */
  readonly awaits?: string
}

/** The variables that are set, parsed. */
export type Environment = Readonly<
  Record<string, string | number | boolean | readonly string[] | object | undefined>
>

const YEAR_SECONDS = 31_536_000
const HOUR_MS = 3_600_000

export const ENVIRONMENT_TABLE: readonly EnvironmentRow[] = [
  {
    name: 'NODE_ENV',
    kind: 'text',
    says: 'test and development: which store CACHE_ADAPTER=auto takes',
  },
  {
    name: 'CACHE_ADAPTER',
    kind: 'choice',
    choices: ['auto', 'redis', 'database'],
    says: 'which store; if not set, Redis where one is configured, else none',
  },
  {
    name: 'DATABASE_URL',
    kind: 'url',
    says: 'the Postgres server, where the store is a database: postgres:// or postgresql://',
  },
  { name: 'CACHE_TABLE_NAME', kind: 'table', says: 'the table of the SQL stores' },
  {
    name: 'REDIS_URL',
    kind: 'url',
    choices: ['redis:', 'rediss:'],
    says: 'the Redis server: redis:// or rediss://; goes before host, port, password and db',
  },
  {
    name: 'REDIS_CLUSTER_NODES',
    kind: 'nodes',
    says: 'some nodes of a Redis Cluster, host:port with commas; goes before REDIS_URL',
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
  { name: 'REDIS_KEY_PREFIX', kind: 'prefix', says: 'what every key begins with' },
  {
    name: 'REDIS_CONNECT_TIMEOUT',
    kind: 'milliseconds',
    min: 10,
    max: 60_000,
    says: 'how long a connection attempt may take, ms',
  },
  {
    name: 'REDIS_POOL_SIZE',
    kind: 'count',
    min: 1,
    max: 1_000,
    says: 'accepted and not needed: one connection carries all calls of a moment',
  },
  {
    name: 'REDIS_MAX_RETRIES',
    kind: 'count',
    min: 0,
    max: 1_000,
    says: 'accepted and not needed: connections are redialed for ever, no call is sent twice',
  },
  {
    name: 'REDIS_RETRY_DELAY',
    kind: 'milliseconds',
    min: 0,
    max: HOUR_MS,
    says: 'accepted and not needed: redials are 25 to 500 ms apart, and spread',
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
  },
  {
    name: 'CACHE_TTL_MEDIUM',
    kind: 'seconds',
    min: 1,
    max: YEAR_SECONDS,
    says: 'the ttl that code calls medium',
  },
  {
    name: 'CACHE_TTL_LONG',
    kind: 'seconds',
    min: 1,
    max: YEAR_SECONDS,
    says: 'the ttl that code calls long',
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
  },
  {
    name: 'CACHE_COMPRESSION_ENABLED',
    kind: 'flag',
    says: 'compress values; after CACHE_ENABLE_COMPRESSION',
  },
  {
    name: 'CACHE_COMPRESSION_THRESHOLD',
    kind: 'count',
    min: 0,
    max: 2 ** 30,
    says: 'bytes from which values are compressed, if they are; 1024 if not set, no less than 64',
  },
  {
    name: 'CACHE_ENCRYPTION_KEYS',
    kind: 'keys',
    says: 'keys of namespaces that encrypt, with commas between; the first writes, all read',
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
