/** Write-through and write-around: the source first, then the cache, whatever comes between. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { writeAround, writeThrough } from '../../src/patterns/index.js'
import { gate, stateOf, trackedCache, trackedPair, trackedWithStore } from './tracked-cache.js'

const KINDS = { 'memory alone': trackedCache, 'memory and store': trackedWithStore }
const PATTERNS = { writeThrough, writeAround }
const boom = new Error('boom')
const nothing = async (_id: string, _value: string): Promise<void> => {}

afterEach(() => {
  vi.useRealTimers()
})

/** A source of one table, whose reads and writes the test lets through one by one. */
function slowSource() {
  const rows = new Map<string, string>()
  const waiting: { readonly name: string; go(): void; fail(error: unknown): void }[] = []
  const step = (name: string, run: () => unknown) =>
    new Promise<never>((resolve, reject) => {
      waiting.push({ name, go: () => resolve(run() as never), fail: reject })
    })
  return {
    rows,
    waiting,
    /** Reads at once, as a query does; its answer is on its way for as long as the test wants. */
    load: (id: string): Promise<string> => {
      const row = rows.get(id)
      return step(`load ${id}`, () => row)
    },
    write: (id: string, value: string): Promise<void> =>
      step(`write ${id} ${value}`, () => void rows.set(id, value)),
    names: () => waiting.map(({ name }) => name),
  }
}

describe.each(Object.entries(KINDS))('writeThrough (%s)', (_, make) => {
  it('writes to the source, and then puts the value', async () => {
    const { cache } = make()
    const seen: unknown[] = []
    const write = async (id: string, value: string) => {
      seen.push([id, value, await cache.get('user:1')])
    }
    const users = writeThrough(cache, { key: (id: string) => `user:${id}`, write, ttl: 5 })
    expect(await users.set('1', 'Ann')).toBe('Ann')
    expect(seen).toEqual([['1', 'Ann', undefined]])
    expect([await users.get('1'), await cache.ttl('user:1')]).toEqual(['Ann', 5])
  })

  it('puts what the writer answers with: the row as stored', async () => {
    const { cache } = make()
    const write = async (_id: string, user: { name: string; version?: number }) =>
      user.name === '' ? null : { ...user, version: 7 }
    const users = writeThrough(cache, {
      write: write as (id: string, user: object | null) => never,
    })
    expect(await users.set('1', { name: 'Ann' })).toEqual({ name: 'Ann', version: 7 })
    expect(await cache.get('1')).toEqual({ name: 'Ann', version: 7 })
    expect(await users.set('1', { name: '' })).toBeNull()
    expect(await cache.get('1')).toBeNull()
  })

  it('adds the tags of a call', async () => {
    const { cache } = make()
    const users = writeThrough(cache, { write: nothing, tags: ['users'], hardTimeout: 5 })
    for (const tag of ['users', 'team:7']) {
      await users.set('1', 'Ann', { tags: ['team:7'] })
      expect(await cache.get('1')).toBe('Ann')
      await cache.invalidateTags([tag])
      expect(await cache.get('1')).toBeUndefined()
    }
  })

  it('writes what no tier can keep all the same, and serves nothing older', async () => {
    const { cache } = make()
    await cache.set('1', 'old')
    const value = { run: () => 1 }
    const users = writeThrough(cache, { write: async (_id: string, _value: object) => {} })
    expect(await users.set('1', value)).toBe(value)
    expect(await cache.get('1')).toBeUndefined()
  })
})

describe.each(Object.entries(KINDS))('writeAround (%s)', (_, make) => {
  it('writes to the source, and puts nothing', async () => {
    const { cache } = make()
    await cache.set('1', 'old')
    const write = vi.fn(nothing)
    const users = writeAround(cache, { write })
    expect(await users.set('1', 'new')).toBe('new')
    expect(write.mock.calls.map(([id, value]) => [id, value])).toEqual([['1', 'new']])
    expect(await users.get('1')).toBeUndefined()
  })
})

describe.each(Object.entries(PATTERNS))('%s', (name, pattern) => {
  describe.each(Object.entries(KINDS))('over %s', (_, make) => {
    it('readers have the old value until the source has the new one', async () => {
      const { cache, clock } = make()
      const source = slowSource()
      const users = pattern(cache, { write: source.write, load: source.load })
      await cache.set('1', 'old')
      const writing = users.set('1', 'new')
      await clock.settle()
      expect(await users.get('1')).toBe('old')
      source.waiting[0]!.go()
      await writing
      expect(await cache.get('1')).toBe(name === 'writeThrough' ? 'new' : undefined)
    })

    it.each([
      ['before the write', ['load 1', 'write 1 new']],
      ['during the write', ['write 1 new', 'load 1']],
    ] as const)('a load that read the old row %s does not bring it back', async (_when, order) => {
      const { cache, clock } = make()
      const source = slowSource()
      source.rows.set('1', 'old')
      const users = pattern(cache, { write: source.write, load: source.load })
      const calls: Promise<unknown>[] = []
      for (const each of order) {
        calls.push(each === 'load 1' ? users.get('1') : users.set('1', 'new'))
        await clock.settle()
      }
      expect(source.names()).toEqual(order)
      const [load, write] = order[0] === 'load 1' ? [0, 1] : [1, 0]
      source.waiting[write]!.go()
      await clock.settle()
      source.waiting[load]!.go()
      await Promise.all(calls)
      await clock.settle()
      expect(await cache.get('1')).toBe(name === 'writeThrough' ? 'new' : undefined)
      const later = users.get('1')
      await clock.settle()
      source.waiting[2]?.go()
      expect(await later).toBe('new')
    })

    it('a load that was kept while the write ran is replaced', async () => {
      const { cache, clock } = make()
      const source = slowSource()
      source.rows.set('1', 'old')
      const users = pattern(cache, { write: source.write, load: source.load })
      const writing = users.set('1', 'new')
      const reading = users.get('1')
      await clock.settle()
      expect(source.names().sort()).toEqual(['load 1', 'write 1 new'])
      source.waiting.find((each) => each.name === 'load 1')!.go()
      expect(await reading).toBe('old')
      expect(await cache.get('1')).toBe('old')
      source.waiting.find((each) => each.name === 'write 1 new')!.go()
      await writing
      expect(await cache.get('1')).toBe(name === 'writeThrough' ? 'new' : undefined)
    })

    it('a writer that fails: its very error, and a cache that is empty', async () => {
      const { cache } = make()
      await cache.set('1', 'old')
      const failing = pattern(cache, { write: (_id: string, _v: string) => Promise.reject(boom) })
      await expect(failing.set('1', 'new')).rejects.toBe(boom)
      expect(await cache.get('1')).toBeUndefined()
      const throwing = pattern(cache, {
        write: (_id: string, _v: string): Promise<string> => {
          throw boom
        },
      })
      await cache.set('1', 'old')
      await expect(throwing.set('1', 'new')).rejects.toBe(boom)
      expect(await cache.get('1')).toBeUndefined()
    })

    it('a writer that has written and then fails: the next reader asks the source', async () => {
      const { cache } = make()
      const rows = new Map([['1', 'old']])
      const users = pattern(cache, {
        load: (id: string) => rows.get(id) as string,
        write: async (id: string, value: string) => {
          rows.set(id, value)
          throw boom
        },
      })
      expect(await users.get('1')).toBe('old')
      await expect(users.set('1', 'new')).rejects.toBe(boom)
      expect(await users.get('1')).toBe('new')
    })

    it('writes of one key follow one another, those of others do not wait', async () => {
      const { cache, clock } = make()
      const source = slowSource()
      const users = pattern(cache, { write: source.write })
      const calls = [users.set('1', 'a'), users.set('1', 'b'), users.set('2', 'c')]
      await clock.settle()
      expect(source.names()).toEqual(['write 1 a', 'write 2 c'])
      source.waiting[1]!.go()
      expect(await calls[2]).toBe('c')
      source.waiting[0]!.fail(boom)
      await expect(calls[0]).rejects.toBe(boom)
      await clock.settle()
      expect(source.names()).toEqual(['write 1 a', 'write 2 c', 'write 1 b'])
      source.waiting[2]!.go()
      expect(await calls[1]).toBe('b')
    })

    it('removes from the source, then from the cache', async () => {
      const { cache } = make()
      await cache.set('1', 'old')
      const seen: unknown[] = []
      const remove = async (id: string, context: { key: string }) => {
        seen.push([id, context.key, await cache.get('1')])
        return 'ignored'
      }
      const users = pattern(cache, { write: nothing, remove })
      expect(await users.delete('1')).toBeUndefined()
      expect(seen).toEqual([['1', '1', 'old']])
      expect(await cache.get('1')).toBeUndefined()
      await cache.set('1', 'old')
      const failing = pattern(cache, { write: nothing, remove: () => Promise.reject(boom) })
      await expect(failing.delete('1')).rejects.toBe(boom)
      expect(await cache.get('1')).toBeUndefined()
    })
  })

  it('a store that is away rejects nothing, and has nothing older when it is back', async () => {
    const { cache, clock, store, data } = trackedWithStore()
    await cache.set('1', 'old')
    store.inject({ kind: 'throw' })
    const users = pattern(cache, { write: nothing, remove: () => {} })
    expect(await users.set('1', 'new')).toBe('new')
    store.heal()
    await clock.advance(60_000)
    const other = trackedWithStore({}, clock, data)
    expect(await other.cache.get('1')).not.toBe('old')
  })

  it('no process brings the old row back', async () => {
    const { a, b, clock } = await trackedPair()
    const source = slowSource()
    source.rows.set('1', 'old')
    const [ours, theirs] = [a, b].map(({ cache }) =>
      pattern(cache, { write: source.write, load: source.load }),
    ) as [ReturnType<typeof pattern<unknown, string, string>>, never]
    const reading = (theirs as typeof ours).get('1')
    await clock.settle()
    const writing = ours.set('1', 'new')
    await clock.settle()
    source.waiting[1]!.go()
    await writing
    source.waiting[0]!.go()
    expect(await reading).toBe('old')
    await clock.settle()
    const expected = name === 'writeThrough' ? 'new' : undefined
    expect([await a.cache.get('1'), await b.cache.get('1')]).toEqual([expected, expected])
  })

  it('a writer that takes too long frees its key, and is not believed when it ends', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { cache, clock } = trackedCache()
    const gates = [gate<void>(), gate<void>()]
    const signals: AbortSignal[] = []
    const users = pattern(cache, {
      write: (_id: string, _value: string, { signal }) => {
        signals.push(signal)
        return gates[signals.length - 1]!.promise
      },
      writeTimeout: '5s',
    })
    await cache.set('1', 'old')
    const first = users.set('1', 'first').catch((error) => error)
    const second = users.set('1', 'second')
    await clock.settle()
    vi.advanceTimersByTime(4_999)
    await clock.settle()
    expect([await stateOf(first), signals.length]).toEqual(['pending', 1])
    vi.advanceTimersByTime(1)
    expect(await first).toMatchObject({ code: 'WRITER_TIMEOUT', key: '1', retryable: true })
    expect(signals[0]!.reason).toBe(await first)
    expect(await cache.get('1')).toBeUndefined()
    await clock.settle()
    expect(signals.length).toBe(2)
    // Whichever the source took last: nobody knows, so neither value is put.
    gates[1]!.open()
    expect(await second).toBe('second')
    expect(await cache.get('1')).toBeUndefined()
    await cache.set('1', 'loaded in between')
    gates[0]!.open()
    await clock.settle()
    expect(await cache.get('1')).toBeUndefined()
    // And then all is as it was.
    gates.push(gate<void>())
    const third = users.set('1', 'third')
    gates[2]!.open()
    await third
    expect(await cache.get('1')).toBe(name === 'writeThrough' ? 'third' : undefined)
  })

  it('a late failure reaches nobody twice', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { cache, clock } = trackedCache()
    const slow = gate<void>()
    const options = { write: (_id: string, _value: string) => slow.promise, writeTimeout: 1 }
    const call = pattern(cache, options).set('1', 'v')
    await clock.settle()
    vi.advanceTimersByTime(1_000)
    await expect(call).rejects.toMatchObject({ code: 'WRITER_TIMEOUT' })
    slow.fail(boom)
    await clock.settle()
  })

  it('a writer without a timeout leaves no timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { cache } = trackedCache()
    await pattern(cache, { write: nothing }).set('1', 'v')
    await pattern(cache, { write: nothing, writeTimeout: Infinity }).set('1', 'v')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('1 000 writes of a key wait; one more is refused, unwritten', async () => {
    const { cache } = trackedCache()
    const slow = gate<void>()
    const write = vi.fn((_id: string, _value: number) => slow.promise)
    const users = pattern(cache, { write })
    const calls = Array.from({ length: 1_001 }, (_, n) => users.set('1', n))
    await expect(users.set('1', -1)).rejects.toMatchObject({ code: 'WRITE_QUEUE_FULL', key: '1' })
    slow.open()
    expect(await users.set('2', 5)).toBe(5)
    expect(await Promise.all(calls)).toHaveLength(1_001)
    expect(await users.set('1', 7)).toBe(7)
    const written = write.mock.calls.filter(([id]) => id === '1').map(([, value]) => value)
    expect(written).toEqual([...Array.from({ length: 1_001 }, (_, n) => n), 7])
  })

  it('what is wrong with a call is said before anything is written', async () => {
    const { cache } = trackedCache()
    const write = vi.fn(nothing)
    const users = pattern(cache, { write, key: (id: string) => (id === '' ? (7 as never) : id) })
    await expect(users.set('', 'v')).rejects.toMatchObject({ code: 'KEY_INVALID' })
    await expect(users.get('')).rejects.toMatchObject({ code: 'KEY_INVALID' })
    await expect(users.invalidate('')).rejects.toMatchObject({ code: 'KEY_INVALID' })
    await expect(users.delete('1')).rejects.toThrow(`${name}: option 'remove' is undefined`)
    expect(write).not.toHaveBeenCalled()
  })

  it('reads the cache alone where it has no loader, and drops from it alone', async () => {
    const { cache } = trackedCache()
    const remove = vi.fn()
    const users = pattern(cache, { write: nothing, remove })
    expect(await users.get('1')).toBeUndefined()
    await cache.set('1', 'v')
    expect([await users.get('1'), users.keyOf('1')]).toEqual(['v', '1'])
    await users.invalidate('1')
    expect(await users.get('1')).toBeUndefined()
    expect(remove).not.toHaveBeenCalled()
  })

  it.each([
    [{}, "option 'write' is undefined"],
    [{ write: nothing, remove: 1 }, "option 'remove' is 1"],
    [{ write: nothing, load: 1 }, "option 'load' is 1"],
    [{ write: nothing, writeTimeout: 0 }, "option 'writeTimeout' is 0; the range is 1ms to 1d"],
    [{ write: nothing, writeTimeout: '2d' }, "option 'writeTimeout' is '2d'"],
    [{ write: nothing, writeTimeout: 'soon' }, "option 'writeTimeout' is 'soon'"],
    [{ write: nothing, timeout: 5 }, "unknown option 'timeout'; known here: key, write, remove"],
    [{ write: nothing, grace: -1 }, "option 'grace' is -1"],
  ])('refuses %o', (options, message) => {
    const { cache } = trackedCache()
    expect(() => pattern(cache, options as never)).toThrow(`${name}: ${message}`)
  })
})

it('writeThrough refuses options of a call that set does not take, unwritten', async () => {
  const { cache } = trackedCache()
  const write = vi.fn(nothing)
  const users = writeThrough(cache, { write })
  const wrong = users.set('1', 'v', { hardTimeout: 5 } as never)
  await expect(wrong).rejects.toThrow("writeThrough: unknown option 'hardTimeout'")
  expect(write).not.toHaveBeenCalled()
})
