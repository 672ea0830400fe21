/**
 * Jobs and their results over the functions of `cachewright/functions`.
 *
 * Run: `npm run build && npx tsx examples/functions/main.ts`; with REDIS_URL it uses that server.
 */
import { setTimeout } from 'node:timers/promises'
import {
  CACHE_CONFIG,
  cacheClear,
  cacheCore,
  cacheDeletePattern,
  cacheGetOrSet,
  cacheStats,
  cacheTTL,
  closeCache,
  configureCache,
  configureDataAccess,
  executeRedisWithCircuitBreaker,
  generateCacheKey,
  getCachedJob,
  getCachedJobResult,
  getCachedJobsByUser,
  getCachedUser,
  invalidateJobCache,
  invalidateUserJobsCache,
  warmCache,
} from 'cachewright/functions'

interface Job {
  id: number
  userId: number
  status: 'running' | 'done'
}

const jobs = new Map<number, Job>()
for (let id = 1; id <= 300; id++) jobs.set(id, { id, userId: id % 3, status: 'running' })
let queries = 0

/** What a call has asked of the database. */
async function counted<T>(call: () => Promise<T>): Promise<[answer: T, queries: number]> {
  const before = queries
  return [await call(), queries - before]
}

configureCache({ redis: { keyPrefix: 'example-jobs' } })
configureDataAccess({
  findUser: async (id) => {
    queries++
    return { id, name: `user ${id}` }
  },
  findJob: async (id) => {
    queries++
    return jobs.get(Number(id))
  },
  findJobsByUser: async (userId, limit = 100) => {
    queries++
    return [...jobs.values()].filter((job) => job.userId === userId).slice(0, limit)
  },
  findJobResult: async (id) => {
    queries++
    return jobs.get(Number(id))?.status === 'done' ? { rows: 12n } : undefined
  },
  recentUsers: async (limit) => [0, 1, 2].slice(0, limit).map((id) => ({ id, name: `user ${id}` })),
  recentJobs: async (limit) => [...jobs.values()].slice(-limit),
})

async function start(): Promise<void> {
  const warmed = await warmCache()
  console.log(`warmed ${warmed.users.kept} users and ${warmed.jobs.kept} jobs`)
  const [user, ofUser] = await counted(() => getCachedUser<{ name: string }>(2))
  const [job, ofJob] = await counted(() => getCachedJob<Job>(300))
  console.log(`${user?.name} and job ${job?.id}: ${ofUser + ofJob} queries`)
}

async function work(): Promise<void> {
  const lists = () => Promise.all([getCachedJobsByUser<Job>(1, 5), getCachedJobsByUser<Job>(1, 5)])
  const [[list], ofList] = await counted(lists)
  console.log(`${list.length} jobs of user 1, asked twice: ${ofList} query`)

  const [, ofNothing] = await counted(async () => [
    await getCachedJobResult(7),
    await getCachedJobResult(7),
  ])
  console.log(`no result yet, asked twice: ${ofNothing} queries`)

  jobs.set(7, { id: 7, userId: 1, status: 'done' })
  await Promise.all([invalidateJobCache(7), invalidateUserJobsCache(1)])
  const { status } = (await getCachedJob<Job>(7)) ?? {}
  const result = await getCachedJobResult<{ rows: bigint }>(7)
  console.log(`job 7 is ${status}, with ${result?.rows} rows`)
}

async function byHand(): Promise<void> {
  const key = generateCacheKey('report:', 'daily', 42)
  const total = await cacheGetOrSet(key, CACHE_CONFIG.jobs.ttl, async () => jobs.size)
  console.log(`${key}: ${total} for ${await cacheTTL(key)} s; absent: ${await cacheTTL('none')}`)
  console.log(`${await cacheDeletePattern('report:*')} report removed`)

  const away = () => Promise.reject(new Error('connection refused'))
  console.log(`own call of Redis: ${await executeRedisWithCircuitBreaker(away, () => 'fallback')}`)
}

try {
  // A service need not wait for Redis. Here every run is to print the same.
  for (let i = 0; i < 50 && (await cacheCore().health()).status !== 'ok'; i++) await setTimeout(20)
  await cacheClear()
  await start()
  await work()
  await byHand()
  const { hits, misses } = cacheStats.getStats()
  const store = cacheCore().stats().store?.name ?? 'memory alone'
  console.log(`${hits} hits, ${misses} misses, store: ${store}`)
} finally {
  await closeCache()
}
