/** `cachewright worker` over the in-process queue, on a fake clock. */
import { describe, expect, it } from 'vitest'
import { type BehindWriter, writeBehind } from '../../src/patterns/index.js'
import { fakeClock } from '../../src/testing/index.js'
import { cliWorld, scriptedQueue } from './cli-world.js'
import { stateOf } from './tracked-cache.js'
import { trackedProcesses } from './tracked-processes.js'

async function opened(args: readonly string[] = [], extra: object = {}) {
  const { all, caches, clock } = await trackedProcesses(2)
  const rows = new Map<string, unknown>()
  const state = { isAway: false }
  const write: BehindWriter = (batch) => {
    if (state.isAway) throw new Error('away')
    for (const { key, value } of batch) rows.set(key, value)
  }
  const [setter, orders] = caches.map((cache) =>
    writeBehind(cache, { write, delay: '1s', partitions: 2, worker: false }),
  ) as [ReturnType<typeof writeBehind>, object]
  const world = cliWorld({ orders, ...extra }, clock)
  const exitCode = world.run('worker', 'm', ...args)
  await clock.settle()
  return { ...world, all, clock, exitCode, rows, setter, state }
}

describe('a worker', () => {
  it('writes what is queued, and says how it goes', async () => {
    const { clock, exitCode, out, rows, setter, signal } = await opened()
    expect(out).toEqual(['orders: worker started'])
    await setter.set('k' as never, 1)
    await clock.advance(5_000)
    expect(rows.get('k')).toBe(1)
    await clock.advance(120_000)
    const line = 'orders: 0 wait, 1 written, 0 failed, 0 dead letters'
    expect(out.slice(1)).toEqual([line, line])
    expect(await stateOf(exitCode)).toBe('pending')
    signal('SIGTERM')
    await clock.advance(1_000)
    expect(await exitCode).toBe(0)
  })

  it('keeps its process alive, and listens until its end', async () => {
    const clock = fakeClock()
    const { listeners, run, signal } = cliWorld({ queue: scriptedQueue().queue }, clock)
    const exitCode = run('worker', 'm')
    await clock.settle()
    expect([clock.foregroundTimers, listeners.size]).toEqual([1, 1])
    signal('SIGINT')
    expect(await exitCode).toBe(0)
    expect([clock.pendingTimers, listeners.size]).toEqual([0, 0])
  })

  it('writes without delay what waits at the signal, stops, and closes', async () => {
    const closed: unknown[] = []
    const close = async () => closed.push(rows.size)
    const { clock, exitCode, out, rows, setter, signal } = await opened(['--json'], { close })
    await setter.set('k' as never, 1)
    signal('SIGTERM')
    await clock.advance(900)
    expect(await exitCode).toBe(0)
    expect([rows.size, closed]).toEqual([1, [1]])
    expect(out.map((line) => JSON.parse(line))).toEqual([
      { event: 'started', queue: 'orders' },
      { event: 'ending', signal: 'SIGTERM', drainMs: 10_000 },
      { event: 'drained', queue: 'orders' },
    ])
    await setter.set('k' as never, 2)
    await clock.advance(60_000)
    expect(rows.get('k')).toBe(1)
  })

  it('leaves in the queue what the source does not take in time, and says so', async () => {
    const { clock, exitCode, out, setter, signal, state } = await opened(['--drain', '3s'])
    state.isAway = true
    await setter.set('k' as never, 1)
    signal('SIGTERM')
    await clock.advance(2_900)
    expect(await stateOf(exitCode)).toBe('pending')
    await clock.advance(200)
    expect(await exitCode).toBe(1)
    expect(out.slice(1)).toEqual([
      'SIGTERM: draining for at most 3s',
      'orders: not drained, 1 wait; they stay in the queue',
    ])
    expect(await setter.status()).toMatchObject({ pending: 1, deadLetters: 0 })
  })

  it('does not wait for what waits where that was not asked for', async () => {
    const { clock, exitCode, out, rows, setter, signal } = await opened(['--drain', '0'])
    await setter.set('k' as never, 1)
    signal('SIGTERM')
    await clock.settle()
    expect(await exitCode).toBe(0)
    expect([rows.size, out.slice(1)]).toEqual([0, ['SIGTERM: stopping']])
  })

  it('says that the store is away, and goes on', async () => {
    const { all, clock, errors, exitCode, out, signal } = await opened(['--every', '10s'])
    all[1].store.inject({ kind: 'throw' }, { ops: ['queue'] })
    await clock.advance(10_500)
    expect(errors).toEqual([expect.stringMatching(/^orders: the queue cannot be asked: /)])
    all[1].store.heal()
    await clock.advance(60_000)
    expect(out.at(-1)).toMatch(/^orders: 0 wait/)
    signal('SIGTERM')
    await clock.advance(1_000)
    expect(await exitCode).toBe(0)
  })

  it('ends in time where the store is away', async () => {
    const { all, clock, errors, exitCode, signal } = await opened(['--drain', '2s'])
    all[1].store.inject({ kind: 'throw' })
    signal('SIGTERM')
    await clock.advance(3_000)
    expect(await exitCode).toBe(1)
    expect(errors.at(-1)).toMatch(/^orders: not drained, what waits stays in the queue: /)
    all[1].store.heal()
    await clock.advance(60_000)
  })
})

describe('a worker that is told to end', () => {
  const never = () => new Promise<never>(() => {})

  it('ends at once at a second signal', async () => {
    const { queue } = scriptedQueue({ drain: never })
    const { errors, listeners, run, signal } = cliWorld({ queue })
    const exitCode = run('worker', 'm')
    await fakeClock().settle()
    signal('SIGTERM')
    expect(await stateOf(exitCode)).toBe('pending')
    signal('SIGINT')
    expect(await exitCode).toBe(1)
    expect([errors.length, listeners.size]).toEqual([1, 0])
    expect(errors[0]).toContain('ended at once')
  })

  it.each([
    ['drain', 15_000],
    ['stop', 5_000],
    ['close', 5_000],
  ])('waits for a %s that hangs until its deadline', async (verb, limitMs) => {
    const clock = fakeClock()
    const { queue } = scriptedQueue(verb === 'close' ? {} : { [verb]: never })
    const close = verb === 'close' ? never : () => {}
    const world = cliWorld({ queue, close }, clock)
    const exitCode = world.run('worker', 'm')
    await clock.settle()
    world.signal('SIGTERM')
    await clock.advance(limitMs - 100)
    expect(await stateOf(exitCode)).toBe('pending')
    await clock.advance(200)
    expect(await exitCode).toBe(1)
    expect(clock.foregroundTimers).toBe(0)
  })

  it('tells no status that is still asked for a second time', async () => {
    const clock = fakeClock()
    let asked = 0
    const status = () => {
      asked++
      return never()
    }
    const world = cliWorld({ queue: scriptedQueue({ status }).queue }, clock)
    const exitCode = world.run('worker', 'm')
    await clock.advance(600_000)
    expect(asked).toBe(1)
    world.signal('SIGTERM')
    expect(await exitCode).toBe(0)
  })
})

describe('of several queues', () => {
  it('all are worked, and drained together', async () => {
    const [one, other] = [scriptedQueue(), scriptedQueue({ drain: async () => false })]
    const { out, run, signal } = cliWorld({ one: one.queue, other: other.queue })
    const exitCode = run('worker', 'm')
    await fakeClock().settle()
    signal('SIGTERM')
    expect(await exitCode).toBe(1)
    const drain = ['drain', { deadline: '10000ms' }]
    expect(one.asked).toEqual([['start'], drain, ['stop']])
    expect(out).toContain('other: not drained, 0 wait; they stay in the queue')
  })

  it('the one that is named is worked, the others are stopped', async () => {
    const [one, other] = [scriptedQueue(), scriptedQueue()]
    const { run, signal } = cliWorld({ one: one.queue, other: other.queue })
    const exitCode = run('worker', 'm', '--queue', 'one', '--drain', '0')
    await fakeClock().settle()
    signal('SIGTERM')
    expect(await exitCode).toBe(0)
    expect([one.asked, other.asked]).toEqual([[['start'], ['stop']], [['stop']]])
  })

  it('one without a writer is refused by its name, and nothing is left open', async () => {
    const closed: unknown[] = []
    const { caches } = await trackedProcesses(2)
    const close = () => closed.push('closed')
    const { errors, run } = cliWorld({ orders: writeBehind(caches[1], {}), close })
    expect(await run('worker', 'm')).toBe(2)
    expect(errors).toEqual(["cachewright: orders: writeBehind: start needs the option 'write'"])
    expect(closed).toEqual(['closed'])
  })
})
