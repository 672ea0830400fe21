/**
 * The same four questions with a cache in front: all that an application has to write.
 *
 * Each question is a namespace with a life of its own. The cache sits above the queries and below
 * the validation, so that two spellings of a request share an entry.
 */
import { createCache } from 'cachewright'
import type { CitySource } from './city-source.js'
import type { StoreChoice } from './store-choice.js'

const NAMESPACES = ['city', 'country', 'search', 'nearest'] as const

export interface NamespaceNumbers {
  readonly name: string
  readonly memoryHits: number
  readonly storeHits: number
  readonly loads: number
}

export interface CacheNumbers {
  readonly memoryHits: number
  readonly storeHits: number
  readonly loads: number
  readonly namespaces: readonly NamespaceNumbers[]
  readonly memory: { readonly entries: number; readonly bytes: number }
}

export interface CachedSource {
  readonly source: CitySource
  numbers(): CacheNumbers
  /** Empties memory and this run's part of the store; `false` if the store did not confirm. */
  clear(): Promise<boolean>
  close(): Promise<void>
}

export function openCachedSource(
  origin: CitySource,
  prefix: string,
  store: StoreChoice,
): CachedSource {
  const cache = createCache({
    prefix,
    ...(store.open === undefined ? {} : { store: store.open() }),
    memory: { maxBytes: '64mb', maxEntries: 50_000 },
    ttl: '10m',
    namespaces: {
      city: { ttl: '1h', negativeTtl: '1m' },
      country: { ttl: '1h' },
      search: { ttl: '10m' },
      nearest: { ttl: '30m' },
    },
  })
  const city = cache.namespace('city')
  const country = cache.namespace('country')
  const search = cache.namespace('search')
  const nearest = cache.namespace('nearest')
  return {
    source: {
      city: (id) => city.getOrSet(String(id), () => origin.city(id)),
      biggest: (code, limit) =>
        country.getOrSet(`${code}:${limit}`, () => origin.biggest(code, limit)),
      search: (prefix) => search.getOrSet(prefix, () => origin.search(prefix)),
      nearest: (lat, lon) => nearest.getOrSet(`${lat}:${lon}`, () => origin.nearest(lat, lon)),
    },
    numbers: () => readNumbers(cache.stats()),
    clear: async () => (await cache.clear()) !== false,
    close: () => cache.close(),
  }
}

type Stats = ReturnType<ReturnType<typeof createCache>['stats']>

function readNumbers(stats: Stats): CacheNumbers {
  const { memoryHits, storeHits, loads } = stats.total
  const namespaces = NAMESPACES.map((name) => {
    const counters = stats.namespaces[name]
    return {
      name,
      memoryHits: counters?.memoryHits ?? 0,
      storeHits: counters?.storeHits ?? 0,
      loads: counters?.loads ?? 0,
    }
  })
  const { entries, bytes } = stats.memory
  return { memoryHits, storeHits, loads, namespaces, memory: { entries, bytes } }
}
