/** Slow and failing loaders: both timeouts, what stands in, when the next try is due. */
import { describe, expect, it, vi } from 'vitest'
import { gate, record, stateOf, trackedCache, trackedWithStore } from './tracked-cache.js'

const GRACE = { ttl: 10, grace: 100, softTimeout: '200ms', hardTimeout: '5s' } as const
const KINDS = { 'memory alone': trackedCache, 'memory and store': trackedWithStore }
const never = () => new Promise<never>(() => {})

describe.each(Object.entries(KINDS))('the hard timeout (%s)', (_, make) => {
  it('ends the wait of all callers by a named error, and tells the loader', async () => {
    const { cache, clock } = make({ hardTimeout: '5s' })
    const events = record(cache, 'load-timeout')
    let signal: AbortSignal | undefined
    const load = vi.fn((context: { signal: AbortSignal }) => {
      signal = context.signal
      return never()
    })
    const calls = [cache.getOrSet('k', load), cache.getOrSet('k', load)]
    const outcomes = Promise.allSettled(calls)
    await clock.advance(4_999)
    expect([await stateOf(calls[0]!), signal!.aborted]).toEqual(['pending', false])
    await clock.advance(1)
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ reason: { code: 'LOADER_TIMEOUT', key: 'k' } })
    expect([signal!.aborted, load.mock.calls.length]).toEqual([true, 1])
    expect(signal!.reason).toMatchObject({ code: 'LOADER_TIMEOUT' })
    const told = { namespace: '', key: 'k', afterMs: 5_000, servedStale: false }
    expect(events).toEqual([['load-timeout', told]])
    expect(cache.stats().total).toMatchObject({ loadTimeouts: 1, loadFailures: 0 })
  })

  it('frees the key: the next caller loads, and the late answer is not kept', async () => {
    const { cache, clock } = make({ hardTimeout: '5s' })
    const late = gate<string>()
    const first = cache.getOrSet('k', () => late.promise).catch((error) => error)
    await clock.advance(5_000)
    expect(await first).toMatchObject({ code: 'LOADER_TIMEOUT' })
    expect(await cache.getOrSet('k', () => 'new')).toBe('new')
    late.open('late')
    await clock.settle()
    expect(await cache.get('k')).toBe('new')
  })

  it('lets the late answer be kept while it is the newest', async () => {
    const { cache, clock } = make({ hardTimeout: '5s' })
    const late = gate<string>()
    const first = cache.getOrSet('k', () => late.promise).catch(() => {})
    await clock.advance(6_000)
    await first
    late.open('late')
    await clock.settle()
    expect(await cache.get('k')).toBe('late')
  })

  it('does not let the late answer back after a delete', async () => {
    const { cache, clock } = make({ hardTimeout: '5s' })
    const late = gate<string>()
    const first = cache.getOrSet('k', () => late.promise).catch(() => {})
    await clock.advance(5_000)
    await first
    await cache.delete('k')
    late.open('late')
    await clock.settle()
    expect(await cache.get('k')).toBeUndefined()
  })

  it('is not needed where a delete frees the key at once', async () => {
    const { cache, clock } = make({ hardTimeout: Infinity })
    const stuck = cache.getOrSet('k', never)
    await clock.settle()
    await cache.delete('k')
    expect(await cache.getOrSet('k', () => 'new')).toBe('new')
    expect(await stateOf(stuck)).toBe('pending')
  })

  it('counts from the start of the loader, and its timers end with it', async () => {
    const { cache, clock } = make({ hardTimeout: '5s' })
    for (let i = 0; i < 20; i++) await cache.getOrSet(`k${i}`, () => i)
    await cache.getOrSet('bad', () => Promise.reject(new Error('boom'))).catch(() => {})
    await clock.advance(300)
    expect(clock.foregroundTimers).toBe(0)
  })
})

describe.each(Object.entries(KINDS))('with grace (%s)', (_, make) => {
  async function stale() {
    const tracked = make(GRACE)
    await tracked.cache.set('k', 'stale')
    await tracked.clock.advance(10_000)
    return tracked
  }

  it('a loader that fails is stood in for by the stale value', async () => {
    const { cache } = await stale()
    const events = record(cache, 'load-failed')
    const boom = new Error('boom')
    expect(await cache.getOrSet('k', () => Promise.reject(boom))).toBe('stale')
    const told = { namespace: '', key: 'k', error: boom, servedStale: true }
    expect(events).toEqual([['load-failed', told]])
    const { memoryStaleHits, storeStaleHits, loadFailures } = cache.stats().total
    expect([memoryStaleHits + storeStaleHits, loadFailures]).toEqual([1, 1])
  })

  it('a loader that is slow is stood in for, and its answer kept when it comes', async () => {
    const { cache, clock } = await stale()
    const slow = gate<string>()
    const call = cache.getOrSet('k', () => slow.promise)
    await clock.advance(199)
    expect(await stateOf(call)).toBe('pending')
    await clock.advance(1)
    expect(await call).toBe('stale')
    slow.open('new')
    await clock.settle()
    expect(await cache.get('k')).toBe('new')
  })

  it('while a slow load runs, others get the stale value at once and start none', async () => {
    const { cache, clock } = await stale()
    const slow = gate<string>()
    const load = vi.fn(() => slow.promise)
    const first = cache.getOrSet('k', load)
    await clock.advance(200)
    await first
    expect(await cache.getOrSet('k', load)).toBe('stale')
    expect(load).toHaveBeenCalledTimes(1)
    slow.open('new')
    await clock.settle()
  })

  it('a soft timeout of 0 never lets a caller wait', async () => {
    const { cache, clock } = await stale()
    const slow = gate<string>()
    expect(await cache.getOrSet('k', () => slow.promise, { softTimeout: 0 })).toBe('stale')
    slow.open('new')
    await clock.settle()
    expect(await cache.getOrSet('k', () => 'newer')).toBe('new')
  })

  it('a slow load that fails in the background harms nobody', async () => {
    const { cache, clock } = await stale()
    const slow = gate<string>()
    const call = cache.getOrSet('k', () => slow.promise)
    await clock.advance(200)
    expect(await call).toBe('stale')
    slow.fail(new Error('boom'))
    await clock.settle()
    expect(cache.stats().total.loadFailures).toBe(1)
  })

  it('at the hard timeout the stale value stands in too', async () => {
    const { cache, clock } = await stale()
    const events = record(cache, 'load-timeout')
    const call = cache.getOrSet('k', never, { softTimeout: Infinity })
    await clock.advance(5_000)
    expect(await call).toBe('stale')
    expect(events).toMatchObject([['load-timeout', { servedStale: true }]])
  })

  it('after a failure there is no new try for a while: retryAfter', async () => {
    const { cache, clock } = await stale()
    const load = vi.fn(() => Promise.reject(new Error('boom')))
    await cache.getOrSet('k', load, { retryAfter: 3 })
    await clock.advance(2_999)
    expect(await cache.getOrSet('k', load, { retryAfter: 3 })).toBe('stale')
    expect(load).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    expect(await cache.getOrSet('k', load)).toBe('stale')
    expect(load).toHaveBeenCalledTimes(2)
  })

  it('a set, a delete or fresh: true ends that pause', async () => {
    const { cache } = await stale()
    const fail = () => Promise.reject(new Error('boom'))
    await cache.getOrSet('k', fail, { retryAfter: 60 })
    expect(await cache.refresh('k', () => 'new')).toBe('new')
    await cache.delete('k')
    expect(await cache.getOrSet('k', () => 'newer')).toBe('newer')
  })

  it('refresh takes no stale value: its error passes through', async () => {
    const { cache } = await stale()
    await expect(cache.refresh('k', () => Promise.reject(new Error('boom')))).rejects.toThrow(
      'boom',
    )
    expect(await cache.getOrSet('k', () => Promise.reject(new Error('boom')))).toBe('stale')
  })

  it('a plain get takes no stale value', async () => {
    const { cache } = await stale()
    expect([await cache.get('k'), cache.peek('k'), await cache.has('k')]).toEqual([
      undefined,
      undefined,
      false,
    ])
    expect(cache.stats().total.missExpired).toBe(2)
  })

  it('ends with the grace: then the error passes through', async () => {
    const { cache, clock } = await stale()
    await clock.advance(99_999)
    const fail = () => Promise.reject(new Error('boom'))
    expect(await cache.getOrSet('k', fail, { retryAfter: 0 })).toBe('stale')
    await clock.advance(1)
    await expect(cache.getOrSet('k', fail)).rejects.toThrow('boom')
  })

  it('ends with the grace also while a load runs', async () => {
    const { cache, clock } = await stale()
    await clock.advance(99_000)
    const slow = gate<string>()
    const options = { softTimeout: Infinity, hardTimeout: '60s' } as const
    const call = cache.getOrSet('k', () => slow.promise, options).catch((error) => error)
    await clock.advance(2_000)
    slow.fail(new Error('boom'))
    expect(await call).toMatchObject({ message: 'boom' })
  })

  it('ends with the grace also for those who join a load that has been stood in for', async () => {
    const { cache, clock } = await stale()
    const slow = gate<string>()
    const first = cache.getOrSet('k', () => slow.promise, { hardTimeout: '10m' })
    await clock.advance(200)
    expect(await first).toBe('stale')
    await clock.advance(100_000)
    const late = cache.getOrSet('k', () => 'a load of its own')
    await clock.settle()
    slow.open('new')
    expect(await late).not.toBe('stale')
  })

  it('a load that answers in time is what all who joined get', async () => {
    const { cache, clock } = await stale()
    const slow = gate<string>()
    const calls = [1, 2, 3].map(() => cache.getOrSet('k', () => slow.promise))
    await clock.advance(100)
    slow.open('in time')
    expect(await Promise.all(calls)).toEqual(['in time', 'in time', 'in time'])
  })
})

describe('without grace', () => {
  it('nothing stands in, whatever the soft timeout', async () => {
    const { cache, clock } = trackedCache({ ttl: 10, softTimeout: 0 })
    await cache.set('k', 'old')
    await clock.advance(10_000)
    await expect(cache.getOrSet('k', () => Promise.reject(new Error('boom')))).rejects.toThrow()
    const slow = gate<string>()
    const call = cache.getOrSet('k', () => slow.promise)
    await clock.advance(1_000)
    expect(await stateOf(call)).toBe('pending')
    slow.open('new')
    expect(await call).toBe('new')
  })

  it('a failure holds nothing back: the next caller tries again', async () => {
    const { cache } = trackedCache()
    const load = vi.fn(() => Promise.reject(new Error('boom')))
    for (let i = 0; i < 3; i++) await cache.getOrSet('k', load).catch(() => {})
    expect(load).toHaveBeenCalledTimes(3)
  })
})

describe('what a loader is given', () => {
  it('is its key, the value it replaces, and ways to say more', async () => {
    const { cache, clock } = trackedWithStore(GRACE)
    await cache.set('k', { v: 1 })
    await clock.advance(10_000)
    const seen: unknown[] = []
    await cache.getOrSet('k', ({ key, stale, tag, ttl }) => {
      seen.push(key, stale)
      tag('a', 'b')
      ttl('3s')
      return { v: 2 }
    })
    expect(seen).toEqual(['k', { v: 1 }])
    expect(await cache.ttl('k')).toBe(3)
  })

  it('holds no stale value where there is none, and a fresh one for a refresh', async () => {
    const { cache } = trackedCache()
    const seen: unknown[] = []
    const load = ({ stale }: { stale: unknown }) => {
      seen.push(stale)
      return 'v'
    }
    await cache.getOrSet('k', load)
    await cache.refresh('k', load)
    expect(seen).toEqual([undefined, 'v'])
  })

  it('may be answered with: unchanged, it lives on', async () => {
    for (const make of Object.values(KINDS)) {
      const { cache, clock } = make(GRACE)
      const value = { at: new Date(0), list: [1] }
      await cache.set('k', value)
      await clock.advance(10_000)
      expect(await cache.getOrSet('k', ({ stale }) => stale)).toEqual(value)
      await clock.advance(9_999)
      expect(await cache.get('k')).toEqual(value)
    }
  })

  it('lets the answer be used and not kept', async () => {
    const { cache } = trackedWithStore()
    const answer = await cache.getOrSet('k', ({ skip }) => {
      skip()
      return { a: 1 }
    })
    expect(answer).toEqual({ a: 1 })
    expect(await cache.has('k')).toBe(false)
    expect(cache.stats().total).toMatchObject({ fills: 0, fillsSkipped: 1 })
  })

  it.each([0, -1, Number.NaN, 'soon', null, '0s', Date.now(), 1e300])(
    'refuses the ttl %s: as any option',
    async (ttl) => {
      const { cache } = trackedCache()
      const call = cache.getOrSet('k', (context) => {
        context.ttl(ttl as number)
        return 1
      })
      await expect(call).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    },
  )

  it.each([42, '\ud800', 'x'.repeat(1_025)])('refuses the tag %s', async (tag) => {
    const { cache } = trackedCache()
    const call = cache.getOrSet('k', (context) => context.tag(tag as string))
    await expect(call).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('does not lose tags in silence where there are too many', async () => {
    const { cache } = trackedCache()
    const call = cache.getOrSet('k', (context) => {
      for (let i = 0; i < 65; i++) context.tag(`t${i}`)
      return 1
    })
    await expect(call).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('counts the tags of the call with its own, each once', async () => {
    const { cache, clock, data } = trackedWithStore()
    const tags = Array.from({ length: 63 }, (_, i) => `t${i}`)
    const load = (more: string[]) =>
      cache.refresh(
        'k',
        ({ tag }) => {
          tag('t0', ...more)
          return 'v'
        },
        { tags },
      )
    expect(await load(['one more'])).toBe('v')
    await clock.settle()
    expect(await trackedWithStore({}, clock, data).cache.get('k')).toBe('v')
    await expect(load(['one more', 'and another'])).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })

  it('works as plain functions, taken apart', async () => {
    const { cache } = trackedCache()
    const answer = await cache.getOrSet('k', ({ tag, ttl, skip, signal }) => {
      tag('t')
      ttl(5)
      if (signal.aborted) skip()
      return 1
    })
    expect([answer, await cache.ttl('k')]).toEqual([1, 5])
  })
})
