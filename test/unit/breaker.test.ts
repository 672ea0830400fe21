/** Every transition of the breaker, and what must not be one. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Breaker, FAILURES_TO_OPEN } from '../../src/core/breaker.js'
import { CacheError } from '../../src/core/errors.js'
import { type FakeClock, fakeClock } from '../../src/testing/index.js'
import { type Gate, gate } from './tracked-cache.js'

let clock: FakeClock
let breaker: Breaker
let told: string[]
let probes: Gate<void>[]
let silences: number
let randomNumber: number

beforeEach(() => {
  clock = fakeClock({ monotonicMs: 0 })
  told = []
  probes = []
  silences = 0
  randomNumber = 0
  breaker = new Breaker({
    clock,
    random: () => randomNumber,
    probe: () => {
      const probe = gate<void>()
      probes.push(probe)
      return probe.promise
    },
    onSilence: () => silences++,
    onOpen: (cause) => told.push(`open: ${String((cause.cause as Error).message)}`),
    onClose: (openForMs) => told.push(`closed after ${openForMs}`),
  })
})

const boom = new Error('boom')
const timeout = () => new CacheError('STORE_TIMEOUT', 'silent')
const fail = (times: number) => {
  for (let i = 0; i < times; i++) breaker.failed(boom)
}
async function answerProbe(error?: unknown): Promise<void> {
  const probe = probes.at(-1)!
  if (error === undefined) probe.open()
  else probe.fail(error)
  await clock.settle()
}

describe('a closed breaker', () => {
  it('lets calls through and sets no timer', () => {
    expect([breaker.state, breaker.refusal, clock.pendingTimers]).toEqual(['closed', undefined, 0])
  })

  it('opens at the fifth failure in a row', () => {
    fail(FAILURES_TO_OPEN - 1)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
    expect(told).toEqual(['open: boom'])
  })

  it('counts anew after a success', () => {
    fail(FAILURES_TO_OPEN - 1)
    breaker.succeeded()
    fail(FAILURES_TO_OPEN - 1)
    expect(breaker.state).toBe('closed')
  })

  it('opens at once when a call meets silence', async () => {
    breaker.succeeded()
    await clock.advance(1)
    const sentAtMs = clock.monotonicMs()
    await clock.advance(100)
    breaker.timedOut(sentAtMs, boom)
    expect(breaker.state).toBe('open')
  })

  it('opens at once where nothing was ever heard', () => {
    breaker.timedOut(0, boom)
    expect(breaker.state).toBe('open')
  })

  it.each([
    ['an answer', () => breaker.succeeded()],
    ['an error', () => breaker.failed(boom)],
  ])('takes a slow call for a mere failure if %s was heard since', async (_, hear) => {
    const sentAtMs = clock.monotonicMs()
    await clock.advance(50)
    hear()
    await clock.advance(50)
    breaker.timedOut(sentAtMs, boom)
    expect(breaker.state).toBe('closed')
    fail(FAILURES_TO_OPEN)
    expect(breaker.state).toBe('open')
  })

  it('opens when the store says that it is gone', () => {
    breaker.lost(boom)
    breaker.lost(new Error('again'))
    expect(told).toEqual(['open: boom'])
  })

  it('has nothing to do when the store says that it is there', () => {
    breaker.reachable()
    expect([probes.length, breaker.state]).toEqual([0, 'closed'])
  })
})

describe('an open breaker', () => {
  beforeEach(() => breaker.lost(boom))

  it('refuses calls by one named error with its cause', () => {
    expect(breaker.refusal).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: boom })
    expect(breaker.refusal).toBe(breaker.refusal)
    expect(breaker.refusal!.retryable).toBe(true)
  })

  it('probes by itself: at 100 ms, then 200, 400 and every 500', async () => {
    const at: number[] = []
    for (let i = 0; i < 6; i++) {
      const before = probes.length
      while (probes.length === before) await clock.advance(1)
      at.push(clock.monotonicMs())
      await answerProbe(boom)
    }
    const gaps = at.map((ms, i) => ms - (at[i - 1] ?? 0))
    expect(gaps).toEqual([100, 200, 400, 500, 500, 500])
  })

  it('probes earlier by chance, never later', async () => {
    breaker.end()
    randomNumber = 0.999_999
    const early = new Breaker({
      clock,
      random: () => randomNumber,
      probe: () => Promise.resolve(void told.push('probed')),
      onSilence: () => {},
      onOpen: () => {},
      onClose: () => {},
    })
    early.lost(boom)
    await clock.advance(79)
    expect(told).not.toContain('probed')
    await clock.advance(2)
    expect(told).toContain('probed')
  })

  it('closes when a probe is answered, and says how long it was open', async () => {
    await clock.advance(100)
    await clock.advance(7)
    await answerProbe()
    expect([breaker.state, breaker.refusal]).toEqual(['closed', undefined])
    expect(told.at(-1)).toBe('closed after 107')
    expect(clock.pendingTimers).toBe(0)
    fail(FAILURES_TO_OPEN - 1)
    expect(breaker.state).toBe('closed')
  })

  it('holds its timers in the background', () => {
    expect([clock.pendingTimers, clock.foregroundTimers]).toEqual([1, 0])
  })

  it('stays open whatever late calls report', () => {
    breaker.succeeded()
    breaker.failed(boom)
    breaker.timedOut(0, boom)
    expect(breaker.state).toBe('open')
    expect(told).toHaveLength(1)
  })

  it('probes at once when the store says that it is there', async () => {
    breaker.reachable()
    expect(probes).toHaveLength(1)
    await answerProbe()
    expect(breaker.state).toBe('closed')
  })

  it('ignores the answer to a probe that another has overtaken', async () => {
    await clock.advance(100)
    breaker.reachable()
    expect(probes).toHaveLength(2)
    probes[0]!.open()
    await clock.settle()
    expect(breaker.state).toBe('open')
    probes[1]!.open()
    await clock.settle()
    expect(breaker.state).toBe('closed')
  })

  it('ignores a probe of an earlier outage', async () => {
    await clock.advance(100)
    const late = probes[0]!
    breaker.reachable()
    await answerProbe()
    breaker.lost(new Error('second outage'))
    late.open()
    await clock.settle()
    expect(breaker.state).toBe('open')
    expect(clock.pendingTimers).toBe(1)
  })

  it('asks for a new connection from the second silent probe on', async () => {
    await clock.advance(100)
    await answerProbe(timeout())
    expect(silences).toBe(0)
    await clock.advance(200)
    await answerProbe(timeout())
    expect(silences).toBe(1)
    await clock.advance(400)
    await answerProbe(boom)
    expect(silences).toBe(1)
    await clock.advance(500)
    await answerProbe(timeout())
    expect(silences).toBe(2)
  })

  it('never has two probes waiting for their turn', async () => {
    for (let i = 0; i < 5; i++) breaker.reachable()
    for (const probe of probes) probe.fail(boom)
    await clock.settle()
    expect(clock.pendingTimers).toBe(1)
  })
})

describe('an ended breaker', () => {
  it('refuses for good and probes no more', async () => {
    breaker.lost(boom)
    await clock.advance(100)
    breaker.end()
    await answerProbe()
    await clock.advance(10_000)
    expect([breaker.state, probes.length, clock.pendingTimers]).toEqual(['open', 1, 0])
    expect(breaker.refusal!.message).toContain('closed')
    breaker.reachable()
    breaker.lost(boom)
    breaker.failed(boom)
    expect(told).toEqual(['open: boom'])
  })
})
