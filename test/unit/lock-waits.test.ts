/** Who waits for a lock: told, in turn, for a while, and up to a number. */
import { describe, expect, it } from 'vitest'
import { lock } from '../../src/patterns/index.js'
import { gate, stateOf, trackedCache } from './tracked-cache.js'
import { trackedProcesses } from './tracked-processes.js'

const nothing = () => {}

describe('who waits for a lock', () => {
  it('is told as soon as it is free', async () => {
    const { caches, clock } = await trackedProcesses(2)
    const [a, b] = caches
    const held = gate<void>()
    const first = lock(a, 'k', () => held.promise)
    await clock.settle()
    const second = lock(b, 'k', () => 'mine')
    await clock.advance(5_000)
    expect(await stateOf(second)).toBe('pending')
    held.open()
    await clock.settle()
    expect(await stateOf(second)).toBe('settled')
    await Promise.all([first, second])
  })

  it('asks again where what tells of it is lost', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    b.store.inject({ kind: 'throw' }, { ops: ['push'] })
    const held = gate<void>()
    const first = lock(a.cache, 'k', () => held.promise)
    await clock.settle()
    const second = lock(b.cache, 'k', () => 'mine')
    await clock.advance(2_000)
    held.open()
    await clock.advance(600)
    expect(await stateOf(second)).toBe('settled')
    await Promise.all([first, second])
  })

  it('gives up after its time, here and elsewhere, and harms nobody', async () => {
    const { caches, clock } = await trackedProcesses(2)
    const [a, b] = caches
    const held = gate<string>()
    const first = lock(a, 'k', () => held.promise)
    await clock.settle()
    const others = [lock(a, 'k', nothing, { wait: '2s' }), lock(b, 'k', nothing, { wait: '3s' })]
    const last = lock(a, 'k', () => 'after them', { wait: '1m' })
    const outcomes = Promise.allSettled(others)
    await clock.advance(2_999)
    expect(await stateOf(others[0]!)).toBe('settled')
    expect(await stateOf(others[1]!)).toBe('pending')
    await clock.advance(500)
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ reason: { code: 'LOCK_TIMEOUT', op: 'lock', key: 'k' } })
    }
    held.open('mine')
    await clock.settle()
    expect(await Promise.all([first, last])).toEqual(['mine', 'after them'])
  })

  it('leaves with its signal, in the queue, while it asks and between', async () => {
    const { all, clock } = await trackedProcesses(2)
    const [a, b] = all
    const held = gate<void>()
    const first = lock(a.cache, 'k', () => held.promise)
    await clock.settle()
    const reason = new Error('gone')
    const leaving = new AbortController()
    const waiting = [a, b].map(({ cache }) => lock(cache, 'k', nothing, { signal: leaving.signal }))
    const outcomes = Promise.allSettled(waiting)
    await clock.advance(1_000)
    leaving.abort(reason)
    await clock.advance(1_000)
    expect(await outcomes).toEqual([1, 2].map(() => ({ status: 'rejected', reason })))
    const late = lock(b.cache, 'k', nothing, { signal: AbortSignal.abort(reason) })
    await expect(late).rejects.toBe(reason)
    held.open()
    await first
    // While it is granted: nobody is in, and the lock is free at once.
    b.store.inject({ kind: 'delay', delayMs: 40 }, { ops: ['leaseMany'], times: 1 })
    const meanwhile = new AbortController()
    const fn = () => expect.unreachable()
    const leaves = lock(b.cache, 'k', fn, { signal: meanwhile.signal })
    const left = expect(leaves).rejects.toBe(reason)
    await clock.advance(20)
    meanwhile.abort(reason)
    await clock.advance(30)
    await left
    expect(await lock(a.cache, 'k', () => 'free', { wait: 0 })).toBe('free')
  })

  it('is refused beyond ten thousand', async () => {
    const { cache, clock } = trackedCache()
    const held = gate<void>()
    const leaving = new AbortController()
    const first = lock(cache, 'k', () => held.promise)
    await clock.settle()
    const options = { wait: '1h', signal: leaving.signal } as const
    const waiting = Array.from({ length: 10_000 }, () => lock(cache, 'k', nothing, options))
    const outcomes = Promise.allSettled(waiting)
    await expect(lock(cache, 'k', nothing)).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      message: expect.stringContaining('10000 callers'),
    })
    expect(await lock(cache, 'another', () => 'free')).toBe('free')
    leaving.abort()
    await outcomes
    held.open()
    await first
    expect(await lock(cache, 'k', () => 'again')).toBe('again')
  })
})
