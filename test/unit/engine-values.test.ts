/** Isolation: what one caller does to a value, no other sees. */
import { describe, expect, it } from 'vitest'
import type { CacheOptions } from '../../src/index.js'
import { ALL_VALUES, isSame } from './odd-values.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

interface Doc {
  list: number[]
  at?: Date
}

const MODES: Record<string, CacheOptions> = {
  frozen: {},
  cloned: { memory: { values: 'cloned' } },
  'no memory': { memory: false },
}

describe.each(Object.entries(MODES))('values (%s)', (name, options) => {
  const changes = (doc: Doc) => {
    try {
      doc.list.push(99)
    } catch {
      // Frozen: that is the other way to keep it.
    }
    doc.at?.setTime(99)
  }
  const fresh = (): Doc => ({ list: [1], at: new Date(1) })
  const plain = (): Doc => ({ list: [1] })

  it.each([
    ['plain', plain],
    ['with a date', fresh],
  ])('are isolated between readers, writers and loaders: %s', async (_, doc) => {
    const { cache, clock } = trackedWithStore(options)
    const given = doc()
    await cache.set('k', given)
    changes(given)
    for (let i = 0; i < 3; i++) {
      const read = (await cache.get('k')) as Doc
      expect(read).toEqual(doc())
      changes(read)
    }
    const loaded = doc()
    const calls = [1, 2].map(() => cache.getOrSet('l', async () => loaded))
    const [first, second] = (await Promise.all(calls)) as [Doc, Doc]
    changes(loaded)
    expect(first).toEqual(doc())
    changes(first)
    expect(second).toEqual(doc())
    await clock.settle()
    for (const [read] of [await cache.getMany(['l']), [await cache.getOrSet('l', () => null)]])
      expect(read).toEqual(doc())
  })

  it('the stale value that a loader gets is its own', async () => {
    const { cache, clock } = trackedWithStore({ ...options, ttl: 1, grace: 100 })
    await cache.set('k', fresh())
    await clock.advance(1_000)
    const failing = cache.getOrSet('k', ({ stale }) => {
      changes(stale as Doc)
      throw new Error('boom')
    })
    expect(await failing).toEqual(fresh())
  })

  it('an object that was given stays as it was: not frozen, not changed', async () => {
    const { cache } = trackedWithStore(options)
    const given = fresh()
    await cache.set('k', given)
    await cache.getOrSet('l', () => given)
    expect([Object.isFrozen(given), Object.isFrozen(given.list)]).toEqual([false, false])
    expect(given).toEqual(fresh())
  })

  it('readers of one tick that the store answers get values of their own', async () => {
    const writer = trackedWithStore(options)
    await writer.cache.set('k', fresh())
    const reader = trackedWithStore(options, writer.clock, writer.data)
    const [one, two] = (await Promise.all([reader.cache.get('k'), reader.cache.get('k')])) as [
      Doc,
      Doc,
    ]
    changes(one)
    expect(two).toEqual(fresh())
    expect(await reader.cache.get('k')).toEqual(fresh())
  })

  it.each(Object.entries(ALL_VALUES))(
    'come back the same from every tier: %s',
    async (_, value) => {
      const writer = trackedWithStore(options)
      await writer.cache.set('k', value)
      expect(isSame(await writer.cache.get('k'), value)).toBe(true)
      expect(isSame(await writer.cache.getOrSet('l', () => value), value)).toBe(true)
      await writer.clock.settle()
      const reader = trackedWithStore(options, writer.clock, writer.data)
      for (const key of ['k', 'l']) {
        expect(isSame(await reader.cache.get(key), value)).toBe(true)
        expect(isSame(await reader.cache.get(key), value)).toBe(true)
      }
      expect(writer.cache.stats().total.storeErrors).toBe(0)
      expect(name).toBeTypeOf('string')
    },
  )
})

describe('frozen values', () => {
  it('are one object for all readers, from memory and from the store', async () => {
    const { cache, clock, data } = trackedWithStore()
    await cache.set('k', { a: [1] })
    const value = await cache.get('k')
    expect([cache.peek('k') === value, Object.isFrozen(value)]).toEqual([true, true])
    const other = trackedWithStore({}, clock, data)
    const [one, two] = await Promise.all([other.cache.get('k'), other.cache.get('k')])
    expect([one === two, Object.isFrozen((one as { a: number[] }).a)]).toEqual([true, true])
    expect(await other.cache.get('k')).toBe(one)
  })

  it('refuse a write in a reader: it throws there', async () => {
    const { cache } = trackedCache()
    await cache.set('k', { a: [1] })
    const value = (await cache.get('k')) as { a: number[] }
    expect(() => value.a.push(2)).toThrow(TypeError)
  })

  it('are peeked as copies where they cannot be frozen', async () => {
    const { cache } = trackedCache()
    await cache.set('k', new Date(1))
    const seen = cache.peek('k') as Date
    seen.setTime(9)
    expect(cache.peek('k')).toEqual(new Date(1))
  })
})

describe('shared values', () => {
  it("are the caller's own, as asked", async () => {
    const { cache } = trackedCache({ memory: { values: 'shared' } })
    const given = { list: [1], at: new Date(1) }
    await cache.set('k', given)
    expect(await cache.get('k')).toBe(given)
    const loaded = { a: 1 }
    expect(await cache.getOrSet('l', () => loaded)).toBe(loaded)
    expect([cache.peek('l') === loaded, Object.isFrozen(loaded)]).toEqual([true, false])
  })
})

describe('without memory', () => {
  it('nothing is peeked, and every reader has its own', async () => {
    const { cache } = trackedWithStore({ memory: false })
    await cache.set('k', { a: 1 })
    expect(cache.peek('k')).toBeUndefined()
    const [one, two] = await Promise.all([cache.get('k'), cache.get('k')])
    expect([one === two, Object.isFrozen(one)]).toEqual([false, false])
    expect(cache.stats().memory).toEqual({ entries: 0, bytes: 0, maxEntries: 0, maxBytes: 0 })
  })

  it('and without a store, loads are still shared', async () => {
    const { cache } = trackedCache({ memory: false })
    let loads = 0
    const load = async () => ++loads
    expect(await Promise.all([cache.getOrSet('k', load), cache.getOrSet('k', load)])).toEqual([
      1, 1,
    ])
    expect(await cache.getOrSet('k', load)).toBe(2)
    // No tier has it, and it says so.
    expect([await cache.set('k', 1), await cache.get('k')]).toEqual([false, undefined])
  })
})
