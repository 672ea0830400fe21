/**
 * A store hit against the bare client: GET and JSON.parse.
 *
 * Every get is of another key than those around it, so memory of 64 entries keeps what it reads
 * and never has what is asked for: the price of both tiers without their gain. With no memory
 * each caller gets an object of its own, as from JSON.parse. The sequence of keys is the same for
 * all subjects.
 */
import type { CacheOptions } from '../src/core/options.js'
import type { RedisDriver } from '../src/stores/redis/index.js'
import type { Bench, Setting, StartSubject } from './harness/bench.js'
import { adminClient, bareClient, cacheOn } from './harness/clients.js'
import { readerSubject } from './harness/reader-subject.js'
import type { Row } from './harness/rows.js'

const TTL_S = 3_600
/**
 * 512 rows of 50 KB are 25 MB: on a slow day they take longer than the default deadline of 100 ms,
 * and would be misses.
 */
const PATIENT = '5s'
const SMALL_MEMORY = { maxEntries: 64 }
function bare(driver: RedisDriver): StartSubject {
  return readerSubject(async (setting) => {
    const client = await bareClient(driver, setting)
    return {
      get: async (key) => JSON.parse((await client.get(`json:${key}`))!) as Row,
      seed: (entries) =>
        seedOnce(setting, 'json', async () => {
          for (const [key, row] of entries)
            await client.set(`json:${key}`, JSON.stringify(row), TTL_S * 1_000)
        }),
      misses: () => 0,
      close: () => client.close(),
    }
  })
}

function cached(driver: RedisDriver, memory: CacheOptions['memory'] & {}): StartSubject {
  return readerSubject(async (setting) => {
    const { cache } = await cacheOn(driver, setting, {
      ...{ memory, ttl: TTL_S, readDeadline: PATIENT },
    })
    return {
      get: (key) => cache.get(key) as Promise<Row | undefined>,
      seed: (entries) =>
        seedOnce(setting, 'cache', async () => {
          for (const [key, row] of entries) await cache.set(key, row)
        }),
      misses: () => {
        const { total } = cache.stats()
        return total.misses + total.memoryHits
      },
      close: () => cache.close(),
    }
  })
}

/** Seeds unless another subject of this bench has done it. */
async function seedOnce(setting: Setting, what: string, seed: () => Promise<void>): Promise<void> {
  const admin = await adminClient(setting)
  const isFirst = await admin.setNX(`seeded:${what}:${setting.params.size}`, '1')
  if (isFirst === 1) await seed()
  admin.destroy()
}

export const subjects = {
  'node-redis': bare('node-redis'),
  ioredis: bare('ioredis'),
  'no memory, node-redis': cached('node-redis', false),
  'no memory, ioredis': cached('ioredis', false),
  'small memory, node-redis': cached('node-redis', SMALL_MEMORY),
  'small memory, ioredis': cached('ioredis', SMALL_MEMORY),
}

const TARGETS: Record<string, number> = { '100 B': 1.2, '2 KB': 1, '50 KB': 0.95 }
const ONE_AT_A_TIME_TARGET = 0.95

export const bench: Bench = {
  name: 'store-hit',
  says:
    '`cache.get(key)` from Redis against GET and JSON.parse with the faster of node-redis (no ' +
    'timer per command) and ioredis (auto-pipelining); rows of 100 B, 2 KB and 50 KB; without ' +
    'memory, and with memory of 64 entries, which never has the key. The read deadline is 5 s.',
  async run(lab) {
    await lab.redis()
    const rows = []
    for (const size of lab.tiny ? ['2 KB'] : Object.keys(TARGETS)) {
      for (const atOnce of lab.tiny ? [1, 64] : [1, 64, 512]) {
        const target = atOnce === 1 ? ONE_AT_A_TIME_TARGET : TARGETS[size]
        const compared = await lab.compare({
          case: `${size}, ${atOnce === 1 ? 'one at a time' : `${atOnce} at once`}`,
          params: { size, atOnce },
          bare: ['node-redis', 'ioredis'],
          ours: Object.keys(subjects)
            .slice(2)
            .map((name) => ({ subject: name, target })),
        })
        rows.push(...compared)
      }
    }
    return rows
  },
}
