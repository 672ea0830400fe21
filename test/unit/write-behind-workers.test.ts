/** Workers of write-behind: they share the parts, lose them, are stopped, and are in a hurry. */
import { describe, expect, it } from 'vitest'
import {
  type BehindWrite,
  type BehindWriter,
  type WriteBehindOptions,
  writeBehind,
} from '../../src/patterns/index.js'
import { gate, trackedCache } from './tracked-cache.js'
import { trackedProcesses } from './tracked-processes.js'

type Options = WriteBehindOptions<string, unknown>

/** One write-behind for each set of options, each in a process of its own. */
async function processes(...options: readonly Options[]) {
  const { all, caches, clock } = await trackedProcesses(options.length)
  const behinds = options.map((each, at) => writeBehind(caches[at]!, each))
  await clock.settle()
  return { all, behinds, caches, clock }
}

function recorder() {
  const written: BehindWrite[] = []
  const write: BehindWriter = (batch) => {
    written.push(...batch)
  }
  return { write, written }
}

/** Several processes whose writers take so long for a batch; what each has written. */
async function slowProcesses(count: number, pauseMs: number, options: Options) {
  const recorders = Array.from({ length: count }, recorder)
  let pause: () => Promise<void>
  const slow = recorders.map(({ write }): Options => {
    const slowWrite: BehindWriter = async (...call) => {
      await pause()
      await write(...call)
    }
    return { ...options, write: slowWrite }
  })
  const { behinds, clock } = await processes(...slow)
  pause = () => new Promise((resolve) => clock.setTimer(resolve, pauseMs, false))
  return { behinds, clock, written: recorders.map((each) => each.written) }
}

describe('a worker', () => {
  it('that cannot keep its part up tells the writer, and another takes over', async () => {
    const held = gate<void>()
    const signals: AbortSignal[] = []
    const stuck: BehindWriter = async (_, { signal }) => {
      signals.push(signal)
      await held.promise
    }
    const { write, written } = recorder()
    const options = { delay: 0, partitions: 1, lease: '2s' } as const
    const { all, behinds, clock } = await processes(
      { ...options, write: stuck },
      { ...options, write, worker: false },
    )
    const [first, second] = behinds as [(typeof behinds)[0], (typeof behinds)[0]]
    await first.set('k', 1)
    await clock.advance(100)
    expect(signals.length).toBe(1)
    all[0]!.store.inject({ kind: 'throw' }, { ops: ['queue'] })
    second.start()
    await clock.advance(1_500)
    expect([signals[0]!.aborted, written.length]).toEqual([false, 0])
    await clock.advance(3_000)
    expect(signals[0]!.reason).toMatchObject({ code: 'LOCK_LOST' })
    expect(written).toMatchObject([{ key: 'k', value: 1, epoch: 2 }])
    // The first comes back, late: what it did counts for nothing.
    all[0]!.store.heal()
    await second.set('k', 2)
    held.open()
    await clock.advance(3_000)
    expect(written.at(-1)).toMatchObject({ key: 'k', value: 2 })
    expect(await second.status()).toMatchObject({ pending: 0, written: 2 })
    expect(await first.status()).toMatchObject({ written: 0 })
  })

  it('shares the parts with others, and all is written once', async () => {
    const options = { delay: '100ms', batch: 5, concurrency: 1 } as const
    const { behinds, clock, written } = await slowProcesses(3, 20, options)
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`)
    await Promise.all(keys.map((key, i) => behinds[i % 3]!.set(key, i)))
    await clock.advance(5_000)
    const all = written.flat().map(({ key }) => key)
    expect(all.sort()).toEqual([...keys].sort())
    expect(written.every(({ length }) => length > 0)).toBe(true)
  })

  it('leaves work for others where there is much of it', async () => {
    const options = { delay: 0, batch: 5, concurrency: 1, worker: false } as const
    const { behinds, clock, written } = await slowProcesses(2, 100, options)
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`)
    await Promise.all(keys.map((key) => behinds[0]!.set(key, 1)))
    behinds[0]!.start()
    await clock.advance(2_000)
    behinds[1]!.start()
    await clock.advance(10_000)
    const [first, second] = written as [BehindWrite[], BehindWrite[]]
    expect(second.length).toBeGreaterThan(first.length / 2)
    await clock.advance(30_000)
    expect(written.flat().length).toBe(1_000)
  })

  it('takes a write earlier by what a batch takes, so that none waits for two', async () => {
    const options = { delay: '1s', partitions: 1, concurrency: 1 } as const
    const { behinds, clock, written } = await slowProcesses(1, 100, options)
    const [behind] = behinds as [(typeof behinds)[0]]
    // It learns how long a batch takes.
    for (let n = 0; n < 20; n++) {
      await behind.set('k', n)
      await clock.advance(2_000)
    }
    const soFar = written[0]!.length
    await behind.set('k', 'first')
    await clock.advance(60)
    await behind.set('l', 'second')
    await clock.advance(1_050)
    // The first before it is due, so the other waits for no batch but its own.
    expect(written[0]!.slice(soFar).map(({ key }) => key)).toEqual(['k', 'l'])
    expect((await behind.status()).lagMs).toBeLessThanOrEqual(1_100)
  })

  it('that is stopped ends its batch and leaves the rest to others', async () => {
    const held = gate<void>()
    const { write, written } = recorder()
    const slow: BehindWriter = async (batch, context) => {
      await held.promise
      await write(batch, context)
    }
    const options = { delay: 0, partitions: 1, batch: 1, lease: '1h' } as const
    const { behinds, clock } = await processes(
      { ...options, write: slow },
      { ...options, write, worker: false },
    )
    const [first, second] = behinds as [(typeof behinds)[0], (typeof behinds)[0]]
    await Promise.all(['k', 'l', 'm'].map((key) => first.set(key, key)))
    await clock.advance(100)
    const stopped = first.stop()
    await clock.advance(1_000)
    expect(written).toEqual([])
    held.open()
    await stopped
    await clock.advance(10_000)
    expect(written.length).toBe(1)
    expect(await first.status()).toMatchObject({ pending: 2, isRunning: false, partitionsHeld: 0 })
    second.start()
    await clock.advance(5_000)
    expect(written.map(({ key }) => key).sort()).toEqual(['k', 'l', 'm'])
  })

  it('ends with its cache, and keeps the process alive no more than that does', async () => {
    const { write, written } = recorder()
    const { behinds, caches, clock } = await processes({ write, worker: false }, { delay: '1h' })
    await behinds[1]!.set('k', 1)
    await clock.advance(5_000)
    const without = clock.foregroundTimers
    behinds[0]!.start()
    await clock.advance(5_000)
    expect(clock.foregroundTimers).toBe(without)
    await caches[0]!.close()
    expect(await behinds[1]!.status()).toMatchObject({ pending: 1, partitionsHeld: 0 })
    await clock.advance(7_200_000)
    expect(written).toEqual([])
  })

  it('waits for a store that is not there yet, and says what it will never do', async () => {
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const { write, written } = recorder()
    const { all, behinds, caches, clock } = await processes({ delay: 0 }, {})
    all[1]!.store.inject({ kind: 'throw' }, { ops: ['queue'] })
    const late = writeBehind(caches[1]!, { write, onError })
    await behinds[0]!.set('k', 1)
    await clock.advance(5_000)
    expect([written.length, (errors[0] as { code: string }).code]).toEqual([0, 'STORE_FAILED'])
    all[1]!.store.heal()
    await clock.advance(10_000)
    expect(written.length).toBe(1)
    expect((await late.status()).isRunning).toBe(true)
    errors.length = 0
    writeBehind(caches[1]!, { write, onError, durability: 'replica', name: 'other' })
    await clock.advance(60_000)
    expect(errors).toMatchObject([{ code: 'OPTION_INVALID' }])
  })
})

describe('who is in a hurry', () => {
  it('flushes the writes of some ids, whatever the delay', async () => {
    const { write, written } = recorder()
    const { behinds, clock } = await processes({ write, delay: '1h' })
    const [behind] = behinds as [(typeof behinds)[0]]
    await behind.set('k', 1)
    const flushed = behind.flush(['k', 'none'])
    await clock.advance(1_000)
    expect(await flushed).toBe(true)
    expect(written).toMatchObject([{ key: 'k', value: 1 }])
    await behind.set('l', 1)
    await clock.advance(60_000)
    // The hurry is over.
    expect(written.length).toBe(1)
    const drained = behind.drain()
    await clock.advance(1_000)
    expect([await drained, written.length]).toEqual([true, 2])
  })

  it('does not mind a store that is away for a moment, and says so where it stays', async () => {
    const { write, written } = recorder()
    const { all, behinds, clock } = await processes({ write, delay: '1h' })
    const [behind] = behinds as [(typeof behinds)[0]]
    await behind.set('k', 1)
    all[0]!.store.inject({ kind: 'throw' }, { ops: ['queue'] })
    const drained = behind.drain({ deadline: '20s' })
    await clock.advance(5_000)
    all[0]!.store.heal()
    await clock.advance(10_000)
    expect([await drained, written.length]).toEqual([true, 1])
    await behind.set('l', 1)
    all[0]!.store.inject({ kind: 'throw' }, { ops: ['queue'] })
    const refused = expect(behind.drain({ deadline: '2s' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    await clock.advance(3_000)
    await refused
  })

  it('gives up at the deadline, and a later write of the key is not waited for', async () => {
    const { behinds, clock } = await processes({ delay: '1h' })
    const [behind] = behinds as [(typeof behinds)[0]]
    await behind.set('k', 1)
    const drained = behind.drain({ deadline: '2s' })
    await clock.advance(1_900)
    const flushed = behind.flush(['k'], { deadline: '1m' })
    await clock.advance(200)
    expect(await drained).toBe(false)
    await behind.set('k', 2)
    await clock.advance(1_000)
    expect(await flushed).toBe(true)
  })

  it('is refused what makes no sense', async () => {
    const { behinds } = await processes({})
    const [behind] = behinds as [(typeof behinds)[0]]
    const refused = { code: 'OPTION_INVALID' }
    await expect(behind.drain({ deadline: -1 })).rejects.toMatchObject(refused)
    await expect(behind.flush('k' as never)).rejects.toMatchObject(refused)
    await expect(behind.deadLetters(0)).rejects.toMatchObject(refused)
    await expect(behind.replay('k' as never)).rejects.toMatchObject(refused)
    await expect(behind.drain({ dead: 1 } as never)).rejects.toMatchObject({
      code: 'OPTION_UNKNOWN',
    })
    expect(() => behind.start()).toThrow(/'write'/)
  })
})

describe('the options of write-behind', () => {
  const { cache } = trackedCache()
  const write = () => {}
  it.each([
    ['name', 'a b', '1 to 64 letters'],
    ['name', 'x'.repeat(65), '1 to 64 letters'],
    ['partitions', 0, '1 to 1024'],
    ['partitions', 1_025, '1 to 1024'],
    ['delay', '25h', '0ms to 1d'],
    ['batch', 1_001, '1 to 1000'],
    ['concurrency', 1.5, '1 to 64'],
    ['maxPending', 0, '1 to 10000000'],
    ['maxAge', '500ms', '1s to'],
    ['whenFull', 'drop', `'block' | 'reject' | 'writeThrough'`],
    ['maxWait', 0, '10ms to'],
    ['durability', 'aof', `'memory' | 'disk' | 'replica'`],
    ['whenAway', 'wait', `'source' | 'reject'`],
    ['attempts', 0, '1 to 1000'],
    ['retryDelay', 0, '1ms to'],
    ['maxRetryDelay', '25h', '1ms to'],
    ['maxDeadLetters', -1, '0 to 1000000'],
    ['writeTimeout', 0, '1ms to'],
    ['lease', '500ms', '1s to'],
    ['worker', 'yes', 'true | false'],
    ['write', 'sql', 'a function'],
    ['load', 1, 'a function'],
    ['onError', {}, 'a function'],
  ])('refuse %s: %j', (name, value, range) => {
    const make = () => writeBehind(cache, { write, [name]: value } as Options)
    expect(make).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(make).toThrow(`'${name}'`)
    expect(make).toThrow(range)
  })

  it('refuse a worker, or a write through, without a writer, and what is no option', () => {
    expect(() => writeBehind(cache, { worker: true })).toThrow(/'worker' is true/)
    expect(() => writeBehind(cache, { whenFull: 'writeThrough' })).toThrow(/'whenFull'/)
    expect(() => writeBehind(cache, { dellay: 1 } as never)).toThrow(/unknown option 'dellay'/)
  })
})
