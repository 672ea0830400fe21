/**
 * The door `cachewright/redis`: a store on one Redis server (or Valkey, KeyDB, Dragonfly by
 * protocol).
 *
 * Needs @redis/client 5.8+ or ioredis 5.4+, or a client of your own. The server must be Redis 6 or
 * newer.
 */
import type { Store } from '../../core/contracts.js'
import { adopterFor, duplicatorFor } from './client-shape.js'
import { clusterDials } from './cluster/cluster-dials.js'
import { ClusterStore } from './cluster/cluster-store.js'
import { DialedLink } from './dialed-link.js'
import { GivenLink } from './given-link.js'
import { loadDial } from './load-client.js'
import { type RedisOptions, resolveRedisOptions } from './options.js'
import { RedisStore } from './redis-store.js'
import { sentinelStore } from './sentinel/sentinel-store.js'

export type { RedisDriver } from './load-client.js'
export type { RedisClient, RedisOptions } from './options.js'

/**
 * A store on one Redis server; it dials when a cache opens it, and keeps the process alive until
 * `close()`. Throws OPTION_UNKNOWN, OPTION_INVALID or CLIENT_UNSUPPORTED at once. A missing
 * library, a wrong password or an absent server is told to the cache instead, and recovered from
 * when it can be.
 *
 * ```ts
 * const cache = createCache({ store: redis({ url: process.env.REDIS_URL }) })
 * ```
 */
export function redis(options: RedisOptions = {}): Store {
  const resolved = resolveRedisOptions(options)
  const { client, cluster, driver, sentinel, target } = resolved
  if (cluster !== undefined) return new ClusterStore(clusterDials(cluster, resolved))
  if (sentinel !== undefined) return sentinelStore(sentinel, resolved)
  if (client !== undefined) {
    const duplicate = duplicatorFor(client)
    const dial =
      duplicate && (() => new DialedLink(target, async () => duplicate, { keepsAlive: false }))
    return new RedisStore(new GivenLink(adopterFor(client)), dial)
  }
  const dial = () => new DialedLink(target, () => loadDial(driver))
  return new RedisStore(dial(), dial)
}
