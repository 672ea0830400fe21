/** Processes that end, one way or the other, and others that begin where they were. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type CacheEvents, createCache, type RootCache } from '../../src/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { killWhenItSays } from '../support/kill-child.js'
import { PATIENT } from '../support/patient.js'
import { type FilePlace, KINDS_OF_PLACES } from '../support/places.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import type { WarmChildOrders } from '../support/warm-child.js'
import { until } from '../support/watched-store.js'

const CHILD = 'test/support/warm-child.ts'
const KEYS = 300

type Plain = RootCache<Record<never, never>>
type Options = Parameters<typeof createCache>[0]

const open: Plain[] = []
const folder = mkdtempSync(join(tmpdir(), 'cachewright-warm-'))
let files = 0

afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close()
})

async function begin(options: Options) {
  const cache = createCache({ ...PATIENT, prefix: 'warm', ttl: '1h', ...options }) as Plain
  open.push(cache)
  const told = await new Promise<CacheEvents['warm-restart']>((resolve) => {
    cache.on('warm-restart', resolve)
  })
  return { cache, told }
}

describe('after a process that was killed', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.stop())

  const cases = [
    ['with a file, once it had written one', true, 'written'],
    ['with a file, once it had closed', true, 'closed'],
    ['in the store, once it had written one', false, 'written'],
    ['in the store, once it had closed', false, 'closed'],
  ] as const
  it.each(cases)(
    'the next one is warm %s, but for what others have invalidated',
    async (...each) => {
      const [, isFile, dieWhen] = each
      const file = isFile ? join(folder, `${++files}`) : undefined
      const orders: WarmChildOrders = { redisUrl: server.url, file, keys: KEYS, dieWhen }
      const store = () => redis({ url: server.url })
      const other = createCache({ ...PATIENT, prefix: 'warm', ttl: '1h', store: store() }) as Plain
      open.push(other)
      await killWhenItSays(CHILD, orders, dieWhen)
      await other.delete('key:1')
      await other.set('key:2', 'newer')
      await other.invalidateTags(['tag:3'])
      await other.invalidatePattern('key:4*')
      const warmRestart = file === undefined ? {} : { file }
      const { cache, told } = await begin({ store: store(), memory: { warmRestart } })
      const isGone = (i: number) => i === 1 || i === 2 || i % 10 === 3 || `${i}`.startsWith('4')
      const all = Array.from({ length: KEYS }, (_, i) => i)
      for (const i of all.filter(isGone)) expect(cache.peek(`key:${i}`)).toBeUndefined()
      const kept = all.filter((i) => !isGone(i))
      // The last ones may have been set after the snapshot was begun.
      const there = kept.filter((i) => cache.peek(`key:${i}`) !== undefined)
      expect(there).toHaveLength(told.taken)
      expect(there.length).toBeGreaterThan(dieWhen === 'closed' ? kept.length - 1 : 0)
      for (const i of there) expect(cache.peek(`key:${i}`)).toEqual({ at: i, of: 'the first life' })
      expect([await cache.get('key:1'), await cache.get('key:2')]).toEqual([undefined, 'newer'])
      await other.clear()
    },
  )

  it('in memory alone the next one is cold, and warm only after a close', async () => {
    const file = join(folder, 'alone')
    for (const [dieWhen, taken] of [
      ['closed', KEYS],
      ['filled', 0],
    ] as const) {
      await killWhenItSays(CHILD, { redisUrl: undefined, file, keys: KEYS, dieWhen }, dieWhen)
      const { cache, told } = await begin({ memory: { warmRestart: { file } } })
      expect(told.taken).toBe(taken)
      expect(cache.peek('key:7') === undefined).toBe(taken === 0)
      await cache.clear()
      await cache.close()
    }
  })

  it('a server that was restarted makes a cold start', async () => {
    const file = join(folder, 'restarted')
    const orders: WarmChildOrders = { redisUrl: server.url, file, keys: 10, dieWhen: 'closed' }
    await killWhenItSays(CHILD, orders, 'closed')
    await server.restart()
    const memory = { warmRestart: { file } }
    const { cache, told } = await begin({ store: redis({ url: server.url }), memory })
    expect(told).toMatchObject({ taken: 0, reason: 'epoch' })
    expect(await cache.get('key:1')).toBeUndefined()
  })
})

describe.each(KINDS_OF_PLACES)('a snapshot in the store: $name', ({ start }) => {
  let server: Awaited<ReturnType<FilePlace['start']>>
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  it.each(['values', 'names'] as const)('of %s, some megabytes of it', async (what) => {
    const value = 'x'.repeat(10_000)
    const memory = { warmRestart: { what } }
    const patient = { ...PATIENT, prefix: what } as const
    const a = await begin({ ...patient, store: server.store(), memory })
    for (let i = 0; i < KEYS; i++) await a.cache.set(`key:${i}`, `${i} ${value}`)
    await a.cache.close()
    const b = await begin({ ...patient, store: server.store(), memory })
    expect(b.told).toEqual({ taken: KEYS, left: 0 })
    for (let i = 0; i < KEYS; i++) expect(b.cache.peek(`key:${i}`)).toBe(`${i} ${value}`)
    await b.cache.delete('key:0')
    await b.cache.close()
    const c = await begin({ ...patient, store: server.store(), memory })
    await until(() => c.cache.peek('key:1') !== undefined, 'warm')
    expect(await c.cache.get('key:0')).toBeUndefined()
  })
})
