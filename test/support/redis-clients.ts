/**
 * Every client library and way of use that the Redis store supports, as one table for the service
 * tests.
 */
import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import type { Store } from '../../src/core/contracts.js'
import { DialedLink } from '../../src/stores/redis/dialed-link.js'
import { type RedisOptions, redis } from '../../src/stores/redis/index.js'
import { dialIoredis } from '../../src/stores/redis/ioredis-connection.js'
import { resolveRedisOptions } from '../../src/stores/redis/options.js'
import { RedisStore } from '../../src/stores/redis/redis-store.js'

export interface OwnClientKind {
  readonly name: string
  make(options: RedisOptions): Store
}

/** The store dials by itself. */
export const OWN_CLIENTS: readonly OwnClientKind[] = [
  { name: '@redis/client, own', make: (options) => redis({ ...options, driver: 'node-redis' }) },
  { name: 'ioredis 6, own', make: (options) => redis({ ...options, driver: 'ioredis' }) },
  {
    name: 'ioredis 5, own',
    make: (options) => {
      const { target } = resolveRedisOptions(options)
      const load = async () => (to: typeof target, listener: Parameters<typeof dialIoredis>[2]) =>
        dialIoredis({ Redis: Redis5 as never }, to, listener)
      return new RedisStore(new DialedLink(target, load))
    },
  },
]

export interface GivenClientKind {
  readonly name: string
  /** A connected client, the store on it, and how its owner ends it. */
  make(port: number): Promise<{ store: Store; isConnected(): boolean; end(): Promise<void> }>
}

/** The caller's client. */
export const GIVEN_CLIENTS: readonly GivenClientKind[] = [
  {
    name: '@redis/client, given',
    make: async (port) => {
      const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 50 } })
      client.on('error', () => {})
      await client.connect()
      const end = async () => {
        client.destroy()
      }
      return { store: redis({ client }), isConnected: () => client.isReady, end }
    },
  },
  { name: 'ioredis 6, given', make: (port) => given(new Redis(ioredisOptions(port))) },
  { name: 'ioredis 5, given', make: (port) => given(new Redis5(ioredisOptions(port))) },
  {
    name: 'ioredis 6 with keyPrefix and auto-pipelining, given',
    make: (port) => given(new Redis({ ...ioredisOptions(port), ...ODD })),
  },
  {
    name: 'ioredis 5 with keyPrefix and auto-pipelining, given',
    make: (port) => given(new Redis5({ ...ioredisOptions(port), ...ODD })),
  },
]

/** What changes the keys and the sending of a caller's client. */
const ODD = { keyPrefix: 'mine*:', enableAutoPipelining: true }

function ioredisOptions(port: number) {
  return {
    host: '127.0.0.1',
    port,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 50,
    lazyConnect: true,
  }
}

async function given(client: Redis | Redis5) {
  client.on('error', () => {})
  await client.connect()
  const end = async () => client.disconnect()
  return { store: redis({ client }), isConnected: () => client.status === 'ready', end }
}
