/** A cold key is loaded by one process; the others wait for it, and not for ever. */
import { describe, expect, it } from 'vitest'
import type { FakeClock } from '../../src/testing/index.js'
import { gate, stateOf } from './tracked-cache.js'
import { type Process, trackedProcesses } from './tracked-processes.js'

async function soon<T>(clock: FakeClock, call: Promise<T>): Promise<T> {
  await clock.advance(200)
  return call
}

const counters = ({ cache }: Process) => cache.stats().total

describe('a cold key', () => {
  it('is loaded once for all callers of all processes', async () => {
    const { all, clock } = await trackedProcesses(8)
    const slow = gate<string>()
    let loads = 0
    const load = () => {
      loads++
      return slow.promise
    }
    const answers = all.flatMap(({ cache }) =>
      Array.from({ length: 100 }, () => cache.getOrSet('k', load)),
    )
    await clock.advance(300)
    expect(loads).toBe(1)
    slow.open('value')
    await clock.settle()
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['value']))
    expect(loads).toBe(1)
    const sum = (name: 'loads' | 'loadsAwaited' | 'misses') =>
      all.reduce((total, each) => total + counters(each)[name], 0)
    expect([sum('loads'), sum('loadsAwaited'), sum('misses')]).toEqual([1, 7, 1])
    expect(all.map(({ cache }) => cache.peek('k'))).toEqual(Array(8).fill('value'))
  })

  it('is loaded once where it was invalidated by tag a moment ago', async () => {
    const { all, clock } = await trackedProcesses(4)
    await all[0].cache.set('k', 'old', { tags: ['t'] })
    await Promise.all(all.map(({ cache }) => cache.get('k')))
    await all[1].cache.invalidateTags(['t'])
    let loads = 0
    const slow = gate<string>()
    const load = () => {
      loads++
      return slow.promise
    }
    const answers = all.map(({ cache }) => cache.getOrSet('k', load, { tags: ['t'] }))
    await clock.advance(100)
    slow.open('new')
    await clock.settle()
    expect(await Promise.all(answers)).toEqual(Array(4).fill('new'))
    expect(loads).toBe(1)
  })

  it('is found by asking again where what tells of it is lost', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    const slow = gate<string>()
    const first = a.cache.getOrSet('k', () => slow.promise)
    await clock.settle()
    const second = b.cache.getOrSet('k', () => 'own')
    await clock.settle()
    slow.open('value')
    expect(await first).toBe('value')
    await clock.advance(30)
    expect(await second).toBe('value')
  })

  it('is loaded by the next one where the load failed or brought nothing', async () => {
    for (const end of ['fails', 'is skipped'] as const) {
      const { all, clock } = await trackedProcesses(2)
      const slow = gate<void>()
      const first = all[0].cache.getOrSet('k', async ({ skip }) => {
        await slow.promise
        if (end === 'fails') throw new Error('own')
        skip()
        return 'not kept'
      })
      first.catch(() => {})
      await clock.settle()
      const second = all[1].cache.getOrSet('k', () => 'own')
      await clock.settle()
      expect(await stateOf(second)).toBe('pending')
      slow.open()
      await clock.settle()
      expect(await second).toBe('own')
    }
  })

  it('is loaded by another where its process dies', async () => {
    const { all, clock } = await trackedProcesses(2)
    const first = all[0].cache.getOrSet('k', () => new Promise(() => {}))
    first.catch(() => {})
    await clock.settle()
    // Nothing more is heard of it.
    all[0].store.inject({ kind: 'hang' })
    const second = all[1].cache.getOrSet('k', () => 'own')
    await clock.advance(3_500)
    expect(await stateOf(second)).toBe('pending')
    await clock.advance(1_000)
    expect(await second).toBe('own')
    expect(counters(all[1])).toMatchObject({ loads: 1, loadsAwaited: 1, misses: 1 })
  })

  it('is waited for while its load takes long and its process lives', async () => {
    const { all, clock } = await trackedProcesses(2)
    const slow = gate<string>()
    const first = all[0].cache.getOrSet('k', () => slow.promise)
    await clock.settle()
    const second = all[1].cache.getOrSet('k', () => 'own')
    await clock.advance(30_000)
    expect(await stateOf(second)).toBe('pending')
    slow.open('value')
    await clock.settle()
    expect([await first, await second]).toEqual(['value', 'value'])
    expect(counters(all[0]).fills).toBe(1)
  })

  it('is given up at the hard timeout of the one who waits', async () => {
    const { all, clock } = await trackedProcesses(2, { hardTimeout: '3s' })
    const first = all[0].cache.getOrSet('k', () => new Promise(() => {}), { hardTimeout: '1h' })
    first.catch(() => {})
    await clock.settle()
    const second = all[1].cache.getOrSet('k', () => 'own')
    const outcome = second.then(String, (error: { code: string }) => error.code)
    await clock.advance(3_000)
    expect(await outcome).toBe('LOADER_TIMEOUT')
    expect(counters(all[1])).toMatchObject({ loads: 0, loadTimeouts: 1, misses: 1 })
    const later = all[1].cache.getOrSet('k', () => 'own', { fresh: true })
    expect(await soon(clock, later)).toBe('own')
  })

  it('is not kept from an answer that came when its caller had given up', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    const slow = gate<string>()
    const leader = a.cache.getOrSet('k', () => slow.promise)
    await clock.settle()
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    // Its next question after a second is asked right before that.
    const waiting = b.cache.getOrSet('k', () => 'own', { hardTimeout: '1030ms' })
    waiting.catch(() => {})
    await clock.advance(1_000)
    slow.open('of the other')
    await leader
    const held = gate<void>()
    const lease = b.store.leaseMany!.bind(b.store)
    let asked = 0
    const late: typeof lease = async (...call) => {
      const answers = await lease(...call)
      asked++
      await held.promise
      return answers
    }
    Object.defineProperty(b.store, 'leaseMany', { value: late })
    await clock.advance(30)
    await expect(waiting).rejects.toMatchObject({ code: 'LOADER_TIMEOUT' })
    expect(asked).toBe(1)
    await b.cache.delete('k')
    held.open()
    await clock.settle()
    expect(b.cache.peek('k')).toBeUndefined()
    expect(await b.cache.get('k')).toBeUndefined()
  })

  it('is not waited for by a stale value past the soft timeout', async () => {
    const { all, clock } = await trackedProcesses(2, {
      ttl: '1s',
      grace: '1h',
      softTimeout: '200ms',
    })
    await all[0].cache.set('k', 'stale')
    expect(await all[1].cache.get('k')).toBe('stale')
    await clock.advance(1_001)
    const slow = gate<string>()
    const first = all[0].cache.getOrSet('k', () => slow.promise)
    await clock.settle()
    const second = all[1].cache.getOrSet('k', () => 'own')
    await clock.advance(200)
    expect([await first, await second]).toEqual(['stale', 'stale'])
    slow.open('new')
    await clock.settle()
    expect(await all[1].cache.get('k')).toBe('new')
    expect(counters(all[1]).loads).toBe(0)
  })

  it('is loaded at once where the store goes away meanwhile', async () => {
    const { all, clock } = await trackedProcesses(2)
    const first = all[0].cache.getOrSet('k', () => new Promise(() => {}))
    first.catch(() => {})
    await clock.settle()
    const second = all[1].cache.getOrSet('k', () => 'own')
    await clock.settle()
    all[1].store.inject({ kind: 'throw' })
    await clock.advance(100)
    expect(await second).toBe('own')
  })

  it('is loaded at once by a loader that needs it: the two could wait for each other', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    const bothBegan = gate<void>()
    const load = (own: Process, other: string) => async () => {
      await bothBegan.promise
      return own.cache.getOrSet(other, () => `${other} by its own`)
    }
    const first = a.cache.getOrSet('x', load(a, 'y'))
    const second = b.cache.getOrSet('y', load(b, 'x'))
    await clock.settle()
    bothBegan.open()
    await clock.advance(100)
    expect([await first, await second]).toEqual(['y by its own', 'x by its own'])
  })

  it('is not waited for where the right was granted to one who had left', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    a.store.inject({ kind: 'delay', delayMs: 1_000 }, { ops: ['leaseMany'], times: 1 })
    expect(
      await soon(
        clock,
        a.cache.getOrSet('k', () => 'own'),
      ),
    ).toBe('own')
    await clock.advance(1_000)
    expect(await b.cache.getOrSet('k', () => 'at once')).toBe('at once')
  })

  it('is not waited for where the answer could not be used', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    a.store.inject({ kind: 'throw' }, { ops: ['log', 'push'] })
    await clock.advance(2_500)
    expect(await a.cache.getOrSet('k', () => 'own')).toBe('own')
    await clock.settle()
    expect(await b.cache.getOrSet('k', () => 'at once')).toBe('at once')
  })

  it('does not hold up the other keys of a bulk load', async () => {
    const { all, clock } = await trackedProcesses(2)
    const slow = gate<string>()
    const first = all[0].cache.getOrSet('a', () => slow.promise)
    await clock.settle()
    const loaded: string[][] = []
    const second = all[1].cache.getOrSetMany(['a', 'b', 'c'], (keys) => {
      loaded.push(keys)
      return keys
    })
    await clock.settle()
    expect(loaded).toEqual([['b', 'c']])
    slow.open('value')
    await clock.settle()
    expect(await second).toEqual(['value', 'b', 'c'])
    await first
  })
})
