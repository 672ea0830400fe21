/**
 * The Redis server of a face: what its options name, over what the environment does, field by
 * field. An `url` or a `cluster` is a whole server: no field of another one is added to it.
 */
import { invalidOption } from '../core/option-reading.js'
import { type CacheOptions, type Environment, readEnvironment } from '../index.js'
import { redis } from '../stores/redis/index.js'
import { known } from './known.js'

/** How the documents name a Redis server. */
export interface FaceRedisOptions {
  /** `redis://` or `rediss://`; goes before `host` and `port`. */
  url?: string | undefined
  /** Default: localhost. */
  host?: string | undefined
  /** Default: 6379. */
  port?: number | undefined
  username?: string | undefined
  password?: string | undefined
  /** Default: 0. */
  db?: number | undefined
  /** Some nodes of a Redis Cluster, `'host:port'`; goes before the others. */
  cluster?: readonly string[] | undefined
  /** What every key in the store begins with. 1 to 64 letters, digits, `_ . -`. */
  keyPrefix?: string | undefined
}

/** Where a face keeps what it has. */
export interface FaceConnection {
  /** A Redis server, as `redis.url`. */
  url?: string | undefined
  redis?: FaceRedisOptions | undefined
}

export type Server = Omit<FaceRedisOptions, 'keyPrefix'>

/** Those that say which server it is; the others say how to enter it. */
const OF_ONE_SERVER = ['host', 'port', 'username', 'password', 'db']
const RANGE = '{ url | host, port, password, db, keyPrefix }'

/** No store where the options name none. Throws OPTION_INVALID, OPTION_UNKNOWN. */
export function connectionOf(
  where: string,
  { url, redis: given }: FaceConnection,
  variables: Readonly<Record<string, string | undefined>> | undefined,
): CacheOptions {
  checkServer(where, { url, redis: given })
  const { keyPrefix, ...rest } = known({ ...given, ...(url === undefined ? {} : { url }) })
  if (Object.keys(rest).length === 0) return { prefix: keyPrefix }
  const environment = readEnvironment(variables)
  const timeoutMs = environment.REDIS_CONNECT_TIMEOUT as number | undefined
  const timing = timeoutMs === undefined ? {} : { connectTimeout: `${timeoutMs}ms` as const }
  return { prefix: keyPrefix, store: redis({ ...timing, ...serverOf(rest, environment) }) }
}

/** Throws OPTION_INVALID. What is in it is checked where the store is made. */
export function checkServer(where: string, { url, redis: given }: FaceConnection): void {
  if (given !== undefined && (typeof given !== 'object' || given === null)) {
    throw invalidOption(where, 'redis', given, RANGE)
  }
  if (url !== undefined && given?.url !== undefined) {
    throw invalidOption(where, 'url', 'given', "not beside 'redis.url'")
  }
}

/** What is given over the environment; one way to name a server counts, of several at once. */
export function serverOf(given: Server, environment: Environment): Server {
  const { cluster, url, host, port, db, ...rest } = given
  if (cluster !== undefined) return { ...rest, cluster }
  if (url !== undefined) return known({ ...rest, url, db })
  // What is not ours to know, as `sentinel`, names a whole server too.
  if (!Object.keys(given).every((name) => OF_ONE_SERVER.includes(name))) return given
  const password = environment.REDIS_PASSWORD as string | undefined
  const isElsewhere = host !== undefined || port !== undefined
  if (!isElsewhere && environment.REDIS_CLUSTER_NODES !== undefined) {
    const nodes = environment.REDIS_CLUSTER_NODES as readonly string[]
    return known({ password, ...rest, cluster: nodes })
  }
  if (!isElsewhere && environment.REDIS_URL !== undefined) {
    return known({ ...rest, url: environment.REDIS_URL as string, db })
  }
  return known({
    password,
    ...rest,
    host: host ?? (environment.REDIS_HOST as string | undefined),
    port: port ?? (environment.REDIS_PORT as number | undefined),
    db: db ?? ((environment.REDIS_DB ?? environment.REDIS_DATABASE) as number | undefined),
  })
}
