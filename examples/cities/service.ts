/**
 * The running service: its API, the source it answers from, and its numbers for the page.
 *
 * Owns the switch between sources; counts begin anew with each. Closes nothing that it was given
 * but its own server, by way of the teardown.
 */
import type { CachedSource, CacheNumbers } from './cached-source.js'
import type { CitySource } from './city-source.js'
import type { Database } from './database.js'
import { openApi } from './http-api.js'
import { LiveCounters, type LiveStats } from './live-stats.js'
import type { Teardown } from './teardown.js'

const NO_CACHE: CacheNumbers = {
  memoryHits: 0,
  storeHits: 0,
  loads: 0,
  namespaces: [],
  memory: { entries: 0, bytes: 0 },
}

export interface Service {
  readonly baseUrl: string
  /** From now on answers come from `source`; `says` is shown on the page. */
  answerFrom(source: CitySource, says: string, cached?: CachedSource): void
  readonly databaseQueries: number
  readonly cacheNumbers: CacheNumbers
  /** What the source failed with last. */
  readonly lastFailure: unknown
}

export interface PageStats extends LiveStats, CacheNumbers {
  readonly mode: string
  readonly databaseQueries: number
  /** Part of the requests that needed no load, in per cent. */
  readonly savedPercent: number
}

interface Mode {
  readonly source: CitySource
  readonly says: string
  readonly cached: CachedSource | undefined
  readonly queriesBefore: number
  readonly live: LiveCounters
}

export async function openService(
  source: CitySource,
  database: Database,
  port: number,
  teardown: Teardown,
): Promise<Service> {
  let lastFailure: unknown
  const enter = (next: CitySource, says: string, cached?: CachedSource): Mode => {
    const live = new LiveCounters()
    return { source: next, says, cached, queriesBefore: database.queryCount, live }
  }
  let mode = enter(source, 'without a cache')
  const api = {
    port,
    source: () => mode.source,
    stats: () => pageStats(mode, database),
    onAnswer: (elapsedMs: number, failure: unknown) => {
      mode.live.record(elapsedMs, failure !== undefined)
      lastFailure = failure ?? lastFailure
    },
  }
  return {
    baseUrl: await openApi(api, teardown),
    answerFrom(next, says, cached) {
      mode = enter(next, says, cached)
    },
    get databaseQueries() {
      return database.queryCount - mode.queriesBefore
    },
    get cacheNumbers() {
      return mode.cached?.numbers() ?? NO_CACHE
    },
    get lastFailure() {
      return lastFailure
    },
  }
}

function pageStats(mode: Mode, database: Database): PageStats {
  const live = mode.live.read()
  const numbers = mode.cached?.numbers() ?? NO_CACHE
  const saved = mode.cached === undefined ? 0 : 1 - numbers.loads / Math.max(1, live.requests)
  return {
    ...live,
    ...numbers,
    mode: mode.says,
    databaseQueries: database.queryCount - mode.queriesBefore,
    savedPercent: 100 * Math.max(0, saved),
  }
}
