/**
 * Tells a caller's client by its shape, so that no client package needs to be imported for it.
 *
 * Cluster, pool and sentinel objects have methods of the same names with other arguments: refused,
 * not tried.
 */
import { CacheError } from '../../core/errors.js'
import type { ConnectionListener } from '../kept-link.js'
import type { Dial, RedisConnection } from './connection.js'
import { duplicateIoredis, type IoredisClient, IoredisConnection } from './ioredis-connection.js'
import {
  duplicateNodeRedis,
  type NodeRedisClient,
  NodeRedisConnection,
} from './node-redis-connection.js'

/** How to take `client` into use. Throws CLIENT_UNSUPPORTED where its shape is unknown. */
export function adopterFor(client: unknown): (listener: ConnectionListener) => RedisConnection {
  if (isNodeRedis(client)) return (listener) => new NodeRedisConnection(client, listener)
  if (isIoredis(client)) return (listener) => new IoredisConnection(client, listener, false)
  throw new CacheError(
    'CLIENT_UNSUPPORTED',
    'redis: the client given is neither a client of @redis/client 5.8+ (createClient) nor a ' +
      'Redis object of ioredis 5 or 6; cluster, pool and sentinel objects of @redis/client ' +
      'are not supported',
  )
}

/** How to make more of its kind; `undefined` where it does not tell. */
export function duplicatorFor(client: unknown): Dial | undefined {
  if (!hasMethods(client, 'duplicate')) return undefined
  if (isNodeRedis(client)) return (_, listener) => duplicateNodeRedis(client, listener)
  return isIoredis(client) ? (_, listener) => duplicateIoredis(client, listener) : undefined
}

function isNodeRedis(client: unknown): client is NodeRedisClient {
  return (
    hasMethods(client, 'sendCommand', 'on', 'off', 'multi', 'withTypeMapping') &&
    // Pools and clusters know no isReady, sentinels no single connection behind it.
    typeof client.isReady === 'boolean' &&
    !('getMasterNode' in client || 'getSentinelNode' in client || 'slots' in client)
  )
}

function isIoredis(client: unknown): client is IoredisClient {
  return (
    hasMethods(client, 'mgetBuffer', 'evalshaBuffer', 'on', 'off', 'disconnect') &&
    typeof client.status === 'string' &&
    typeof client.options === 'object' &&
    client.isCluster !== true
  )
}

function hasMethods(value: unknown, ...names: string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}
