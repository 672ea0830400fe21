/**
 * A bot over `cachewright/unified`: it asks a model, runs tools and remembers whom it talks to.
 *
 * Run: `npm run build && npx tsx examples/unified/main.ts`; with REDIS_URL it shares what it knows.
 */
import { setTimeout } from 'node:timers/promises'
import {
  Cached,
  CacheInvalidation,
  CacheNamespace,
  cache,
  cacheLLM,
  cacheQuery,
  cacheSession,
  cacheTool,
} from 'cachewright/unified'

// The cache of the process is made when it is first used: there is time to name its keys.
process.env.REDIS_KEY_PREFIX ??= 'example-bot'

interface Profile {
  name: string
  city: string
}

const asked = { model: 0, weather: 0, sessions: 0, profiles: 0, embeddings: 0, searches: 0 }

async function model(prompt: string): Promise<string> {
  asked.model++
  return `${prompt.length} characters, well thought through`
}

/** The model runs at most once at a time for a prompt, whoever asks, in whichever process. */
function answer(prompt: string): Promise<string> {
  return cacheLLM(`small-1:${prompt}`, () => model(prompt), 3_600)
}

function weather(input: { city: string; unit: 'C' | 'F' }): Promise<{ degrees: number }> {
  return cacheTool('weather', input, async () => ({ degrees: 10 + ++asked.weather }))
}

function session(userId: string): Promise<{ userId: string; since: Date }> {
  return cacheSession(userId, async () => {
    asked.sessions++
    return { userId, since: new Date('2026-01-01T00:00:00Z') }
  })
}

class Profiles {
  @Cached({ namespace: CacheNamespace.USER_DATA, keyGenerator: (_self, id: string) => id })
  async find(id: string): Promise<Profile> {
    asked.profiles++
    return { name: `user ${id}`, city: 'Oslo' }
  }
}

async function conversation(): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 20 }, () => answer('Will it rain?')))
  console.log(`${answers.length} people asked, the model ran ${asked.model} time(s)`)

  const { degrees } = await weather({ city: 'Oslo', unit: 'C' })
  await weather({ unit: 'C', city: 'Oslo' })
  console.log(`weather: ${degrees}, the tool ran ${asked.weather} time(s)`)
  await CacheInvalidation.onToolExecution('weather', { city: 'Oslo', unit: 'C' })
  console.log(`after a change: ${(await weather({ city: 'Oslo', unit: 'C' })).degrees}`)

  await session('ann')
  const { since } = await session('ann')
  console.log(`session since ${since.toISOString()}, still a date: ${since instanceof Date}`)
  await CacheInvalidation.onSessionUpdate('ann')
  console.log(`after logging out: ${await cache.get(CacheNamespace.SESSION, 'ann')}`)
}

async function memory(): Promise<void> {
  const profiles = new Profiles()
  await profiles.find('7')
  const again = await profiles.find('7')
  console.log(`profile of ${again.name}, found ${asked.profiles} time(s)`)

  const embed = async (text: string): Promise<Float64Array> => {
    asked.embeddings++
    return Float64Array.of(text.length, 0.5)
  }
  const embedding = cache.memoize(CacheNamespace.API_RESPONSE, embed, (text) => text, 600)
  await embedding('hello')
  const [length] = await embedding('hello')
  console.log(`embedding begins with ${length}, made ${asked.embeddings} time(s)`)

  // What is not there is not kept: the next caller asks again.
  const search = async () => (++asked.searches > 1 ? 'found' : undefined)
  const [first, second] = [await cacheQuery('lost', search), await cacheQuery('lost', search)]
  console.log(`search: ${first ?? 'nothing'}, then ${second ?? 'nothing'}`)

  await cache.set('drafts', 'a', { text: 'one' }, 60)
  await cache.set('drafts', 'b', { text: 'two' }, 60)
  console.log(`${await cache.deleteNamespace('drafts')} drafts removed`)
}

try {
  // A service need not wait for Redis. Here every run is to print the same.
  for (let i = 0; i < 50 && (await cache.core.health()).status !== 'ok'; i++) await setTimeout(20)
  await cache.clear()
  await conversation()
  await memory()
  const { provider, redisConnected, hits, misses, hitRate } = cache.getStats()
  console.log(`${hits} hits, ${misses} misses, ${hitRate}`)
  console.log(`kept in ${provider} (connected: ${redisConnected})`)
} finally {
  await cache.close()
}
