/** Write-behind as a class: in the process, and in a store that keeps queues or is away. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CacheError } from '../../src/core/errors.js'
import type { WriteQueue } from '../../src/core/write-queue.js'
import {
  CacheKeyManager,
  DistributedCacheService,
  WriteBehindPattern,
  type WriteBehindPatternOptions,
} from '../../src/facades/distributed/index.js'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import type { BehindWrite } from '../../src/patterns/index.js'
import { type FakeClock, fakeClock, faultyStore, inProcessStore } from '../../src/testing/index.js'
import { optionInvalid } from '../support/option-invalid.js'
import { gate, trackedCache } from './tracked-cache.js'

class Source {
  readonly rows = new Map<string, unknown>()
  readonly batches: (readonly BehindWrite[])[] = []
  /** What it throws fails the batch. */
  before: (batch: readonly BehindWrite[]) => unknown = () => {}

  readonly writer = async (batch: readonly BehindWrite[]) => {
    this.batches.push(batch)
    await this.before(batch)
    for (const { key, op, value } of batch) {
      if (op === 'set') this.rows.set(key, value)
      else this.rows.delete(key)
    }
  }

  get sizes(): number[] {
    return this.batches.map(({ length }) => length)
  }
}

const opened: { pattern: WriteBehindPattern; clock: FakeClock }[] = []
afterEach(async () => {
  for (const { pattern, clock } of opened.splice(0)) await closed(pattern, clock)
})

/** On a clock that somebody must move. */
async function within<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = work.finally(() => {
    isSettled = true
  })
  settled.catch(() => {})
  for (let turn = 0; turn < 1_000 && !isSettled; turn++) await clock.advance(50)
  return settled
}

const closed = (pattern: WriteBehindPattern, clock: FakeClock) => within(clock, pattern.close())

function inMemory(options: Partial<WriteBehindPatternOptions> = {}) {
  const { cache: core, clock } = trackedCache(OF_ALL_FACES)
  const cache = new DistributedCacheService({ core })
  const source = new Source()
  const pattern = new WriteBehindPattern({ cache, writer: source.writer, ...options })
  opened.push({ pattern, clock })
  return { cache, clock, source, pattern }
}

/** A store by the name of one that keeps queues. */
async function overStore(options: Partial<WriteBehindPatternOptions> = {}, evicts = false) {
  const clock = fakeClock()
  const data = inProcessStore({ clock, log: true })
  const store = faultyStore(data, { clock })
  const named = new Proxy(store, {
    get: (target, name) => {
      if (name === 'name') return 'redis of a test'
      if (name === 'writeQueue' && evicts) return refusedQueue
      const found: unknown = Reflect.get(target, name, target)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
  const { cache: core } = trackedCache({ ...OF_ALL_FACES, store: named }, clock)
  await clock.settle()
  const cache = new DistributedCacheService({ core })
  const source = new Source()
  const pattern = new WriteBehindPattern({ cache, writer: source.writer, ...options })
  opened.push({ pattern, clock })
  await clock.settle()
  return { cache, core, clock, store, source, pattern }
}

/** As that of a server that evicts what waits, which only it can tell. */
function refusedQueue(): Partial<WriteQueue> {
  const refuse = async () => {
    throw new CacheError('OPTION_INVALID', 'it may evict what waits')
  }
  return { partitions: 64, prepare: refuse, put: refuse, claim: refuse }
}

describe('in the process', () => {
  it('answers at once, and writes after the interval', async () => {
    const { pattern, cache, clock, source } = inMemory({ flushInterval: 2_000 })
    expect(await pattern.set('user:1', { n: 1 })).toBe(true)
    expect([await pattern.get('user:1'), await cache.get('user:1')]).toEqual([{ n: 1 }, { n: 1 }])
    await clock.advance(1_400)
    expect(source.batches).toEqual([])
    await clock.advance(1_700)
    expect(source.batches).toEqual([
      [expect.objectContaining({ key: 'user:1', op: 'set', value: { n: 1 } })],
    ])
    expect(await pattern.get('user:1')).toEqual({ n: 1 })
    expect(await pattern.get('none')).toBeNull()
  })

  it('writes at once where it is flushed', async () => {
    const { pattern, clock, source } = inMemory({ flushInterval: 3_600_000 })
    await pattern.set('a', 1)
    await pattern.delete('b')
    expect(await within(clock, pattern.flush())).toBe(true)
    expect([...source.rows]).toEqual([['a', 1]])
    const written = source.batches.flat().map(({ key, op }) => `${op} ${key}`)
    expect(written.sort()).toEqual(['delete b', 'set a'])
    expect(await within(clock, pattern.flush())).toBe(true)
    expect(source.batches.flat()).toHaveLength(2)
  })

  it('hands over the newest of each key, once', async () => {
    const { pattern, clock, source } = inMemory()
    await Promise.all([1, 2, 3].map((n) => pattern.set('k', n)))
    await pattern.set('k', 4)
    await pattern.set('gone', 1)
    await pattern.delete('gone')
    expect([await pattern.get('k'), await pattern.get('gone')]).toEqual([4, null])
    await within(clock, pattern.flush())
    const written = source.batches.flat().map(({ key, op, value }) => [key, op, value])
    expect(written.sort()).toEqual([
      ['gone', 'delete', undefined],
      ['k', 'set', 4],
    ])
  })

  it('hands over as many at once as it may', async () => {
    const { pattern, clock, source } = inMemory({ batchSize: 10 })
    await Promise.all(Array.from({ length: 45 }, (_, n) => pattern.set(`k:${n}`, n)))
    await within(clock, pattern.flush())
    expect(source.rows.size).toBe(45)
    expect(Math.max(...source.sizes)).toBeLessThanOrEqual(10)
    expect(source.batches.length).toBeLessThan(20)
  })

  it('tries again what has failed', async () => {
    const { pattern, clock, source } = inMemory({ flushInterval: 100 })
    source.before = () => {
      source.before = () => {}
      throw new Error('once')
    }
    await pattern.set('k', 1)
    await pattern.set('k2', 2)
    expect(await within(clock, pattern.flush())).toBe(true)
    expect([...source.rows].sort()).toEqual([
      ['k', 1],
      ['k2', 2],
    ])
    expect(source.batches.flat().some(({ attempts }) => attempts === 1)).toBe(true)
  })

  it('does not take what a writer answers for failures', async () => {
    const { cache, clock } = inMemory()
    const rows: unknown[] = []
    const pattern = new WriteBehindPattern({
      cache,
      writer: async (batch) => rows.push(...batch.map(({ key }) => key)),
    })
    opened.push({ pattern, clock })
    await pattern.set('k', 1)
    expect(await within(clock, pattern.flush())).toBe(true)
    expect(rows).toEqual(['k'])
  })

  it('writes what waits when it is closed, and says what it could not', async () => {
    const { pattern, clock, source } = inMemory()
    await pattern.set('k', 1)
    await closed(pattern, clock)
    expect([...source.rows]).toEqual([['k', 1]])
    const failing = inMemory()
    failing.source.before = () => {
      throw new Error('always')
    }
    await failing.pattern.set('k', 1)
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    await closed(failing.pattern, failing.clock)
    const warnings = warned.mock.calls.map(([message]) => message)
    warned.mockRestore()
    expect(warnings).toEqual(['WriteBehindPattern: writes were lost at close'])
  })

  it('has each key where plain reads look for it, and tells the writer its whole key', async () => {
    const { pattern, cache, clock, source } = inMemory()
    const keys = new CacheKeyManager({ cache })
    keys.registerNamespace({ name: 'users', prefix: 'user', defaultTTL: 60 })
    await pattern.set('user:1', 'in its namespace')
    await pattern.set('plain', 'in the cache')
    expect(await cache.getMultiple(['user:1', 'plain'])).toEqual({
      'user:1': 'in its namespace',
      plain: 'in the cache',
    })
    expect(await cache.getTTL('user:1')).toBe(60)
    expect(await pattern.get('user:1')).toBe('in its namespace')
    await within(clock, pattern.flush())
    expect([...source.rows.keys()].sort()).toEqual(['plain', 'user:1'])
    await pattern.delete('user:1')
    expect([await cache.get('user:1'), await pattern.get('user:1')]).toEqual([null, null])
  })

  it('has the keys of a namespace by their own names', async () => {
    const { pattern, cache, clock, source } = inMemory({ namespace: 'orders', defaultTTL: 30 })
    await pattern.set('7', 'order')
    expect(await cache.get('7', { namespace: 'orders' })).toBe('order')
    expect(await cache.getTTL('7', { namespace: 'orders' })).toBe(30)
    await within(clock, pattern.flush())
    expect([...source.rows]).toEqual([['7', 'order']])
  })

  it('takes nothing that it cannot write', async () => {
    const { pattern } = inMemory()
    await expect(pattern.set('k', () => 1)).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
    await expect(pattern.set(7 as never, 1)).rejects.toMatchObject({ code: 'KEY_INVALID' })
  })
})

describe('in a store that keeps queues', () => {
  it('writes what was queued, by whoever is there', async () => {
    const { pattern, cache, clock, source } = await overStore({ flushInterval: 1_000 })
    await within(clock, pattern.set('user:1', 'v'))
    expect(await pattern.get('user:1')).toBe('v')
    expect(await cache.get('user:1')).toBe('v')
    expect(await within(clock, pattern.flush())).toBe(true)
    expect([...source.rows]).toEqual([['user:1', 'v']])
  })

  it('is one queue for one writer', async () => {
    const { pattern, cache, clock, source } = await overStore()
    const other = () => new WriteBehindPattern({ cache, writer: async () => {} })
    expect(other).toThrow(optionInvalid(/WriteBehindPattern: option 'name' is 'default'; .*writer/))
    const same = new WriteBehindPattern({ cache, writer: source.writer })
    const named = new WriteBehindPattern({ cache, writer: async () => {}, name: 'mine' })
    const users = new WriteBehindPattern({ cache, writer: async () => {}, namespace: 'sessions' })
    const taken = within(clock, pattern.set('sess:1', 1))
    await expect(taken).rejects.toEqual(optionInvalid(/'name' is 'default'/))
    for (const each of [same, named, users, pattern]) await closed(each, clock)
    await closed(other(), clock)
  })

  it('writes to the source at once while the store is away, and goes on in memory', async () => {
    const { pattern, clock, store, source } = await overStore()
    store.inject({ kind: 'throw' })
    store.announceDown()
    expect(await within(clock, pattern.set('k', 1))).toBe(true)
    expect([...source.rows]).toEqual([['k', 1]])
    expect(await within(clock, pattern.get('k'))).toBe(1)
    expect(await within(clock, pattern.get('none'))).toBeNull()
    expect(await within(clock, pattern.delete('k'))).toBe(true)
    expect([source.rows.size, await within(clock, pattern.get('k'))]).toEqual([0, null])
    const error = new Error('of the source')
    source.before = () => {
      throw error
    }
    await expect(within(clock, pattern.set('k', 2))).rejects.toBe(error)
    expect(await within(clock, pattern.get('k'))).toBeNull()
    // Nothing waits for a server that is away.
    const before = clock.monotonicMs()
    await closed(pattern, clock)
    expect(clock.monotonicMs() - before).toBeLessThan(1_000)
    store.heal()
  })

  it('queues in the process where the store refuses its queue', async () => {
    const { pattern, clock, source } = await overStore({}, true)
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const sets = [1, 2, 3].map((n) => pattern.set(`k:${n}`, n))
    expect(await within(clock, Promise.all(sets))).toEqual([true, true, true])
    const warnings = warned.mock.calls.map(([message]) => String(message))
    warned.mockRestore()
    expect(warnings).toEqual([expect.stringMatching(/queues in this process: it may evict/)])
    expect(await within(clock, pattern.get('k:2'))).toBe(2)
    expect(await within(clock, pattern.flush())).toBe(true)
    expect(source.rows.size).toBe(3)
  })
})

describe('options', () => {
  it.each<[object, RegExp]>([
    [{}, /WriteBehindPattern: option 'writer' is undefined; the range is a function/],
    [{ flushInterval: -1 }, /'flushInterval' is -1; the range is a whole number from 0/],
    [{ batchSize: 0 }, /'batchSize' is 0/],
    [{ batchSize: 1_001 }, /'batchSize' is 1001/],
    [{ name: 'a b' }, /'name' is 'a b'/],
    [{ interval: 5 }, /unknown option 'interval'/],
    [{ defaultTTL: 0 }, /'defaultTTL' is 0/],
  ])('refuses %j', (options, message) => {
    const { cache: core } = trackedCache(OF_ALL_FACES)
    const cache = new DistributedCacheService({ core })
    const writer = Object.keys(options).length === 0 ? undefined : async () => {}
    const given = { cache, writer, ...options } as WriteBehindPatternOptions
    expect(() => new WriteBehindPattern(given)).toThrow(message)
  })

  it('gives a writer time to end when it is closed', async () => {
    const { pattern, clock, source } = inMemory()
    const row = gate<void>()
    source.before = () => row.promise
    await pattern.set('k', 1)
    const closing = pattern.close()
    await clock.advance(1_000)
    expect(source.rows.size).toBe(0)
    row.open()
    await within(clock, closing)
    expect([...source.rows]).toEqual([['k', 1]])
  })
})
