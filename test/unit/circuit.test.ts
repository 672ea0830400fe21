/** A breaker for calls of one's own: it opens, tries, closes, and nobody waits for what hangs. */
import { describe, expect, it } from 'vitest'
import { type CircuitOptions, circuit } from '../../src/patterns/index.js'
import { fakeClock } from '../../src/testing/index.js'
import { gate, stateOf } from './tracked-cache.js'

const OWN = new Error('own')
const fail = () => Promise.reject(OWN)
const backup = () => 'backup'

function opened(options: CircuitOptions = {}) {
  const clock = fakeClock()
  const breaker = circuit({ clock, ...options })
  const failTimes = async (times: number) => {
    for (let i = 0; i < times; i++) await breaker.run(fail, backup)
  }
  return { breaker, clock, failTimes }
}

describe('a closed circuit', () => {
  it('hands out what is answered, and the fallback where a call fails', async () => {
    const { breaker } = opened()
    expect(await breaker.run(() => 'answer', backup)).toBe('answer')
    expect(await breaker.run(async () => 'answer')).toBe('answer')
    expect(await breaker.run(fail, (error) => error)).toBe(OWN)
    const thrower = () => {
      throw OWN
    }
    expect(await breaker.run(thrower, backup)).toBe('backup')
    await expect(breaker.run(fail)).rejects.toBe(OWN)
    expect(breaker.state).toBe('closed')
  })

  it('lets errors of the fallback through', async () => {
    const { breaker } = opened()
    const other = new Error('of the fallback')
    await expect(breaker.run(fail, () => Promise.reject(other))).rejects.toBe(other)
  })

  it('does not wait for what hangs', async () => {
    const { breaker, clock } = opened({ deadline: '200ms' })
    let seen: AbortSignal | undefined
    const hang = ({ signal }: { signal: AbortSignal }) => {
      seen = signal
      return new Promise<string>(() => {})
    }
    const answer = breaker.run(hang, (error) => (error as { code: string }).code)
    await clock.advance(199)
    expect(await stateOf(answer)).toBe('pending')
    await clock.advance(1)
    expect([await answer, seen?.aborted]).toEqual(['STORE_TIMEOUT', true])
    const bare = breaker.run(hang)
    bare.catch(() => {})
    await clock.advance(200)
    await expect(bare).rejects.toMatchObject({ code: 'STORE_TIMEOUT' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('opens at so many failures in a row, deadlines among them', async () => {
    const { breaker, clock, failTimes } = opened()
    await failTimes(4)
    await breaker.run(() => 'answer')
    await failTimes(4)
    expect(breaker.state).toBe('closed')
    const hung = breaker.run(() => new Promise<string>(() => {}), backup)
    await clock.advance(1_000)
    expect([await hung, breaker.state]).toEqual(['backup', 'open'])
  })

  it('does not count what is no failure, and leaves it to the caller', async () => {
    const { breaker } = opened({ failures: 1, isFailure: (error) => error !== OWN })
    await expect(breaker.run(fail, backup)).rejects.toBe(OWN)
    expect(breaker.state).toBe('closed')
    const never = opened({ failures: 1, isFailure: () => false })
    const hung = never.breaker.run(() => new Promise<string>(() => {}), backup)
    await never.clock.advance(1_000)
    expect([await hung, never.breaker.state]).toEqual(['backup', 'open'])
  })

  it('takes a judge that throws for one that says yes', async () => {
    const isFailure = () => {
      throw new Error('of the judge')
    }
    const { breaker } = opened({ failures: 1, isFailure })
    expect([await breaker.run(fail, backup), breaker.state]).toEqual(['backup', 'open'])
  })
})

describe('an open circuit', () => {
  it('calls nothing', async () => {
    const { breaker, clock, failTimes } = opened()
    await failTimes(5)
    let calls = 0
    const call = () => ++calls
    expect(await breaker.run(call, backup)).toBe('backup')
    const refused = breaker.run(call)
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: OWN })
    await clock.advance(59_999)
    expect([await breaker.run(call, backup), breaker.state, calls]).toEqual(['backup', 'open', 0])
  })

  it('tries one call at a time after its time, and closes with it', async () => {
    const { breaker, clock, failTimes } = opened({ failures: 2, openFor: '10s' })
    await failTimes(2)
    await clock.advance(10_000)
    expect(breaker.state).toBe('half-open')
    const slow = gate<string>()
    const trial = breaker.run(() => slow.promise, backup)
    expect(await breaker.run(() => 'beside it', backup)).toBe('backup')
    expect(breaker.state).toBe('half-open')
    slow.open('answer')
    expect([await trial, breaker.state]).toEqual(['answer', 'closed'])
    await failTimes(1)
    expect(breaker.state).toBe('closed')
  })

  it('stays open for as long again where the trial fails or hangs', async () => {
    const { breaker, clock, failTimes } = opened({ failures: 1, openFor: '10s' })
    await failTimes(1)
    await clock.advance(10_000)
    await failTimes(1)
    expect(breaker.state).toBe('open')
    await clock.advance(10_000)
    const hung = breaker.run(() => new Promise<string>(() => {}), backup)
    await clock.advance(1_000)
    expect([await hung, breaker.state]).toEqual(['backup', 'open'])
    await clock.advance(9_999)
    expect(breaker.state).toBe('open')
  })

  it('is closed by a reset', async () => {
    const { breaker, failTimes } = opened({ failures: 1 })
    await failTimes(1)
    breaker.reset()
    expect([await breaker.run(() => 'answer'), breaker.state]).toEqual(['answer', 'closed'])
  })
})

describe('a late answer', () => {
  it('of a call that was given up changes nothing', async () => {
    const { breaker, clock } = opened({ failures: 1 })
    const slow = gate<string>()
    const late = breaker.run(() => slow.promise, backup)
    await clock.advance(1_000)
    slow.open('late')
    await clock.settle()
    expect([await late, breaker.state]).toEqual(['backup', 'open'])
  })

  it('of the state before neither closes nor opens', async () => {
    for (const end of ['answers', 'fails'] as const) {
      const { breaker, clock, failTimes } = opened({ failures: 2, openFor: '1s', deadline: '10s' })
      const slow = gate<string>()
      const early = breaker.run(() => slow.promise, backup)
      await failTimes(2)
      await clock.advance(1_000)
      const trial = gate<string>()
      const tried = breaker.run(() => trial.promise, backup)
      if (end === 'answers') slow.open('early')
      else slow.fail(OWN)
      await early
      expect(breaker.state).toBe('half-open')
      if (end === 'answers') trial.fail(OWN)
      else trial.open('answer')
      await tried
      expect(breaker.state).toBe(end === 'answers' ? 'open' : 'closed')
    }
  })
})

describe('options', () => {
  it('are refused where they are none', async () => {
    expect(() => circuit({ failure: 1 } as object)).toThrow("unknown option 'failure'")
    expect(() => circuit({ failures: 0 })).toThrow('1 to 10000')
    expect(() => circuit({ openFor: -1 })).toThrow('openFor')
    expect(() => circuit({ isFailure: 1 as never })).toThrow('isFailure')
    expect(() => circuit({ clock: {} as never })).toThrow('clock')
    const run = circuit().run as (...call: unknown[]) => Promise<unknown>
    await expect(run(1)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(run(() => 1, 1)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
