/** Where there is a log, clearing is one record; the store gives the room back afterwards. */
import { describe, expect, it } from 'vitest'
import { stateOf, trackedPair } from './tracked-cache.js'

const pair = () => trackedPair()

const NONE = Array(9).fill(undefined)
const KEYS = Array.from({ length: 3_000 }, (_, i) => `k${i}`)
const entries = (value: string) => KEYS.map((key) => [key, value] as const)

async function all(keys: AsyncIterable<string>): Promise<string[]> {
  const listed: string[] = []
  for await (const key of keys) listed.push(key)
  return listed
}

describe('clear', () => {
  it('waits for its record alone, and gives the room back', async () => {
    const { a, b, clock, data } = await pair()
    await a.cache.setMany(entries('old'))
    expect(await b.cache.get('k7')).toBe('old')
    a.store.inject({ kind: 'hang' }, { ops: ['scan'] })
    expect(await a.cache.clear()).toEqual(expect.any(String))
    for (const { cache } of [a, b]) expect(await cache.getMany(KEYS.slice(0, 9))).toEqual(NONE)
    expect(data.entryCount).toBe(3_000)
    a.store.heal()
    await clock.settle()
    expect(data.entryCount).toBe(0)
  })

  it('leaves what was written or loaded after it', async () => {
    const { a, b, clock, data } = await pair()
    await a.cache.setMany(entries('old'))
    a.store.inject({ kind: 'hang' }, { ops: ['scan'] })
    await a.cache.clear()
    expect(await b.cache.set('k1', 'new')).toBe(true)
    expect(await b.cache.getOrSet('k2', () => 'loaded')).toBe('loaded')
    await clock.settle()
    a.store.heal()
    await clock.settle()
    expect(data.entryCount).toBe(2)
    expect(await a.cache.getMany(['k1', 'k2', 'k3'])).toEqual(['new', 'loaded', undefined])
  })

  it('of one namespace leaves the others, and several are swept one after another', async () => {
    const { a, clock, data } = await pair()
    const names = ['x', 'y', 'z']
    for (const name of names) await a.cache.namespace(name).setMany(entries(name))
    a.store.inject({ kind: 'hang' }, { ops: ['scan'], times: 1 })
    await Promise.all(['x', 'y', 'x'].map((name) => a.cache.namespace(name).clear()))
    expect(a.store.held).toBe(1)
    await a.cache.namespace('x').set('k1', 'new')
    await a.cache.namespace('x').clear()
    a.store.heal()
    await clock.settle()
    expect(data.entryCount).toBe(3_000)
    expect(await a.cache.namespace('z').get('k7')).toBe('z')
  })

  it('is over for those who list the keys', async () => {
    const { a, clock } = await pair()
    await a.cache.setMany(entries('old'))
    a.store.inject({ kind: 'hang' }, { ops: ['scan'], times: 1 })
    await a.cache.clear()
    const listed = all(a.cache.keys())
    expect(await stateOf(listed)).toBe('pending')
    a.store.heal()
    await clock.settle()
    expect(await listed).toEqual([])
  })

  it('is over when the cache is closed', async () => {
    const { a, clock, data } = await pair()
    await a.cache.setMany(entries('old'))
    a.store.inject({ kind: 'delay', delayMs: 100 }, { ops: ['scan'] })
    await a.cache.clear()
    const closed = a.cache.close()
    await clock.advance(1_000)
    await closed
    expect(data.entryCount).toBe(0)
  })

  it('is not waited for without end when the cache is closed', async () => {
    const { a, clock, data } = await pair()
    const names = Array.from({ length: 80 }, (_, i) => `n${i}`)
    for (const name of names) await a.cache.namespace(name).set('k', 1)
    a.store.inject({ kind: 'delay', delayMs: 100 }, { ops: ['scan'] })
    await Promise.all(names.map((name) => a.cache.namespace(name).clear()))
    const closed = a.cache.close()
    await clock.advance(4_900)
    expect(await stateOf(closed)).toBe('pending')
    expect(data.entryCount).toBeLessThan(40)
    a.store.heal()
    await clock.advance(200)
    await closed
    expect(data.entryCount).toBeGreaterThan(25)
  })

  it('holds where the store does not sweep, and does not keep the cache from closing', async () => {
    const { a, b, clock, data } = await pair()
    await a.cache.setMany(entries('old'))
    a.store.inject({ kind: 'throw' }, { ops: ['deleteMany'], times: 1 })
    expect(await a.cache.clear()).toEqual(expect.any(String))
    await clock.settle()
    expect(data.entryCount).toBe(3_000)
    expect(await b.cache.get('k7')).toBeUndefined()
    a.store.inject({ kind: 'hang' }, { ops: ['scan'] })
    await a.cache.clear()
    const closed = a.cache.close()
    await clock.advance(1_000)
    await closed
    expect(await b.cache.get('k7')).toBeUndefined()
  })

  it('that the log has not confirmed sweeps nothing', async () => {
    const { a, clock, data } = await pair()
    await a.cache.setMany(entries('old'))
    a.store.inject({ kind: 'throw' }, { ops: ['append'], times: 1 })
    expect(await a.cache.clear()).toBe(false)
    await clock.settle()
    expect(data.entryCount).toBe(3_000)
  })
})
