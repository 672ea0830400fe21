/**
 * Content of a learning site over `cachewright/distributed`: patterns, keys, a pipeline, a scan.
 *
 * Run: `npm run build && npx tsx examples/distributed/main.ts`; with REDIS_URL it uses that server.
 */
import { setTimeout } from 'node:timers/promises'
import {
  CacheAsidePattern,
  CacheKeyManager,
  CompressionOptimizer,
  DistributedCacheService,
  RefreshAheadPattern,
  WriteBehindPattern,
  WriteThroughPattern,
} from 'cachewright/distributed'

interface Lesson {
  id: number
  title: string
}

const database = new Map<string, unknown>()
let loads = 0
const cache = new DistributedCacheService({ redis: { keyPrefix: 'example-content' } })
const keys = new CacheKeyManager({ cache })
keys.registerNamespace({ name: 'lessons', prefix: 'lesson', defaultTTL: 1_800 })

async function reading(): Promise<void> {
  const aside = new CacheAsidePattern({ cache })
  const lesson = keys.buildKey('intro:1', 'lessons', { validate: true })
  const load = async (): Promise<Lesson> => ({ id: ++loads, title: 'Fractions' })
  const read = () => aside.get(lesson, load, { tags: ['course:math'] })
  await Promise.all([read(), read(), read()])
  console.log(`${lesson}: ${loads} load for 3 readers, ${await cache.getTTL(lesson)} s`)
  console.log(`${await cache.invalidateByTags(['course:math'])} entry of the course invalidated`)
  console.log(`loaded anew: ${(await read()).id}`)

  const ahead = new RefreshAheadPattern({ cache, namespace: 'content' })
  await ahead.configure({
    refreshThreshold: 0.8,
    refreshCallback: async (key) => `page of ${key}`,
  })
  console.log(`refresh-ahead: ${await ahead.get('home')}`)
}

async function writing(): Promise<void> {
  const through = new WriteThroughPattern({ cache })
  await through.set('user:1', { name: 'Ann' }, async (key, value) => database.set(key, value))
  console.log(`write-through: ${JSON.stringify(database.get('user:1'))} in the source`)

  const behind = new WriteBehindPattern({
    cache,
    name: 'example-progress',
    flushInterval: 60_000,
    writer: (batch) => {
      for (const { key, value } of batch) database.set(key, value)
    },
  })
  for (const percent of [10, 20, 30]) await behind.set('progress:1', { percent })
  const newest = await behind.get<{ percent: number }>('progress:1')
  console.log(`write-behind: read ${newest?.percent}, in the source: ${database.has('progress:1')}`)
  console.log(`flushed: ${await behind.flush()}, ${JSON.stringify(database.get('progress:1'))}`)
  await behind.close()
}

async function inspecting(): Promise<void> {
  const answers = await cache
    .pipeline()
    .set('lesson:a', 1)
    .set('lesson:b', 2, { ttl: 60 })
    .get('lesson:a')
    .exists('lesson:none')
    .exec()
  console.log(`pipeline: ${JSON.stringify(answers)}`)

  for (let i = 0; i < 20; i++) await cache.get('lesson:a')
  await cache.get('lesson:b')
  console.log(`hottest: ${keys.getHotKeys('lessons', 1)[0]?.key}`)
  const { totalKeys } = keys.getKeyAnalytics('lessons')
  console.log(`${totalKeys} lessons in memory, with the tag: ${keys.getKeysByTag('course:math')}`)

  const found = new Set<string>()
  for await (const some of cache.scanStream({ match: 'lesson:*', count: 2 })) {
    for (const key of some) found.add(key)
  }
  console.log(`scanned: ${[...found].sort().join(', ')}`)
  console.log(`removed by pattern: ${await cache.deleteByPattern('lesson:?')}`)
}

async function compressing(): Promise<void> {
  const optimizer = new CompressionOptimizer()
  const text = 'the same again and '.repeat(1_000)
  const { compressed, metadata, compressionRatio } = await optimizer.compress(text)
  const same = (await optimizer.decompress(compressed, metadata)) === text
  console.log(`compressed more than tenfold: ${compressionRatio > 10}, read back: ${same}`)
}

try {
  // A service need not wait for Redis. Here every run is to print the same.
  for (let i = 0; i < 50 && (await cache.core.health()).status !== 'ok'; i++) await setTimeout(20)
  await cache.clear()
  await reading()
  await writing()
  await inspecting()
  await compressing()
  const { status, cluster } = await cache.getHealthStatus()
  console.log(`${status}, store: ${cluster.status}`)
} finally {
  await cache.close()
}
