/** Every call of the third document, with its documented answer. */
import { afterEach, describe, expect, it } from 'vitest'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import {
  CacheService,
  ConversationCacheService,
  cacheConfig,
  cacheService,
  generateHash,
  OpenAICacheService,
  SessionCacheService,
  UserCacheService,
  userCacheService,
} from '../../src/facades/service/index.js'
import { optionInvalid } from '../support/option-invalid.js'
import { withEnvironment } from '../support/with-environment.js'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

function tracked() {
  const { cache: core, clock } = trackedCache({ ...OF_ALL_FACES, ttl: 3_600 })
  return { cache: new CacheService({ core }), core, clock }
}

describe('CacheService', () => {
  it('keeps values by key, for as long as the call says', async () => {
    const { cache, core, clock } = tracked()
    expect(await cache.get('key')).toBeNull()
    expect(await cache.set('key', { n: 1 }, { ttl: 300 })).toBe(true)
    expect(await cache.get('key')).toEqual({ n: 1 })
    expect([await cache.exists('key'), await cache.exists('none')]).toEqual([true, false])
    expect(await core.ttl('key')).toBe(300)
    await clock.advance(300_000)
    expect(await cache.get('key')).toBeNull()
    await cache.set('key', 1)
    expect(await core.ttl('key')).toBe(3_600)
    expect(await cache.delete('key')).toBe(true)
    expect(await cache.get('key')).toBeNull()
  })

  it('loads what is missing, and keeps no null and no error', async () => {
    const { cache, core, clock } = tracked()
    const load = () => cache.getOrSet('expensive-query', async () => ['row'], { ttl: 3_600 })
    expect(await load()).toEqual(['row'])
    expect(await core.ttl('expensive-query')).toBe(3_600)
    const error = new Error('of the source')
    await expect(cache.getOrSet('k', () => Promise.reject(error))).rejects.toBe(error)
    expect(await cache.getOrSet('k', async () => null)).toBeNull()
    await clock.advance(1)
    expect(await cache.getOrSet('k', async () => 'there')).toBe('there')
  })

  it('invalidates by tag, and counts what it had', async () => {
    const { cache } = tracked()
    await cache.set('user:123:profile', { n: 1 }, { tags: ['user:123', 'profiles'] })
    await cache.getOrSet('user:123:posts', async () => [], { tags: ['user:123'] })
    await cache.set('user:124:profile', 1, { tags: ['user:124', 'profiles'] })
    expect(await cache.invalidateByTag('user:123')).toBe(2)
    expect(await cache.invalidateByTag('user:123')).toBe(0)
    expect(await cache.get('user:123:profile')).toBeNull()
    expect(await cache.get('user:124:profile')).toBe(1)
    expect(await cache.invalidateByTags(['user:124', 'profiles', 'none'])).toBe(1)
  })

  it('invalidates by pattern, and counts what was there', async () => {
    const { cache } = tracked()
    for (const key of ['user-conversations:123:1', 'user-conversations:123:2', 'user:123']) {
      await cache.set(key, 1)
    }
    expect(await cache.invalidate('user-conversations:123:*')).toBe(2)
    expect([await cache.get('user-conversations:123:1'), await cache.get('user:123')]).toEqual([
      null,
      1,
    ])
    await cache.clear()
    expect(await cache.get('user:123')).toBeNull()
  })

  it('tells its figures', async () => {
    const { cache } = tracked()
    await cache.set('k', 1)
    await cache.get('k')
    await cache.get('none')
    const stats = cache.getStats()
    expect(stats).toMatchObject({ hits: 1, misses: 1, errors: 0, sets: 1, deletes: 0 })
    expect(stats).toMatchObject({ hitRate: 50, keys: 1, connected: false })
    expect(stats.memoryUsage).toBeGreaterThan(0)
  })

  it('goes on in memory while the store is away, and counts its errors', async () => {
    const { cache: core, store, clock } = trackedWithStore({ ...OF_ALL_FACES })
    const cache = new CacheService({ core })
    await clock.settle()
    await cache.set('before', 1)
    expect(cache.getStats().connected).toBe(true)
    store.inject({ kind: 'throw' })
    expect(await cache.get('none')).toBeNull()
    expect(await cache.set('k', 2)).toBe(true)
    expect(await cache.getOrSet('loaded', async () => 3)).toBe(3)
    expect(await cache.delete('before')).toBe(false)
    const got = [await cache.get('before'), await cache.get('k'), await cache.get('loaded')]
    expect(got).toEqual([null, 2, 3])
    expect(await cache.invalidateByTag('t')).toBe(0)
    expect(cache.getStats().errors).toBeGreaterThan(0)
    store.heal()
  })

  it('compresses what is large, with gzip, unless told otherwise', async () => {
    const {
      cache: core,
      data,
      clock,
    } = trackedWithStore({
      ...OF_ALL_FACES,
      compress: { algorithm: 'gzip', threshold: 1_024 },
    })
    const cache = new CacheService({ core })
    await clock.settle()
    const bytesOf = async (key: string) => {
      const [stored] = await data.getMany([`cw::${key}`])
      return (stored as Uint8Array).length
    }
    await cache.set('large', 'x'.repeat(5_000))
    await cache.set('plain', 'x'.repeat(5_000), { compress: false })
    expect(await bytesOf('large')).toBeLessThan(500)
    expect(await bytesOf('plain')).toBeGreaterThan(5_000)
    expect(await cache.get('large')).toHaveLength(5_000)
  })

  it('refuses what it does not know', async () => {
    const { cache } = tracked()
    const unknown = { ttl: 1, tag: 'x' } as never
    await expect(cache.set('k', 1, unknown)).rejects.toThrow(/CacheService: unknown option 'tag'/)
    await expect(cache.set('k', 1, { ttl: 0 })).rejects.toEqual(optionInvalid(/'ttl' is 0/))
    await expect(cache.set('k', 1, { tags: 't' as never })).rejects.toEqual(optionInvalid(/'tags'/))
    await expect(cache.invalidate(7 as never)).rejects.toEqual(optionInvalid(/pattern/))
    const both = { url: 'redis://a', redis: { url: 'redis://b' } }
    expect(() => new CacheService(both)).toThrow(optionInvalid(/'url'/))
    expect(() => new CacheService({ defaultTTL: -1 })).toThrow(optionInvalid(/'defaultTTL' is -1/))
    expect(() => new CacheService({ url: 'http://a' })).toThrow(/url/)
  })

  it('has its defaults', () =>
    withEnvironment({ CACHE_MAX_MEMORY_ENTRIES: '77' }, async () => {
      const cache = new CacheService({ defaultTTL: 60 })
      await cache.set('k', 1)
      expect(await cache.core.ttl('k')).toBeCloseTo(60, 0)
      expect(cache.core.stats().memory.maxEntries).toBe(77)
      await cache.close()
      expect(await cache.get('k')).toBeNull()
      const byDefault = new CacheService({})
      await byDefault.set('k', 1)
      expect(await byDefault.core.ttl('k')).toBeCloseTo(3_600, 0)
      await byDefault.close()
    }))
})

describe('UserCacheService', () => {
  function users() {
    const { cache, core } = tracked()
    const asked: unknown[] = []
    const rows = new Map([[7, { name: 'Ann' }]])
    const source = {
      findUser: async (id: number) => {
        asked.push(id)
        return rows.get(id)
      },
      updateUser: async (id: number, changes: { name?: string }) => {
        rows.set(id, { ...rows.get(id)!, ...changes })
        return rows.get(id)
      },
    }
    return { cache, core, asked, source, users: new UserCacheService({ cache, source }) }
  }

  it('asks its source for what it has not, with the id as it was given', async () => {
    const { users: service, asked, core } = users()
    expect(await service.getUser(7)).toEqual({ name: 'Ann' })
    expect(await service.getUser(7)).toEqual({ name: 'Ann' })
    expect(await service.getUser(8)).toBeNull()
    expect(asked).toEqual([7, 8])
    expect(await core.ttl('user:7:profile')).toBe(cacheConfig.user.profile)
  })

  it('forgets everything about a user who changes', async () => {
    const { users: service, cache } = users()
    await service.getUser(7)
    await cache.set('user:7:settings', 1)
    await cache.set('user-conversations:7:1', [1])
    await cache.set('other', 1, { tags: ['user:7'] })
    await cache.set('user:70:settings', 1)
    expect(await service.updateUser(7, { name: 'Bea' })).toEqual({ name: 'Bea' })
    const keys = ['user:7:settings', 'user-conversations:7:1', 'other', 'user:70:settings']
    expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual([null, null, null, 1])
    expect(await service.getUser(7)).toEqual({ name: 'Bea' })
  })

  it('forgets the user also where the source fails, and lets its error through', async () => {
    const { cache, asked, source } = users()
    const error = new Error('of the source')
    const failing = { ...source, updateUser: () => Promise.reject(error) }
    const service = new UserCacheService({ cache, source: failing })
    await service.getUser(7)
    await expect(service.updateUser(7, {})).rejects.toBe(error)
    await service.getUser(7)
    expect(asked).toEqual([7, 7])
  })

  it('keeps nothing that was loaded before a change', async () => {
    const { cache, source } = users()
    const row = gate<{ name: string }>()
    const service = new UserCacheService({
      cache,
      source: { ...source, findUser: () => row.promise },
    })
    const loading = service.getUser(7)
    await service.updateUser(7, { name: 'Bea' })
    row.open({ name: 'Ann' })
    expect(await loading).toEqual({ name: 'Ann' })
    expect(await cache.get('user:7:profile')).toBeNull()
  })

  it('wants a source, by name', async () => {
    const { cache } = tracked()
    const none = new UserCacheService({ cache })
    await expect(none.getUser(7)).rejects.toEqual(
      optionInvalid(/UserCacheService.getUser: option 'source' is undefined; the range is \{ find/),
    )
    await expect(userCacheService.updateUser(7, {})).rejects.toEqual(optionInvalid(/updateUser/))
    const half = { cache, source: { findUser: async () => null } as never }
    expect(() => new UserCacheService(half)).toThrow(optionInvalid(/'source' is an object/))
    expect(() => new UserCacheService({ cahce: cache } as never)).toThrow(/unknown option 'cahce'/)
  })
})

describe('SessionCacheService', () => {
  const sessions = () => {
    const { cache, core, clock } = tracked()
    return { sessions: new SessionCacheService({ cache }), cache, core, clock }
  }
  const keyOf = (token: string) => `session:${generateHash(token)}`

  it('keeps a session until it ends', async () => {
    const { sessions: service, core, clock } = sessions()
    const inAnHour = Date.now() + 3_600_000
    for (const expiresAt of [new Date(inAnHour), inAnHour, new Date(inAnHour).toISOString()]) {
      expect(await service.setSession('token', { userId: 1 }, { expiresAt })).toBe(true)
      expect(await core.ttl(keyOf('token'))).toBeCloseTo(3_600, -1)
    }
    expect(await service.getSession('token')).toEqual({ userId: 1 })
    await clock.advance(3_601_000)
    expect(await service.getSession('token')).toBeNull()
  })

  it('has a day where none is said, and a year at most', async () => {
    const { sessions: service, core } = sessions()
    await service.setSession('t', 1)
    expect(await core.ttl(keyOf('t'))).toBe(86_400)
    expect(await service.setSession('t', 1, { expiresAt: Date.now() + 2 * 31_536e6 })).toBe(true)
    expect(await core.ttl(keyOf('t'))).toBe(31_536_000)
    expect(await service.deleteSession('t')).toBe(true)
    expect(await service.getSession('t')).toBeNull()
  })

  it('forgets one that has ended already', async () => {
    const { sessions: service } = sessions()
    await service.setSession('t', 1)
    expect(await service.setSession('t', 2, { expiresAt: Date.now() - 1 })).toBe(false)
    expect(await service.getSession('t')).toBeNull()
    const never = service.setSession('t', 1, { expiresAt: 'tomorrow' })
    await expect(never).rejects.toEqual(optionInvalid(/setSession: .*'expiresAt' is 'tomorrow'/))
  })

  it('names no token in its keys', async () => {
    const { sessions: service, core } = sessions()
    await service.setSession('secret-token', 1)
    for await (const key of core.keys()) expect(key).not.toContain('secret')
  })
})

describe('ConversationCacheService', () => {
  it('keeps one as long as its status lets expect', async () => {
    const { cache, core } = tracked()
    const service = new ConversationCacheService({ cache })
    const active = { id: 'a', status: 'active', userId: 7 }
    expect(await service.setConversation(active)).toBe(true)
    expect(await service.setConversation('b', { status: 'completed' })).toBe(true)
    expect(await service.getConversation('a')).toEqual(active)
    expect(await service.getConversation('none')).toBeNull()
    expect(await core.ttl('conversation:a')).toBe(300)
    expect(await core.ttl('conversation:b')).toBe(86_400)
    await cache.invalidateByTag('user:7')
    expect(await service.getConversation('a')).toBeNull()
    expect(await service.deleteConversation('b')).toBe(true)
    expect(await service.getConversation('b')).toBeNull()
  })

  it('keeps the lists of a user, and forgets them together', async () => {
    const { cache, core } = tracked()
    const service = new ConversationCacheService({ cache })
    await service.setUserConversations(7, [{ id: 'a' }], 1)
    await service.setUserConversations(7, [], 2)
    await service.setUserConversations('7*', [], 1)
    expect(await service.getUserConversations(7, 1)).toEqual([{ id: 'a' }])
    expect(await core.ttl('user-conversations:7:1')).toBe(600)
    await service.invalidateUserConversations('7*')
    expect(await service.getUserConversations('7*', 1)).toBeNull()
    expect(await service.getUserConversations(7, 2)).toEqual([])
    await service.invalidateUserConversations(7)
    expect(await service.getUserConversations(7, 2)).toBeNull()
  })

  it('refuses one without an id', async () => {
    const service = new ConversationCacheService({ cache: tracked().cache })
    const noId = service.setConversation({ status: 'active' } as never)
    await expect(noId).rejects.toEqual(optionInvalid(/setConversation: option 'id' is undefined/))
    const nothing = service.setConversation('a', undefined as never)
    await expect(nothing).rejects.toEqual(optionInvalid(/'conversation' is undefined/))
  })
})

describe('OpenAICacheService', () => {
  it('keeps transcriptions for 30 days, and analyses for ever', async () => {
    const { cache, core } = tracked()
    const service = new OpenAICacheService({ cache })
    const hash = generateHash(Buffer.from('audio'))
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(await service.getTranscription(hash)).toBeNull()
    expect(await service.cacheTranscription(hash, { text: 'hi' })).toBe(true)
    expect(await service.getTranscription(hash)).toEqual({ text: 'hi' })
    expect(await core.ttl(`openai:transcription:${hash}`)).toBe(2_592_000)
    expect(await service.getAnalysis(hash)).toBeNull()
    expect(await service.cacheAnalysis(hash, [1])).toBe(true)
    expect(await service.getAnalysis(hash)).toEqual([1])
    expect(await core.ttl(`openai:analysis:${hash}`)).toBe(Number.POSITIVE_INFINITY)
  })

  it('hashes contents, the order of properties not mattering', () => {
    expect(generateHash({ a: 1, b: 2 })).toBe(generateHash({ b: 2, a: 1 }))
    expect(generateHash('x')).not.toBe(generateHash(['x']))
    expect(() => generateHash(() => 1)).toThrow(/generateHash/)
  })
})

describe('the service of the process', () => {
  afterEach(() => cacheService.clear())

  it('is that of the domain services', () =>
    withEnvironment({}, async () => {
      await new SessionCacheService().setSession('t', 1)
      expect(await cacheService.get(`session:${generateHash('t')}`)).toBe(1)
    }))
})
