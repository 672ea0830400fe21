/** Memory alone: only a process that has done nothing after its snapshot can vouch for it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createCache, isCacheError, type RootCache } from '../../src/index.js'
import { fakeClock, inProcessStore } from '../../src/testing/index.js'
import { aloneOn, restarted, snapshotPath } from './restarted-caches.js'
import { record, trackedCache } from './tracked-cache.js'

type Alone = RootCache<Record<never, never>>

describe('a restart in memory alone', () => {
  it('is warm after a close, and the file is gone when it is taken', async () => {
    const file = snapshotPath()
    const { start } = aloneOn(file)
    const a = await start()
    await a.cache.set('k', new Map([['deep', 1]]), { tags: ['t'] })
    await a.cache.namespace('n').set('k', 2)
    await a.cache.close()
    expect(readdirSync(dirname(file))).toEqual(['hot.snapshot'])
    const { cache, told } = await start({ namespaces: { n: {} } })
    expect(told).toEqual({ taken: 2, left: 0 })
    expect(readdirSync(dirname(file))).toEqual([])
    expect([cache.peek('k'), cache.namespace('n').peek('k')]).toEqual([new Map([['deep', 1]]), 2])
  })

  it('is cold after a crash, also where a snapshot was taken at the start', async () => {
    const file = snapshotPath()
    const { start, clock } = aloneOn(file)
    const first = await start()
    await first.cache.set('k', 1)
    await clock.advance(600_000)
    expect(existsSync(file)).toBe(false)
    const second = await start()
    expect(second.told).toEqual({ taken: 0, left: 0, reason: 'absent' })
    await second.cache.set('k', 2)
    await second.cache.close()
    const third = await start()
    expect(third.told.taken).toBe(1)
    await third.cache.delete('k')
    const fourth = await start()
    expect(fourth.told).toEqual({ taken: 0, left: 0, reason: 'absent' })
  })

  it('takes the file away before the cache can be used', async () => {
    const file = snapshotPath()
    const { start } = aloneOn(file)
    const a = await start()
    await a.cache.set('k', 1)
    await a.cache.close()
    const { cache } = trackedCache({ memory: { warmRestart: { file } } })
    expect(existsSync(file)).toBe(false)
    await restarted(cache)
  })

  const invalidations: readonly (readonly [string, (cache: Alone) => Promise<unknown>])[] = [
    ['deleted', (cache) => cache.delete('k')],
    ['set', (cache) => cache.set('k', 'new')],
    ['counted', (cache) => cache.increment('n')],
    ['invalidated by tag', (cache) => cache.invalidateTags(['t'])],
    ['invalidated by prefix', (cache) => cache.invalidatePattern('k*')],
    ['cleared', (cache) => cache.clear()],
  ]

  it.each(invalidations)(
    'brings back nothing that is %s while it runs',
    async (how, invalidate) => {
      const file = snapshotPath()
      const { start, clock } = aloneOn(file)
      const a = await start()
      await a.cache.setMany(
        ['k', 'n'].map((key) => [key, 'old']),
        { tags: ['t'] },
      )
      await a.cache.close()
      const { cache } = trackedCache({ memory: { warmRestart: { file } } }, clock)
      const told = restarted(cache)
      await invalidate(cache)
      await told
      const key = how === 'counted' ? 'n' : 'k'
      expect(await cache.get(key)).not.toBe('old')
    },
  )

  it.each(invalidations)(
    'is cold where something was %s after the snapshot',
    async (_, invalidate) => {
      const file = snapshotPath()
      const { start } = aloneOn(file)
      const a = await start()
      await a.cache.set('k', 'old', { tags: ['t'] })
      await a.cache.close()
      expect(existsSync(file)).toBe(true)
      await invalidate(a.cache)
      expect(existsSync(file)).toBe(false)
    },
  )

  it.each(invalidations)(
    'holds what is there when %s while it is written',
    async (how, invalidate) => {
      const file = snapshotPath()
      const { start } = aloneOn(file)
      const a = await start()
      await a.cache.setMany(
        ['k', 'n', 'other'].map((key) => [key, 'old']),
        { tags: ['t'] },
      )
      await a.cache.set('untagged', 'old')
      if (how === 'counted') await a.cache.delete('n')
      const closed = a.cache.close()
      await Promise.resolve()
      await invalidate(a.cache)
      await closed
      const b = await start()
      expect(await b.cache.get(how === 'counted' ? 'n' : 'k')).not.toBe('old')
      if (how !== 'cleared') expect(b.cache.peek('untagged')).toBe('old')
    },
  )

  it('gives up where something is set again and again, and says so', async () => {
    const file = snapshotPath()
    const { start } = aloneOn(file)
    const a = await start()
    for (let i = 0; i < 500; i++) await a.cache.set(`key-${i}`, i)
    const failed = record(a.cache, 'snapshot-failed')
    let isClosed = false
    const closed = a.cache.close().then(() => {
      isClosed = true
    })
    while (!isClosed) {
      await a.cache.set('k', 1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await closed
    expect(failed).toMatchObject([['snapshot-failed', { op: 'write' }]])
    expect(readdirSync(dirname(file))).toEqual([])
  })

  it('counts the time between by the wall clock, and takes nothing from the future', async () => {
    const file = snapshotPath()
    const before = aloneOn(file)
    const a = await before.start()
    await a.cache.set('short', 1, { ttl: '1m' })
    await a.cache.set('long', 2, { ttl: '1h' })
    await a.cache.set('ever', 3, { ttl: Number.POSITIVE_INFINITY })
    await a.cache.close()
    const bytes = readFileSync(file)
    const laterMs = before.clock.wallMs() + 120_000
    const later = await aloneOn(file, fakeClock({ monotonicMs: 5, wallMs: laterMs })).start()
    expect(later.told).toEqual({ taken: 2, left: 1 })
    expect(await later.cache.ttl('long')).toBeCloseTo(3_480)
    expect(await later.cache.ttl('ever')).toBe(Number.POSITIVE_INFINITY)
    writeFileSync(file, bytes)
    const earlierMs = before.clock.wallMs() - 120_000
    const earlier = await aloneOn(file, fakeClock({ wallMs: earlierMs })).start()
    expect(earlier.told).toEqual({ taken: 0, left: 3, reason: 'clock' })
  })

  it('judges entries by tag as those of the process that took them', async () => {
    const file = snapshotPath()
    const { start } = aloneOn(file)
    const a = await start()
    await a.cache.set('gone', 1, { tags: ['t'] })
    await a.cache.invalidateTags(['t'])
    await a.cache.set('kept', 2, { tags: ['t'] })
    await a.cache.close()
    const b = await start()
    expect([b.cache.peek('gone'), b.cache.peek('kept')]).toEqual([undefined, 2])
    await b.cache.invalidateTags(['t'])
    expect(b.cache.peek('kept')).toBeUndefined()
    await b.cache.close()
    const c = await start()
    expect([c.cache.peek('gone'), c.cache.peek('kept')]).toEqual([undefined, undefined])
  })

  it('leaves out what would come back as something else', async () => {
    class Point {
      x = 1
    }
    const { start } = aloneOn(snapshotPath())
    const a = await start({ memory: { values: 'shared' } })
    await a.cache.set('instance', new Point())
    await a.cache.set('plain', { x: 1 })
    await a.cache.set('\ud800', 1)
    await a.cache.set('x'.repeat(2_000), 1)
    await a.cache.close()
    const b = await start({ memory: { values: 'shared' } })
    expect(b.told).toEqual({ taken: 1, left: 0 })
    expect(b.cache.peek('plain')).toEqual({ x: 1 })
  })

  it('is cold where the file cannot be taken away', async () => {
    const file = snapshotPath()
    mkdirSync(`${file}.taken/in-the-way`, { recursive: true })
    writeFileSync(file, 'a snapshot')
    const { start } = aloneOn(file)
    const { cache, told } = await start()
    expect(told).toEqual({ taken: 0, left: 0, reason: 'absent' })
    expect(cache.stats().total.snapshotErrors).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe('a snapshot')
  })
})

describe('a snapshot of the other kind', () => {
  it('is not taken: of a time with a log, alone; of a time alone, with one', async () => {
    const file = snapshotPath()
    const clock = fakeClock()
    const alone = aloneOn(file, clock)
    const over = (store = inProcessStore({ clock, log: true })) => alone.start({ store })
    const a = await over()
    await a.cache.set('k', 1)
    await a.cache.close()
    const b = await alone.start()
    expect(b.told).toEqual({ taken: 0, left: 1, reason: 'epoch' })
    await b.cache.set('k', 1)
    await b.cache.close()
    const c = await over()
    expect(c.told).toMatchObject({ taken: 0, reason: 'epoch' })
  })

  it('with a store that keeps no log the rules are those of memory alone', async () => {
    const file = snapshotPath()
    const { start, clock } = aloneOn(file)
    const store = inProcessStore({ clock })
    const a = await start({ store: store.peer() })
    await a.cache.set('k', 1)
    await clock.advance(120_000)
    expect(existsSync(file)).toBe(false)
    await a.cache.close()
    const b = await start({ store: store.peer() })
    expect(b.told).toEqual({ taken: 1, left: 0 })
    expect(existsSync(file)).toBe(false)
  })
})

describe('options of a warm restart', () => {
  const refusal = (memory: object, options: object = {}) => {
    try {
      createCache({ ...options, memory })
    } catch (error) {
      return isCacheError(error) ? `${error.code}: ${error.message}` : String(error)
    }
    return 'taken'
  }
  it.each([
    [true, "option 'warmRestart' is true; the range is { file, what, maxBytes, every }"],
    [{ path: 'x' }, "OPTION_UNKNOWN: createCache, memory, warmRestart: unknown option 'path'"],
    [{ file: '' }, "option 'file' is ''; the range is a path"],
    [{ file: 'a\0b' }, "option 'file' is"],
    [{ file: 7 }, "option 'file' is 7"],
    [{ file: 'f', what: 'keys' }, "option 'what' is 'keys'; the range is 'values' | 'names'"],
    [{ file: 'f', maxBytes: 1_023 }, "option 'maxBytes' is 1023; the range is 1kb to 1gb"],
    [{ file: 'f', maxBytes: '2gb' }, "option 'maxBytes' is '2gb'"],
    [{ file: 'f', every: '999ms' }, "option 'every' is '999ms'; the range is 1s to 1d"],
    [{ file: 'f', every: '2d' }, "option 'every' is '2d'"],
    [{}, "option 'file' is undefined; the range is a path, where there is no store"],
    [{ file: 'f', what: 'names' }, "option 'what' is 'names'; the range is 'values' where there"],
  ])('are checked: %j', (warmRestart, message) => {
    expect(refusal({ warmRestart })).toContain(message)
  })

  it('want a file where the store keeps no log', () => {
    const store = inProcessStore()
    expect(refusal({ warmRestart: {} }, { store })).toContain('or one that keeps no log')
  })
})
