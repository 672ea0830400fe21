/** What is invalidated while a restore runs, or before it began, here and elsewhere. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  entryBytes,
  headBytes,
  openSnapshot,
  type Snapshot,
} from '../../src/core/warm-restart/snapshot-format.js'
import type { WarmRestartOptions } from '../../src/index.js'
import { inTime, nextSnapshot, processesOver, restarted, snapshotPath } from './restarted-caches.js'
import { gate, type TrackedWithStore } from './tracked-cache.js'

type Process = TrackedWithStore<Record<never, never>>

/** A schema that says nothing before it is let. */
function slowSchema() {
  const asked = gate<void>()
  const answer = gate<void>()
  const validate = async (value: unknown) => {
    asked.open()
    await answer.promise
    return { value }
  }
  return {
    schema: { '~standard': { version: 1, vendor: 'test', validate } } as const,
    asked,
    answer,
  }
}

describe('while a restore runs', () => {
  const judged = async (options: WarmRestartOptions) => {
    const over = await processesOver(options)
    const a = await over.start({ namespaces: { n: {} } })
    await a.cache.namespace('n').set('k', 'old', { tags: ['t'] })
    await a.cache.close()
    const { schema, asked, answer } = slowSchema()
    const b = over.begin({ namespaces: { n: { schema } } })
    const told = restarted(b.cache)
    await asked.promise
    return { ...over, b, told, answer }
  }
  const invalidations: readonly (readonly [string, (by: Process) => Promise<unknown>])[] = [
    ['deleted', ({ cache }) => cache.namespace('n').delete('k')],
    ['set', ({ cache }) => cache.namespace('n').set('k', 'newer')],
    ['given another life', ({ cache }) => cache.namespace('n').expire('k', '1s')],
    ['invalidated by tag', ({ cache }) => cache.invalidateTags(['t'])],
    ['softly so', ({ cache }) => cache.invalidateTags(['t'], { mode: 'soft' })],
    ['invalidated by prefix', ({ cache }) => cache.namespace('n').invalidatePattern('k*')],
    ['cleared', ({ cache }) => cache.namespace('n').clear()],
    ['cleared with all', ({ cache }) => cache.clear()],
  ]

  it.each(invalidations)('what is %s elsewhere is not taken', async (_, invalidate) => {
    const { b, other, told, answer } = await judged({ file: snapshotPath() })
    await invalidate(other)
    answer.open()
    expect(await told).toEqual({ taken: 0, left: 1 })
    expect(b.cache.namespace('n').peek('k')).toBeUndefined()
  })

  const here = invalidations.filter(([name]) => name !== 'given another life')
  it.each(here)('what is %s here is not taken', async (_, invalidate) => {
    const { b, told, answer } = await judged({ file: snapshotPath() })
    const done = invalidate(b)
    answer.open()
    expect(await told).toEqual({ taken: 0, left: 1 })
    await done
    expect(b.cache.namespace('n').peek('k')).not.toBe('old')
  })

  it.each(invalidations)('names: what is %s elsewhere is not taken', async (_, invalidate) => {
    const { b, other, told, answer, clock } = await judged({ what: 'names' })
    const done = invalidate(other)
    answer.open()
    await Promise.all([told, done])
    await clock.settle()
    expect(b.cache.namespace('n').peek('k')).not.toBe('old')
  })

  it('another epoch of the log ends it', async () => {
    const { b, told, answer, data, clock } = await judged({ file: snapshotPath() })
    data.flush()
    await clock.advance(1_000)
    answer.open()
    expect(await told).toEqual({ taken: 0, left: 1 })
    expect(await b.cache.namespace('n').get('k')).toBeUndefined()
  })

  it('a namespace that was not there when it began gets nothing from it', async () => {
    const over = await processesOver({ file: snapshotPath() })
    const a = await over.start({ namespaces: { n: {} } })
    const late = a.cache.namespace('late')
    await late.set('k', 'old')
    for (let i = 0; i < 100; i++) await a.cache.namespace('n').set(`k${i}`, i)
    for (let i = 0; i < 5; i++) await late.get('k')
    await a.cache.close()
    const { schema, asked, answer } = slowSchema()
    const b = over.begin({ namespaces: { n: { schema } } })
    const told = restarted(b.cache)
    await asked.promise
    // Its record passes while nobody here knows the namespace.
    await over.other.cache.namespace('late').delete('k')
    const there = b.cache.namespace('late')
    answer.open()
    expect(await told).toEqual({ taken: 100, left: 1 })
    expect(there.peek('k')).toBeUndefined()
  })
})

describe('a snapshot', () => {
  it('covers what was invalidated while it was taken', async () => {
    const file = snapshotPath()
    const over = await processesOver({ file })
    let onEncode = () => {}
    const encode = (value: unknown) => {
      onEncode()
      return JSON.stringify(value)
    }
    const decode = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as unknown
    const namespaces = { n: { codec: { name: 'own', encode, decode } } }
    const a = await over.start({ namespaces })
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`)
    await a.cache.namespace('n').setMany(keys.map((key) => [key, 'old']))
    let encoded = 0
    onEncode = () => {
      encoded++
      if (encoded === 150) void over.other.cache.namespace('n').deleteMany(keys.slice(0, 199))
    }
    const written = nextSnapshot(a.cache)
    await over.clock.advance(60_000)
    await written
    expect(encoded).toBeGreaterThanOrEqual(150)
    const b = await over.start({ namespaces })
    expect(b.told.taken).toBeLessThanOrEqual(1)
    for (const key of keys.slice(0, 199)) expect(b.cache.namespace('n').peek(key)).toBeUndefined()
  })

  it('of a place that the log has not reached is none, and the log is not asked', async () => {
    const file = snapshotPath()
    const { start, other } = await processesOver({ file })
    const a = await start()
    await a.cache.set('k', 'old')
    await a.cache.close()
    const token = (await other.cache.delete('other')) as string
    const ahead = token.replace(/\d+$/, (seq) => String(Number(seq) + 5))
    const bytes = readFileSync(file)
    const snapshot = (await openSnapshot(bytes, 'values', 'cw')) as Snapshot
    const head = headBytes('values', { prefix: 'cw', token: ahead, wallMs: snapshot.wallMs })
    const { namespace, key, weightBytes, value } = snapshot.entryAt(0)
    const body = Buffer.concat([head, entryBytes(namespace, key, weightBytes, value)])
    writeFileSync(file, Buffer.concat([body, createHash('sha256').update(body).digest()]))
    const b = await start()
    expect(b.told).toEqual({ taken: 0, left: 1, reason: 'epoch' })
  })

  it('is not taken for keys whose server may bring back what was deleted', async () => {
    const { begin, start } = await processesOver({ file: snapshotPath() })
    const a = await start()
    await a.cache.setMany(['k', 'l'].map((key) => [key, 'old']))
    await a.cache.close()
    const b = begin()
    b.store.bornFloor = (key) => (key.endsWith('k') ? Number.MAX_SAFE_INTEGER : 0)
    expect(await restarted(b.cache)).toEqual({ taken: 1, left: 1 })
    expect([b.cache.peek('k'), b.cache.peek('l')]).toEqual([undefined, 'old'])
  })
})

describe('what this process has invalidated before it heard the log', () => {
  it.each([
    ['deleted', ({ cache }: Process) => cache.delete('k')],
    ['set', ({ cache }: Process) => cache.set('k', 'new')],
    ['by tag', ({ cache }: Process) => cache.invalidateTags(['t'])],
    ['cleared', ({ cache }: Process) => cache.clear()],
  ] as const)('is not brought back: %s', async (_, invalidate) => {
    for (const delayed of ['log', 'append', 'push'] as const) {
      const { begin, start, clock } = await processesOver({ file: snapshotPath() })
      const a = await start()
      await a.cache.set('k', 'old', { tags: ['t'] })
      await a.cache.close()
      const b = begin()
      b.store.inject({ kind: 'delay', delayMs: 40 }, { ops: [delayed] })
      const told = restarted(b.cache)
      const done = invalidate(b)
      await inTime(clock, Promise.all([told, done]))
      b.store.heal()
      expect(await b.cache.get('k'), delayed).not.toBe('old')
    }
  })
})
