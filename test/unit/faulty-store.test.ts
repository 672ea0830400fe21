import { beforeEach, describe, expect, it } from 'vitest'
import { type FaultyStore, faultyStore, inProcessStore } from '../../src/testing/index.js'

const entry = { key: 'k', bytes: Buffer.from('value'), ttlMs: 60_000 }

describe('the faulty store', () => {
  let store: FaultyStore
  let told: unknown[]
  beforeEach(async () => {
    told = []
    store = faultyStore(inProcessStore(), { seed: 7 })
    store.open({ onUp: () => told.push('up'), onDown: (cause) => told.push(cause) })
    await store.setMany([entry])
  })
  const read = async () => Buffer.from((await store.getMany(['k']))[0] ?? []).toString()

  it('throws, for the calls named, as often as asked', async () => {
    store.inject({ kind: 'throw', error: new Error('boom') }, { ops: ['getMany'], times: 2 })
    await expect(read()).rejects.toThrow('boom')
    await store.ping()
    await expect(read()).rejects.toThrow('boom')
    expect(await read()).toBe('value')
    expect(store.hits).toBe(2)
  })

  it('does the work and loses the reply', async () => {
    store.inject({ kind: 'lose-reply' })
    await expect(store.deleteMany(['k'])).rejects.toMatchObject({ code: 'STORE_FAILED' })
    store.heal()
    expect(await read()).toBe('')
  })

  it('holds calls and runs them late', async () => {
    store.inject({ kind: 'hang' }, { ops: ['setMany'] })
    const late = store.setMany([{ ...entry, bytes: Buffer.from('late') }])
    expect(store.held).toBe(1)
    expect(await read()).toBe('value')
    store.heal()
    await late
    expect(await read()).toBe('late')
  })

  it('acknowledges writes that it drops', async () => {
    store.inject({ kind: 'drop' })
    expect(await store.deleteMany(['k'])).toBe(1)
    await store.setMany([{ ...entry, bytes: Buffer.from('dropped') }])
    expect(await read()).toBe('value')
  })

  it('delays', async () => {
    store.inject({ kind: 'delay', delayMs: 5 })
    expect(await read()).toBe('value')
  })

  it('corrupts what is read, the same for the same seed', async () => {
    const runs = [1, 2].map(async () => {
      const other = faultyStore(inProcessStore(), { seed: 3 })
      other.open({ onUp: () => {}, onDown: () => {} })
      await other.setMany([entry])
      other.inject({ kind: 'corrupt' })
      const reads = []
      for (let i = 0; i < 20; i += 1) reads.push(Buffer.from((await other.getMany(['k']))[0]!))
      return reads.map(String)
    })
    const [first, second] = await Promise.all(runs)
    expect(first).toEqual(second)
    expect(first!.every((text) => text !== 'value')).toBe(true)
    expect(new Set(first!.map((text) => text.length)).size).toBeGreaterThan(1)
  })

  it('hits a part of the calls', async () => {
    store.inject({ kind: 'throw' }, { ratio: 0.3 })
    const results = await Promise.allSettled(Array.from({ length: 500 }, () => store.ping()))
    const failed = results.filter((result) => result.status === 'rejected').length
    expect(failed).toBe(store.hits)
    expect(failed).toBeGreaterThan(100)
    expect(failed).toBeLessThan(200)
  })

  it('announces, counts reconnects and lets go of held calls on close', async () => {
    store.announceDown('gone')
    store.announceUp()
    expect(told).toEqual(['up', 'gone', 'up'])
    store.reconnect()
    expect(store.reconnects).toBe(1)
    store.inject({ kind: 'hang' })
    const held = store.ping()
    await store.close()
    await expect(held).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})
