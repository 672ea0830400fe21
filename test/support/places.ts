/**
 * Where a cache may have its store, as tests of caches need it: a server of its own for each, which
 * is reached by its port or by that of a proxy before it, and can be frozen, killed and started.
 */
import type { Store } from '../../src/core/contracts.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { Postgres } from './postgres.js'
import { OWN_CLIENTS, type OwnClientKind } from './redis-clients.js'
import { startRedisServer } from './redis-server.js'

export interface Place {
  readonly name: string
  start(): Promise<PlaceServer>
}

export interface PlaceServer {
  readonly port: number
  /** A store on it, not opened; over `port` where that is another's. */
  store(port?: number, options?: { readonly connectTimeout?: string }): Store
  freeze(): void
  thaw(): void
  kill(): Promise<void>
  /** Empty. */
  restart(): Promise<void>
  stop(): Promise<void>
}

function redisPlace({ name, make }: OwnClientKind): Place {
  const start = async (): Promise<PlaceServer> => {
    const server = await startRedisServer()
    const { port } = server
    return {
      port,
      store: (at = port, options = {}) => make({ url: `redis://127.0.0.1:${at}`, ...options }),
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
      kill: () => server.kill(),
      restart: () => server.restart(),
      stop: () => server.stop(),
    }
  }
  return { name, start }
}

export const REDIS_PLACES: readonly Place[] = OWN_CLIENTS.map(redisPlace)

/** After a crash its tables are empty, since nobody has asked for others. */
export const POSTGRES_PLACE: Place = {
  name: 'Postgres',
  start: async () => {
    const server = await Postgres.start()
    const { control } = server
    const { port } = server.settings
    return {
      port,
      store: (at = port, options = {}) => postgres({ url: server.urlAt(at), ...options }),
      freeze: () => control.freeze(),
      thaw: () => control.thaw(),
      kill: () => control.kill(),
      restart: () => control.restart(),
      stop: () => server.stop(),
    }
  },
}

/** Each kind of server, and the first two client libraries of Redis. */
export const PLACES: readonly Place[] = [...REDIS_PLACES.slice(0, 2), POSTGRES_PLACE]
