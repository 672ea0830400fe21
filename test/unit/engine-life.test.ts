/** How long entries live: never past their ttl, on either clock, in any tier. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fakeClock } from '../../src/testing/index.js'
import { gate, openedStore, trackedCache, trackedWithStore } from './tracked-cache.js'

const KINDS = {
  'memory alone': trackedCache,
  'memory and store': trackedWithStore,
  'store alone': (options: object) => trackedWithStore({ ...options, memory: false as const }),
}

describe.each(Object.entries(KINDS))('an entry (%s)', (_, make) => {
  it('is there until the last moment of its ttl, and not at its end', async () => {
    const { cache, clock } = make({ ttl: 10 })
    await cache.set('k', 'v')
    await clock.advance(9_999.9)
    expect(await cache.get('k')).toBe('v')
    await clock.advance(0.1)
    expect([await cache.get('k'), cache.peek('k'), await cache.has('k')]).toEqual([
      undefined,
      undefined,
      false,
    ])
  })

  it.each([0.1, 0.5, 0.9, 1.5, 999.5])(
    'never outlives a ttl of parts of a ms: %s',
    async (more) => {
      const { cache, clock } = make({ ttl: '1ms' })
      await clock.advance(more)
      await cache.set('k', 'v')
      await clock.advance(1)
      expect(await cache.get('k')).toBeUndefined()
    },
  )

  it('filled in the millisecond of its expiry is as dead as any', async () => {
    const { cache, clock } = make({ ttl: 10 })
    const slow = gate<string>()
    await cache.set('k', 'old')
    await clock.advance(10_000)
    const call = cache.getOrSet('k', ({ ttl }) => {
      ttl('1ms')
      return slow.promise
    })
    slow.open('new')
    expect(await call).toBe('new')
    await clock.advance(1)
    expect(await cache.get('k')).toBeUndefined()
  })

  it('lives for ever where asked', async () => {
    const { cache, clock } = make({ ttl: Number.POSITIVE_INFINITY })
    await cache.set('k', 'v')
    await clock.pause(50 * 31_536_000_000)
    expect(await cache.get('k')).toBe('v')
  })

  it('null has a ttl of its own', async () => {
    const { cache, clock } = make({ ttl: 100, negativeTtl: 5 })
    await cache.set('n', null)
    await cache.getOrSet('m', () => null)
    await cache.set('v', 0)
    await clock.advance(5_000)
    expect(await cache.getMany(['n', 'm', 'v'])).toEqual([undefined, undefined, 0])
  })

  it('null has the ttl of all others where none is given', async () => {
    const { cache, clock } = make({ ttl: 100 })
    await cache.set('n', null)
    await clock.advance(99_999)
    expect(await cache.get('n')).toBeNull()
  })

  it('takes the nearest ttl: cache, namespace, call, loader', async () => {
    const { cache } = make({ ttl: 100 })
    const near = cache.namespace('near', { ttl: 50 })
    await cache.set('a', 1)
    await near.set('a', 1)
    await near.set('b', 1, { ttl: 20 })
    await near.getOrSet('c', ({ ttl }) => ttl(7), { ttl: 20 })
    await near.getOrSet(
      'd',
      ({ ttl }) => {
        ttl(7)
        return 1
      },
      { ttl: 20 },
    )
    expect(await cache.ttl('a')).toBeCloseTo(100)
    expect(await near.ttl('a')).toBeCloseTo(50)
    expect(await near.ttl('b')).toBeCloseTo(20)
    expect(await near.ttl('c')).toBeUndefined()
    expect(await near.ttl('d')).toBeCloseTo(7)
  })

  it.each([
    [0, 100],
    [0.5, 75],
    [0.999_999, 50],
  ])('is only ever shortened by jitter: random %d', async (random, seconds) => {
    const { cache } = make({ ttl: 100, jitter: 0.5, random: () => random })
    await cache.set('k', 1)
    expect(await cache.ttl('k')).toBeCloseTo(seconds, 3)
    await cache.getOrSet('l', () => 1)
    expect(await cache.ttl('l')).toBeLessThanOrEqual(100)
  })
})

describe('an entry that a store has brought', () => {
  it('keeps the life that it had left', async () => {
    const first = trackedWithStore({ ttl: 10 })
    await first.cache.set('k', 'v')
    await first.clock.advance(9_000)
    const second = trackedWithStore({ ttl: 100 }, first.clock, first.data)
    expect(await second.cache.get('k')).toBe('v')
    expect(await second.cache.ttl('k')).toBeCloseTo(1)
    await first.clock.advance(1_000)
    expect(await second.cache.get('k')).toBeUndefined()
  })

  it('is dead where it dies while its answer is on its way', async () => {
    const { cache, clock, store, data } = trackedWithStore({ ttl: 10 })
    const writer = trackedWithStore({ ttl: 10 }, clock, data)
    await writer.cache.set('k', 'v')
    await clock.advance(9_950)
    store.inject({ kind: 'delay', delayMs: 0 })
    const read = store.getMany.bind(store)
    store.getMany = async (keys) => {
      const answer = await read(keys)
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 50, false))
      return answer
    }
    const call = cache.get('k')
    await clock.advance(60)
    expect(await call).toBeUndefined()
  })

  it('is judged by wall clocks: one that is ahead sees it die early', async () => {
    const writerClock = fakeClock()
    const data = openedStore(writerClock)
    const writer = trackedWithStore({ ttl: 100 }, writerClock, data)
    await writer.cache.set('k', 'v')
    const readerClock = fakeClock({ monotonicMs: 7, wallMs: writerClock.wallMs() + 99_000 })
    const reader = trackedWithStore({ ttl: 100 }, readerClock, data)
    expect(await reader.cache.get('k')).toBe('v')
    expect(await reader.cache.ttl('k')).toBeCloseTo(1)
    readerClock.jumpWall(5_000)
    const later = trackedWithStore({ ttl: 100 }, readerClock, data)
    expect(await later.cache.get('k')).toBeUndefined()
  })

  it('in memory is not touched by a wall clock that jumps', async () => {
    const { cache, clock } = trackedWithStore({ ttl: 10 })
    await cache.set('k', 'v')
    clock.jumpWall(3_600_000)
    expect(await cache.get('k')).toBe('v')
    clock.jumpWall(-7_200_000)
    await clock.advance(10_000)
    expect(cache.peek('k')).toBeUndefined()
  })

  it('is stale for a loader of another process, within its grace', async () => {
    const first = trackedWithStore({ ttl: 10, grace: 50 })
    await first.cache.set('k', 'old')
    await first.clock.advance(20_000)
    const second = trackedWithStore({ ttl: 10 }, first.clock, first.data)
    const fail = () => Promise.reject(new Error('boom'))
    expect(await second.cache.getOrSet('k', fail)).toBe('old')
    expect(second.cache.stats().total.storeStaleHits).toBe(1)
    await first.clock.advance(40_000)
    await expect(second.cache.getOrSet('k', fail)).rejects.toThrow('boom')
  })
})

describe('whatever happens to it', () => {
  it('an entry is never handed out as fresh past its ttl', async () => {
    const step = fc.record({
      act: fc.constantFrom('set', 'get', 'peek', 'load', 'other', 'expire', 'many', 'has'),
      passMs: fc.integer({ min: 0, max: 900 }),
      part: fc.constantFrom(0, 0.25, 0.5),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = fakeClock()
        const one = trackedWithStore({ ttl: 1, grace: 1, softTimeout: Infinity }, clock)
        const two = trackedWithStore({ ttl: 1, grace: 1, memory: false }, clock, one.data)
        let count = 0
        const bornAt: number[] = []
        const make = () => {
          bornAt.push(clock.monotonicMs())
          return count++
        }
        const judge = (value: unknown) => {
          if (value !== undefined)
            expect(clock.monotonicMs() - bornAt[value as number]!).toBeLessThan(1_000)
        }
        for (const { act, passMs, part } of steps) {
          await clock.advance(passMs + part)
          const cache = act === 'other' ? two.cache : one.cache
          if (act === 'set') await cache.set('k', make())
          else if (act === 'peek') judge(cache.peek('k'))
          else if (act === 'load') judge(await cache.getOrSet('k', make))
          else if (act === 'many') judge((await cache.getMany(['k', 'k']))[1])
          else if (act === 'has') await cache.has('k')
          else judge(await cache.get('k'))
        }
      }),
      { numRuns: 40 },
    )
  })
})
