/** A job that runs again and again: one run at a time, and no error ends it. */
import { describe, expect, it } from 'vitest'
import { type JobContext, type RepeatedJobOptions, repeatedJob } from '../../src/automate/index.js'
import { fakeClock } from '../../src/testing/index.js'
import { gate, stateOf } from './tracked-cache.js'

function job(
  run: (context: JobContext) => unknown,
  options: Omit<RepeatedJobOptions, 'every'> = {},
) {
  const clock = fakeClock()
  const errors: unknown[] = []
  const random = () => 0.5
  const onError = (error: unknown) => errors.push(error)
  const all = { every: '10s', clock, random, onError, ...options }
  return { clock, errors, job: repeatedJob(run, all) }
}

describe('a job', () => {
  it('runs at once and after each interval, and keeps no process alive', async () => {
    let runs = 0
    const { clock, job: counting } = job(() => ++runs)
    await clock.advance(20_000)
    expect(runs).toBe(0)
    counting.start()
    counting.start()
    await clock.settle()
    expect([runs, clock.foregroundTimers, clock.pendingTimers]).toEqual([1, 0, 1])
    await clock.advance(9_999)
    expect(runs).toBe(1)
    await clock.advance(1)
    expect(runs).toBe(2)
    await clock.advance(100_000)
    expect(runs).toBe(12)
    expect(await counting.stop()).toBe(true)
    await clock.advance(100_000)
    expect([runs, clock.pendingTimers]).toEqual([12, 0])
    counting.start()
    await clock.advance(10_000)
    expect(runs).toBe(14)
  })

  it('runs after one interval where it is told so', async () => {
    let runs = 0
    const { clock, job: counting } = job(() => ++runs, { first: 'later' })
    counting.start()
    await clock.advance(9_999)
    expect(runs).toBe(0)
    await clock.advance(1)
    expect(runs).toBe(1)
  })

  it('spreads its intervals', async () => {
    for (const [drawn, dueMs] of [
      [0, 8_000],
      [0.999_999, 12_000],
    ] as const) {
      let runs = 0
      const options = { jitter: 0.2, random: () => drawn, first: 'later' } as const
      const { clock, job: counting } = job(() => ++runs, options)
      counting.start()
      await clock.advance(dueMs - 1)
      expect(runs).toBe(0)
      await clock.advance(2)
      expect(runs).toBe(1)
    }
  })

  it('never runs beside itself, and counts from the end of a run', async () => {
    let runs = 0
    const slow = gate<void>()
    const { clock, job: counting } = job(() => (++runs === 1 ? slow.promise : undefined))
    counting.start()
    await clock.advance(35_000)
    expect([runs, counting.isRunning]).toEqual([1, true])
    const joined = counting.runOnce()
    slow.open()
    expect(await joined).toBe(true)
    await clock.advance(9_999)
    expect([runs, counting.isRunning]).toEqual([1, false])
    await clock.advance(1)
    expect(runs).toBe(2)
  })

  it('goes on after errors, and tells of them', async () => {
    const own = new Error('own')
    const thrower = () => {
      throw own
    }
    const failing = job(() => Promise.reject(own))
    const throwing = job(thrower, { onError: thrower })
    for (const { clock, job: each } of [failing, throwing]) {
      each.start()
      await clock.advance(20_000)
      expect(await each.runOnce()).toBe(false)
      await each.stop()
    }
    expect(failing.errors).toEqual([own, own, own, own])
  })

  it('fails a run at its timeout, and holds the next one until it has ended', async () => {
    let runs = 0
    let seen: AbortSignal | undefined
    const slow = gate<void>()
    const hang = ({ signal }: JobContext) => {
      runs++
      seen = signal
      return slow.promise
    }
    const { clock, errors, job: hanging } = job(hang, { timeout: '2s' })
    hanging.start()
    await clock.advance(2_000)
    expect(errors).toMatchObject([{ name: 'TimeoutError' }])
    expect(seen?.aborted).toBe(true)
    expect(await hanging.runOnce()).toBe(false)
    await clock.advance(60_000)
    expect([runs, errors.length, hanging.isRunning]).toEqual([1, 1, true])
    slow.open()
    await clock.advance(10_000)
    expect([runs, errors.length]).toEqual([2, 1])
  })

  it('runs once without being started', async () => {
    let runs = 0
    const { clock, job: counting } = job(() => ++runs)
    expect(await counting.runOnce()).toBe(true)
    await clock.advance(60_000)
    expect([runs, clock.pendingTimers]).toEqual([1, 0])
  })

  it('begins its interval anew with a run by hand', async () => {
    let runs = 0
    const { clock, job: counting } = job(() => ++runs)
    counting.start()
    await clock.advance(6_000)
    await counting.runOnce()
    await clock.advance(9_000)
    expect(runs).toBe(2)
    await clock.advance(1_000)
    expect(runs).toBe(3)
  })

  it('does not run beside itself where it asks for a run', async () => {
    let runs = 0
    const { job: asking } = job(() => {
      runs++
      void asking.runOnce()
    })
    expect([await asking.runOnce(), runs]).toEqual([true, 1])
  })
})

describe('a job that is stopped', () => {
  it('aborts the run in hand and waits for it', async () => {
    let seen: AbortSignal | undefined
    const slow = gate<void>()
    const run = ({ signal }: JobContext) => {
      seen = signal
      return slow.promise
    }
    const { clock, errors, job: stopping } = job(run)
    stopping.start()
    await clock.settle()
    const stopped = stopping.stop()
    expect(seen?.reason).toMatchObject({ name: 'AbortError' })
    expect(await stateOf(stopped)).toBe('pending')
    slow.fail(seen?.reason)
    expect([await stopped, errors]).toEqual([true, []])
    await clock.advance(60_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('waits no longer than its timeout', async () => {
    const { clock, errors, job: hanging } = job(() => new Promise(() => {}), { timeout: '5s' })
    hanging.start()
    await clock.settle()
    const stopped = hanging.stop()
    await clock.advance(5_000)
    expect([await stopped, errors, hanging.isRunning]).toEqual([false, [], true])
  })

  it('does not begin what was not in hand yet', async () => {
    let runs = 0
    const { job: stopping } = job(() => ++runs)
    stopping.start()
    expect([await stopping.stop(), runs]).toEqual([true, 0])
  })
})

describe('options', () => {
  it('are refused where they are none', () => {
    const make = (options: object) => () => repeatedJob(() => {}, options as RepeatedJobOptions)
    expect(make({})).toThrow("option 'every'")
    expect(make({ every: 0 })).toThrow('10ms to 12d')
    expect(make({ every: 1, evry: 1 })).toThrow("unknown option 'evry'")
    expect(make({ every: 1, first: 'soon' })).toThrow("'now' | 'later'")
    expect(make({ every: 1, jitter: 1 })).toThrow('0 to 0.9')
    expect(make({ every: 1, timeout: 0 })).toThrow('timeout')
    expect(make({ every: 1, onError: 1 })).toThrow('onError')
    expect(make({ every: 1, clock: {} })).toThrow('clock')
    expect(() => repeatedJob(1 as never, { every: 1 })).toThrow('run')
  })
})
