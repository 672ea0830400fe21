/** Removals that count, and the tags of what memory holds. */
import { describe, expect, it } from 'vitest'
import { countedRemoval } from '../../src/patterns/index.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'
import { trackedProcesses } from './tracked-processes.js'

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
