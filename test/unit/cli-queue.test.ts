/** `cachewright queue` over the in-process queue, from a process that is no worker of it. */
import { describe, expect, it } from 'vitest'
import { CacheError } from '../../src/core/errors.js'
import type { BehindWriter } from '../../src/patterns/index.js'
import { writeBehind } from '../../src/patterns/index.js'
import { cliWorld, scriptedQueue } from './cli-world.js'
import { trackedProcesses } from './tracked-processes.js'

const ESC = '\u001b'

/** A process that writes, and one that a command runs in. The source refuses keys with `bad`. */
async function opened() {
  const { all, caches, clock } = await trackedProcesses(2)
  const rows = new Map<string, unknown>()
  const state = { isMended: false }
  const write: BehindWriter = (batch) => {
    const isBad = ({ key }: { key: string }) => !state.isMended && key.startsWith('bad')
    for (const each of batch) if (!isBad(each)) rows.set(each.key, each.value)
    return batch.filter(isBad).map(({ key }) => ({ key, error: new Error(`no${ESC}[2J row`) }))
  }
  const options = { write, delay: '1m', attempts: 1, partitions: 2 } as const
  const setter = writeBehind(caches[0], { ...options, worker: false })
  // Its worker begins by itself: a command must end that.
  const world = cliWorld({ orders: writeBehind(caches[1], options) }, clock)
  const run = async (...args: string[]) => {
    world.out.length = 0
    const exitCode = world.run('queue', ...args)
    await clock.advance(5_000)
    return { exitCode: await exitCode, out: [...world.out] }
  }
  /** What is refused needs company that is taken: else the source is away. */
  const bury = async (...keys: string[]) => {
    for (const key of [...keys, 'good']) await setter.set(key, { key })
    expect((await run('drain', 'm')).exitCode).toBe(0)
  }
  return { ...world, all, bury, clock, rows, run, setter, state }
}

describe('queue status', () => {
  it('tells what waits, and writes nothing', async () => {
    const { clock, rows, run, setter } = await opened()
    await setter.set('k', 1)
    await clock.advance(2_000)
    const text = await run('status', 'm')
    expect(text).toEqual({
      exitCode: 0,
      out: ['orders: 1 wait, the oldest for 2s, 0 dead letters'],
    })
    await clock.advance(600_000)
    const { out } = await run('status', 'm', '--json')
    const record = { event: 'status', queue: 'orders', pending: 1, isRunning: false, written: 0 }
    expect(out.map((line) => JSON.parse(line))).toEqual([expect.objectContaining(record)])
    expect(rows.size).toBe(0)
  })

  it('waits for a store that is coming, and gives up on one that is away', async () => {
    const { all, clock, errors, run } = await opened()
    all[1].store.inject({ kind: 'throw' }, { ops: ['queue'], times: 2 })
    expect((await run('status', 'm')).exitCode).toBe(0)
    all[1].store.inject({ kind: 'throw' }, { ops: ['queue'] })
    const { exitCode, out } = await run('status', 'm')
    expect([exitCode, out, errors.length]).toEqual([1, [], 1])
    expect(errors[0]).toMatch(/^cachewright: /)
    all[1].store.heal()
    await clock.settle()
  })
})

describe('an error that the same call would meet again', () => {
  it('is not waited for', async () => {
    const status = () => Promise.reject(new CacheError('OPTION_INVALID', 'other partitions'))
    const { errors, run } = cliWorld({ queue: scriptedQueue({ status }).queue })
    expect(await run('queue', 'status', 'm')).toBe(2)
    expect(errors).toEqual(['cachewright: other partitions'])
  })
})

describe('queue drain', () => {
  it('writes what waits, without its delay', async () => {
    const { rows, run, setter } = await opened()
    await setter.set('k', 1)
    await setter.delete('l')
    const answer = await run('drain', 'm', '--json')
    expect(answer).toEqual({ exitCode: 0, out: ['{"event":"drained","queue":"orders"}'] })
    expect([...rows]).toEqual(
      expect.arrayContaining([
        ['k', 1],
        ['l', undefined],
      ]),
    )
  })

  it('says what is left at its deadline', async () => {
    const { run, setter } = await opened()
    await setter.set('bad', 1)
    const { exitCode, out } = await run('drain', 'm', '--deadline', '100ms')
    expect([exitCode, out]).toEqual([1, ['orders: not drained, 1 wait; they stay in the queue']])
  })

  it('needs a writer', async () => {
    const { caches } = await trackedProcesses(2)
    const world = cliWorld({ orders: writeBehind(caches[1], {}) })
    expect(await world.run('queue', 'drain', 'm')).toBe(2)
    expect(world.errors).toEqual(["cachewright: writeBehind: start needs the option 'write'"])
  })

  it('begins again after the store has failed for a moment', async () => {
    const { all, rows, run, setter } = await opened()
    await setter.set('k', 1)
    all[1].store.inject({ kind: 'throw' }, { ops: ['queue'], times: 3 })
    expect((await run('drain', 'm')).exitCode).toBe(0)
    expect(rows.get('k')).toBe(1)
  })
})

describe('queue dead', () => {
  it('shows what was put aside: shortened, on one line, escaped', async () => {
    const { bury, run } = await opened()
    await bury(`bad ${ESC}]0;title`, 'bad "quoted"')
    const { exitCode, out } = await run('dead', 'm')
    const lines = out.sort()
    expect([exitCode, lines.length]).toEqual([0, 2])
    expect(lines[0]).toContain(
      `orders: "bad \\"quoted\\"" set to { key: 'bad "quoted"' }; version `,
    )
    expect(lines[1]).toContain(`orders: "bad \\u001b]0;title" set to { key: 'bad \\x1B]0;title' };`)
    expect(lines[1]).toMatch(/, died at 2026-01-01T\S+Z: Error: no\\u001b\[2J row$/)
  })

  it('is JSON for scripts, with keys that can be handed back', async () => {
    const { bury, run } = await opened()
    const key = `bad ${ESC} \u202e \u{e0041} ü`
    await bury(key)
    const { out } = await run('dead', 'm', '--json', '--limit', '10')
    expect(out.length).toBe(1)
    expect(out[0]).toMatch(/^[ -~ü]+$/)
    const record = { queue: 'orders', key, op: 'set', error: `Error: no${ESC}[2J row` }
    expect(JSON.parse(out[0]!)).toMatchObject(record)
  })

  it('says to people that there are none, and nothing to scripts', async () => {
    const { run } = await opened()
    expect(await run('dead', 'm')).toEqual({ exitCode: 0, out: ['orders: no dead letters'] })
    expect(await run('dead', 'm', '--json')).toEqual({ exitCode: 0, out: [] })
  })

  it('shows deletes, and what cannot be read', async () => {
    const letter = {
      key: 'k',
      version: 1,
      attempts: 0,
      error: 'e'.repeat(900),
      diedAt: new Date(0),
    }
    const letters = [
      { ...letter, op: 'delete', value: undefined },
      { ...letter, op: 'set', value: undefined },
      { ...letter, op: 'set', value: 'v'.repeat(900) },
    ]
    const { queue } = scriptedQueue({ deadLetters: async () => letters })
    const { out, run } = cliWorld({ queue })
    await run('queue', 'dead', 'm')
    expect(out[0]).toContain('queue: "k" deleted; version 1, died at 1970-01-01T00:00:00.000Z: e')
    expect(out[1]).toContain('queue: "k" set to what cannot be read here; version 1')
    expect(out[2]).toContain(`set to 'vvv`)
    expect(out.every((line) => line.length < 600)).toBe(true)
  })
})

describe('queue replay and queue drop', () => {
  it('settle the letters of some keys, and say how many there were', async () => {
    const { bury, rows, run, state } = await opened()
    await bury('bad 1', 'bad 2', 'bad 3')
    const dropped = await run('drop', 'm', 'bad 1', 'bad 1', 'other')
    expect(dropped).toEqual({ exitCode: 1, out: ['orders: 1 of 2 dropped'] })
    const replayed = await run('replay', 'm', 'bad 2', '--json')
    const record = '{"event":"replay","queue":"orders","asked":1,"done":1}'
    expect(replayed).toEqual({ exitCode: 0, out: [record] })
    state.isMended = true
    expect((await run('drain', 'm')).exitCode).toBe(0)
    expect([...rows.keys()].sort()).toEqual(['bad 2', 'good'])
    expect((await run('dead', 'm')).out.join()).toContain('"bad 3"')
  })

  it.each(['replay', 'drop'])('%s settles all', async (verb) => {
    const { bury, run, setter } = await opened()
    await bury('bad 1', 'bad 2', 'bad 3')
    const { exitCode, out } = await run(verb, 'm', '--all')
    expect([exitCode, out[0]]).toEqual([0, expect.stringMatching(/^orders: 3 of 3 /)])
    const pending = verb === 'replay' ? 3 : 0
    expect(await setter.status()).toMatchObject({ deadLetters: 0, pending })
    expect((await run(verb, 'm', '--all')).exitCode).toBe(0)
  })

  it('settle no more than there were at first, where letters die again at once', async () => {
    const taken: number[] = []
    const letters = Array.from({ length: 1_000 }, (_, at) => ({ key: `k${at}` }))
    const { queue } = scriptedQueue({
      status: async () => ({ deadLetters: 2_500 }),
      deadLetters: async (limit: number) => letters.slice(0, limit),
      replay: async (keys: string[]) => taken.push(keys.length) && keys.length,
    })
    const { out, run } = cliWorld({ queue })
    expect(await run('queue', 'replay', 'm', '--all')).toBe(0)
    expect([taken, out]).toEqual([[1_000, 1_000, 500], ['queue: 2500 of 2500 wait again']])
  })

  it('end where somebody else has settled them', async () => {
    const { queue } = scriptedQueue({
      status: async () => ({ deadLetters: 2 }),
      deadLetters: async () => [{ key: 'k' }],
    })
    const { out, run } = cliWorld({ queue })
    expect(await run('queue', 'drop', 'm', '--all')).toBe(1)
    expect(out).toEqual(['queue: 0 of 2 dropped'])
  })

  it('send many keys in parts', async () => {
    const parts: number[] = []
    const { queue } = scriptedQueue({
      drop: async (keys: string[]) => parts.push(keys.length) && keys.length,
    })
    const keys = Array.from({ length: 2_100 }, (_, at) => `k${at}`)
    expect(await cliWorld({ queue }).run('queue', 'drop', 'm', ...keys)).toBe(0)
    expect(parts).toEqual([1_000, 1_000, 100])
  })
})
