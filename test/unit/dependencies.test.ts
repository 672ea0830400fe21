/** Entries that depend on others are out of date when those are. */
import { describe, expect, it } from 'vitest'
import type { Cache } from '../../src/index.js'
import { trackedCache, trackedPair } from './tracked-cache.js'

const OPTIONS = { ttl: '1h', namespaces: { users: { dependents: true }, plain: {} } } as const

const pair = () => trackedPair(OPTIONS)

const USER = { namespace: 'users', key: '42' }

describe.each([
  [
    'two processes',
    async () => {
      const { a, b, clock } = await pair()
      return { writer: a.cache as Cache, reader: b.cache as Cache, clock }
    },
  ],
  [
    'memory alone',
    async () => {
      const { cache, clock } = trackedCache(OPTIONS)
      return { writer: cache as Cache, reader: cache as Cache, clock }
    },
  ],
])('an entry that depends on another: %s', (_, open) => {
  const invalidations: [string, (cache: Cache) => Promise<unknown>][] = [
    ['delete', (cache) => cache.namespace('users').delete('42')],
    ['deleteMany', (cache) => cache.namespace('users').deleteMany(['1', '42'])],
    ['set', (cache) => cache.namespace('users').set('42', 'new')],
    ['increment', (cache) => cache.namespace('users').increment('42')],
    ['prefix', (cache) => cache.namespace('users').invalidatePattern('4*')],
    ['soft prefix', (cache) => cache.namespace('users').invalidatePattern('4*', { mode: 'soft' })],
    ['pattern', (cache) => cache.namespace('users').invalidatePattern('?2')],
    ['clear of its namespace', (cache) => cache.namespace('users').clear()],
    ['clear', (cache) => cache.clear()],
  ]

  it.each(invalidations)('is out of date with it: %s', async (name, invalidate) => {
    const { writer, reader } = await open()
    if (name !== 'increment') await writer.namespace('users').set('42', 'Ann')
    await writer.set('page', 'with Ann', { dependsOn: [USER] })
    await writer.set('other', 'without', { dependsOn: [{ namespace: 'users', key: '7' }] })
    expect(await reader.get('page')).toBe('with Ann')
    await invalidate(writer)
    expect(await reader.get('page')).toBeUndefined()
    if (name === 'soft prefix') expect(await reader.getOrSet('page', () => 'new')).toBe('with Ann')
    if (name === 'delete' || name === 'set') expect(await reader.get('other')).toBe('without')
  })

  it('is out of date over several steps, and by the tags of what it depends on', async () => {
    const { writer, reader, clock } = await open()
    const users = writer.namespace('users')
    const load = async () => {
      await users.getOrSet('team', () => 'team', { tags: ['t'] })
      return users.getOrSet('42', () => 'Ann', { dependsOn: ['team'] })
    }
    const page = () =>
      writer.getOrSet('page', async ({ dependsOn }) => {
        dependsOn(USER)
        return `page of ${await load()}`
      })
    for (const invalidate of [
      () => users.delete('42'),
      () => users.delete('team'),
      () => writer.invalidateTags(['t']),
    ]) {
      expect(await page()).toBe('page of Ann')
      await clock.settle()
      expect(await reader.get('page')).toBe('page of Ann')
      await invalidate()
      expect(await reader.get('page')).toBeUndefined()
    }
  })

  it('is not kept where it was loaded from what was invalidated meanwhile', async () => {
    const { writer, reader, clock } = await open()
    const answer = reader.getOrSet('page', async ({ dependsOn }) => {
      dependsOn(USER)
      await writer.namespace('users').delete('42')
      return 'old'
    })
    expect(await answer).toBe('old')
    await clock.settle()
    expect([await reader.get('page'), await writer.get('page')]).toEqual([undefined, undefined])
  })

  it('may stand in a ring, or depend on itself', async () => {
    const { writer, reader } = await open()
    const users = writer.namespace('users')
    await users.set('a', 1, { dependsOn: ['b'] })
    await users.set('b', 2, { dependsOn: ['a', 'b'] })
    expect(await reader.namespace('users').get('b')).toBe(2)
    expect(await reader.namespace('users').get('a')).toBeUndefined()
    await users.set('a', 1, { dependsOn: ['b'] })
    await users.delete('a')
    expect(await reader.namespace('users').get('b')).toBeUndefined()
  })
})

describe('what cannot be depended on', () => {
  const invalid = { code: 'OPTION_INVALID' }

  it.each<[string, unknown]>([
    ['a namespace without dependents', [{ namespace: 'plain', key: '1' }]],
    ['a namespace that nobody named', [{ namespace: 'unknown', key: '1' }]],
    ['the cache itself without dependents', ['1']],
    ['a key of another kind', [7]],
    ['a long key', [{ namespace: 'users', key: 'x'.repeat(901) }]],
    ['no list', 'users'],
    [
      'more than there may be tags',
      Array.from({ length: 65 }, (_, i) => ({ namespace: 'users', key: `${i}` })),
    ],
  ])('is named: %s', async (_, dependsOn) => {
    const { cache } = trackedCache(OPTIONS)
    const options = { dependsOn } as never
    await expect(cache.set('k', 1, options)).rejects.toMatchObject(invalid)
    await expect(cache.getOrSet('k', () => 1, options)).rejects.toMatchObject(invalid)
  })

  it('fails a loader that names it', async () => {
    const { cache } = trackedCache(OPTIONS)
    const load = cache.getOrSet('k', ({ dependsOn }) => dependsOn('plain key'))
    await expect(load).rejects.toMatchObject(invalid)
  })

  it('takes any key that can be: odd ones too', async () => {
    const { cache } = trackedCache(OPTIONS)
    const users = cache.namespace('users')
    for (const key of ['', '*', '__proto__', 'a:b', '\ud800', '~x', '{a}', '\0']) {
      await cache.set('page', key, { dependsOn: [{ namespace: 'users', key }] })
      expect(await cache.get('page')).toBe(key)
      await users.delete(key)
      expect(await cache.get('page')).toBeUndefined()
      await cache.set('page', key, { dependsOn: [{ namespace: 'users', key }] })
      await users.clear()
      expect(await cache.get('page')).toBeUndefined()
    }
  })

  it('is kept by nobody where the tags of all it depends on are too many', async () => {
    const { cache } = trackedCache(OPTIONS)
    const users = cache.namespace('users')
    const tags = (from: number) => Array.from({ length: 40 }, (_, i) => `t${from + i}`)
    await users.set('a', 1, { tags: tags(0) })
    await users.set('b', 1, { tags: tags(40) })
    const dependsOn = ['a', 'b'].map((key) => ({ namespace: 'users', key }))
    await expect(cache.set('page', 1, { dependsOn })).rejects.toMatchObject(invalid)
    expect(await cache.getOrSet('page', () => 'answer', { dependsOn })).toBe('answer')
    expect(await cache.get('page')).toBeUndefined()
    expect(cache.stats().total.fillsSkipped).toBe(1)
  })
})
