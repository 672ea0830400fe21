/** Flat keys: where they lie, what is listed and removed, and what a key manager tells of them. */
import { describe, expect, it, vi } from 'vitest'
import {
  CacheKeyManager,
  CompressionOptimizer,
  compressionOptimizer,
  DistributedCacheService,
} from '../../src/facades/distributed/index.js'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import type { CacheOptions } from '../../src/index.js'
import { FlatKeys, listFlatKeys, removeFlatKeys } from '../../src/patterns/index.js'
import { optionInvalid } from '../support/option-invalid.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

const KEY = `k1:${Buffer.alloc(32, 7).toString('base64')}`
const USERS = { name: 'users', prefix: 'user', ttl: 60, compress: true } as const

function flat(options: CacheOptions = {}) {
  const { cache: core, clock } = trackedCache({ ttl: 3_600, ...options })
  return { core, clock, keys: new FlatKeys(() => core, [USERS]) }
}

function managed(options: CacheOptions = {}) {
  const { cache: core, clock } = trackedCache({
    ...OF_ALL_FACES,
    hotKeys: { sampleEvery: 1 },
    ...options,
  })
  const cache = new DistributedCacheService({ core })
  return { cache, core, clock, keys: new CacheKeyManager({ cache }) }
}

async function warningsOf(run: () => unknown): Promise<string[]> {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  try {
    await run()
    return warned.mock.calls.map(([message]) => String(message))
  } finally {
    warned.mockRestore()
  }
}

async function listed(keys: FlatKeys, pattern: string, count = 100): Promise<string[][]> {
  const pages: string[][] = []
  for await (const page of listFlatKeys(keys, pattern, count)) pages.push(page)
  return pages
}

describe('a flat key', () => {
  it('lies in the namespace that its first part names', () => {
    const { core, keys } = flat()
    const place = keys.place('user:profile:1')
    expect([place.space, place.key]).toEqual([core.namespace('user'), 'profile:1'])
    expect(place.namespace).toEqual(USERS)
    for (const other of ['users:1', 'user', ':user:1', 'a:user:1', '']) {
      expect(keys.place(other)).toEqual({ space: core, key: other, namespace: undefined })
    }
    expect(keys.place('user:').key).toBe('')
  })

  it('may leave its prefix out where the namespace is named', () => {
    const { core, keys } = flat()
    expect(keys.place('1', 'users')).toEqual(keys.place('user:1'))
    expect(keys.place('user:1', 'users')).toEqual(keys.place('user:1'))
    expect(keys.place('sess:1', 'users').key).toBe('sess:1')
    const own = keys.place('user:1', 'mine')
    expect([own.space, own.key]).toEqual([core.namespace('mine'), 'user:1'])
    expect(() => keys.place('k', 'a b')).toThrow(/namespace 'a b'/)
  })

  it('is read through the cache as namespace and key', async () => {
    const { core, keys } = flat()
    const { space, key } = keys.place('user:1')
    await space.set(key, 'ann')
    expect(await core.namespace('user').get('1')).toBe('ann')
    expect(await core.get('user:1')).toBeUndefined()
  })
})

describe('a namespace of flat keys', () => {
  it('changes, but for what is settled', async () => {
    const { keys } = flat()
    keys.update('users', { ttl: 30, compress: undefined })
    expect(keys.named('users')).toEqual({ ...USERS, ttl: 30 })
    expect(keys.place('user:1').namespace?.ttl).toBe(30)
    const settled = () => keys.update('users', { encrypt: true })
    expect(settled).toThrow(optionInvalid(/'encrypt' is true; the range is settled: the namespace/))
    const warnings = await warningsOf(() => keys.update('users', { maxBytes: 5_000 }))
    expect(warnings).toEqual([expect.stringMatching(/'users' is in use: its maxBytes counts from/)])
    expect(() => keys.update('none', { ttl: 1 })).toThrow(optionInvalid(/'none'; .*one of users/))
    const moved = { prefix: 'u' } as object
    expect(() => keys.update('users', moved)).toThrow(/unknown option 'prefix'/)
  })

  it('is refused where name or prefix is taken, or anything is wrong', () => {
    const { keys } = flat()
    expect(() => keys.register({ name: 'users', prefix: 'u' })).toThrow(/'name' is 'users'/)
    expect(() => keys.register({ name: 'u', prefix: 'user' })).toThrow(/'prefix' is 'user'/)
    expect(() => keys.register({ name: 'u', prefix: 'a:b' })).toThrow(/namespace 'a:b' must be/)
    expect(() => keys.register({ name: '', prefix: 'u' })).toThrow(optionInvalid(/'name' is ''/))
    expect(() => keys.register({ name: 'u', prefix: 'u', ttl: 0 })).toThrow(optionInvalid(/'ttl'/))
    const yes = { name: 'u', prefix: 'u', compress: 'yes' as never }
    expect(() => keys.register(yes)).toThrow(optionInvalid(/'compress' is 'yes'/))
    for (let at = 1; at < 1_000; at++) keys.register({ name: `n${at}`, prefix: `p${at}` })
    expect(() => keys.register({ name: 'm', prefix: 'm' })).toThrow(/at most 1000 namespaces/)
  })

  it('has a share of memory, where it is to have no more', async () => {
    const { core, keys } = flat({ memory: { maxBytes: '1mb' } })
    keys.register({ name: 'small', prefix: 'small', maxBytes: 100_000 })
    const { space } = keys.place('small:1')
    for (let at = 0; at < 100; at++) await space.set(String(at), 'x'.repeat(5_000))
    expect(core.stats().memory.bytes).toBeLessThan(150_000)
    expect(core.stats().memory.entries).toBeGreaterThan(5)
  })

  it('is encrypted where there are keys, and says so where there are none', async () => {
    const bytesOf = async (encryptionKeys: string | undefined) => {
      const options = encryptionKeys === undefined ? {} : { encryptionKeys }
      const { cache: core, data, clock } = trackedWithStore(options)
      const keys = new FlatKeys(() => core, [{ name: 's', prefix: 'sess', encrypt: 'if-keyed' }])
      await clock.settle()
      const warnings = await warningsOf(async () => {
        await keys.place('sess:1').space.set('1', 'in the clear')
        keys.place('sess:2')
      })
      const [bytes] = await data.getMany(['cw:sess:1'])
      return { text: Buffer.from(bytes as Uint8Array).toString(), warnings }
    }
    const sealed = await bytesOf(KEY)
    expect([sealed.text.includes('in the clear'), sealed.warnings]).toEqual([false, []])
    const open = await bytesOf(undefined)
    expect(open.text).toContain('in the clear')
    expect(open.warnings).toEqual([expect.stringMatching(/'sess' is not encrypted: CACHE_ENCRYP/)])
  })

  it('is refused where it must be encrypted and cannot be', () => {
    const { core, keys } = flat()
    keys.register({ name: 'secrets', prefix: 'secret', encrypt: true })
    expect(() => keys.place('secret:1')).toThrow(optionInvalid(/'encrypt' is true/))
    core.namespace('used')
    keys.register({ name: 'late', prefix: 'used', encrypt: true })
    const range = /'encrypt' is true; the range is settled: namespace 'used' is in use, and not enc/
    expect(() => keys.place('used:1')).toThrow(optionInvalid(range))
  })

  it('that is encrypted already is shared', () => {
    const { core, keys } = flat({ encryptionKeys: KEY })
    const secrets = { name: 'secrets', prefix: 'secret', encrypt: true }
    keys.register(secrets)
    const { space } = keys.place('secret:1')
    expect(new FlatKeys(() => core, [secrets]).place('secret:1').space).toBe(space)
  })
})

describe('patterns', () => {
  it.each<[string, string[]]>([
    ['user:*', ['user:1', 'user:2']],
    ['user:?', ['user:1', 'user:2']],
    ['*:1', ['other:1', 'user:1']],
    ['*', ['other:1', 'plain', 'user:1', 'user:2']],
    ['u*', ['user:1', 'user:2']],
    ['[uo]*:1', ['other:1', 'user:1']],
    ['other:*', ['other:1']],
    ['plain', ['plain']],
    ['user:1', ['user:1']],
    ['none:*', []],
  ])('%s is listed and removed across namespaces', async (pattern, expected) => {
    const { keys } = flat()
    const all = ['user:1', 'user:2', 'other:1', 'plain']
    for (const flatKey of all) {
      const { space, key } = keys.place(flatKey)
      await space.set(key, 1)
    }
    expect((await listed(keys, pattern)).flat().sort()).toEqual(expected)
    expect(await removeFlatKeys(keys, pattern)).toBe(expected.length)
    const left = all.filter((each) => !expected.includes(each)).sort()
    expect((await listed(keys, '*')).flat().sort()).toEqual(left)
  })

  it('are listed in pages', async () => {
    const { keys } = flat()
    for (let at = 0; at < 5; at++) await keys.place('user:1').space.set(String(at), 1)
    expect((await listed(keys, '*', 2)).map(({ length }) => length)).toEqual([2, 2, 1])
    await expect(listed(keys, '')).rejects.toEqual(optionInvalid(/pattern/))
  })
})

describe('the key manager', () => {
  const NAMESPACE = {
    name: 'users',
    description: 'User profile data',
    prefix: 'user',
    defaultTTL: 600,
    compressionEnabled: true,
  }

  it('goes on without keys where encryption is asked for, with a warning for each', async () => {
    const { cache, core, keys } = managed()
    keys.registerNamespace({ name: 'users', prefix: 'user', encryptionEnabled: true })
    core.namespace('late')
    keys.registerNamespace({ name: 'late', prefix: 'late', encryptionEnabled: true })
    const warnings = await warningsOf(async () => {
      for (const key of ['user:1', 'user:2', 'late:1']) await cache.set(key, 1)
    })
    expect(warnings).toEqual([
      expect.stringMatching(/'user' is not encrypted: CACHE_ENCRYPTION_KEYS is not set/),
      expect.stringMatching(/'late' is not encrypted: it was in use before/),
    ])
    expect(await cache.get('user:2')).toBe(1)
  })

  it('begins with the four of the document', async () => {
    const { cache, keys } = managed()
    const rows = keys.getNamespaces().map((row) => {
      const { name, prefix, defaultTTL, compressionEnabled, encryptionEnabled } = row
      return [name, prefix, defaultTTL, compressionEnabled, encryptionEnabled]
    })
    expect(rows).toEqual([
      ['default', 'app', 3_600, true, false],
      ['sessions', 'sess', 1_800, false, true],
      ['content', 'content', 7_200, true, false],
      ['analytics', 'analytics', 300, true, false],
    ])
    await warningsOf(() => cache.set('sess:1', 1))
    expect(await cache.getTTL('sess:1')).toBe(1_800)
    await cache.set('content:1', 1)
    expect(await cache.getTTL('content:1')).toBe(7_200)
  })

  it('registers and changes namespaces', async () => {
    const { cache, keys } = managed()
    keys.registerNamespace(NAMESPACE)
    await cache.set('user:1', 1)
    expect(await cache.getTTL('user:1')).toBe(600)
    keys.updateNamespace('users', { compressionEnabled: false, defaultTTL: 60 })
    await cache.set('user:1', 1)
    expect(await cache.getTTL('user:1')).toBe(60)
    keys.updateNamespace('content', { compressionEnabled: true, maxSize: 1_000_000 })
    expect(keys.getNamespaces()[2]).toMatchObject({ name: 'content', maxSize: 1_000_000 })
    expect(() => keys.registerNamespace(NAMESPACE)).toThrow(optionInvalid(/'name' is 'users'/))
    const wrong = { ...NAMESPACE, name: 'b', prefix: 'b', defaultTTL: -1 }
    expect(() => keys.registerNamespace(wrong)).toThrow(optionInvalid(/'defaultTTL' is -1/))
    const tiny = { maxSize: 1 }
    expect(() => keys.updateNamespace('users', tiny)).toThrow(optionInvalid(/'maxSize' is 1;/))
    const moved = { prefix: 'u' } as object
    expect(() => keys.updateNamespace('users', moved)).toThrow(/unknown option 'prefix'/)
  })

  it('builds and checks keys', () => {
    const { keys } = managed()
    keys.registerNamespace(NAMESPACE)
    const options = { tags: ['profile', 'active'], pattern: 'user_profile' }
    expect(keys.buildKey('profile:123', 'users', options)).toBe('user:profile:123')
    expect(keys.buildKey('k')).toBe('app:k')
    expect(keys.buildKey('a b', 'users')).toBe('user:a%20b')
    expect(keys.buildKey('a%20b', 'users')).not.toBe('user:a%20b')
    const strict = () => keys.buildKey('a b', 'users', { validate: true })
    expect(strict).toThrow(/buildKey: 'a b' is not/)
    expect(() => keys.buildKey('', 'users')).toThrow(/buildKey/)
    expect(() => keys.buildKey('k', 'none')).toThrow(optionInvalid(/'none'/))
    expect(() => keys.buildKey('k', 'users', { tag: 't' } as never)).toThrow(/unknown option 'tag'/)
    expect(() => keys.buildKey('k', 'users', { tags: 't' as never })).toThrow(
      optionInvalid(/'tags/),
    )
    const judged = ['profile:1', 'a b', 'a::b', '', 'x'.repeat(513)]
    expect(judged.map((key) => keys.validateKey(key))).toEqual([true, false, false, false, false])
    expect(keys.validateKey('profile:1', 'users', 'profile:*')).toBe(true)
    expect(keys.validateKey('profile:1', 'users', /^post:/)).toBe(false)
    const everywhere = /profile/g
    expect([1, 2].map(() => keys.validateKey('profile:1', 'users', everywhere))).toEqual([
      true,
      true,
    ])
  })

  it('tells what is asked for most and least, and of which kind', async () => {
    const { cache, keys } = managed()
    keys.registerNamespace(NAMESPACE)
    await cache.setMultiple({ 'user:profile:1': 1, 'user:profile:2': 1, 'user:cold': 1, other: 1 })
    for (let at = 0; at < 8; at++) await cache.get(at % 4 ? 'user:profile:1' : 'user:profile:2')
    const hot = keys.getHotKeys('users', 10)
    expect(hot.map(({ key }) => key)).toEqual(['user:profile:1', 'user:profile:2'])
    expect(hot.map(({ accessCount, error }) => [accessCount, error])).toEqual([
      [6, 0],
      [2, 0],
    ])
    expect(keys.getColdKeys('users', 1).map(({ key }) => key)).toEqual(['user:cold'])
    expect(keys.getHotKeys('users', 1)).toHaveLength(1)
    const analytics = keys.getKeyAnalytics('users')
    expect(analytics).toMatchObject({ namespace: 'users', totalKeys: 3, hitRate: 100 })
    expect(analytics.accessPatterns.map(({ pattern }) => pattern)).toEqual([
      'user:*',
      'user:profile:*',
    ])
    expect(analytics.accessPatterns[0]!.avgAccessFrequency).toBeCloseTo(8 / 3)
    expect(keys.getKeyAnalytics('content').accessPatterns[0]!.avgAccessFrequency).toBe(0)
    expect(() => keys.getKeyAnalytics('none')).toThrow(optionInvalid(/'none'/))
    expect(() => keys.getHotKeys('users', -1)).toThrow(optionInvalid(/'limit' is -1/))
  })

  it('finds keys by pattern and tag', async () => {
    const { cache, keys } = managed()
    keys.registerNamespace(NAMESPACE)
    await cache.set('user:1', 1, { tags: ['a'] })
    await cache.set('user:2', 1, { tags: ['b'] })
    await cache.set('post:1', 1, { tags: ['a'] })
    expect(keys.getKeysByPattern('user:*', 'users').sort()).toEqual(['user:1', 'user:2'])
    expect(keys.getKeysByPattern('*:1').sort()).toEqual(['post:1', 'user:1'])
    expect(keys.getKeysByTag('a').sort()).toEqual(['post:1', 'user:1'])
    expect(keys.getKeysByTag('a', 'users')).toEqual(['user:1'])
    await cache.invalidateByTags(['a'])
    expect(keys.getKeysByTag('a')).toEqual([])
  })
})

it('the compressor of the process is there', () => {
  expect(compressionOptimizer).toBeInstanceOf(CompressionOptimizer)
})
