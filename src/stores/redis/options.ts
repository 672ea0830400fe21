/**
 * The options of `redis()`: checked and resolved once, never written to.
 *
 * Refuses what is unknown, out of range or said twice. A URL is taken apart here, so that both
 * client libraries are told the same thing; no message shows a URL or a password.
 */
import { type Duration, durationMs } from '../../core/duration.js'
import { CacheError } from '../../core/errors.js'
import { OptionCheck } from '../../core/option-check.js'
import { checkKnown } from '../../core/option-reading.js'
import type { RedisTarget } from './connection.js'
import type { IoredisClient } from './ioredis-connection.js'
import type { RedisDriver } from './load-client.js'
import { type NodeAddress, resolveNode, resolveNodes } from './node-addresses.js'
import type { NodeRedisClient } from './node-redis-connection.js'

export type RedisClient = NodeRedisClient | IoredisClient

export interface RedisOptions {
  /**
   * `redis://` or `rediss://` (TLS) with user, password, host, port and db number. Not with `host`,
   * `port`.
   */
  url?: string | undefined
  /** Default: localhost. */
  host?: string | undefined
  /** 1 to 65535. Default: 6379. */
  port?: number | undefined
  /** ACL user. Default: the server's default user. */
  username?: string | undefined
  password?: string | undefined
  /** Database number, 0 or more. Default: 0. */
  db?: number | undefined
  /**
   * `true`, or options as `tls.connect` takes them (ca, cert, key, servername …). Default: by the
   * URL.
   */
  tls?: boolean | object | undefined
  /** From dialing to the first answer: seconds or '5s', 10 ms to 60 s. Default: 5 s. */
  connectTimeout?: Duration | undefined
  /** Which library dials. Default: @redis/client if installed, else ioredis. */
  driver?: RedisDriver | undefined
  /**
   * A client of @redis/client or ioredis that you connect and close yourself. Excludes all other
   * options. Its `duplicate()` makes one connection more, for what the log pushes, and one for what
   * confirms durable writes. With ioredis, turn `autoResendUnfulfilledCommands` off: a write sent
   * twice may be a late one.
   */
  client?: RedisClient | undefined
  /**
   * Some nodes of a Redis Cluster, from which the others are found: 1 to 64 of `'host:port'` or
   * `{ host, port }`. Excludes `url`, `host`, `port`, `db` and `client`.
   */
  cluster?: readonly NodeAddress[] | undefined
  /**
   * The master of that name, as Redis Sentinel tells it; `nodes` are sentinels, 1 to 64 of
   * `'host:port'` or `{ host, port }`, with a user, a password and TLS of their own. Excludes
   * `url`, `host`, `port`, `cluster` and `client`.
   */
  sentinel?: SentinelOptions | undefined
  /**
   * Where nodes are reached from here, by the address that cluster or sentinels give them:
   * `{ '10.0.0.7:6379': 'localhost:7001' }`. Default: there.
   */
  addressMap?: Readonly<Record<string, NodeAddress>> | undefined
}

export interface SentinelOptions {
  name: string
  nodes: readonly NodeAddress[]
  username?: string | undefined
  password?: string | undefined
  tls?: boolean | object | undefined
}

export interface ResolvedSentinel {
  readonly name: string
  /** `host:port`. */
  readonly nodes: readonly string[]
  /** How each of them is dialed. */
  readonly target: RedisTarget
}

export interface ResolvedRedisOptions {
  readonly client: RedisClient | undefined
  /** `host:port` of some nodes. */
  readonly cluster: readonly string[] | undefined
  readonly sentinel: ResolvedSentinel | undefined
  readonly addressMap: ReadonlyMap<string, string>
  readonly driver: RedisDriver | undefined
  readonly target: RedisTarget
}

type UrlParts = Partial<Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db'>> & {
  readonly isTls?: boolean
}

const NAMES: readonly (keyof RedisOptions)[] = [
  'url',
  'host',
  'port',
  'username',
  'password',
  'db',
  'tls',
  'connectTimeout',
  'driver',
  'client',
  'cluster',
  'sentinel',
  'addressMap',
]
const SENTINEL_NAMES = ['name', 'nodes', 'username', 'password', 'tls'] as const
/** Said of each node by itself; a cluster has one database. */
const NOT_WITH_NODES = ['url', 'host', 'port', 'db', 'sentinel'] as const
const NOT_WITH_SENTINEL = ['url', 'host', 'port'] as const
const URL_RANGE = "a string as 'redis://user:password@host:6379/0' or 'rediss://…'"
const DEFAULT_PORT = 6_379
const SENTINEL_PORT = 26_379
const MAX_DB = 1_000_000
const DEFAULT_TIMEOUT_MS = 5_000
const MIN_TIMEOUT_MS = 10
const MAX_TIMEOUT_MS = 60_000

const check = new OptionCheck('redis')

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveRedisOptions(options: RedisOptions): ResolvedRedisOptions {
  checkNames(options)
  const url: UrlParts = options.url === undefined ? {} : parseUrl(options.url)
  if (options.driver !== undefined && !['node-redis', 'ioredis'].includes(options.driver)) {
    throw check.invalid('driver', options.driver, "'node-redis' | 'ioredis'")
  }
  return Object.freeze({
    client: options.client,
    driver: options.driver,
    cluster: options.cluster && resolveNodes('cluster', options.cluster, DEFAULT_PORT),
    sentinel: resolveSentinel(options),
    addressMap: resolveAddressMap(options.addressMap),
    target: Object.freeze({
      host: check.text('host', options.host) ?? url.host ?? 'localhost',
      port: check.port('port', options.port) ?? url.port ?? DEFAULT_PORT,
      username: check.text('username', options.username) ?? url.username,
      // An empty one is none.
      password: check.password(options.password) || url.password,
      db: check.whole('db', options.db, 0, MAX_DB) ?? url.db ?? 0,
      tls: resolveTls(options.tls, url.isTls),
      connectTimeoutMs: timeout(options.connectTimeout),
    }),
  })
}

function checkNames(options: RedisOptions): void {
  check.known(options, NAMES)
  const isGiven = (name: keyof RedisOptions) => options[name] !== undefined
  if (isGiven('client')) check.alone('client', NAMES.filter(isGiven))
  if (isGiven('url')) check.alone('url', (['host', 'port'] as const).filter(isGiven))
  if (isGiven('cluster')) check.alone('cluster', NOT_WITH_NODES.filter(isGiven))
  if (isGiven('sentinel')) check.alone('sentinel', NOT_WITH_SENTINEL.filter(isGiven))
  const hasNodes = isGiven('cluster') || isGiven('sentinel')
  if (isGiven('addressMap') && !hasNodes) {
    throw check.invalid('addressMap', 'given', "used with 'cluster' or 'sentinel' only")
  }
}

function resolveSentinel({ sentinel, connectTimeout }: RedisOptions): ResolvedSentinel | undefined {
  if (sentinel === undefined) return undefined
  if (typeof sentinel !== 'object' || sentinel === null) {
    throw check.invalid('sentinel', sentinel, "{ name: 'mymaster', nodes: ['host:26379'] }")
  }
  checkKnown(sentinel, SENTINEL_NAMES, 'redis, sentinel')
  const name = check.text('sentinel.name', sentinel.name)
  if (name === undefined) throw check.invalid('sentinel.name', name, 'a string that is not empty')
  return Object.freeze({
    name,
    nodes: resolveNodes('sentinel.nodes', sentinel.nodes, SENTINEL_PORT),
    target: Object.freeze({
      host: '',
      port: SENTINEL_PORT,
      username: check.text('sentinel.username', sentinel.username),
      password: check.password(sentinel.password) || undefined,
      db: 0,
      tls: resolveTls(sentinel.tls, undefined),
      connectTimeoutMs: timeout(connectTimeout),
    }),
  })
}

function resolveAddressMap(input: unknown): ReadonlyMap<string, string> {
  if (input === undefined) return new Map()
  if (typeof input !== 'object' || input === null) {
    throw check.invalid(
      'addressMap',
      input,
      "addresses by address: { '10.0.0.7:6379': 'host:port' }",
    )
  }
  const pairs = Object.entries(input).map(([from, to]): [string, string] => {
    return [
      resolveNode('addressMap', from, DEFAULT_PORT),
      resolveNode('addressMap', to, DEFAULT_PORT),
    ]
  })
  return new Map(pairs)
}

function parseUrl(input: unknown): UrlParts {
  if (typeof input !== 'string' || !URL.canParse(input)) throw badUrl('')
  const url = new URL(input)
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw badUrl('; its scheme is another')
  if (url.hash !== '') throw badUrl('; it has a fragment (write # as %23 in a password)')
  for (const name of url.searchParams.keys()) {
    if (name !== 'db') throw badUrl(`; its parameter '${name}' is unknown`)
  }
  const db = url.searchParams.get('db') ?? (url.pathname.length > 1 ? url.pathname.slice(1) : '0')
  if (!/^\d{1,6}$/.test(db)) throw badUrl('; its db is no number')
  return {
    // Brackets belong to the URL, not to the IPv6 address.
    ...(url.hostname === '' ? {} : { host: url.hostname.replace(/^\[(.*)\]$/, '$1') }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { username: decodeUrlPart(url.username) }),
    ...(url.password === '' ? {} : { password: decodeUrlPart(url.password) }),
    db: Number(db),
    isTls: url.protocol === 'rediss:',
  }
}

function decodeUrlPart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badUrl('; its user or password holds a % that is no escape (write it as %25)')
  }
}

function badUrl(more: string): CacheError {
  return new CacheError('OPTION_INVALID', `redis: option 'url' must be ${URL_RANGE}${more}`)
}

function resolveTls(input: RedisOptions['tls'], isTlsUrl: boolean | undefined): RedisTarget['tls'] {
  const tls = check.tls(input)
  if (tls === false && isTlsUrl === true)
    throw check.invalid('tls', tls, 'true with a rediss:// URL')
  if (typeof tls === 'object') return Object.freeze({ ...tls })
  return tls === true || isTlsUrl === true ? Object.freeze({}) : undefined
}

function timeout(input: unknown): number {
  if (input === undefined) return DEFAULT_TIMEOUT_MS
  const ms = durationMs(input)
  if (ms !== undefined && ms >= MIN_TIMEOUT_MS && ms <= MAX_TIMEOUT_MS) return ms
  const hint =
    typeof input === 'number' && input > 60 ? `; for milliseconds write '${input}ms'` : ''
  throw check.invalid('connectTimeout', input, `10ms to 60s, as seconds or as '500ms', '5s'${hint}`)
}
