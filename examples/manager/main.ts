/**
 * A user service with decorators over `cachewright/manager`.
 *
 * Run: `npm run build && npx tsx examples/manager/main.ts`. With REDIS_URL it is over Redis, else
 * over a database that ends with it: SQLite in memory, or the Postgres of DATABASE_URL.
 */
import { setTimeout } from 'node:timers/promises'
import {
  CacheClass,
  CacheManagerFactory,
  CacheMethod,
  CachePatterns,
  createCacheHealthCheck,
} from 'cachewright/manager'

interface User {
  id: string
  name: string
  team: string
}

const users = new Map<string, User>([
  ['1', { id: '1', name: 'John', team: 'blue' }],
  ['2', { id: '2', name: 'Jane', team: 'red' }],
])
const queries = { getUser: 0, search: 0, settings: 0 }

const redis = { keyPrefix: 'example-manager' }
const manager =
  process.env.REDIS_URL === undefined
    ? CacheManagerFactory.createForTesting()
    : CacheManagerFactory.createWithConfig({ adapter: 'redis', redis, enableCompression: true })

@CacheClass({ namespace: 'userService', defaultTTL: 3_600, manager })
class UserService {
  @CacheMethod({ ttl: 1_800, tags: ['users'] })
  async getUser(id: string): Promise<User | undefined> {
    queries.getUser++
    return users.get(id)
  }

  @CacheMethod({
    ttl: 600,
    tags: ['users', 'search'],
    keyGenerator: (query: Partial<User>, limit: number) => `search:${query.team}:${limit}`,
  })
  async search(query: Partial<User>, limit: number): Promise<User[]> {
    queries.search++
    return [...users.values()].filter(({ team }) => team === query.team).slice(0, limit)
  }
}

async function decorated(): Promise<void> {
  const service = new UserService()
  await Promise.all([service.getUser('1'), service.getUser('1'), service.getUser('2')])
  console.log(`3 calls for 2 users: ${queries.getUser} queries`)
  await service.search({ team: 'blue' }, 10)
  const found = await service.search({ team: 'blue', name: 'not in the key' }, 10)
  console.log(`${found.length} in team blue, searched ${queries.search} time(s)`)

  users.set('1', { id: '1', name: 'Johnny', team: 'blue' })
  console.log(`${await manager.invalidateByTag('users')} entries with the tag 'users'`)
  console.log(`after the update: ${(await service.getUser('1'))?.name}`)
}

async function byKey(): Promise<void> {
  await manager.l2Adapter.mset([
    { key: 'user:1', value: { since: new Date(0) }, options: { ttl: 3_600 } },
    { key: 'user:2', value: { since: new Date(1) }, options: { ttl: 3_600 } },
  ])
  const found = await manager.mget(['user:1', 'user:2', 'user:3'])
  console.log(
    `${found.size} of 3 found, dates are dates: ${found.get('user:1').since instanceof Date}`,
  )

  await manager.increment('visits', 5)
  console.log(`visits: ${await manager.decrement('visits')}`)
  console.log(`expires: ${await manager.expire('visits', 60)}, ${await manager.expire('none', 60)}`)

  const settings = CachePatterns.cacheAside(
    'settings',
    async () => ({ version: ++queries.settings }),
    { ttl: 600 },
    manager,
  )
  const [before, after] = [await settings.get(), await settings.refresh()]
  console.log(`settings ${before?.version}, refreshed to ${after?.version}`)

  // What a fallback throws is the caller's.
  const failing = () => Promise.reject(new Error('the database is away'))
  await manager
    .get('broken', failing)
    .catch((error: Error) => console.log(`told: ${error.message}`))
}

try {
  // A service need not wait for Redis. Here every run is to print the same.
  for (let i = 0; i < 50 && (await manager.core.health()).status !== 'ok'; i++) await setTimeout(20)
  await manager.clear()
  await decorated()
  await byKey()
  const { l1, l2 } = await manager.getStats()
  console.log(`memory had ${l1.hits} answers; store healthy: ${l2.healthy}`)
  const { status, adapter } = await createCacheHealthCheck(manager)()
  console.log(`${status}, over ${adapter === 'redis' ? 'Redis' : 'a database'}`)
} finally {
  await manager.close()
}
