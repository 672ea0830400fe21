/**
 * Users, their conversations and transcriptions over `cachewright/service`.
 *
 * Run: `npm run build && npx tsx examples/service/main.ts`; with REDIS_URL values lie there too.
 */
import { setTimeout } from 'node:timers/promises'
import {
  CacheService,
  CacheWarmer,
  ConversationCacheService,
  generateHash,
  OpenAICacheService,
  SessionCacheService,
  UserCacheService,
  type UserSource,
} from 'cachewright/service'

interface User {
  id: string
  name: string
  plan: 'free' | 'paid'
}

/** In place of a database. */
class Users implements UserSource<User> {
  queries = 0
  readonly #rows = new Map<string, User>([
    ['1', { id: '1', name: 'Ann', plan: 'free' }],
    ['2', { id: '2', name: 'Bob', plan: 'paid' }],
  ])

  async findUser(id: string): Promise<User | undefined> {
    this.queries++
    return this.#rows.get(id)
  }

  async updateUser(id: string, changes: Partial<User>): Promise<User | undefined> {
    const row = this.#rows.get(id)
    if (row !== undefined) this.#rows.set(id, { ...row, ...changes })
    return this.#rows.get(id)
  }
}

// REDIS_URL is read from the environment; only the prefix is ours.
const cache = new CacheService({ redis: { keyPrefix: 'example-service' } })
const source = new Users()
const users = new UserCacheService<User>({ cache, source })
const conversations = new ConversationCacheService({ cache })
const sessions = new SessionCacheService({ cache })
const model = new OpenAICacheService({ cache })

async function profiles(): Promise<void> {
  await Promise.all(Array.from({ length: 10 }, () => users.getUser('1')))
  console.log(`10 reads of a profile, ${source.queries} query`)
  await conversations.setUserConversations(1, [{ id: 'c1' }, { id: 'c2' }], 'page-1')
  await users.updateUser('1', { plan: 'paid' })
  console.log(`after an update: ${(await users.getUser('1'))?.plan}`)
  console.log(`its list of conversations: ${await conversations.getUserConversations(1, 'page-1')}`)
  console.log(`nobody: ${await users.getUser('99')}`)
}

async function talk(): Promise<void> {
  await conversations.setConversation({ id: 'c1', status: 'active', userId: 1 })
  await conversations.setConversation({ id: 'c2', status: 'completed', userId: 1 })
  const life = async (id: string) => Math.ceil((await cache.core.ttl(`conversation:${id}`)) ?? 0)
  console.log(`active for ${await life('c1')} s, completed for ${await life('c2')} s`)

  const audio = generateHash(Buffer.from('a recording'))
  if ((await model.getTranscription(audio)) === null) {
    await model.cacheTranscription(audio, { text: 'well '.repeat(2_000), language: 'en' })
  }
  const kept = await model.getTranscription<{ text: string }>(audio)
  const sent = cache.core.stats().total.bytesWritten
  // Zero without Redis; with it gzip has made little of the 10 000 characters.
  console.log(`transcription of ${kept?.text.length} characters, small: ${sent < 5_000}`)
}

async function access(): Promise<void> {
  const inAnHour = new Date(Date.now() + 3_600_000)
  await sessions.setSession('secret-token', { userId: 1 }, { expiresAt: inAnHour })
  const session = await sessions.getSession<{ userId: number }>('secret-token')
  console.log(`session of user ${session?.userId}`)
  const isKept = await sessions.setSession('old', { userId: 1 }, { expiresAt: 0 })
  console.log(`one that has ended is kept: ${isKept}`)

  const warmer = new CacheWarmer({
    cache,
    popular: { 'plans:all': ['free', 'paid'] },
    recentlyActiveUsers: () => ['1', '2'],
    warmUser: async (id) => ({ [`user:${id}:profile`]: await source.findUser(id) }),
  })
  const { kept, users: warmed } = await warmer.runOnce()
  console.log(`warmed ${kept} entries for ${warmed} users`)
  const before = source.queries
  await users.getUser('2')
  console.log(`queries for a warm profile: ${source.queries - before}`)
}

try {
  // A service need not wait for Redis. Here every run is to print the same.
  for (let i = 0; i < 50 && (await cache.core.health()).status !== 'ok'; i++) await setTimeout(20)
  await cache.clear()
  await profiles()
  await talk()
  await access()
  console.log(`${await cache.invalidate('conversation:*')} conversations removed by pattern`)
  const { hits, misses, connected } = cache.getStats()
  console.log(`${hits} hits, ${misses} misses, connected: ${connected}`)
} finally {
  await cache.close()
}
