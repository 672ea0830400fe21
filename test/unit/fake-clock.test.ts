import { describe, expect, it } from 'vitest'
import { fakeClock } from '../../src/testing/index.js'

describe('the fake clock', () => {
  it('stands still until it is told to pass', async () => {
    const clock = fakeClock({ monotonicMs: 10, wallMs: 5_000 })
    await clock.settle()
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([10, 5_000])
    await clock.advance(7.5)
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([17.5, 5_007.5])
  })

  it('runs timers in the order of their moments, each at its own', async () => {
    const clock = fakeClock({ monotonicMs: 0 })
    const ran: [string, number][] = []
    const note = (name: string) => () => ran.push([name, clock.monotonicMs()])
    clock.setTimer(note('late'), 30, false)
    clock.setTimer(note('early'), 10, false)
    clock.setTimer(note('same, set later'), 10, true)
    await clock.advance(29)
    expect(ran).toEqual([
      ['early', 10],
      ['same, set later', 10],
    ])
    await clock.advance(1)
    expect(ran.at(-1)).toEqual(['late', 30])
  })

  it('lets promises and ticks run between two timers', async () => {
    const clock = fakeClock()
    const ran: string[] = []
    clock.setTimer(
      () => {
        clock.defer(() => void Promise.resolve().then(() => ran.push('what the first started')))
      },
      10,
      false,
    )
    clock.setTimer(() => ran.push('the second'), 10, false)
    await clock.advance(10)
    expect(ran).toEqual(['what the first started', 'the second'])
  })

  it('runs timers that timers set, within one advance', async () => {
    const clock = fakeClock({ monotonicMs: 0 })
    const ranAt: number[] = []
    const again = () => {
      ranAt.push(clock.monotonicMs())
      clock.setTimer(again, 10, true)
    }
    clock.setTimer(again, 10, true)
    await clock.advance(35)
    expect(ranAt).toEqual([10, 20, 30])
    expect([clock.pendingTimers, clock.foregroundTimers]).toEqual([1, 0])
  })

  it('cancels', async () => {
    const clock = fakeClock()
    const timer = clock.setTimer(() => expect.fail('it ran'), 5, false)
    expect(clock.foregroundTimers).toBe(1)
    timer.cancel()
    timer.cancel()
    await clock.advance(10)
    expect(clock.pendingTimers).toBe(0)
  })

  it('passes at once in a pause: what fell due runs late', async () => {
    const clock = fakeClock({ monotonicMs: 0 })
    const ranAt: number[] = []
    clock.setTimer(() => ranAt.push(clock.monotonicMs()), 10, false)
    await clock.pause(500)
    expect(ranAt).toEqual([500])
  })

  it('moves the wall clock alone', async () => {
    const clock = fakeClock({ monotonicMs: 0, wallMs: 1_000 })
    clock.jumpWall(-900)
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([0, 100])
    clock.setWall(50)
    await clock.advance(5)
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([5, 55])
  })

  it('answers ahead of the truth where asked for a ceiling', () => {
    const clock = fakeClock({ monotonicMs: 0 })
    expect(clock.ceilingMs()).toBe(1_000)
    expect(fakeClock({ monotonicMs: 3, ceilingAheadMs: 0 }).ceilingMs()).toBe(3)
  })

  it('fails instead of running for ever', async () => {
    const clock = fakeClock()
    const again = () => void clock.setTimer(again, 0, true)
    again()
    await expect(clock.advance(1)).rejects.toThrow('more than 100000 timers in one advance')
  })

  it('refuses times that are none', async () => {
    const clock = fakeClock()
    expect(() => clock.setTimer(() => {}, Number.NaN, false)).toThrow('a timer of NaN ms')
    expect(() => clock.setTimer(() => {}, Number.POSITIVE_INFINITY, false)).toThrow(RangeError)
    await expect(clock.advance(-1)).rejects.toThrow('time cannot pass by -1 ms')
  })
})
