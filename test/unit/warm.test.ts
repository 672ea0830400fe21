/** Filling many entries from one record: what was invalidated meanwhile stays away. */
import { describe, expect, it, vi } from 'vitest'
import { type WarmOptions, warm } from '../../src/automate/index.js'
import type { Cache, CacheOptions } from '../../src/index.js'
import { gate, record, trackedCache, trackedPair, trackedWithStore } from './tracked-cache.js'

const TAGGED: WarmOptions = { tags: ['t'] }

async function pair(options: CacheOptions = {}) {
  const { a, b, clock } = await trackedPair(options)
  /** More than a write's deadline. */
  const done = async <T>(call: Promise<T>) => {
    call.catch(() => {})
    await clock.advance(300)
    return call
  }
  return { a, b, clock, done, reader: b.cache as Cache }
}

const INVALIDATIONS: readonly [string, (cache: Cache) => Promise<unknown>][] = [
  ['deleted', (cache) => cache.delete('k')],
  ['set', (cache) => cache.set('k', 'new')],
  ['invalidated by a tag', (cache) => cache.invalidateTags(['t'])],
  ['invalidated by a prefix', (cache) => cache.invalidatePattern('k*')],
  ['cleared', (cache) => cache.clear()],
]

/** Whether it is of keys beside that one. */
const isOfAll = (how: string) => how === 'cleared' || how === 'invalidated by a tag'

describe('a record', () => {
  it('is kept, and read by another process in one round trip', async () => {
    const { a, b, done } = await pair()
    const loaded = warm(a.cache, async () => ({ x: 1, y: 2, z: null }))
    expect(await done(loaded)).toEqual({ loaded: 3, kept: 3, refused: 0 })
    expect([a.cache.peek('x'), a.cache.peek('z')]).toEqual([1, null])
    const reads = vi.spyOn(b.store, 'getMany')
    expect(await b.cache.getMany(['x', 'y', 'z'])).toEqual([1, 2, null])
    expect(reads).toHaveBeenCalledTimes(1)
    expect(a.cache.stats().total).toMatchObject({ loads: 1, fills: 3, fillsFenced: 0 })
  })

  it('may be a Map or pairs, and takes the place of what is there', async () => {
    const { a, done, reader } = await pair()
    await a.cache.set('x', 'old')
    await done(warm(a.cache, () => new Map([['x', 1]])))
    await done(warm(a.cache, () => [['y', 2] as const]))
    expect([a.cache.peek('x'), await reader.get('x'), await reader.get('y')]).toEqual([1, 1, 2])
  })

  it('is gone as usual when it is invalidated later', async () => {
    for (const [how, invalidate] of INVALIDATIONS) {
      const { a, b, done, clock } = await pair()
      await done(warm(a.cache, () => ({ k: 'old' }), TAGGED))
      expect([how, await b.cache.get('k')]).toEqual([how, 'old'])
      await invalidate(b.cache as Cache)
      await clock.settle()
      const left = how === 'set' ? 'new' : undefined
      expect([how, await a.cache.get('k'), await b.cache.get('k')]).toEqual([how, left, left])
    }
  })

  it('lives as its options say', async () => {
    const { a, clock, done } = await pair()
    await done(warm(a.cache, () => ({ k: 1 }), { ttl: '1m' }))
    await clock.advance(60_000)
    expect(await a.cache.get('k')).toBeUndefined()
  })

  it('is taken in slices', async () => {
    const { a, clock, reader } = await pair()
    const entries = Array.from({ length: 2_500 }, (_, i) => [`k${i}`, i] as const)
    const call = warm(a.cache, () => entries)
    await clock.advance(600)
    expect(await call).toEqual({ loaded: 2_500, kept: 2_500, refused: 0 })
    expect(await reader.getMany(['k0', 'k2047', 'k2048', 'k2499'])).toEqual([
      0, 2_047, 2_048, 2_499,
    ])
  })
})

describe('what is invalidated while a record is loaded', () => {
  for (const where of ['here', 'in another process'] as const) {
    for (const [how, invalidate] of INVALIDATIONS) {
      it(`is not brought back: ${how} ${where}`, async () => {
        const { a, b, done } = await pair()
        const slow = gate<Record<string, string>>()
        const call = warm(a.cache, () => slow.promise, TAGGED)
        await invalidate((where === 'here' ? a : b).cache as Cache)
        slow.open({ k: 'old' })
        expect(await done(call)).toEqual({ loaded: 1, kept: 0, refused: 1 })
        const left = how === 'set' ? 'new' : undefined
        expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual([left, left])
      })
    }
  }

  it('is not brought back where it comes when the rights are there', async () => {
    for (const where of ['a', 'b'] as const) {
      for (const [how, invalidate] of INVALIDATIONS) {
        const both = await pair()
        const call = warm(both.a.cache, () => ({ k: 'old', other: 1 }), TAGGED)
        await both.clock.advance(100)
        await invalidate(both[where].cache as Cache)
        expect([how, (await both.done(call)).kept]).toEqual([how, isOfAll(how) ? 0 : 1])
        const left = how === 'set' ? 'new' : undefined
        expect([how, await both.a.cache.get('k')]).toEqual([how, left])
        expect([how, await both.b.cache.get('k')]).toEqual([how, left])
      }
    }
  })

  it('is not brought back where its delete is done and its record is on its way', async () => {
    const { a, b, clock, done } = await pair()
    const slow = gate<Record<string, string>>()
    const call = warm(a.cache, () => slow.promise)
    await clock.settle()
    b.store.inject({ kind: 'delay', delayMs: 200 }, { ops: ['append'] })
    const deleted = b.cache.delete('k')
    await clock.settle()
    slow.open({ k: 'old' })
    expect((await done(call)).kept).toBe(0)
    expect(await deleted).not.toBe(false)
    expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual([undefined, undefined])
  })

  it('is told: as a count, and as an event', async () => {
    const { a, b, done } = await pair()
    const events = record(a.cache, 'fill-refused')
    const slow = gate<Record<string, string>>()
    const call = warm(a.cache, () => slow.promise)
    await b.cache.delete('k')
    slow.open({ k: 'old' })
    await done(call)
    expect(events).toMatchObject([['fill-refused', { key: 'k', reason: 'fenced' }]])
    expect(a.cache.stats().total.fillsFenced).toBe(1)
  })

  it('leaves alone what this process has loaded since', async () => {
    const { a, clock, done } = await pair()
    const slow = gate<Record<string, string>>()
    const call = warm(a.cache, () => slow.promise)
    await clock.advance(1)
    await a.cache.getOrSet('k', () => 'newer')
    slow.open({ k: 'older' })
    await done(call)
    expect(await a.cache.get('k')).toBe('newer')
  })
})

describe('a load of a key that is being warmed', () => {
  it('waits for what the record has', async () => {
    const { a, b, clock, done } = await pair()
    const call = warm(a.cache, () => ({ k: 'warm' }))
    await clock.advance(100)
    const asked = [a, b].map(({ cache }) => cache.getOrSet('k', () => 'loaded'))
    await done(call)
    await clock.advance(400)
    expect(await Promise.all(asked)).toEqual(['warm', 'warm'])
  })
})

describe('a store that is away', () => {
  it('leaves what is loaded to memory, for as long as that serves without the log', async () => {
    const { a, clock, done, reader } = await pair()
    a.store.inject({ kind: 'throw' })
    const call = await done(warm(a.cache, () => ({ k: 1 })))
    expect(call).toEqual({ loaded: 1, kept: 1, refused: 0, reason: 'unheard' })
    expect(await a.cache.get('k')).toBe(1)
    expect(await reader.get('k')).toBeUndefined()
    await clock.advance(2_100)
    expect(await a.cache.get('k')).toBeUndefined()
  })

  it('which was away meanwhile brings nothing back that was deleted', async () => {
    const { a, b, clock, done } = await pair()
    const slow = gate<Record<string, string>>()
    const call = warm(a.cache, () => slow.promise)
    await clock.settle()
    a.store.inject({ kind: 'throw' })
    await b.cache.delete('k')
    slow.open({ k: 'old' })
    await done(call)
    a.store.heal()
    await clock.advance(1_000)
    expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual([undefined, undefined])
  })

  it('and lost its log keeps nothing of a record from before', async () => {
    const { a, clock, data } = await trackedPair()
    data.save()
    const slow = gate<Record<string, string>>()
    const call = warm(a.cache, () => slow.promise)
    await clock.settle()
    data.restart()
    slow.open({ k: 'old' })
    await clock.advance(2_000)
    expect((await call).kept).toBe(0)
    expect(await a.cache.get('k')).toBeUndefined()
  })

  it('which keeps no log is left alone, and the source too', async () => {
    const { cache } = trackedWithStore()
    let loads = 0
    const loaded = await warm(cache, () => ({ k: ++loads }))
    expect([loaded, loads]).toEqual([{ loaded: 0, kept: 0, refused: 0, reason: 'no-log' }, 0])
  })
})

describe('memory alone', () => {
  it('keeps a record, and nothing that was invalidated meanwhile', async () => {
    for (const [how, invalidate] of INVALIDATIONS) {
      const { cache } = trackedCache()
      const slow = gate<Record<string, string>>()
      const call = warm(cache, () => slow.promise, TAGGED)
      await invalidate(cache as Cache)
      slow.open({ k: 'old', other: 'old' })
      await call
      expect([how, cache.peek('k')]).toEqual([how, how === 'set' ? 'new' : undefined])
      expect([how, cache.peek('other')]).toEqual([how, isOfAll(how) ? undefined : 'old'])
    }
  })

  it('refuses what no tier can keep', async () => {
    const { cache } = trackedCache()
    const loaded = await warm(cache, () => ({ a: 1, b: undefined, c: () => {} }))
    expect(loaded).toEqual({ loaded: 3, kept: 1, refused: 2 })
  })
})

describe('a call', () => {
  it('rejects with what the load throws, and changes nothing', async () => {
    const { a, done } = await pair()
    const own = new Error('own')
    await expect(done(warm(a.cache, () => Promise.reject(own)))).rejects.toBe(own)
    const thrower = () => {
      throw own
    }
    await expect(done(warm(a.cache, thrower))).rejects.toBe(own)
    expect(a.cache.stats().total).toMatchObject({ loads: 2, loadFailures: 2, fills: 0 })
  })

  it('ends at its hard timeout, and tells the load', async () => {
    const { cache, clock } = trackedCache()
    const slow = gate<Record<string, number>>()
    let seen: AbortSignal | undefined
    const load = ({ signal }: { signal: AbortSignal }) => {
      seen = signal
      return slow.promise
    }
    const call = warm(cache, load, { hardTimeout: '5s' })
    call.catch(() => {})
    await clock.advance(5_000)
    await expect(call).rejects.toMatchObject({ code: 'LOADER_TIMEOUT' })
    expect(seen?.aborted).toBe(true)
    slow.open({ k: 1 })
    await clock.settle()
    expect(cache.peek('k')).toBeUndefined()
  })

  it('ends with its signal', async () => {
    const { cache } = trackedCache()
    const caller = new AbortController()
    const reason = new Error('left')
    const call = warm(cache, () => new Promise<never>(() => {}), { signal: caller.signal })
    caller.abort(reason)
    await expect(call).rejects.toBe(reason)
    await expect(warm(cache, () => ({}), { signal: caller.signal })).rejects.toBe(reason)
  })

  it('refuses what is no record, and one that is too large', async () => {
    const { cache } = trackedCache()
    for (const wrong of [null, 'text', 7, [1], [['k']]]) {
      const call = warm(cache, () => wrong as never)
      await expect(call).rejects.toMatchObject({ code: 'LOADER_RESULT' })
    }
    const endless = function* () {
      for (let i = 0; ; i++) yield [`k${i}`, i] as const
    }
    await expect(warm(cache, endless)).rejects.toMatchObject({ code: 'LOADER_RESULT' })
    expect(cache.stats().memory.entries).toBe(0)
  })

  it('refuses options that are none', async () => {
    const { cache } = trackedCache()
    const call = (options: object) => warm(cache, () => ({}), options)
    await expect(call({ fresh: true })).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' })
    await expect(call({ ttl: -1 })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(warm({} as Cache, () => ({}))).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(warm(cache, {} as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    const wrongKey = warm(
      cache,
      () =>
        [
          ['\ud800'.repeat(600), 1],
          [7 as never, 1],
        ] as const,
    )
    await expect(wrongKey).rejects.toMatchObject({ code: 'KEY_INVALID' })
  })
})
