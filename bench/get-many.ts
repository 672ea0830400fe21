/**
 * `getMany` of 100 keys: from the store against one MGET and JSON.parse of each; from memory
 * against an array of 100 lru-cache gets behind one promise, the cheapest "mget" there is.
 */
import { LRUCache } from 'lru-cache'
import { createCache } from '../src/index.js'
import type { RedisDriver } from '../src/stores/redis/index.js'
import type { Bench, Setting, StartSubject } from './harness/bench.js'
import { bareClient, cacheOn } from './harness/clients.js'
import { inGroups } from './harness/in-flight.js'
import { makeRow, type Row, type Size } from './harness/rows.js'
import { digest, timed } from './harness/timed.js'

const KEYS = 10_000
const KEYS_A_CALL = 100
const TTL_S = 3_600
/**
 * 512 rows of 50 KB are 25 MB: on a slow day they take longer than the default deadline of 100 ms,
 * and would be misses.
 */
const PATIENT = '5s'
const CALLS = { store: 400, memory: 20_000 }

interface Reader {
  set(key: string, row: Row): Promise<unknown>
  getMany(keys: string[]): Promise<(Row | undefined)[]>
  close(): Promise<unknown>
}

function subject(make: (setting: Setting) => Promise<Reader>): StartSubject {
  return async (setting) => {
    const { tier, size, atOnce } = setting.params
    const count = setting.tiny ? 200 : KEYS
    const rows = Array.from({ length: count }, (_, id) => makeRow(size as Size, id))
    const reader = await make(setting)
    for (const row of rows) await reader.set(`row:${row.id}`, row)
    const lists = makeLists(count)
    const read: unknown[] = []
    for (const keys of lists) read.push(...(await reader.getMany(keys)))
    const content = digest(read)
    const calls = setting.tiny ? 8 : CALLS[tier as 'store' | 'memory']
    return {
      run: () =>
        timed(calls, content, () =>
          inGroups(
            calls,
            atOnce as number,
            (call) => reader.getMany(lists[call % lists.length]!),
            sumOfIds,
          ),
        ),
      stop: async () => {
        await reader.close()
      },
    }
  }
}

/** Every key in one list, far from its neighbours. */
function makeLists(count: number): string[][] {
  const lists = Array.from({ length: count / KEYS_A_CALL }, (): string[] => [])
  for (let id = 0; id < count; id++) lists[id % lists.length]!.push(`row:${id}`)
  return lists
}

function sumOfIds(rows: readonly (Row | undefined)[]): number {
  let sum = 0
  for (const row of rows) sum += row?.id ?? -1
  return sum
}

function bare(driver: RedisDriver): StartSubject {
  return subject(async (setting) => {
    const client = await bareClient(driver, setting)
    return {
      set: (key, row) => client.set(`json:${key}`, JSON.stringify(row), TTL_S * 1_000),
      getMany: async (keys) => {
        const texts = await client.mget(keys.map((key) => `json:${key}`))
        return texts.map((text) => (text === null ? undefined : (JSON.parse(text) as Row)))
      },
      close: () => client.close(),
    }
  })
}

function cached(driver: RedisDriver): StartSubject {
  return subject(async (setting) => {
    const { cache } = await cacheOn(driver, setting, {
      ...{ memory: false, ttl: TTL_S, readDeadline: PATIENT },
    })
    return {
      set: (key, row) => cache.set(key, row),
      getMany: (keys) => cache.getMany(keys) as Promise<(Row | undefined)[]>,
      close: () => cache.close(),
    }
  })
}

export const subjects = {
  'node-redis': bare('node-redis'),
  ioredis: bare('ioredis'),
  'no memory, node-redis': cached('node-redis'),
  'no memory, ioredis': cached('ioredis'),
  'lru-cache': subject(async () => {
    const lru = new LRUCache<string, Row>({ max: 50_000 })
    return {
      set: async (key, row) => lru.set(key, row),
      getMany: (keys) => Promise.resolve(keys.map((key) => lru.get(key))),
      close: async () => {},
    }
  }),
  memory: subject(async () => {
    const cache = createCache({ memory: {} })
    return {
      set: (key, row) => cache.set(key, row),
      getMany: (keys) => cache.getMany(keys) as Promise<(Row | undefined)[]>,
      close: () => cache.close(),
    }
  }),
}

export const bench: Bench = {
  name: 'get-many',
  says:
    '`getMany` of 100 keys. Store: against one MGET and JSON.parse of each, the faster bare ' +
    'client. Memory: against `await Promise.resolve(keys.map((key) => lruCache.get(key)))`.',
  async run(lab) {
    await lab.redis()
    const rows = []
    for (const [size, atOnce] of [
      ['100 B', 1],
      ['100 B', 8],
      ['2 KB', 1],
    ] as const) {
      const compared = await lab.compare({
        case: `store, ${size}, ${atOnce === 1 ? 'one call at a time' : `${atOnce} calls at once`}`,
        params: { tier: 'store', size, atOnce },
        bare: ['node-redis', 'ioredis'],
        ours: ['no memory, node-redis', 'no memory, ioredis'].map((subject) => ({
          subject,
          target: 0.9,
        })),
      })
      rows.push(...compared)
    }
    const inMemory = await lab.compare({
      case: 'memory, 100 B',
      params: { tier: 'memory', size: '100 B', atOnce: 1 },
      bare: ['lru-cache'],
      ours: [{ subject: 'memory', target: 0.6 }],
    })
    return [...rows, ...inMemory]
  },
}
