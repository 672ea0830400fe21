/** Write-behind over the in-process queue, on a fake clock: several processes, one source. */
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

/** A table that keeps what is newer, as a source with versions does. */
class Source {
  readonly rows = new Map<string, { value: unknown; version: number }>()
  readonly batches: (readonly BehindWrite[])[] = []
  /** Called before a batch is written; what it throws fails it. */
  before: (batch: readonly BehindWrite[]) => unknown = () => {}
  loads = 0

  readonly write: BehindWriter = async (batch) => {
    this.batches.push(batch)
    await this.before(batch)
    for (const { key, value, version } of batch) {
      if ((this.rows.get(key)?.version ?? 0) < version) this.rows.set(key, { value, version })
    }
  }

  readonly load = async (id: string) => {
    this.loads++
    return this.valueOf(id)
  }

  valueOf(key: string): unknown {
    return this.rows.get(key)?.value
  }
}

async function opened(count: number, options: Options = {}, cacheOptions = {}) {
  const { caches, clock, all, data } = await trackedProcesses(count, cacheOptions)
  const source = new Source()
  const { write, load } = source
  const behinds = caches.map((cache) => writeBehind(cache, { write, load, ...options }))
  await clock.settle()
  const [a, b] = behinds as [(typeof behinds)[0], (typeof behinds)[0], ...typeof behinds]
  return { a, b, behinds, caches, clock, source, all, data }
}

describe('a write behind', () => {
  it('is seen at once by every process, and reaches the source after its delay', async () => {
    const { a, b, clock, source } = await opened(2, { delay: '1s' })
    await a.set('k', { n: 1 })
    expect(await a.get('k')).toEqual({ n: 1 })
    expect(await b.get('k')).toEqual({ n: 1 })
    expect([source.loads, source.batches.length]).toEqual([0, 0])
    await clock.advance(900)
    expect(source.batches.length).toBe(0)
    await clock.advance(1_200)
    expect(source.valueOf('k')).toEqual({ n: 1 })
    expect(await a.status()).toMatchObject({ pending: 0, oldestMs: 0, deadLetters: 0 })
  })

  it('can be kept by whoever reads it next', async () => {
    const { a, b, caches, clock } = await opened(2, { delay: '1m' })
    await a.set('k', 'v')
    for (const behind of [a, b, b, a]) {
      expect(await behind.get('k')).toBe('v')
      await clock.settle()
    }
    const loads = caches.map((cache) => cache.stats().total.loads)
    expect(loads).toEqual([1, 0])
  })

  it('gathers later ones of its key, and hands the newest over once', async () => {
    const { a, b, clock, source } = await opened(2, { delay: '1s' })
    const versions: number[] = []
    for (let n = 1; n <= 5; n++) versions.push(await (n % 2 ? a : b).set('k', n))
    expect(versions).toEqual([...versions].sort((one, other) => one - other))
    await clock.advance(3_000)
    expect(source.batches.flat()).toMatchObject([
      { key: 'k', op: 'set', value: 5, version: versions[4], attempts: 0, epoch: 1 },
    ])
    expect(source.batches[0]![0]!.idempotencyKey).toContain(`:k:${versions[4]}`)
  })

  it('of one process keeps the order of calls, waited for or not', async () => {
    const { a, clock, source } = await opened(2, { delay: 0 })
    const calls = Array.from({ length: 50 }, (_, n) => a.set('k', n))
    await clock.settle()
    expect(await a.get('k')).toBe(49)
    await clock.advance(2_000)
    await Promise.all(calls)
    expect(source.valueOf('k')).toBe(49)
  })

  it('of a removal hides the row of the source at once', async () => {
    const { a, b, clock, source } = await opened(2, { delay: '1s' })
    source.rows.set('k', { value: 'old', version: 1 })
    expect(await b.get('k')).toBe('old')
    await a.delete('k')
    expect([await a.get('k'), await b.get('k')]).toEqual([undefined, undefined])
    await clock.advance(3_000)
    expect(source.batches.flat()).toMatchObject([{ key: 'k', op: 'delete', value: undefined }])
  })

  it('takes keys that the store escapes, and refuses those it would have to hash', async () => {
    const { a, clock, source } = await opened(2, { delay: 0 })
    const keys = ['{brace}', '~tilde', 'lone \ud800', 'käse 🧀', 'a:b']
    for (const key of keys) await a.set(key, key)
    await clock.advance(2_000)
    expect([...source.rows.keys()].sort()).toEqual([...keys].sort())
    await expect(a.set('x'.repeat(3_000), 1)).rejects.toMatchObject({ code: 'KEY_TOO_LONG' })
    await expect(a.set('k', undefined)).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
    await expect(a.set('k', () => {})).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
  })

  it('is not overtaken by a load that read the source before', async () => {
    const reading = gate<void>()
    const load = async (id: string) => {
      const row = source.valueOf(id)
      await reading.promise
      return row
    }
    const { a, b, clock, source } = await opened(2, { delay: '1s', load })
    source.rows.set('k', { value: 'old', version: 1 })
    const before = b.get('k')
    await clock.settle()
    await a.set('k', 'new')
    reading.open()
    // It began before the write.
    expect(await before).toBe('old')
    expect([await a.get('k'), await b.get('k')]).toEqual(['new', 'new'])
  })

  it('leaves nothing older in the cache where its process dies before it is answered', async () => {
    const { a, b, clock, source, all } = await opened(2, { delay: '1s' })
    source.rows.set('k', { value: 'old', version: 1 })
    expect(await b.get('k')).toBe('old')
    // It hears no more that its write was queued.
    const [dying] = all
    dying.store.inject({ kind: 'lose-reply' }, { ops: ['queue'], times: 1 })
    await expect(a.set('k', 'new')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(await b.get('k')).toBe('new')
    await clock.advance(3_000)
    expect([source.valueOf('k'), await b.get('k')]).toEqual(['new', 'new'])
  })
})

describe('a queue that is full', () => {
  const SMALL = { delay: '10m', maxPending: 1, partitions: 1 } as const

  it('refuses a new key, and takes those that wait', async () => {
    const { a } = await opened(2, { ...SMALL, whenFull: 'reject' })
    await a.set('k', 1)
    await expect(a.set('l', 1)).rejects.toMatchObject({ code: 'WRITE_QUEUE_FULL', retryable: true })
    expect(await a.set('k', 2)).toBeGreaterThan(0)
    expect(await a.status()).toMatchObject({ pending: 1, taken: 2 })
  })

  it('lets a call wait for room, and gives up in the end', async () => {
    const { a, b, clock, source } = await opened(2, { ...SMALL, delay: '1s', maxWait: '5s' })
    await a.set('k', 1)
    const waiting = b.set('l', 'first')
    await clock.advance(100)
    // The newer one takes its place, and answers for both.
    const newer = b.set('l', 'second')
    await clock.advance(4_000)
    expect(await waiting).toBe(await newer)
    await clock.advance(2_000)
    expect([source.valueOf('k'), source.valueOf('l')]).toEqual([1, 'second'])
    source.before = () => Promise.reject(new Error('away'))
    await a.set('k', 2)
    const refused = expect(b.set('m', 1)).rejects.toMatchObject({ code: 'WRITE_QUEUE_FULL' })
    await clock.advance(6_000)
    await refused
  })

  it('gives way to a newer write that comes while it is refused', async () => {
    const { a, all, clock, source } = await opened(2, { ...SMALL, delay: '1s', worker: false })
    await a.set('k', 1)
    all[0].store.inject({ kind: 'delay', delayMs: 40 }, { ops: ['queue'] })
    const older = a.set('l', 'older')
    await clock.advance(20)
    const newer = a.set('l', 'newer')
    await clock.advance(1_000)
    all[0].store.heal()
    a.start()
    await clock.advance(4_000)
    expect(await older).toBe(await newer)
    await clock.advance(2_000)
    expect([source.valueOf('k'), source.valueOf('l')]).toEqual([1, 'newer'])
  })

  it('writes through where that is asked for, in order by key', async () => {
    const { a, b, clock, source } = await opened(2, { ...SMALL, whenFull: 'writeThrough' })
    await a.set('k', 1)
    await Promise.all([1, 2, 3].map((n) => a.set('l', n)))
    expect(source.valueOf('l')).toBe(3)
    expect(source.batches.flat().every(({ epoch }) => epoch === undefined)).toBe(true)
    expect(await b.get('l')).toBe(3)
    source.before = () => Promise.reject(new Error('refused'))
    const refused = expect(a.set('l', 4)).rejects.toThrow('refused')
    await clock.settle()
    await refused
    expect(await b.get('l')).toBe(3)
  })
})

describe('a source that fails', () => {
  it('gets the writes again, and none is put aside while it takes nothing', async () => {
    const options = { delay: 0, attempts: 2, maxRetryDelay: '2s', partitions: 1 } as const
    const { a, b, clock, source } = await opened(2, options)
    // Each worker finds out by itself.
    await b.stop()
    source.before = () => Promise.reject(new Error('away'))
    await Promise.all(Array.from({ length: 20 }, (_, i) => a.set(`k${i}`, i)))
    await clock.advance(120_000)
    expect(await a.status()).toMatchObject({ pending: 20, deadLetters: 0 })
    // It is tried, one write at a time, but not without rests.
    const sizes = source.batches.map(({ length }) => length)
    expect(sizes.slice(0, 6)).toEqual([20, 10, 10, 1, 1, 1])
    expect(Math.max(...sizes.slice(5))).toBe(1)
    expect(sizes.length).toBeGreaterThan(20)
    expect(sizes.length).toBeLessThan(600)
    source.before = () => {}
    await clock.advance(20_000)
    expect(await a.status()).toMatchObject({ pending: 0, deadLetters: 0 })
    expect(source.rows.size).toBe(20)
  })

  it('puts aside what it refuses again and again, and the cache forgets it', async () => {
    const errors: string[] = []
    const onError = (error: unknown, keys: readonly string[]) =>
      errors.push(`${(error as Error).message}: ${keys}`)
    const options = { delay: 0, attempts: 3, partitions: 1, onError } as const
    const { a, b, clock, source } = await opened(2, options)
    source.before = (batch) => {
      if (batch.some(({ value }) => value === 'bad')) throw new Error('no such row')
    }
    source.rows.set('k', { value: 'good', version: 1 })
    await a.set('k', 'bad')
    expect(await b.get('k')).toBe('bad')
    for (let i = 0; i < 30; i++) {
      await a.set(`neighbour ${i}`, i)
      if (i % 3 === 2) await clock.advance(3_000)
    }
    expect(source.rows.size).toBe(31)
    // What has failed does not take its neighbours with it again.
    const tried = source.batches.map((batch) => batch.map(({ attempts }) => attempts > 0))
    expect(tried.every((each) => new Set(each).size === 1)).toBe(true)
    const [letter] = await a.deadLetters()
    expect(letter).toMatchObject({ key: 'k', op: 'set', value: 'bad', attempts: 3 })
    expect(letter!.error).toBe('Error: no such row')
    expect(errors.filter((each) => each === 'no such row: k').length).toBe(3)
    expect(await b.get('k')).toBe('good')
    const status = await a.status()
    expect(status).toMatchObject({ pending: 0, deadLetters: 1 })
    // Mended, it is written after all.
    source.before = () => {}
    expect(await a.replay(['k'])).toBe(1)
    expect(await b.get('k')).toBe('bad')
    await clock.advance(2_000)
    expect(source.valueOf('k')).toBe('bad')
    expect(await a.drop(['k'])).toBe(0)
  })

  it('may name those it did not take', async () => {
    const batches: string[][] = []
    const write: BehindWriter = (batch) => {
      batches.push(batch.map(({ key }) => key).sort())
      return batch.filter(({ key }) => key === 'bad').map(({ key }) => ({ key, error: 'no' }))
    }
    const { a, clock } = await opened(2, { delay: '1s', partitions: 1, write })
    await Promise.all(['good', 'bad', 'fine'].map((key) => a.set(key, 1)))
    await clock.advance(1_900)
    expect(batches[0]).toEqual(['bad', 'fine', 'good'])
    expect(batches.slice(1).every((keys) => keys.join() === 'bad')).toBe(true)
    expect(await a.status()).toMatchObject({ pending: 1, written: 2, failed: batches.length })
  })

  it('answers what is no list of its batch: that counts for the whole of it', async () => {
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    for (const answer of ['yes', [{ key: 'other', error: 1 }], [undefined]]) {
      errors.length = 0
      const write = (() => answer) as unknown as BehindWriter
      const { a, clock } = await opened(2, { delay: 0, write, onError })
      await a.set('k', 1)
      await clock.advance(1_500)
      expect(errors[0]).toMatchObject({ code: 'OPTION_INVALID' })
      expect(await a.status()).toMatchObject({ pending: 1, written: 0 })
    }
  })

  it('that never answers is given up, and its signal aborted', async () => {
    const signals: AbortSignal[] = []
    const write: BehindWriter = (_, { signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    }
    const { a, clock } = await opened(2, { delay: 0, write, writeTimeout: '2s' })
    await a.set('k', 1)
    await clock.advance(60_000)
    expect(signals.length).toBeGreaterThan(2)
    expect(signals[0]!.reason).toMatchObject({ code: 'WRITER_TIMEOUT' })
    expect(await a.status()).toMatchObject({ pending: 1 })
  })
})

describe('write-behind refuses', () => {
  it('a cache whose store keeps no queues', () => {
    const { cache } = trackedCache()
    expect(() => writeBehind(cache, { write: () => {} })).toThrow(/'cache' is 'memory alone'/)
  })
})

describe('a write behind whose queue is in its process', () => {
  it('needs no store, gathers, and is drained', async () => {
    const { cache, clock } = trackedCache()
    const source = new Source()
    const { write, load } = source
    const behind = writeBehind(cache, { write, load, delay: '1s', durability: 'process' })
    for (let n = 1; n <= 3; n++) await behind.set('k', n)
    expect([await behind.get('k'), source.batches.length]).toEqual([3, 0])
    const drained = behind.drain()
    await clock.advance(2_000)
    expect([await drained, source.valueOf('k')]).toEqual([true, 3])
    expect(source.batches.flat()).toHaveLength(1)
    await behind.stop()
  })

  it('is bounded as any other', async () => {
    const { cache, clock } = trackedCache()
    const behind = writeBehind(cache, {
      write: () => new Promise(() => {}),
      durability: 'process',
      partitions: 1,
      maxPending: 2,
      whenFull: 'reject',
    })
    await behind.set('a', 1)
    await behind.set('b', 1)
    await expect(behind.set('c', 1)).rejects.toMatchObject({ code: 'WRITE_QUEUE_FULL' })
    await behind.set('a', 2)
    const stopped = behind.stop()
    await clock.advance(100_000)
    await stopped
  })
})
