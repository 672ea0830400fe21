/** A lock among processes: one holder, in order, with a number; and none that is held for ever. */
import { describe, expect, it } from 'vitest'
import { type LockOptions, lock } from '../../src/patterns/index.js'
import { fakeClock, faultyStore, inProcessStore } from '../../src/testing/index.js'
import { gate, trackedCache } from './tracked-cache.js'
import { trackedProcesses } from './tracked-processes.js'

const nothing = () => {}

describe('a lock', () => {
  it('is held by one at a time, in every process', async () => {
    const { caches, clock } = await trackedProcesses(4)
    let inside = 0
    let most = 0
    const fences: number[] = []
    const work = async ({ fence }: { fence: number }) => {
      fences.push(fence)
      most = Math.max(most, ++inside)
      await Promise.resolve()
      inside--
    }
    const calls = caches.flatMap((cache) =>
      Array.from({ length: 5 }, () => lock(cache, 'k', work, { wait: '1m' })),
    )
    await clock.advance(30_000)
    await Promise.all(calls)
    expect([most, fences.length, new Set(fences).size]).toEqual([1, 20, 20])
    expect(fences).toEqual([...fences].sort((a, b) => a - b))
    expect(fences.every(Number.isSafeInteger)).toBe(true)
  })

  it('answers what the work answers, and throws what it throws', async () => {
    const { caches } = await trackedProcesses(1)
    expect(await lock(caches[0], 'k', () => 7)).toBe(7)
    const mine = new Error('mine')
    const failing = lock(caches[0], 'k', () => Promise.reject(mine))
    await expect(failing).rejects.toBe(mine)
    expect(await lock(caches[0], 'k', () => 'free again', { wait: 0 })).toBe('free again')
  })

  it('lets callers of one process in as they came', async () => {
    const { caches, clock } = await trackedProcesses(1)
    const order: number[] = []
    const calls = Array.from({ length: 10 }, (_, i) =>
      lock(caches[0], 'k', () => order.push(i), { wait: '1m' }),
    )
    await clock.advance(1_000)
    await Promise.all(calls)
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('is another one for another key and another namespace', async () => {
    const { caches } = await trackedProcesses(1)
    const [cache] = caches
    const held = gate<void>()
    const first = lock(cache, 'k', () => held.promise)
    const others = [lock(cache, 'other', () => 1), lock(cache.namespace('n'), 'k', () => 2)]
    expect(await Promise.all(others)).toEqual([1, 2])
    held.open()
    await first
  })

  it('is kept up for as long as the work takes', async () => {
    const { caches, clock } = await trackedProcesses(2)
    const [a, b] = caches
    const held = gate<string>()
    let isLost = false
    const first = lock(
      a,
      'k',
      ({ signal }) => {
        signal.addEventListener('abort', () => (isLost = true))
        return held.promise
      },
      { ttl: '1s' },
    )
    await clock.advance(30_000)
    const second = lock(b, 'k', () => 'too early', { wait: 0 })
    await expect(second).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', retryable: true })
    held.open('done')
    expect(await first).toBe('done')
    expect(isLost).toBe(false)
    expect(await lock(b, 'k', () => 'mine', { wait: 0 })).toBe('mine')
  })

  it('ends by itself where its process is not heard of any more, and tells it', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    const held = gate<void>()
    const seen: number[] = []
    let lost: unknown
    const first = lock(
      a.cache,
      'k',
      ({ fence, signal }) => {
        seen.push(fence)
        signal.addEventListener('abort', () => (lost = signal.reason))
        return held.promise
      },
      { ttl: '2s' },
    )
    await clock.settle()
    a.store.inject({ kind: 'hang' })
    const second = lock(b.cache, 'k', ({ fence }) => seen.push(fence), { wait: '10s' })
    await clock.advance(1_900)
    expect(seen).toHaveLength(1)
    await clock.advance(1_000)
    await second
    expect(seen).toHaveLength(2)
    expect(seen[1]).toBeGreaterThan(seen[0]!)
    expect(lost).toMatchObject({ code: 'LOCK_LOST', key: 'k' })
    held.open()
    await clock.advance(5_000)
    await first
  })

  it('is lost before another can have it', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    const held = gate<void>()
    const events: string[] = []
    const first = lock(
      a.cache,
      'k',
      ({ signal }) => {
        signal.addEventListener('abort', () => events.push('lost'))
        return held.promise
      },
      { ttl: '1s' },
    )
    await clock.settle()
    a.store.inject({ kind: 'throw' })
    const second = lock(b.cache, 'k', () => events.push('taken'), { wait: '10s' })
    await clock.advance(5_000)
    await second
    expect(events).toEqual(['lost', 'taken'])
    held.open()
    await first
  })
})

describe('a lock and a store that fails', () => {
  it('is granted once where an answer was lost', async () => {
    const { all, clock, data } = await trackedProcesses(2)
    const [a, b] = all
    a.store.inject({ kind: 'lose-reply' }, { ops: ['leaseMany'], times: 1 })
    const held = gate<void>()
    let isIn = false
    const first = lock(a.cache, 'k', () => {
      isIn = true
      return held.promise
    })
    await clock.advance(1_000)
    expect(isIn).toBe(true)
    const other = lock(b.cache, 'k', nothing, { wait: 0 })
    await expect(other).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    held.open()
    await first
    expect(data.entryCount).toBeGreaterThan(0)
  })

  it('is given back where its caller gave up not knowing', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    a.store.inject({ kind: 'lose-reply' }, { ops: ['leaseMany'], times: 1 })
    const first = lock(a.cache, 'k', nothing, { wait: 0 })
    const failed = expect(first).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      cause: { code: 'STORE_FAILED' },
    })
    await clock.settle()
    await failed
    expect(await lock(b.cache, 'k', () => 'free', { wait: 0 })).toBe('free')
  })

  it('is not granted by what arrives when nobody waits for it any more', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    a.store.inject({ kind: 'delay', delayMs: 3_000 }, { ops: ['leaseMany'], times: 1 })
    const given = expect(lock(a.cache, 'k', nothing, { wait: 0 })).rejects.toMatchObject({
      cause: { code: 'STORE_TIMEOUT' },
    })
    await clock.advance(3_100)
    await given
    expect(await lock(b.cache, 'k', () => 'free', { wait: 0 })).toBe('free')
  })

  it('is no lock while the store is away, and is one again after', async () => {
    const { all, clock } = await trackedProcesses(1)
    const [a] = all
    a.store.inject({ kind: 'throw' })
    const refused = lock(a.cache, 'k', nothing, { wait: '1s' })
    const failed = expect(refused).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      cause: { code: expect.stringMatching(/^STORE_/) },
    })
    await clock.advance(2_500)
    await failed
    const later = lock(a.cache, 'k', () => 'mine', { wait: '1m' })
    await clock.advance(2_000)
    a.store.heal()
    await clock.advance(10_000)
    expect(await later).toBe('mine')
  })

  it('trusts no number that came after its right had ended', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    await lock(a.cache, 'k', nothing)
    a.store.inject({ kind: 'delay', delayMs: 250 }, { ops: ['increment'], times: 1 })
    const fences: [string, number][] = []
    const first = lock(a.cache, 'k', ({ fence }) => fences.push(['a', fence]), { ttl: '200ms' })
    await clock.advance(210)
    const second = lock(b.cache, 'k', ({ fence }) => fences.push(['b', fence]))
    await clock.advance(1_000)
    await Promise.all([first, second])
    expect(fences.map(([who]) => who)).toEqual(['b', 'a'])
    expect(fences[1]![1]).toBeGreaterThan(fences[0]![1])
  })

  it('outlives a clear, and its numbers do', async () => {
    const { caches, clock } = await trackedProcesses(2)
    const [a, b] = caches
    const held = gate<number>()
    const first = lock(a, 'k', async ({ fence }) => {
      await held.promise
      return fence
    })
    await clock.settle()
    await b.clear()
    await clock.advance(1_000)
    const other = lock(b, 'k', nothing, { wait: 0 })
    await expect(other).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    held.open(0)
    expect(await lock(b, 'k', ({ fence }) => fence)).toBeGreaterThan(await first)
  })
})

describe('a lock without a store', () => {
  it('holds for this process', async () => {
    const { cache, clock } = trackedCache()
    let inside = 0
    const work = async ({ fence }: { fence: number }) => {
      expect(++inside).toBe(1)
      await Promise.resolve()
      inside--
      return fence
    }
    const calls = [1, 2, 3].map(() => lock(cache, 'k', work))
    await clock.settle()
    expect(await Promise.all(calls)).toEqual([1, 2, 3])
    expect(clock.pendingTimers).toBeLessThanOrEqual(1)
  })
})

describe('a lock refuses', () => {
  it('a store that grants no rights', async () => {
    const clock = fakeClock()
    const store = faultyStore(inProcessStore({ clock }), { clock })
    const plain = new Proxy(store, {
      get: (target, name) => {
        if (name === 'leaseMany' || name === 'fillMany') return undefined
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const { cache } = trackedCache({ store: plain }, clock)
    await expect(lock(cache, 'k', nothing)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it.each<[string, LockOptions, RegExp]>([
    ['a ttl too short', { ttl: '100ms' }, /'ttl' is '100ms'; the range is 200ms to 1h/],
    ['a ttl too long', { ttl: '2h' }, /'ttl'/],
    ['a wait below nothing', { wait: -1 }, /'wait' is -1; the range is 0/],
    ['a wait for ever', { wait: Number.POSITIVE_INFINITY }, /'wait'/],
    ['what is no signal', { signal: {} as AbortSignal }, /'signal'/],
    ['an unknown option', { ttll: 1 } as LockOptions, /unknown option 'ttll'/],
  ])('%s', async (_, options, message) => {
    const { cache } = trackedCache()
    const call = lock(cache, 'k', () => expect.unreachable(), options)
    await expect(call).rejects.toMatchObject({
      code: expect.stringMatching(/^OPTION_/),
      message: expect.stringMatching(message),
    })
  })

  it('what is no cache, no key, no function', async () => {
    const { cache } = trackedCache()
    const bad = [
      lock({} as typeof cache, 'k', nothing),
      lock(cache, 7 as unknown as string, nothing),
      lock(cache, 'k', 'fn' as unknown as () => void),
    ]
    const codes = (await Promise.allSettled(bad)).map((outcome) =>
      outcome.status === 'rejected' ? outcome.reason.code : 'resolved',
    )
    expect(codes).toEqual(['OPTION_INVALID', 'KEY_INVALID', 'OPTION_INVALID'])
  })
})
