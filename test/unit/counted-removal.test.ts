/** Removals that count, flat keys by pattern, and the tags of what memory holds. */
import { describe, expect, it } from 'vitest'
import { countedRemoval, FlatKeys, listFlatKeys, removeFlatKeys } from '../../src/patterns/index.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'
import { trackedProcesses } from './tracked-processes.js'

const USERS = { name: 'users', prefix: 'user', ttl: '1h' }

describe('a removal that counts', () => {
  it.each([
    ['memory', () => trackedCache().cache],
    ['a store', () => trackedWithStore().cache],
  ])('says how many keys there were in %s', async (_, make) => {
    const users = make().namespace('users')
    for (const key of ['a:1', 'a:2', 'b:1']) await users.set(key, 1)
    expect(await countedRemoval(users, 'a:*')).toMatchObject({ count: 2 })
    expect(await countedRemoval(users, '*:1')).toMatchObject({ count: 1 })
    expect(await countedRemoval(users)).toEqual({ count: 0, token: expect.any(String) })
    expect(await users.get('b:1')).toBeUndefined()
  })

  it('refuses what is no pattern', async () => {
    const { cache } = trackedCache()
    await expect(countedRemoval(cache, 1 as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})

describe('flat keys', () => {
  async function filled() {
    const { cache } = trackedCache()
    const keys = new FlatKeys(() => cache, [USERS])
    for (const flat of ['user:1', 'user:2', 'job:1', 'odd']) {
      const { space, key } = keys.place(flat)
      await space.set(key, flat)
    }
    return { cache, keys }
  }

  async function listed(keys: FlatKeys, pattern: string, count = 2): Promise<string[][]> {
    const pages: string[][] = []
    for await (const page of listFlatKeys(keys, pattern, count)) pages.push(page)
    return pages
  }

  it('lie in the namespace that their first part names, else in the cache itself', async () => {
    const { cache } = await filled()
    expect(await cache.namespace('user').get('1')).toBe('user:1')
    expect([await cache.get('job:1'), await cache.get('odd')]).toEqual(['job:1', 'odd'])
  })

  it('may leave the prefix out where the namespace is named, registered or not', async () => {
    const { cache, keys } = await filled()
    for (const key of ['1', 'user:1']) {
      const place = keys.place(key, 'users')
      expect([place.key, place.namespace?.name]).toEqual(['1', 'users'])
    }
    await cache.namespace('else').set('1', 'there')
    const { space, key } = keys.place('1', 'else')
    expect(await space.get(key)).toBe('there')
  })

  it('are listed in pages, by pattern, wherever they lie', async () => {
    const { keys } = await filled()
    expect((await listed(keys, 'user:*')).flat().sort()).toEqual(['user:1', 'user:2'])
    expect((await listed(keys, '*:1')).flat().sort()).toEqual(['job:1', 'user:1'])
    const all = await listed(keys, '*', 3)
    expect(all.map(({ length }) => length)).toEqual([3, 1])
  })

  it('are removed by pattern, wherever they lie', async () => {
    const { cache, keys } = await filled()
    expect(await removeFlatKeys(keys, '*:1')).toBe(2)
    expect(await removeFlatKeys(keys, 'user:*')).toBe(1)
    expect(await removeFlatKeys(keys, 'job:*')).toBe(0)
    expect(await cache.get('odd')).toBe('odd')
    expect(await removeFlatKeys(keys, '*')).toBe(1)
  })

  it('know one namespace for a name and for a prefix, and 1 000 at most', () => {
    const keys = new FlatKeys(() => trackedCache().cache, [USERS])
    expect(() => keys.register(USERS)).toThrow(/'name'/)
    expect(() => keys.register({ ...USERS, name: 'other' })).toThrow(/'prefix'/)
    expect(() => keys.register({ name: 'x', prefix: 'a b' })).toThrow(/namespace 'a b'/)
    for (let n = 1; n < 1_000; n++) keys.register({ name: `n${n}`, prefix: `p${n}` })
    expect(() => keys.register({ name: 'more', prefix: 'more' })).toThrow(/at most 1000/)
    expect(() => keys.update('nobody', {})).toThrow(/'namespace'/)
  })

  it('settle encryption with the first use', async () => {
    const { keys } = await filled()
    keys.update('users', { ttl: 60, compress: true })
    expect(keys.named('users')).toMatchObject({ ttl: 60, compress: true })
    expect(() => keys.update('users', { encrypt: true })).toThrow(/settled/)
    keys.register({ name: 'sealed', prefix: 'sealed', encrypt: true })
    expect(() => keys.place('sealed:1')).toThrow(/encryptionKeys/)
  })
})

describe('the keys in memory that have a tag', () => {
  it('are those that would be handed out', async () => {
    const { caches, clock } = await trackedProcesses(2)
    const [one, other] = caches
    await one.set('a', 1, { tags: ['x', 'y'] })
    await one.namespace('n').set('b', 1, { tags: ['y'] })
    await one.set('c', 1)
    expect(one.memory.tagged(['x'])).toEqual([{ namespace: '', key: 'a' }])
    expect(one.memory.tagged(['y', 'x', 'z'])).toHaveLength(2)
    expect(other.memory.tagged(['y'])).toEqual([])
    await other.invalidateTags(['x'])
    await clock.settle()
    expect(one.memory.tagged(['y'])).toEqual([{ namespace: 'n', key: 'b' }])
    expect(() => one.memory.tagged('y' as never)).toThrow(/'tags'/)
  })
})
