/** Where two rules meet: loaders that write, stores that break their contract, full queues. */
import { describe, expect, it, vi } from 'vitest'
import { MAX_PENDING_WRITES } from '../../src/core/batched-writes.js'
import { gate, record, stateOf, trackedCache, trackedWithStore } from './tracked-cache.js'

const KINDS = {
  'memory alone': trackedCache,
  'memory and store': trackedWithStore,
  'store alone': (options: object = {}) => trackedWithStore({ ...options, memory: false }),
}

describe.each(Object.entries(KINDS))('%s', (_, make) => {
  it('a counter past its ttl counts anew, though its grace still holds it', async () => {
    const { cache, clock } = make({ ttl: 10, grace: 100 })
    await cache.increment('n', 5)
    await clock.advance(10_000)
    expect(await cache.increment('n')).toBe(1)
    await clock.advance(9_999)
    expect(await cache.get('n')).toBe(1)
  })

  it('a loader that sets its own key is overruled by what it set', async () => {
    const { cache, clock } = make()
    const answer = await cache.getOrSet('k', async () => {
      await cache.set('k', 'set by the loader')
      return 'loaded'
    })
    expect(answer).toBe('loaded')
    await clock.settle()
    if (make !== KINDS['memory alone'] || cache.peek('k') !== undefined)
      expect(await cache.get('k')).toBe('set by the loader')
  })

  it('a loader that deletes its own key is not kept', async () => {
    const { cache, clock } = make()
    await cache.getOrSet('k', async () => {
      await cache.delete('k')
      return 'loaded'
    })
    await clock.settle()
    expect(await cache.get('k')).toBeUndefined()
  })

  it('a delete right after a load wins in every tier', async () => {
    const { cache, clock } = make()
    await cache.getOrSet('k', () => 'loaded')
    await cache.delete('k')
    await clock.settle()
    expect(await cache.get('k')).toBeUndefined()
  })

  it('a clear right after a load wins in every tier', async () => {
    const { cache, clock } = make()
    await cache.getOrSet('k', () => 'loaded')
    await cache.clear()
    await clock.settle()
    expect(await cache.get('k')).toBeUndefined()
  })

  it('a set and a delete of one tick end as they were called', async () => {
    const { cache } = make()
    await Promise.all([cache.set('a', 1), cache.delete('a'), cache.delete('b'), cache.set('b', 2)])
    expect(await cache.getMany(['a', 'b'])).toEqual([undefined, 2])
  })

  it('a set and a clear of one tick end as they were called', async () => {
    const { cache, clock } = make()
    await Promise.all([cache.set('a', 1), cache.clear()])
    await clock.settle()
    expect(await cache.get('a')).toBeUndefined()
  })

  it('a read of the tick in which its key was set finds it', async () => {
    const { cache } = make()
    const [, read] = await Promise.all([cache.set('a', 1), cache.get('a')])
    expect(read).toBe(1)
  })

  it('an expire and a delete of one tick leave nothing', async () => {
    const { cache, clock } = make()
    await cache.set('a', 1)
    await Promise.all([cache.expire('a', 50), cache.delete('a')])
    await clock.settle()
    expect(await cache.get('a')).toBeUndefined()
  })

  it('a loader that rejects because it was aborted is one timeout', async () => {
    const { cache, clock } = make({ hardTimeout: '1s' })
    const events = record(cache, 'load-failed', 'load-timeout')
    const call = cache
      .getOrSet(
        'k',
        ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error))
          }),
      )
      .catch((error) => error)
    await clock.advance(1_000)
    expect(await call).toMatchObject({ code: 'LOADER_TIMEOUT' })
    expect(events.filter(([name]) => name === 'load-timeout')).toHaveLength(1)
    expect(cache.stats().total.loadTimeouts).toBe(1)
  })
})

describe('an entry too heavy for memory', () => {
  it('is refused there, told of, and kept by the store', async () => {
    const { cache } = trackedWithStore({ memory: { maxBytes: '4kb' } })
    const events = record(cache, 'fill-refused')
    const heavy = 'x'.repeat(3_000)
    await cache.set('k', 'light')
    expect(await cache.set('k', heavy)).toBe(true)
    expect([cache.peek('k'), await cache.get('k')]).toEqual([undefined, heavy])
    expect(events).toContainEqual([
      'fill-refused',
      { namespace: '', key: 'k', reason: 'too-heavy' },
    ])
  })
})

describe('a store that breaks its contract', () => {
  it.each([
    ['no list', undefined],
    ['null', null],
    ['too short a list', []],
    ['what is no bytes', ['text', 5, {}, null]],
  ])('by answering with %s: a miss, never a hang', async (_, answer) => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    store.getMany = async () => answer as never
    const reads = [cache.get('a'), cache.get('b'), cache.getOrSet('c', () => 'loaded')]
    const all = Promise.all(reads)
    await clock.advance(200)
    expect(await stateOf(all)).toBe('settled')
    expect(await all).toEqual([undefined, undefined, 'loaded'])
  })

  it('by throwing out of a scan: what is not known is said so', async () => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    store.scan = (() => {
      throw new Error('thrown')
    }) as never
    expect(await cache.clear()).toBe(false)
    const keys: string[] = []
    for await (const key of cache.keys()) keys.push(key)
    expect(keys).toEqual([])
  })
})

describe('a walk over keys', () => {
  it('that its caller leaves closes the walk over the store', async () => {
    const { cache, clock, store } = trackedWithStore()
    await cache.setMany(Array.from({ length: 20 }, (_, i) => [`k${i}`, i] as const))
    const scan = store.scan.bind(store)
    let closed = 0
    store.scan = async function* (prefix) {
      try {
        yield* scan(prefix)
      } finally {
        closed++
      }
    }
    for await (const _key of cache.keys()) break
    await clock.settle()
    expect(closed).toBe(1)
  })

  it('that breaks in the middle goes on in memory', async () => {
    const { cache, clock, store } = trackedWithStore()
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ])
    await clock.settle()
    store.scan = async function* () {
      yield ['cw::a']
      throw new Error('cut off')
    }
    const keys = new Set<string>()
    for await (const key of cache.keys()) keys.add(key)
    expect(keys).toEqual(new Set(['a', 'b']))
  })
})

describe('more writes than may wait', () => {
  it('are refused, answered honestly and told of', async () => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    const held = gate<void>()
    const write = store.setMany.bind(store)
    store.setMany = async (writes) => {
      await held.promise
      return write(writes)
    }
    const count = MAX_PENDING_WRITES + 500
    const answers = Array.from({ length: count }, (_, i) => cache.set(`k${i}`, i))
    await clock.settle()
    held.open()
    const refused = (await Promise.all(answers)).filter((answer) => !answer)
    expect(refused).toHaveLength(500)
    expect(cache.stats().total.storeErrors).toBeGreaterThan(0)
  })
})

describe('one process, two caches', () => {
  it('over one store do not take each other for themselves', async () => {
    const one = trackedWithStore()
    const two = trackedWithStore({}, one.clock, one.data)
    const answer = await one.cache.getOrSet('k', () =>
      two.cache.getOrSet('k', () => 'from the other'),
    )
    expect(answer).toBe('from the other')
    expect(await two.cache.get('k')).toBe('from the other')
  })

  it('see what the other wrote once memory has let go', async () => {
    const one = trackedWithStore({ ttl: 100 })
    const two = trackedWithStore({ ttl: 100 }, one.clock, one.data)
    await one.cache.set('k', 1)
    expect(await two.cache.get('k')).toBe(1)
    await one.cache.increment('n', 3)
    expect([await two.cache.increment('n', 4), await one.cache.get('n')]).toEqual([7, 7])
  })

  it('with prefixes of their own share nothing', async () => {
    const one = trackedWithStore({ prefix: 'one' })
    const two = trackedWithStore({ prefix: 'two' }, one.clock, one.data)
    await one.cache.set('k', 1)
    expect(await two.cache.get('k')).toBeUndefined()
    await two.cache.clear()
    expect(await one.data.getMany(['one::k'])).not.toEqual([undefined])
  })
})

describe('a call that hits memory', () => {
  it('runs no loader, starts no timer and asks no store', async () => {
    const { cache, clock, store } = trackedWithStore()
    await cache.set('k', 1)
    await clock.settle()
    const read = vi.spyOn(store, 'getMany')
    const timers = clock.pendingTimers
    await cache.get('k')
    await cache.getOrSet('k', () => expect.fail('it was there'), { ttl: 5 })
    await cache.getOrSetMany(['k'], () => expect.fail('it was there'))
    expect([read.mock.calls.length, clock.pendingTimers]).toEqual([0, timers])
  })
})
