/**
 * A cache over a real Redis, for every client library: what a user of the front door sees.
 */

import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { type Cache, type CacheOptions, createCache } from '../../src/index.js'
import { PATIENT } from '../support/patient.js'
import { GIVEN_CLIENTS, OWN_CLIENTS } from '../support/redis-clients.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until } from '../support/watched-store.js'

interface Kind {
  readonly name: string
  connect(port: number): Promise<{ store: Store; end(): Promise<void> }>
}

const KINDS: readonly Kind[] = [
  ...OWN_CLIENTS.map(({ name, make }) => ({
    name,
    connect: async (port: number) => ({
      store: make({ url: `redis://127.0.0.1:${port}` }),
      end: async () => {},
    }),
  })),
  ...GIVEN_CLIENTS.map(({ name, make }) => ({ name, connect: make })),
]

describe.each(KINDS)('cache over redis: $name', ({ connect }) => {
  let server: RedisServer
  let raw: ReturnType<typeof createClient>
  const unhandled = collectUnhandled()
  const ends: (() => Promise<void>)[] = []
  let runs = 0

  beforeAll(async () => {
    server = await startRedisServer()
    raw = createClient({ url: server.url })
    await raw.connect()
  })
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
    raw?.destroy()
    await server?.stop()
    expect(unhandled.take()).toEqual([])
  })

  /** A cache as a process of its own would have it; those of one prefix share what they write. */
  async function open(prefix: string, options: CacheOptions = {}) {
    const { store, end } = await connect(server.port)
    const cache = createCache({ ...PATIENT, prefix, store, ...options })
    ends.push(async () => {
      await cache.close()
      await end()
    })
    await until(async () => (await cache.health()).status === 'ok', 'connected')
    return cache
  }
  /** What stands before a key on the server; a client may put a prefix of its own there. */
  async function nameOnServer(cache: Cache, prefix: string) {
    await cache.set('probe', 1)
    const [found] = (await raw.sendCommand(['KEYS', `*${prefix}::probe`])) as string[]
    const before = found!.slice(0, -'probe'.length)
    return (key: string) => before + key
  }
  /** Two processes; without memory each sees the store as it is. */
  async function pair(options: CacheOptions = { memory: false }) {
    const prefix = `t${++runs}`
    return { prefix, ours: await open(prefix, options), theirs: await open(prefix, options) }
  }

  it('shows each process what the other wrote and deleted', async () => {
    const { ours, theirs } = await pair()
    expect(await ours.set('k', { n: 1 })).toBe(true)
    expect(await theirs.get('k')).toEqual({ n: 1 })
    expect(await theirs.has('k')).toBe(true)
    expect(await theirs.getMany(['k', 'none'])).toEqual([{ n: 1 }, undefined])
    expect(await theirs.delete('k')).toEqual(expect.any(String))
    expect(await ours.get('k')).toBeUndefined()
    expect(
      await ours.setMany([
        ['a', 1],
        ['b', null],
      ]),
    ).toBe(true)
    expect(await theirs.getMany(['a', 'b'])).toEqual([1, null])
    expect(await theirs.deleteMany(['a', 'b'])).toEqual(expect.any(String))
    expect(await ours.getMany(['a', 'b'])).toEqual([undefined, undefined])
  })

  it('keeps what one process loaded for the other', async () => {
    const { ours, theirs } = await pair()
    expect(await ours.getOrSet('k', () => 'loaded')).toBe('loaded')
    expect(await ours.refresh('k', () => 'anew')).toBe('anew')
    // The write of a fill is not waited for; a write of ours after it is.
    await ours.set('after', 1)
    const never = () => Promise.reject(new Error('loaded twice'))
    expect(await theirs.getOrSet('k', never)).toBe('anew')
    expect(await theirs.getOrSetMany(['k', 'm'], (keys) => keys)).toEqual(['anew', 'm'])
  })

  it('brings every kind of value back as it was', async () => {
    const { ours, theirs } = await pair()
    const values: Record<string, unknown> = {
      text: 'ü🧊\0\n',
      lone: 'a\ud800b',
      zero: -0,
      huge: 2n ** 100n,
      bytes: Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
      floats: new Float64Array([1.5, Number.NaN]),
      date: new Date(1e12),
      map: new Map<unknown, unknown>([['k', new Set([1, { deep: [undefined] }])]]),
      rows: Array.from({ length: 500 }, (_, id) => ({ id, name: `row ${id}`, on: id % 2 === 0 })),
      none: null,
      nan: Number.NaN,
    }
    await ours.setMany(Object.entries(values))
    for (const [key, value] of Object.entries(values)) {
      expect(await theirs.get(key), key).toEqual(value)
    }
  })

  it('keeps odd keys apart, short and long', async () => {
    const { ours, theirs } = await pair()
    const long = 'l'.repeat(5_000)
    const odd = ['', ' ', '\n', '\0', '*', '[a]', '\\', '{a}', '~e', '~h', '__proto__', '🧊']
    const keys = [...odd, '\ud800', '\udc00', long, `${long}2`]
    await ours.setMany(keys.map((key) => [key, `of ${key.length}:${keys.indexOf(key)}`]))
    const read = await theirs.getMany(keys)
    expect(read).toEqual(keys.map((key) => `of ${key.length}:${keys.indexOf(key)}`))
    const listed = new Set<string>()
    for await (const key of theirs.keys()) listed.add(key)
    expect(listed).toEqual(new Set(keys.filter((key) => key.length < 5_000)))
  })

  it('empties one namespace and leaves the others', async () => {
    const { ours, theirs } = await pair()
    const names = ['a', 'ab', 'a.b', 'b*']
    const made = ['a', 'ab', 'a.b'].map((name) => ours.namespace(name))
    for (const [i, space] of made.entries()) {
      await space.setMany(Array.from({ length: 1_500 }, (_, k) => [`k${k}`, i]))
    }
    await ours.set('root', 1)
    expect(await ours.namespace('a').clear()).toEqual(expect.any(String))
    expect(await theirs.namespace('a').get('k7')).toBeUndefined()
    expect(await theirs.namespace('ab').get('k7')).toBe(1)
    expect(await theirs.namespace('a.b').get('k7')).toBe(2)
    expect(await theirs.get('root')).toBe(1)
    expect(() => ours.namespace(names[3]!)).toThrow(
      expect.objectContaining({ code: 'NAMESPACE_INVALID' }),
    )
    const token = await ours.clear()
    expect(token).toEqual(expect.any(String))
    for (const space of made) expect(await space.get('k7')).toBeUndefined()
    expect(await theirs.get('root', { after: String(token) })).toBeUndefined()
  })

  it('counts exactly from two processes at once', async () => {
    const { ours, theirs } = await pair()
    const adds = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? ours : theirs).increment('n'))
    const sums = await Promise.all(adds)
    expect(new Set(sums).size).toBe(200)
    expect(await ours.get('n')).toBe(200)
    expect(await theirs.decrement('n', 0.5)).toBe(199.5)
    expect(await ours.get('n')).toBe(199.5)
    await ours.set('text', 'no number')
    await expect(theirs.increment('text')).rejects.toMatchObject({ code: 'VALUE_NOT_A_NUMBER' })
    // What a load has brought a moment ago is what is added to.
    const loaded = await ours.getOrSet('loaded', () => 5)
    expect(await ours.increment('loaded', loaded)).toBe(10)
  })

  it('gives an entry another ttl, on the server too', async () => {
    const { prefix, ours, theirs } = await pair()
    await ours.set('k', 'v', { ttl: '1h' })
    expect(await ours.expire('k', '10m')).toBe(true)
    const seconds = await theirs.ttl('k')
    expect(seconds).toBeGreaterThan(590)
    // Each process guesses the store's clock within half a round trip of its own.
    expect(seconds).toBeLessThanOrEqual(601)
    const name = await nameOnServer(ours, prefix)
    const serverMs = Number(await raw.sendCommand(['PTTL', name('k')]))
    expect(serverMs).toBeGreaterThan(590_000)
    expect(serverMs).toBeLessThanOrEqual(600_000)
    expect(await ours.expire('none', 10)).toBe(false)
    expect(await ours.expire('k', Number.POSITIVE_INFINITY)).toBe(true)
    expect(await theirs.ttl('k')).toBe(Number.POSITIVE_INFINITY)
    expect(Number(await raw.sendCommand(['PTTL', name('k')]))).toBe(-1)
    // Nor is it forgotten that a load has brought it a moment ago.
    await ours.getOrSet('loaded', () => 1)
    expect(await ours.expire('loaded', '1h')).toBe(true)
  })

  it('takes what is not ours for a miss, and says so', async () => {
    const { prefix, ours, theirs } = await pair()
    const refused: string[] = []
    theirs.on('entry-refused', ({ key, reason }) => refused.push(`${key}: ${reason}`))
    const name = await nameOnServer(ours, prefix)
    await ours.set('short', { a: 'long enough to be cut' })
    await ours.set('later', { a: 1 })
    await raw.sendCommand(['RPUSH', name('list'), 'x'])
    await raw.sendCommand(['SET', name('plain'), 'hello'])
    await raw.sendCommand(['SET', name('json'), '{"a":1}'])
    await raw.sendCommand(['SET', name('empty'), ''])
    const half = Math.floor(Number(await raw.sendCommand(['STRLEN', name('short')])) * 0.75)
    const kept = await raw.sendCommand(['GETRANGE', name('short'), '0', String(half)])
    await raw.sendCommand(['SET', name('short'), String(kept)])
    await raw.sendCommand(['SETRANGE', name('later'), '1', '\x5f'])
    const keys = ['list', 'plain', 'json', 'empty', 'short', 'later']
    expect(await theirs.getMany(keys)).toEqual(keys.map(() => undefined))
    // A list is no answer to a read at all, so there is nothing to refuse.
    expect(refused.sort()).toEqual([
      'empty: foreign',
      'json: foreign',
      'later: version',
      'plain: foreign',
      'short: payload',
    ])
    expect(theirs.stats().total.missUndecodable).toBe(5)
    for (const key of keys) {
      expect(await theirs.getOrSet(key, () => 'loaded')).toBe('loaded')
      expect(await theirs.set(key, 'ours again')).toBe(true)
      expect(await ours.get(key)).toBe('ours again')
    }
    expect(theirs.stats().store?.breaker).toBe('closed')
  })

  it('keeps memory in step with its own writes', async () => {
    const { ours } = await pair({})
    await ours.set('k', 1)
    expect(ours.peek('k')).toBe(1)
    await ours.set('k', 2)
    expect(await ours.get('k')).toBe(2)
    await ours.increment('k')
    expect(await ours.get('k')).toBe(3)
    await ours.delete('k')
    expect(await ours.get('k')).toBeUndefined()
    await ours.set('k', 4)
    const [during] = await Promise.all([ours.get('k'), ours.clear(), ours.get('k')])
    expect([4, undefined]).toContain(during)
    expect(await ours.get('k')).toBeUndefined()
  })

  it('writes what is under way before it closes, and is a miss from then on', async () => {
    const { ours, theirs } = await pair({})
    const write = ours.set('last', 'words')
    await ours.close()
    expect(await write).toBe(true)
    expect(await theirs.get('last')).toBe('words')
    expect(await ours.get('last')).toBeUndefined()
    expect(await ours.set('more', 1)).toBe(false)
    expect(await ours.increment('n')).toBeUndefined()
    expect(await ours.getOrSet('k', () => 'loaded')).toBe('loaded')
    await ours.close()
    expect((await ours.health()).status).toBe('degraded')
  })
})
