/**
 * The two sides of a store bench: a bare client as a careful user writes it, and a cache on the
 * same server. A bare client has its best settings: node-redis without its timer per command,
 * ioredis with auto-pipelining.
 */
import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import type { Store } from '../../src/core/contracts.js'
import type { CacheOptions } from '../../src/core/options.js'
import { type Cache, createCache } from '../../src/index.js'
import { type RedisDriver, redis } from '../../src/stores/redis/index.js'
import type { Setting } from './bench.js'

export interface BareClient {
  get(key: string): Promise<string | null>
  /** SET with PX. */
  set(key: string, text: string, ttlMs: number): Promise<unknown>
  mget(keys: string[]): Promise<(string | null)[]>
  close(): Promise<void>
}

export async function bareClient(driver: RedisDriver, setting: Setting): Promise<BareClient> {
  return driver === 'ioredis' ? bareIoredis(setting) : bareNodeRedis(setting)
}

/** A client for what is not measured: seeding, counting, emptying. */
export async function adminClient({ redisPort }: Setting) {
  const client = createClient({ url: `redis://127.0.0.1:${redisPort}` })
  client.on('error', () => {})
  await client.connect()
  return client
}

type Admin = Awaited<ReturnType<typeof adminClient>>

/** What the log of a cache is kept under; the rest are entries. */
export const LOG_KEYS = /^\{[^}]+\}!/

/** How many entries the server holds, without the log of a cache. */
export async function entryCount(admin: Admin): Promise<number> {
  const logKeys = (await admin.keys('{*}!*')).filter((key) => LOG_KEYS.test(key))
  return (await admin.dbSize()) - logKeys.length
}

/** Empties the server but for the log: losing that is an outage, and is not what is measured. */
export async function removeEntries(admin: Admin): Promise<void> {
  for await (const keys of admin.scanIterator({ COUNT: 1_000 })) {
    const entries = keys.filter((key) => !LOG_KEYS.test(key))
    if (entries.length > 0) await admin.unlink(entries)
  }
}

export interface CacheUnderTest {
  readonly cache: Cache
  readonly store: Store
  /** How many writes the store has answered so far. */
  readonly written: number
  /** Resolves once the store has answered that many writes in all. */
  settled(writes: number): Promise<void>
}

/** A cache on the server, up and connected. */
export async function cacheOn(
  driver: RedisDriver,
  setting: Setting,
  options: CacheOptions = {},
): Promise<CacheUnderTest> {
  const store = redis({ url: `redis://127.0.0.1:${setting.redisPort}`, driver })
  const watch = watchWrites(store)
  const cache = createCache({ store, prefix: 'bench', ...options }) as Cache
  while ((await cache.health()).status !== 'ok') await new Promise((r) => setTimeout(r, 10))
  return Object.assign(watch, { cache, store })
}

/** Counts answered writes where they pass: one `then` for a whole batch. */
function watchWrites(store: Store) {
  const setMany = store.setMany.bind(store)
  const fillMany = store.fillMany!.bind(store)
  let wake = () => {}
  const watch = {
    written: 0,
    async settled(writes: number): Promise<void> {
      while (watch.written < writes) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
  /** A failed write is settled as well: what the server holds is counted elsewhere. */
  const watched = <T>(answer: Promise<T>, count: number): Promise<T> => {
    const settle = () => {
      watch.written += count
      wake()
    }
    answer.then(settle, settle)
    return answer
  }
  store.setMany = (writes, ...rest) => watched(setMany(writes, ...rest), writes.length)
  store.fillMany = (fills) => watched(fillMany(fills), fills.length)
  return watch
}

async function bareNodeRedis({ redisPort }: Setting): Promise<BareClient> {
  const client = createClient({
    url: `redis://127.0.0.1:${redisPort}`,
    commandOptions: { timeout: undefined } as never,
  })
  await client.connect()
  return {
    get: (key) => client.get(key) as Promise<string | null>,
    set: (key, text, ttlMs) => client.set(key, text, { PX: ttlMs } as never),
    mget: (keys) => client.mGet(keys) as Promise<(string | null)[]>,
    close: async () => client.destroy(),
  }
}

async function bareIoredis({ redisPort }: Setting): Promise<BareClient> {
  const client = new Redis({ port: redisPort, host: '127.0.0.1', enableAutoPipelining: true })
  await client.ping()
  return {
    get: (key) => client.get(key),
    set: (key, text, ttlMs) => client.set(key, text, 'PX', ttlMs),
    mget: (keys) => client.mget(keys),
    close: async () => client.disconnect(),
  }
}
