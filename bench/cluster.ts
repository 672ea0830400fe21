/**
 * A store hit on a cluster against the bare cluster clients: GET and JSON.parse. Three masters.
 *
 * A bare client has its best settings: node-redis without its timer per command, ioredis with
 * auto-pipelining, which gathers by node.
 */
import { createCluster } from '@redis/client'
import { Cluster } from 'ioredis'
import { createCache } from '../src/index.js'
import { type RedisDriver, redis } from '../src/stores/redis/index.js'
import type { Bench, Setting, StartSubject } from './harness/bench.js'
import { type Reader, readerSubject } from './harness/reader-subject.js'
import type { Row } from './harness/rows.js'

const TTL_S = 3_600

function bare(driver: RedisDriver): StartSubject {
  return readerSubject(async (setting) => {
    const client = await (driver === 'ioredis' ? bareIoredis(setting) : bareNodeRedis(setting))
    return {
      get: async (key) => JSON.parse((await client.get(`json:${key}`))!) as Row,
      seed: async (entries) => {
        for (const [key, row] of entries) await client.set(`json:${key}`, JSON.stringify(row))
      },
      misses: () => 0,
      close: client.close,
    }
  })
}

async function bareNodeRedis({ params }: Setting) {
  const rootNodes = seedsOf(params).map((seed) => ({ url: `redis://${seed}` }))
  const defaults = { commandOptions: { timeout: undefined } } as object
  const client = createCluster({ rootNodes, defaults })
  await client.connect()
  return {
    get: (key: string) => client.get(key) as Promise<string | null>,
    set: (key: string, text: string) => client.set(key, text, { EX: TTL_S } as never),
    close: async () => client.destroy(),
  }
}

async function bareIoredis({ params }: Setting) {
  const nodes = seedsOf(params).map((seed) => {
    const [host, port] = seed.split(':')
    return { host: host!, port: Number(port) }
  })
  const client = new Cluster(nodes, { enableAutoPipelining: true })
  await client.ping()
  return {
    get: (key: string) => client.get(key),
    set: (key: string, text: string) => client.set(key, text, 'EX', TTL_S),
    close: async () => client.disconnect(),
  }
}

function cached(driver: RedisDriver): StartSubject {
  return readerSubject(async ({ params }): Promise<Reader> => {
    const store = redis({ cluster: seedsOf(params), driver })
    const options = {
      store,
      prefix: 'bench',
      memory: false,
      ttl: TTL_S,
      readDeadline: '5s',
    } as const
    const cache = createCache(options)
    while (cache.stats().coherence.state !== 'leased') {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return {
      get: (key) => cache.get(key) as Promise<Row | undefined>,
      seed: async (entries) => {
        for (const [key, row] of entries) await cache.set(key, row)
      },
      misses: () => cache.stats().total.misses,
      close: () => cache.close(),
    }
  })
}

function seedsOf(params: Setting['params']): string[] {
  return String(params.seeds).split(',')
}

export const subjects = {
  'node-redis': bare('node-redis'),
  ioredis: bare('ioredis'),
  'no memory, node-redis': cached('node-redis'),
  'no memory, ioredis': cached('ioredis'),
}

const TARGET = 1

export const bench: Bench = {
  name: 'cluster',
  says:
    '`cache.get(key)` from a Redis Cluster of three masters, without memory, against GET and ' +
    'JSON.parse with the faster of createCluster of node-redis (no timer per command) and ' +
    'Cluster of ioredis (auto-pipelining); rows of 100 B and 2 KB. The read deadline is 5 s.',
  async run(lab) {
    const seeds = await lab.cluster()
    const rows = []
    for (const size of lab.tiny ? ['2 KB'] : ['100 B', '2 KB']) {
      for (const atOnce of lab.tiny ? [1, 64] : [1, 64, 512]) {
        const compared = await lab.compare({
          case: `${size}, ${atOnce === 1 ? 'one at a time' : `${atOnce} at once`}`,
          params: { size, atOnce, seeds },
          bare: ['node-redis', 'ioredis'],
          ours: Object.keys(subjects)
            .slice(2)
            .map((name) => (atOnce === 64 ? { subject: name, target: TARGET } : { subject: name })),
        })
        rows.push(...compared)
      }
    }
    return rows
  },
}
