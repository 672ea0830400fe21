import { describe, expect, it, test } from 'vitest'
import { CacheError } from '../../src/core/errors.js'
import { afterCommit, type PendingInvalidations } from '../../src/patterns/index.js'
import { inProcessStore } from '../../src/testing/index.js'
import { recordingTarget } from '../support/recording-target.js'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

/** Two caches on one log, each with what the tests invalidate. */
async function twoCaches() {
  const data = inProcessStore({ log: true })
  const [a, b] = [{ store: data.peer() }, { store: data.peer() }].map(
    (options) => trackedCache(options).cache,
  )
  await b!.setMany([
    ['user:1', 'by key'],
    ['list:1', 'by pattern'],
    ['other', 'kept'],
  ])
  await b!.set('user:2', 'by tag', { tags: ['team:7'] })
  await b!.namespace('posts').set('user:1', 'in a namespace')
  const values = () =>
    Promise.all([
      ...['user:1', 'list:1', 'user:2', 'other'].map((key) => b!.get(key)),
      b!.namespace('posts').get('user:1'),
    ])
  return { a: a!, b: b!, values }
}

const ALL = ['by key', 'by pattern', 'by tag', 'kept', 'in a namespace']

describe('a collector', () => {
  it('invalidates nothing until it runs, and then what was noted, elsewhere too', async () => {
    const { a, values } = await twoCaches()
    const invalidations = afterCommit(a)
    invalidations.deleteMany(['user:1', 'user:1'])
    invalidations.invalidateTags(['team:7'])
    invalidations.invalidatePattern('list:*')
    expect(invalidations.size).toBe(3)
    expect(await values()).toEqual(ALL)
    expect(await invalidations.run()).toBe(true)
    const gone = undefined
    expect(await values()).toEqual([gone, gone, gone, 'kept', 'in a namespace'])
    expect(invalidations.size).toBe(0)
  })

  it('invalidates nothing that was discarded', async () => {
    const { a, values } = await twoCaches()
    const invalidations = afterCommit(a)
    invalidations.delete('user:1')
    invalidations.invalidateTags(['team:7'])
    invalidations.discard()
    expect(await invalidations.run()).toBe(true)
    expect(await values()).toEqual(ALL)
    invalidations.delete('user:1')
    await invalidations.run()
    expect(await values()).toEqual([undefined, ...ALL.slice(1)])
  })

  it('notes for namespaces, however long nested ones are together', async () => {
    const { cache } = trackedCache()
    const [long, longer] = ['a'.repeat(40), 'b'.repeat(40)]
    const nested = cache.namespace(long).namespace(longer)
    await nested.set('k', 'old')
    await cache.set('k', 'of the cache itself')
    const invalidations = afterCommit(cache)
    invalidations.namespace(long).namespace(longer).delete('k')
    expect(await invalidations.run()).toBe(true)
    expect([await nested.get('k'), await cache.get('k')]).toEqual([
      undefined,
      'of the cache itself',
    ])
  })

  it('asks once for what was noted twice, and for many tags together', async () => {
    const target = recordingTarget()
    const invalidations = afterCommit(target)
    const inPosts = invalidations.namespace('posts')
    for (const notes of [invalidations, inPosts, invalidations, inPosts]) {
      notes.delete('k')
      notes.invalidateTags(['s', 't'])
      notes.invalidatePattern('k:*')
    }
    expect(await invalidations.run()).toBe(true)
    expect([...target.asked].sort()).toEqual([
      ['delete', '', 'k'],
      ['delete', 'posts', 'k'],
      ['pattern', '', 'k:*'],
      ['pattern', 'posts', 'k:*'],
      ['tag', '', 's'],
      ['tag', '', 't'],
    ])
    expect(target.calls).toBe(5)
  })

  it('takes more tags than one call does', async () => {
    const { cache } = trackedCache()
    await cache.set('k', 'old', { tags: ['tag:2499'] })
    const invalidations = afterCommit(cache)
    invalidations.invalidateTags(Array.from({ length: 2_500 }, (_, i) => `tag:${i}`))
    expect(await invalidations.run()).toBe(true)
    expect(await cache.get('k')).toBeUndefined()
  })

  it('asks for one pattern at a time: each may list all keys', async () => {
    const target = recordingTarget()
    const first = gate<boolean>()
    target.answer = () => first.promise
    const invalidations = afterCommit(target)
    invalidations.invalidatePattern('*a')
    invalidations.invalidatePattern('*b')
    const done = invalidations.run()
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    expect(target.calls).toBe(1)
    first.open(true)
    await done
    expect(target.calls).toBe(2)
  })

  it('keeps what was not confirmed, and no more than that', async () => {
    const target = recordingTarget()
    target.answer = async (name) => name !== 'b'
    const invalidations = afterCommit(target)
    invalidations.deleteMany(['a', 'b'])
    invalidations.invalidatePattern('b')
    expect(await invalidations.run()).toBe(false)
    expect(invalidations.size).toBe(2)
    target.answer = new CacheError('KEY_TOO_LONG', 'refused by this cache alone')
    expect(await invalidations.run()).toBe(false)
    target.answer = true
    expect(await invalidations.run()).toBe(true)
    const times = (name: string) => target.asked.filter(([, , each]) => each === name).length
    expect([times('a'), times('b')]).toEqual([1, 6])
  })

  it('resolves to false while the store is away', async () => {
    const { cache, store, clock } = trackedWithStore()
    await cache.set('k', 1)
    store.inject({ kind: 'throw' })
    const invalidations = afterCommit(cache)
    invalidations.delete('k')
    const answer = invalidations.run()
    await clock.advance(1_000)
    expect(await answer).toBe(false)
    expect(invalidations.size).toBe(1)
  })

  it('holds 10 000 notes, those under way among them', async () => {
    const target = recordingTarget()
    const answer = gate<boolean>()
    target.answer = () => answer.promise
    const invalidations = afterCommit(target)
    const keys = Array.from({ length: 10_000 }, (_, i) => `key:${i}`)
    invalidations.deleteMany(keys)
    invalidations.deleteMany(keys)
    const refusal = "delete: option 'notes' is 10001; the range is at most 10000 different ones"
    expect(() => invalidations.delete('more')).toThrow(refusal)
    const running = invalidations.run()
    expect(() => invalidations.delete('more')).toThrow(refusal)
    answer.open(true)
    await running
    invalidations.delete('more')
    expect(invalidations.size).toBe(1)
  })

  it.each([
    ['a key', 'KEY_INVALID', (notes) => notes.delete(5 as never)],
    ['a list of keys', 'OPTION_INVALID', (notes) => notes.deleteMany('abc' as never)],
    ['a tag', 'OPTION_INVALID', (notes) => notes.invalidateTags(['\ud800'])],
    ['a list of tags', 'OPTION_INVALID', (notes) => notes.invalidateTags('abc' as never)],
    ['a pattern', 'OPTION_INVALID', (notes) => notes.invalidatePattern('')],
    ['a namespace', 'NAMESPACE_INVALID', (notes) => notes.namespace('a b').delete('k')],
  ] satisfies [string, string, (notes: PendingInvalidations) => void][])(
    'refuses %s that cannot be one while the transaction can still roll back',
    (_, code, note) => {
      const notes = afterCommit(recordingTarget())
      expect(() => note(notes)).toThrow(expect.objectContaining({ code }))
      expect(notes.size).toBe(0)
    },
  )

  it('refuses what is no cache, and no function', () => {
    const says = (text: string) =>
      expect.objectContaining({ message: expect.stringContaining(text) })
    expect(() => afterCommit({} as never)).toThrow(says("afterCommit: option 'cache' is an object"))
    const target = recordingTarget()
    expect(() => afterCommit(target, 5 as never)).toThrow(says("option 'transaction' is 5"))
  })
})

describe('around a transaction', () => {
  it('invalidates when it has resolved, and hands on its result', async () => {
    const { a, values } = await twoCaches()
    const committed = await afterCommit(a, async (invalidations) => {
      invalidations.delete('user:1')
      expect(await values()).toEqual(ALL)
      return 42
    })
    expect(committed).toEqual({ result: 42, isConfirmed: true })
    expect(await values()).toEqual([undefined, ...ALL.slice(1)])
  })

  test.each([
    ['rejects', (error: Error) => Promise.reject(error)],
    [
      'throws',
      (error: Error): never => {
        throw error
      },
    ],
  ])('invalidates nothing when it %s, and the error is untouched', async (_, fail) => {
    const { a, values } = await twoCaches()
    const error = new Error('rolled back')
    let notes: PendingInvalidations | undefined
    const outcome = afterCommit(a, (invalidations) => {
      notes = invalidations
      invalidations.delete('user:1')
      return fail(error)
    })
    expect(await outcome.catch((thrown) => thrown)).toBe(error)
    expect(await values()).toEqual(ALL)
    expect(notes?.size).toBe(0)
  })

  it('says that the store has not confirmed, and does not reject: it has committed', async () => {
    const target = recordingTarget()
    target.answer = new Error('no answer')
    const committed = await afterCommit(target, (invalidations) => {
      invalidations.delete('k')
      return 'row'
    })
    expect(committed).toEqual({ result: 'row', isConfirmed: false })
  })
})
