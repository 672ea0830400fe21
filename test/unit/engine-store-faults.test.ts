/** Stores that fail in every way: a call is a miss, never an error, never a hang. */
import { describe, expect, it } from 'vitest'
import { admit } from '../../src/core/value.js'
import type { FaultyStore } from '../../src/testing/index.js'
import { entryCodec } from '../support/entry-codec.js'
import { gate, record, stateOf, trackedWithStore } from './tracked-cache.js'

const FAULTS: Record<string, (store: FaultyStore) => void> = {
  throws: (store) => store.inject({ kind: 'throw' }),
  'throws what is no error': (store) => store.inject({ kind: 'throw', error: null }),
  hangs: (store) => store.inject({ kind: 'hang' }),
  'answers late': (store) => store.inject({ kind: 'delay', delayMs: 300 }),
  'loses replies': (store) => store.inject({ kind: 'lose-reply' }),
  'is away': (store) => {
    store.inject({ kind: 'throw' })
    store.announceDown(new Error('gone'))
  },
}

describe.each(Object.entries(FAULTS))('a store that %s', (_, break_) => {
  async function broken() {
    const tracked = trackedWithStore()
    await tracked.cache.set('before', 'v')
    await tracked.clock.settle()
    break_(tracked.store)
    return tracked
  }
  /** All verbs that must answer whatever the store does. */
  async function answerOf<T>(
    clock: { advance(ms: number): Promise<void> },
    call: Promise<T>,
  ): Promise<T> {
    await clock.advance(600)
    expect(await stateOf(call)).toBe('settled')
    return call
  }

  it('never fails a read, and never makes it wait past the deadline', async () => {
    const { cache, clock } = await broken()
    const reads = [cache.get('k'), cache.has('k'), cache.getMany(['k', 'before']), cache.ttl('k')]
    const all = Promise.all(reads)
    await clock.advance(100)
    expect(await stateOf(all)).toBe('settled')
    expect(await all).toEqual([undefined, false, [undefined, 'v'], undefined])
  })

  it('never fails a load', async () => {
    const { cache, clock } = await broken()
    const loads = [
      cache.getOrSet('k', () => 'loaded'),
      cache.getOrSetMany(['a', 'b'], (keys) => keys).then((values) => values.join()),
      cache.refresh('r', () => 'fresh'),
    ]
    expect(await answerOf(clock, Promise.all(loads))).toEqual(['loaded', 'a,b', 'fresh'])
    expect(cache.peek('k')).toBe('loaded')
  })

  it('is told of in the answer of a write, and memory has it all the same', async () => {
    const { cache, clock } = await broken()
    const calls = [
      cache.set('k', 1),
      cache.setMany([['l', 2]]),
      cache.delete('before'),
      cache.deleteMany(['x']),
      cache.clear(),
    ]
    const answers = await answerOf(clock, Promise.all(calls))
    expect(answers).toEqual([false, false, false, false, false])
    const counted = cache.increment('n')
    expect(await answerOf(clock, counted)).toBeUndefined()
  })

  it('goes on serving what memory has', async () => {
    const { cache, clock } = await broken()
    await answerOf(clock, cache.get('x'))
    expect([await cache.get('before'), cache.peek('before')]).toEqual(['v', 'v'])
  })

  it('lists keys from memory', async () => {
    const { cache, clock } = await broken()
    const list = (async () => {
      const keys: string[] = []
      for await (const key of cache.keys()) keys.push(key)
      return keys
    })()
    expect(new Set(await answerOf(clock, list))).toEqual(new Set(['before']))
  })

  it('is seen in health, and is well again soon after', async () => {
    const { cache, clock, store } = await broken()
    const health = cache.health()
    expect(await answerOf(clock, health)).toMatchObject({
      status: 'degraded',
      store: { pingMs: undefined },
    })
    store.heal()
    await clock.advance(1_000)
    expect(await cache.health()).toMatchObject({ status: 'ok', store: { breaker: 'closed' } })
    await cache.set('after', 1)
    expect(await cache.get('after')).toBe(1)
  })
})

describe('an outage', () => {
  it('is told once when it begins and once when it ends, and counted', async () => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    const events = record(cache, 'store-down', 'store-up', 'store-error')
    store.inject({ kind: 'hang' })
    const first = cache.get('a')
    await clock.advance(100)
    await first
    await Promise.all([cache.get('b'), cache.get('c')])
    store.heal()
    await clock.advance(1_000)
    expect(events.map(([name]) => name)).toEqual(['store-down', 'store-error', 'store-up'])
    expect(cache.stats().store).toMatchObject({ breaker: 'closed', outages: 1 })
    expect(cache.stats().total).toMatchObject({
      storeErrors: 1,
      deadlineHits: 1,
      missStoreTimeout: 1,
      missStoreUnavailable: 2,
    })
  })

  it('makes nobody wait after its first deadline', async () => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    store.inject({ kind: 'hang' })
    const first = cache.get('a')
    await clock.advance(100)
    await first
    expect(await stateOf(cache.get('b'))).toBe('settled')
    expect(await stateOf(cache.getOrSet('c', () => 1))).toBe('settled')
    expect(await stateOf(cache.set('d', 1))).toBe('settled')
  })

  it('at the start is a miss within the deadline', async () => {
    const { cache, clock, store } = trackedWithStore()
    store.inject({ kind: 'hang' })
    const read = cache.getOrSet('k', () => 'loaded')
    await clock.advance(100)
    expect(await read).toBe('loaded')
  })
})

describe('a read that was on its way while its key', () => {
  const acts: [
    string,
    (cache: ReturnType<typeof trackedWithStore>['cache']) => Promise<unknown>,
  ][] = [
    ['was deleted', (cache) => cache.delete('k')],
    ['was cleared', (cache) => cache.clear()],
    ['was set', (cache) => cache.set('k', 'new')],
    ['was counted', (cache) => cache.increment('k').catch(() => {})],
  ]
  it.each(acts)('%s does not bring the old value back into memory', async (_, act) => {
    const { cache, clock, store, data } = trackedWithStore()
    const writer = trackedWithStore({}, clock, data)
    await writer.cache.set('k', 'old')
    const open = gate<void>()
    const read = store.getMany.bind(store)
    store.getMany = async (keys) => {
      const answer = await read(keys)
      await open.promise
      return answer
    }
    const reading = cache.get('k')
    await clock.settle()
    void act(cache)
    await clock.settle()
    open.open()
    await reading
    expect(cache.peek('k')).not.toBe('old')
  })
})

describe('bytes in the store that are not an entry of ours', () => {
  const meta = { born: 1, graceMs: 0, loadMs: 0, tags: ['t'] }
  const values: Record<string, unknown> = {
    number: 5,
    record: { a: [1, 'two'] },
    buffer: Buffer.from('bytes'),
    'dates and maps': { at: new Date(5), map: new Map([['k', new Uint8Array(3)]]) },
    'typed arrays': [new Float64Array([1.5]), new BigInt64Array([1n])],
    large: { pad: 'x'.repeat(600), rows: [{ id: 1 }, { id: 2 }] },
  }

  it.each(Object.entries(values))(
    'flipped in any bit: a miss or a value, never a throw or a hang (%s)',
    async (_, value) => {
      const { cache, clock, data } = trackedWithStore()
      await clock.settle()
      const encoded = entryCodec().encodeNow({ ...meta, freshUntilWallMs: 1e13, ...admit(value) })
      const bytes = Buffer.from(encoded as Uint8Array)
      const bits = Math.min(bytes.length, 120) * 8
      const writes = Array.from({ length: bits }, (_, bit) => {
        const flipped = Buffer.from(bytes)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        return { key: `cw::k${bit}`, bytes: flipped, ttlMs: 60_000 }
      })
      await data.setMany(writes)
      const reads = writes.map((_, bit) => cache.get(`k${bit}`))
      expect(await stateOf(Promise.allSettled(reads))).toBe('settled')
      for (const outcome of await Promise.allSettled(reads))
        expect(outcome.status).toBe('fulfilled')
    },
  )

  it('nested deeper than any stack: a miss', async () => {
    const { cache, clock, data } = trackedWithStore()
    await clock.settle()
    const encoded = entryCodec().encodeNow({ ...meta, freshUntilWallMs: 1e13, ...admit(0) })
    const head = Buffer.from(encoded as Uint8Array).subarray(0, -1)
    for (const depth of [1_500, 20_000, 200_000]) {
      const deep = Buffer.from('['.repeat(depth) + ']'.repeat(depth))
      await data.setMany([{ key: 'cw::k', bytes: Buffer.concat([head, deep]), ttlMs: 60_000 }])
      const call = Promise.allSettled([cache.get('k'), cache.get('other')])
      expect(await stateOf(call)).toBe('settled')
      expect((await call).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
      await cache.delete('k')
    }
  })

  it.each([
    ['foreign', Buffer.from('{"id":1}')],
    ['truncated', Buffer.from('F')],
    ['version', Buffer.concat([Buffer.from([0x46, 0xff]), Buffer.alloc(40)])],
  ])('%s: a miss and an event, and the next load writes over it', async (reason, bytes) => {
    const { cache, clock, data } = trackedWithStore()
    await clock.settle()
    const events = record(cache, 'entry-refused')
    await data.setMany([{ key: 'cw::k', bytes, ttlMs: 60_000 }])
    expect(await cache.get('k')).toBeUndefined()
    expect(events).toEqual([['entry-refused', { namespace: '', key: 'k', reason }]])
    expect(cache.stats().total.missUndecodable).toBe(1)
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('loaded')
    await clock.settle()
    const other = trackedWithStore({}, clock, data)
    expect(await other.cache.get('k')).toBe('loaded')
  })

  it('a codec of the user that throws: a miss, or a refused value', async () => {
    const boom = () => {
      throw new Error('boom')
    }
    const codec = { name: 'own', encode: () => 'text', decode: boom }
    const { cache, clock, data } = trackedWithStore({ codec })
    await cache.set('k', 'value')
    const bad = trackedWithStore({ codec }, clock, data)
    expect(await bad.cache.get('k')).toBeUndefined()
    const worse = trackedWithStore({ codec: { ...codec, encode: boom } }, clock, data)
    await expect(worse.cache.set('k', 'value')).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
    expect(await worse.cache.getOrSet('k', () => 'loaded')).toBe('loaded')
  })
})

describe('one batch for each tick', () => {
  it('carries every read of it', async () => {
    const { cache, clock, store } = trackedWithStore()
    await clock.settle()
    const batches: number[] = []
    const read = store.getMany.bind(store)
    store.getMany = (keys) => {
      batches.push(keys.length)
      return read(keys)
    }
    const leases: number[] = []
    const lease = store.leaseMany!.bind(store)
    Object.assign(store, {
      leaseMany: (...call: Parameters<typeof lease>) => {
        leases.push(call[0].length)
        return lease(...call)
      },
    })
    await Promise.all([
      cache.get('a'),
      cache.getMany(['b', 'c', 'a']),
      cache.namespace('n').getOrSet('a', () => 1),
      cache.getOrSetMany(['d', 'a'], (keys) => keys),
      cache.has('e'),
      cache.ttl('f'),
    ])
    expect([batches, leases]).toEqual([[5], [3]])
  })
})
