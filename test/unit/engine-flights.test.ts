/** One load that many callers share: who joins, who does not, and what each gets. */
import { describe, expect, it, vi } from 'vitest'
import {
  type Gate,
  gate,
  record,
  stateOf,
  trackedCache,
  trackedWithStore,
} from './tracked-cache.js'

const KINDS = { 'memory alone': trackedCache, 'memory and store': trackedWithStore }

describe.each(Object.entries(KINDS))('a load (%s)', (_, make) => {
  it('runs once for a thousand callers', async () => {
    const { cache, clock } = make()
    const open = gate<object>()
    const load = vi.fn(() => open.promise)
    const calls = Array.from({ length: 1_000 }, () => cache.getOrSet('k', load))
    await clock.settle()
    open.open({ id: 42 })
    const answers = await Promise.all(calls)
    expect(load).toHaveBeenCalledTimes(1)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toEqual({ id: 42 })
    expect(cache.stats().total).toMatchObject({ loads: 1, shared: 999, misses: 1, fills: 1 })
  })

  it('that fails runs once, and each of a hundred callers gets its very error', async () => {
    const { cache } = make()
    const boom = new Error('boom')
    const load = vi.fn(() => Promise.reject(boom))
    const calls = Array.from({ length: 100 }, () => cache.getOrSet('k', load))
    const outcomes = await Promise.allSettled(calls)
    expect(load).toHaveBeenCalledTimes(1)
    for (const outcome of outcomes)
      expect(outcome.status === 'rejected' && outcome.reason).toBe(boom)
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.getOrSet('k', () => 'a new try')).toBe('a new try')
  })

  it.each([undefined, null, 'text', 0, { code: 'KEY_INVALID' }])(
    'that throws %o passes it on untouched',
    async (thrown) => {
      const { cache } = make()
      const outcome = cache.getOrSet('k', () => {
        throw thrown
      })
      await expect(outcome.catch((error) => ['caught', error])).resolves.toEqual(['caught', thrown])
    },
  )

  it('for another key goes its own way', async () => {
    const { cache, clock } = make()
    const a = gate<string>()
    const waiting = cache.getOrSet('a', () => a.promise)
    await clock.settle()
    expect(await cache.getOrSet('b', () => 'b')).toBe('b')
    expect(await cache.namespace('x').getOrSet('a', () => 'x')).toBe('x')
    a.open('a')
    expect(await waiting).toBe('a')
  })

  it('that answers without a promise, or with any thenable, is as good', async () => {
    const { cache } = make()
    expect(await cache.getOrSet('a', () => 1)).toBe(1)
    const thenable = Object.defineProperty({}, 'then', {
      value: (resolve: (value: number) => void) => resolve(2),
    }) as PromiseLike<number>
    expect(await cache.getOrSet('b', () => thenable)).toBe(2)
    expect(await cache.get('b')).toBe(2)
  })

  it('of undefined is handed out and not kept', async () => {
    const { cache } = make()
    let loads = 0
    const load = () => {
      loads++
      return undefined
    }
    expect([await cache.getOrSet('k', load), await cache.getOrSet('k', load)]).toEqual([
      undefined,
      undefined,
    ])
    expect(loads).toBe(2)
    expect(cache.stats().total).toMatchObject({ fills: 0, fillsSkipped: 2 })
  })

  it('of what no tier can keep is handed out uncached, with an event', async () => {
    const { cache } = make()
    const events = record(cache, 'fill-refused')
    const connection = { query: () => 'rows' }
    expect(await cache.getOrSet('k', () => connection)).toBe(connection)
    expect(await cache.get('k')).toBeUndefined()
    expect(events).toMatchObject([
      ['fill-refused', { key: 'k', reason: 'unsupported', error: { code: 'VALUE_UNSUPPORTED' } }],
    ])
  })

  it('with fresh: true does not share one that a plain caller began', async () => {
    const { cache, clock } = make()
    const old = gate<string>()
    const plain = cache.getOrSet('k', () => old.promise)
    await clock.settle()
    expect(await cache.refresh('k', () => 'new')).toBe('new')
    old.open('old')
    expect(await plain).toBe('old')
    expect(await cache.get('k')).toBe('new')
    expect(cache.stats().total).toMatchObject({ fills: 1, fillsFenced: 1 })
  })

  it('with fresh: true is shared by those who come after', async () => {
    const { cache, clock } = make()
    const open = gate<string>()
    const first = cache.refresh('k', () => open.promise)
    await clock.settle()
    const others = [
      cache.refresh('k', () => expect.fail('it shares')),
      cache.getOrSet('k', () => expect.fail('it shares')),
    ]
    open.open('v')
    expect(await Promise.all([first, ...others])).toEqual(['v', 'v', 'v'])
  })
})

describe('after a delete, a set or a clear', () => {
  const acts: [string, (cache: ReturnType<typeof trackedCache>['cache']) => Promise<unknown>][] = [
    ['delete', (cache) => cache.delete('k')],
    ['deleteMany', (cache) => cache.deleteMany(['k'])],
    ['clear', (cache) => cache.clear()],
  ]
  it.each(acts)(
    '%s: a follower starts a load of its own, and the old one is fenced',
    async (_, act) => {
      for (const make of Object.values(KINDS)) {
        const { cache, clock } = make()
        const events = record(cache, 'fill-refused')
        const old = gate<string>()
        const before = cache.getOrSet('k', () => old.promise)
        await clock.settle()
        await act(cache)
        const after = cache.getOrSet('k', () => 'new')
        await clock.settle()
        old.open('old')
        expect([await before, await after]).toEqual(['old', 'new'])
        expect(await cache.get('k')).toBe('new')
        expect(events).toEqual([['fill-refused', { namespace: '', key: 'k', reason: 'fenced' }]])
      }
    },
  )

  it.each(acts)('%s: what was under way is not kept, with nobody following', async (_, act) => {
    for (const make of Object.values(KINDS)) {
      const { cache, clock } = make()
      const old = gate<string>()
      const before = cache.getOrSet('k', () => old.promise)
      await clock.settle()
      await act(cache)
      old.open('old')
      await before
      await clock.settle()
      expect(await cache.get('k')).toBeUndefined()
      expect(cache.stats().total.fillsFenced).toBe(1)
    }
  })

  it('a value that was set while a load ran is not overwritten by it', async () => {
    for (const make of Object.values(KINDS)) {
      const { cache, clock } = make()
      const old = gate<string>()
      const before = cache.getOrSet('k', () => old.promise)
      await clock.settle()
      await cache.set('k', 'set')
      old.open('loaded')
      await before
      expect(await cache.get('k')).toBe('set')
    }
  })

  it('an increment while a load ran is not overwritten by it', async () => {
    for (const make of Object.values(KINDS)) {
      const { cache, clock } = make()
      const old = gate<number>()
      const before = cache.getOrSet('n', () => old.promise)
      await clock.settle()
      await cache.increment('n')
      old.open(100)
      await before
      expect(await cache.get('n')).toBe(1)
    }
  })

  it('a namespace that was cleared fences its own loads alone', async () => {
    const { cache, clock } = trackedWithStore()
    const [a, b] = [cache.namespace('a'), cache.namespace('b')]
    const open = gate<string>()
    const loads = [a.getOrSet('k', () => open.promise), b.getOrSet('k', () => open.promise)]
    await clock.settle()
    await a.clear()
    open.open('v')
    await Promise.all(loads)
    expect([await a.get('k'), await b.get('k')]).toEqual([undefined, 'v'])
  })
})

describe('a loader that asks for its own key', () => {
  it('gets a named error, not a deadlock', async () => {
    for (const make of Object.values(KINDS)) {
      const { cache } = make()
      const ask = (): Promise<unknown> => cache.getOrSet('k', ask)
      await expect(ask()).rejects.toMatchObject({ code: 'LOADER_RECURSION', key: 'k' })
      expect(await cache.getOrSet('k', () => 'later')).toBe('later')
    }
  })

  it('over others, within one request', async () => {
    const { cache } = trackedWithStore()
    const a = (): Promise<unknown> => cache.getOrSet('a', () => cache.getOrSet('b', b))
    const b = (): Promise<unknown> => cache.getOrSet('c', a)
    await expect(a()).rejects.toMatchObject({ code: 'LOADER_RECURSION' })
  })

  it('over two requests that wait for one another', async () => {
    for (const make of Object.values(KINDS)) {
      const { cache, clock } = make()
      const [aWaits, bWaits] = [gate<void>(), gate<void>()]
      const a = cache.getOrSet('a', async () => {
        await aWaits.promise
        return cache.getOrSet('b', () => 'b by a')
      })
      const b = cache.getOrSet('b', async () => {
        await bWaits.promise
        return cache.getOrSet('a', () => 'a by b')
      })
      await clock.settle()
      aWaits.open()
      await clock.settle()
      bWaits.open()
      const outcomes = await Promise.allSettled([a, b])
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({ reason: { code: 'LOADER_RECURSION' } })
      expect(cache.stats().total.loads).toBe(2)
    }
  })

  it('in bulk', async () => {
    for (const make of Object.values(KINDS)) {
      const { cache } = make()
      const many = cache.getOrSetMany(['a', 'b'], async (keys) => {
        await cache.getOrSet('b', () => 1)
        return keys
      })
      await expect(many).rejects.toMatchObject({ code: 'LOADER_RECURSION' })
      const bulkOfItself = cache.getOrSet('c', () => cache.getOrSetMany(['c'], (keys) => keys))
      await expect(bulkOfItself).rejects.toMatchObject({ code: 'LOADER_RECURSION' })
    }
  })

  it('by refresh too', async () => {
    const { cache } = trackedCache()
    const ask = (): Promise<unknown> => cache.refresh('k', ask)
    await expect(ask()).rejects.toMatchObject({ code: 'LOADER_RECURSION' })
  })
})

describe('a loader that asks for other keys', () => {
  it('is no recursion: nested, in another namespace, in another cache', async () => {
    const { cache } = trackedWithStore()
    const { cache: other } = trackedCache()
    const answer = await cache.getOrSet('k', () =>
      cache
        .namespace('n')
        .getOrSet('k', () => other.getOrSet('k', () => cache.getOrSet('k2', () => 'deep'))),
    )
    expect(answer).toBe('deep')
  })

  it('may ask for its own once it has ended', async () => {
    const { cache, clock } = trackedCache()
    let later: Promise<unknown> | undefined
    const left = gate<void>()
    await cache.getOrSet('k', () => {
      later = left.promise.then(() => cache.refresh('k', () => 'again'))
      return 'once'
    })
    left.open()
    await clock.settle()
    expect(await later).toBe('again')
  })

  it('is no recursion where the other no longer waits: a stale value stood in', async () => {
    const { cache, clock } = trackedCache({ ttl: 1, grace: 100, softTimeout: '10ms' })
    await cache.set('a', 'stale a')
    await clock.advance(1_000)
    const slow = gate<void>()
    const b = gate<void>()
    const loadB = cache.getOrSet('b', async () => {
      const a = await cache.getOrSet('a', async () => {
        await slow.promise
        return cache.getOrSet('b', () => 'b by a')
      })
      await b.promise
      return `b from ${String(a)}`
    })
    await clock.advance(10)
    slow.open()
    await clock.settle()
    b.open()
    expect(await loadB).toBe('b from stale a')
    await clock.settle()
    expect(cache.stats().total.loadFailures).toBe(0)
    expect(await cache.get('a')).toBe('b from stale a')
  })
})

describe('a caller that leaves', () => {
  it('rejects with the reason of its signal; the load goes on for the others', async () => {
    for (const make of Object.values(KINDS)) {
      const { cache, clock } = make()
      const open = gate<string>()
      const leaving = new AbortController()
      const reason = new Error('the request was closed')
      const calls: Promise<unknown>[] = [
        cache.getOrSet('k', () => open.promise, { signal: leaving.signal }),
        cache.getOrSet('k', () => open.promise),
      ]
      const outcomes = Promise.allSettled(calls)
      await clock.settle()
      leaving.abort(reason)
      expect(await stateOf(calls[0]!)).toBe('settled')
      expect(await stateOf(calls[1]!)).toBe('pending')
      open.open('v')
      expect(await outcomes).toEqual([
        { status: 'rejected', reason },
        { status: 'fulfilled', value: 'v' },
      ])
      expect(await cache.get('k')).toBe('v')
    }
  })

  it('may be gone before it comes: nothing is loaded', async () => {
    const { cache } = trackedWithStore()
    const signal = AbortSignal.abort(new Error('gone'))
    const load = vi.fn(() => 1)
    await expect(cache.getOrSet('k', load, { signal })).rejects.toThrow('gone')
    await expect(cache.get('k', { signal })).rejects.toThrow('gone')
    await expect(cache.getOrSetMany(['k'], load as never, { signal })).rejects.toThrow('gone')
    expect(load).not.toHaveBeenCalled()
  })

  it('may leave a get that waits for the store', async () => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    store.inject({ kind: 'hang' })
    const leaving = new AbortController()
    const call = cache.get('k', { signal: leaving.signal })
    await clock.settle()
    leaving.abort(new Error('gone'))
    await expect(call).rejects.toThrow('gone')
  })

  it('leaves no listener behind on a signal that lives on', async () => {
    const { cache } = trackedCache()
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    for (let i = 0; i < 20; i++) await cache.getOrSet(`k${i}`, async () => i, { signal })
    await new Promise((resolve) => setImmediate(resolve))
    expect(remove.mock.calls.length).toBe(add.mock.calls.length)
  })

  it('gets no stale value in place of its reason', async () => {
    const { cache, clock } = trackedCache({ ttl: 1, grace: 100, softTimeout: Infinity })
    await cache.set('k', 'stale')
    await clock.advance(1_000)
    const never: Gate<string> = gate()
    const leaving = new AbortController()
    const call = cache.getOrSet('k', () => never.promise, { signal: leaving.signal })
    await clock.settle()
    leaving.abort(new Error('gone'))
    await expect(call).rejects.toThrow('gone')
    never.open('v')
  })
})
