/**
 * Where a cache may have its store, as tests of caches need it: a server of its own for each, which
 * is reached by its port or by that of a proxy before it, and can be frozen, killed and started.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/core/contracts.js'
import { chain } from '../../src/stores/chain/index.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { sqlite } from '../../src/stores/sqlite/index.js'
import { patientStore } from './patient.js'
import { Postgres } from './postgres.js'
import { OWN_CLIENTS, type OwnClientKind } from './redis-clients.js'
import { startRedisServer } from './redis-server.js'

export interface Place {
  readonly name: string
  start(): Promise<PlaceServer>
}

/** As much of it as a file has. */
export interface FilePlace {
  readonly name: string
  start(): Promise<Pick<PlaceServer, 'store' | 'stop'>>
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

/** A file: nothing leads to it that could be cut, and nobody can be stopped but its users. */
export const SQLITE_PLACE: FilePlace = {
  name: 'SQLite',
  start: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cachewright-sqlite-'))
    return {
      store: () => sqlite({ path: join(folder, 'cache.db') }),
      stop: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
}

/** A Redis with a Postgres behind it. */
export const CHAIN_PLACE: FilePlace = {
  name: 'Redis, then Postgres',
  start: async () => {
    const [front, back] = await Promise.all([startRedisServer(), Postgres.start()])
    return {
      store: () => patientStore(chain(redis({ url: front.url }), postgres({ url: back.url }))),
      stop: async () => {
        await front.stop()
        await back.stop()
      },
    }
  },
}

/** For tests that do nothing to the server. */
export const QUIET_PLACES: readonly FilePlace[] = [
  ...REDIS_PLACES,
  POSTGRES_PLACE,
  SQLITE_PLACE,
  CHAIN_PLACE,
]

/** One of each kind: for what stands on the contract of stores, not on a client. */
export const KINDS_OF_PLACES: readonly FilePlace[] = [
  REDIS_PLACES[0]!,
  POSTGRES_PLACE,
  SQLITE_PLACE,
]

/** Each kind of server, and the first two client libraries of Redis. */
export const PLACES: readonly Place[] = [...REDIS_PLACES.slice(0, 2), POSTGRES_PLACE]
