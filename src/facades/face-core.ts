/**
 * The cache behind a face: its options in the words of the documents, put over the environment and
 * that over the presets of the face, field by field.
 *
 * A face without options is made when it is first used, so that importing its singleton reads no
 * environment and dials nothing. Faces go on in memory while Redis is away (`staleIfDown`), hand
 * out copies that callers may change, as a parsed JSON text is, and do not keep `null`, which is
 * what they answer for a miss.
 */
import { invalidOption } from '../core/option-reading.js'
import {
  type Cache,
  type CacheOptions,
  type CacheStats,
  createCache,
  environmentOptions,
  type RootCache,
} from '../index.js'
import { redis } from '../stores/redis/index.js'

export type CoreCache = RootCache<Record<never, never>>

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

/** What every face takes; what is not said is read from the environment. */
export interface FaceOptions {
  /** A Redis server, as `redis.url`. */
  url?: string | undefined
  redis?: FaceRedisOptions | undefined
  /** A cache of `createCache` in place of all other options; `close` leaves it open. */
  core?: CoreCache | undefined
}

/** What a face makes of its own options, and what it has where nothing is said. */
export interface FacePreset {
  readonly presets: CacheOptions
  readonly given?: CacheOptions
  /** In place of `process.env`. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/** Under the environment, and under the presets of each face. */
export const OF_ALL_FACES: CacheOptions = {
  staleIfDown: Number.POSITIVE_INFINITY,
  negativeTtl: '1ms',
  memory: { values: 'cloned' },
}

export class FaceCore {
  readonly #make: () => CoreCache
  readonly #isOwn: boolean
  #cache: CoreCache | undefined

  /** `where` begins messages. Throws OPTION_UNKNOWN, OPTION_INVALID or ENVIRONMENT_INVALID. */
  constructor(where: string, options: FaceOptions | undefined, preset: () => FacePreset) {
    const core = options?.core
    if (core !== undefined && typeof core.memory?.hottest !== 'function') {
      throw invalidOption(where, 'core', core, 'a cache of createCache')
    }
    this.#isOwn = core === undefined
    this.#make = () => core ?? createCache(merged(preset(), connection(where, options)))
    if (options !== undefined) this.#cache = this.#make()
  }

  get cache(): CoreCache {
    this.#cache ??= this.#make()
    return this.#cache
  }

  /** A namespace, or the cache itself for '' and nothing. Throws NAMESPACE_INVALID. */
  space(name: string | undefined): Cache {
    return name === undefined || name === '' ? this.cache : this.cache.namespace(name)
  }

  /** Never rejects. */
  async close(): Promise<void> {
    if (this.#isOwn) await this.#cache?.close()
  }
}

/** Whether the store answers now. */
export function isStoreThere({ store, coherence }: CacheStats): boolean {
  return store !== undefined && store.breaker === 'closed' && coherence.state !== 'lapsed'
}

function connection(where: string, options: FaceOptions | undefined): CacheOptions {
  const { url, redis: server } = options ?? {}
  if (url !== undefined && server?.url !== undefined) {
    throw invalidOption(where, 'url', 'given', "not beside 'redis.url'")
  }
  if (server !== undefined && (typeof server !== 'object' || server === null)) {
    throw invalidOption(where, 'redis', server, '{ url | host, port, password, db, keyPrefix }')
  }
  const { keyPrefix, ...rest } = { ...server, ...(url === undefined ? {} : { url }) }
  const target = known({ ...rest })
  const isServer = Object.keys(target).length > 0
  return { prefix: keyPrefix, store: isServer ? redis(oneWay(target)) : undefined }
}

/** The documents name one server in several ways at once. */
function oneWay({ cluster, url, host, port, db, ...rest }: Omit<FaceRedisOptions, 'keyPrefix'>) {
  if (cluster !== undefined) return { ...rest, cluster }
  return known({ ...rest, db, ...(url === undefined ? { host, port } : { url }) })
}

function merged({ presets, given, variables }: FacePreset, connected: CacheOptions): CacheOptions {
  const parts = [OF_ALL_FACES, presets, environmentOptions(variables), given ?? {}, connected]
  const memories = parts.map(({ memory }) => memory)
  const memory = memories.includes(false)
    ? false
    : Object.assign({}, ...memories.map((each) => known({ ...each })))
  return { ...Object.assign({}, ...parts.map(known)), memory }
}

/** An `undefined` erases nothing. */
function known<O extends object>(options: O): O {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as O
}
