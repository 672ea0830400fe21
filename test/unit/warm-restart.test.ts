/** A process takes over what was hot in the one before, and nothing that was invalidated since. */

import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { WarmRestartOptions } from '../../src/index.js'
import { nextSnapshot, processesOver, restarted, snapshotPath } from './restarted-caches.js'
import { record, stateOf, type TrackedWithStore } from './tracked-cache.js'

type Process = TrackedWithStore<Record<never, never>>

const KINDS: readonly (readonly [name: string, options: () => WarmRestartOptions])[] = [
  ['values in a file', () => ({ file: snapshotPath() })],
  ['values in the store', () => ({})],
  ['names in a file', () => ({ file: snapshotPath(), what: 'names' })],
  ['names in the store', () => ({ what: 'names' })],
]
const INVALIDATIONS: readonly (readonly [string, (other: Process) => Promise<unknown>])[] = [
  ['deleted', ({ cache }) => cache.delete('k')],
  ['set', ({ cache }) => cache.set('k', 'newer')],
  ['given another life', ({ cache }) => cache.expire('k', '1ms')],
  ['invalidated by tag', ({ cache }) => cache.invalidateTags(['t'])],
  ['invalidated by tag, softly', ({ cache }) => cache.invalidateTags(['t'], { mode: 'soft' })],
  ['invalidated by prefix', ({ cache }) => cache.invalidatePattern('k*')],
  ['invalidated by pattern', ({ cache }) => cache.invalidatePattern('?')],
  ['cleared', ({ cache }) => cache.clear()],
]

describe.each(KINDS)('a restart with %s', (_, options) => {
  it('is warm: what was in memory is there without a question to the store', async () => {
    const { start } = await processesOver(options())
    const a = await start({ namespaces: { users: {} } })
    expect(a.told).toMatchObject({ taken: 0, reason: 'absent' })
    await a.cache.set('k', { deep: [1, 'two', new Date(3)] }, { tags: ['t'] })
    await a.cache.namespace('users').set('7', 'Ann')
    await a.cache.close()
    const b = await start({ namespaces: { users: {} } })
    expect(b.told).toEqual({ taken: 2, left: 0 })
    b.store.inject({ kind: 'throw' }, { ops: ['getMany'] })
    expect(await b.cache.get('k')).toEqual({ deep: [1, 'two', new Date(3)] })
    expect(await b.cache.namespace('users').get('7')).toBe('Ann')
    expect(b.cache.stats().total).toMatchObject({ memoryHits: 2, misses: 0 })
  })

  it.each(INVALIDATIONS)('does not bring back what was %s since', async (__, invalidate) => {
    const { start, other, clock } = await processesOver(options())
    const a = await start()
    await a.cache.set('k', 'old', { tags: ['t'] })
    await a.cache.set('other', 'fine', { tags: ['u'] })
    await a.cache.close()
    await invalidate(other)
    await clock.advance(2)
    const b = await start()
    expect(b.cache.peek('k')).not.toBe('old')
    expect(await b.cache.get('k')).not.toBe('old')
    await clock.advance(3_000)
    expect(await b.cache.get('k')).not.toBe('old')
  })

  it.each(INVALIDATIONS)('nor what was %s after the last snapshot of a crash', async (__, how) => {
    const { start, other, clock } = await processesOver(options())
    const a = await start()
    const written = nextSnapshot(a.cache)
    await a.cache.set('k', 'old', { tags: ['t'] })
    await clock.advance(60_000)
    await written
    await how(other)
    await clock.advance(2)
    const b = await start()
    expect(b.cache.peek('k')).not.toBe('old')
    expect(await b.cache.get('k')).not.toBe('old')
  })

  it('takes none under another epoch of the log', async () => {
    const { start, data, clock } = await processesOver(options())
    const a = await start()
    await a.cache.set('k', 'old')
    data.save()
    await a.cache.close()
    data.restart()
    await clock.advance(1_000)
    const b = await start()
    expect(b.told.taken).toBe(0)
    expect(await b.cache.get('k')).toBeUndefined()
  })

  it('takes none that is dead by now', async () => {
    const { start, clock } = await processesOver(options())
    const a = await start()
    await a.cache.set('short', 1, { ttl: '10s', grace: '5s' })
    await a.cache.set('long', 2)
    await a.cache.close()
    await clock.advance(15_000)
    const b = await start()
    expect(b.told).toEqual({ taken: 1, left: 1 })
    expect([b.cache.peek('short'), b.cache.peek('long')]).toEqual([undefined, 2])
    expect(await b.cache.ttl('long')).toBeCloseTo(3_585)
  })

  it('leaves alone what memory holds by then', async () => {
    const { begin, start } = await processesOver(options())
    const a = await start()
    await a.cache.set('k', 'old')
    await a.cache.close()
    const b = begin()
    const told = restarted(b.cache)
    await b.cache.set('k', 'new')
    await told
    expect(b.cache.peek('k')).toBe('new')
  })

  it('keeps to its budget, the hottest first', async () => {
    const { start, data } = await processesOver({ ...options(), maxBytes: '4kb' })
    const a = await start()
    for (let i = 0; i < 200; i++) await a.cache.set(`key-${i}`, 'x'.repeat(100))
    const hot = Array.from({ length: 10 }, (__, i) => `key-${i}`)
    for (let i = 0; i < 3; i++) for (const key of hot) await a.cache.get(key)
    const written = record(a.cache, 'snapshot')
    await a.cache.close()
    const { bytes, entries } = written[0]![1] as { bytes: number; entries: number }
    expect(bytes).toBeLessThanOrEqual(4_096)
    expect(bytes).toBeGreaterThan(3_500)
    const b = await start()
    expect(b.told).toEqual({ taken: entries, left: 0 })
    for (const key of hot) expect(b.cache.peek(key)).toBeDefined()
    expect(data.entryCount).toBeLessThanOrEqual(203)
  })

  it('is no more than memory has room for', async () => {
    const { start } = await processesOver(options())
    const a = await start()
    for (let i = 0; i < 100; i++) await a.cache.set(`key-${i}`, i)
    await a.cache.close()
    const b = await start({ memory: { maxEntries: 10 } })
    expect(b.told).toEqual({ taken: 10, left: 90 })
    expect(b.cache.stats()).toMatchObject({ memory: { entries: 10 }, total: { evictions: 0 } })
  })

  it('is cold where the store is away, and fails nobody', async () => {
    const { begin, start, clock } = await processesOver(options())
    const a = await start()
    await a.cache.set('k', 'old')
    await a.cache.close()
    const b = begin()
    b.store.inject({ kind: 'throw' })
    const told = restarted(b.cache)
    await clock.advance(11_000)
    expect(await told).toEqual({ taken: 0, left: 0, reason: 'unheard' })
    expect(await b.cache.getOrSet('k', () => 'loaded')).toBe('loaded')
  })

  it('ends with its cache, within two seconds, whatever hangs', async () => {
    const { begin, start, clock } = await processesOver(options())
    const a = await start()
    await a.cache.set('k', 'old')
    await clock.settle()
    a.store.inject({ kind: 'hang' })
    const closed = a.cache.close()
    await clock.advance(2_500)
    expect(await stateOf(closed)).toBe('settled')
    const b = begin()
    b.store.inject({ kind: 'hang' })
    const closedSoon = b.cache.close()
    await clock.advance(2_500)
    expect(await stateOf(closedSoon)).toBe('settled')
  })
})

describe('a log that has let go of what came after a snapshot', () => {
  it('makes a cold start, and one record less a warm one', async () => {
    for (const [records, reason] of [
      [3, undefined],
      [4, 'trimmed'],
    ] as const) {
      const over = await processesOver({ file: snapshotPath() }, { logLimits: { maxRecords: 3 } })
      const a = await over.start()
      await a.cache.set('k', 'old')
      await a.cache.close()
      for (let i = 0; i < records; i++) await over.other.cache.invalidateTags([`t${i}`])
      const b = await over.start()
      expect(b.told.reason).toBe(reason)
      expect(b.cache.peek('k')).toBe(reason === undefined ? 'old' : undefined)
    }
  })

  it('is read page by page', async () => {
    const over = await processesOver({ file: snapshotPath() }, { logLimits: { maxRead: 2 } })
    const a = await over.start()
    await a.cache.setMany(['k', 'l'].map((key) => [key, 'old']))
    await a.cache.close()
    for (let i = 0; i < 7; i++) await over.other.cache.invalidateTags([`t${i}`])
    await over.other.cache.delete('k')
    const b = await over.start()
    expect(b.told).toEqual({ taken: 1, left: 1 })
    expect([b.cache.peek('k'), b.cache.peek('l')]).toEqual([undefined, 'old'])
  })
})

describe('sealed entries', () => {
  const keys = ['k1', 'k2'].map((id) => ({ id, key: randomBytes(32) }))
  const secret = 'the secret of this session'

  it('are as sealed in a snapshot as in the store, and open with their key alone', async () => {
    const file = snapshotPath()
    const { start } = await processesOver({ file })
    const namespaces = { s: { encrypt: true } }
    const a = await start({ namespaces, encryptionKeys: [keys[0]!] })
    await a.cache.namespace('s').set('k', { secret }, { tags: ['t'] })
    await a.cache.set('plain', 'seen by all')
    await a.cache.close()
    const bytes = readFileSync(file)
    expect([bytes.includes(secret), bytes.includes('seen by all')]).toEqual([false, true])
    const b = await start({ namespaces, encryptionKeys: [keys[1]!, keys[0]!] })
    expect(b.cache.namespace('s').peek('k')).toEqual({ secret })
    await b.cache.close()
    expect(readFileSync(file).includes(secret)).toBe(false)
    const rotated = await start({ namespaces, encryptionKeys: [keys[0]!] })
    expect(rotated.told).toEqual({ taken: 1, left: 1 })
    expect(rotated.cache.namespace('s').peek('k')).toBeUndefined()
  })
})

describe('a file', () => {
  it('can be read by its owner alone, and is written as often as something changes', async () => {
    const file = snapshotPath()
    const { start, clock } = await processesOver({ file, every: '10s' })
    const a = await start()
    const written = record(a.cache, 'snapshot')
    const [first, second] = [nextSnapshot(a.cache), nextSnapshot(a.cache, 2)]
    await a.cache.set('k', 1)
    await clock.advance(10_000)
    await first
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await clock.advance(60_000)
    expect(written).toHaveLength(1)
    await a.cache.set('k', 2)
    await clock.advance(10_000)
    await second
    expect(written).toHaveLength(2)
  })

  it('that cannot be read or written is told and counted, and harms nobody', async () => {
    const { start } = await processesOver({ file: `${snapshotPath()}/no/folder` })
    const a = await start()
    const failed = record(a.cache, 'snapshot-failed')
    await a.cache.set('k', 1)
    await a.cache.close()
    expect(failed).toMatchObject([['snapshot-failed', { op: 'write', error: { code: 'ENOENT' } }]])
    expect(a.cache.stats().total.snapshotErrors).toBe(1)
  })

  it('of another cache, of another kind, or too large, is none', async () => {
    const file = snapshotPath()
    const { start } = await processesOver({ file })
    const a = await start()
    await a.cache.set('k', 'x'.repeat(3_000))
    await a.cache.close()
    const bytes = readFileSync(file)
    const outcome = async (options: object, warmRestart: WarmRestartOptions) => {
      writeFileSync(file, bytes)
      const b = await start({ ...options, memory: { warmRestart: { file, ...warmRestart } } })
      return b.told
    }
    expect(await outcome({ prefix: 'x' }, {})).toMatchObject({ taken: 0, reason: 'foreign' })
    expect(await outcome({}, { what: 'names' })).toMatchObject({ taken: 0, reason: 'foreign' })
    expect(await outcome({}, { maxBytes: '2kb' })).toMatchObject({ taken: 0, reason: 'too-large' })
    expect(await outcome({}, {})).toEqual({ taken: 1, left: 0 })
  })
})

describe('in the store', () => {
  it('one process writes for all, and nothing is left of the one before', async () => {
    const { start, clock, data } = await processesOver({ every: '10s' })
    const caches: Process['cache'][] = []
    for (let i = 0; i < 3; i++) {
      caches.push((await start()).cache)
      await clock.advance(1_000)
    }
    const written = caches.map((cache) => record(cache, 'snapshot'))
    for (let round = 1; round <= 5; round++) {
      for (const [i, cache] of caches.entries()) await cache.set(`k${i}`, 'x'.repeat(300_000))
      const next = nextSnapshot(caches[0]!)
      await clock.advance(round === 1 ? 7_000 : 9_000)
      await next
      await clock.advance(1_000)
      expect(written.map((list) => list.length)).toEqual([round, 0, 0])
      // The entries, the head, and three pieces of 128 KiB.
      expect(data.entryCount).toBe(7)
    }
  })

  it('is no key of the cache, and is not swept with what was cleared', async () => {
    const { start, other, clock } = await processesOver({})
    const a = await start()
    await a.cache.set('k', 1)
    await a.cache.close()
    const keys: string[] = []
    for await (const key of other.cache.keys()) keys.push(key)
    expect(keys).toEqual(['k'])
    await other.cache.clear()
    await clock.advance(5_000)
    const b = await start()
    expect(b.told).toEqual({ taken: 0, left: 1 })
  })
})
