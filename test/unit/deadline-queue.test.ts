import { beforeEach, describe, expect, it } from 'vitest'
import { DeadlineCall, DeadlineQueue } from '../../src/core/deadline-queue.js'
import { type FakeClock, fakeClock } from '../../src/testing/index.js'

describe('the deadline queue', () => {
  let clock: FakeClock
  let queue: DeadlineQueue
  let expired: [string, number][]
  beforeEach(() => {
    clock = fakeClock({ monotonicMs: 0 })
    queue = new DeadlineQueue(clock, 100)
    expired = []
  })
  const add = (name: string) => {
    const call = new DeadlineCall(() => expired.push([name, clock.monotonicMs()]))
    queue.add(call)
    return call
  }

  it('expires each call at its own deadline', async () => {
    add('a')
    await clock.advance(30)
    add('b')
    await clock.advance(30)
    add('c')
    await clock.advance(99)
    expect(expired).toEqual([
      ['a', 100],
      ['b', 130],
    ])
    await clock.advance(1)
    expect(expired.at(-1)).toEqual(['c', 160])
  })

  it('passes over a call that has ended', async () => {
    const a = add('a')
    add('b')
    a.onExpire = undefined
    await clock.advance(100)
    expect(expired).toEqual([['b', 100]])
  })

  it('needs one timer however many calls there are, and none when idle', async () => {
    for (let i = 0; i < 1_000; i++) add(`${i}`)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(100)
    expect([expired.length, clock.pendingTimers]).toEqual([1_000, 0])
    add('again')
    await clock.advance(100)
    expect(expired.at(-1)).toEqual(['again', 200])
    expect(clock.pendingTimers).toBe(0)
  })

  it('does not expire a call early, also in fractions of a millisecond', async () => {
    await clock.advance(0.4)
    add('a')
    await clock.advance(99.9)
    expect(expired).toEqual([])
    await clock.advance(2)
    expect(expired.map(([name]) => name)).toEqual(['a'])
    expect(expired[0]![1]).toBeGreaterThanOrEqual(100.4)
  })

  it('takes a call that is added while others expire', async () => {
    queue.add(new DeadlineCall(() => void add('later')))
    await clock.advance(100)
    await clock.advance(99)
    expect(expired).toEqual([])
    await clock.advance(1)
    expect(expired).toEqual([['later', 200]])
  })

  it('gives replies one more turn after a pause of the process', async () => {
    const answered = add('answered while it stood still')
    add('lost')
    clock.setTimer(() => (answered.onExpire = undefined), 5_001, false)
    await clock.pause(5_000)
    expect(expired).toEqual([])
    await clock.advance(1)
    expect(expired.map(([name]) => name)).toEqual(['lost'])
  })

  it('still expires what is lost after pause upon pause', async () => {
    add('a')
    for (let i = 0; i < 5; i++) await clock.pause(1_000)
    await clock.advance(1)
    expect(expired.map(([name]) => name)).toEqual(['a'])
  })

  it('stays correct over more calls than it keeps in one piece', async () => {
    for (let i = 0; i < 5_000; i++) {
      const call = add(`${i}`)
      if (i % 2 === 0) call.onExpire = undefined
      if (i % 10 === 0) await clock.advance(1)
    }
    await clock.advance(200)
    expect(expired).toHaveLength(2_500)
    expect(clock.pendingTimers).toBe(0)
  })
})
