/** Keyv's side of a store: what is translated, what is refused, and who is told of a failure. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Keyv } from 'keyv'
import { afterEach, describe, expect, it } from 'vitest'
import { CacheError } from '../../src/core/errors.js'
import { PartialFailure } from '../../src/core/partial-failure.js'
import {
  type KeyvStore,
  type KeyvStoreOptions,
  keyvStore,
} from '../../src/integrations/keyv/index.js'
import { resolveStoreOptions } from '../../src/integrations/open-guarded.js'
import { fakeClock, faultyStore, inProcessStore } from '../../src/testing/index.js'
import { LONE_SURROGATES, ODD_NAMES } from '../support/odd-names.js'
import { optionInvalid } from '../support/option-invalid.js'
import { storeWith } from '../support/store-with.js'
import { collectUnhandled } from '../support/unhandled.js'

const unhandled = collectUnhandled()
const opened: KeyvStore[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.disconnect()
  expect(unhandled.take()).toEqual([])
})

function open(options: Partial<KeyvStoreOptions> = {}): KeyvStore {
  const made = keyvStore({ store: inProcessStore(), ...options })
  opened.push(made)
  return made
}

function failing(options: Partial<KeyvStoreOptions> = {}) {
  const store = faultyStore(inProcessStore(), { seed: 7 })
  const adapter = open({ store, ...options })
  const errors: unknown[] = []
  adapter.on('error', (error) => errors.push(error))
  return { store, adapter, errors }
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const each of source) found.push(each)
  return found
}

describe('options', () => {
  it.each<[string, object, RegExp]>([
    ['no store', {}, /'store' is undefined; the range is a store, such as redis/],
    ['a store that is none', { store: new Map() }, /'store' is an object/],
    ['a prefix with a colon', { prefix: 'a:b' }, /'prefix' is 'a:b'; the range is .*letters/],
    ['an empty prefix', { prefix: '' }, /'prefix' is ''/],
    ['a deadline of none', { readDeadline: 0 }, /'readDeadline' is 0; the range is 1ms to 1m/],
    ['milliseconds', { writeDeadline: 250 }, /'writeDeadline' is 250;.*write '250ms'/],
    ['a flag that is none', { throwOnErrors: 1 }, /'throwOnErrors' is 1; the range is true/],
  ])('refuse %s', (name, options, message) => {
    const store = name === 'no store' ? {} : { store: inProcessStore() }
    const given = { ...store, ...options } as unknown as KeyvStoreOptions
    expect(() => keyvStore(given)).toThrow(optionInvalid(message))
  })

  it('refuse what is unknown, and what is no object', () => {
    const unknown = { store: inProcessStore(), namespace: 'a' } as KeyvStoreOptions
    const message = expect.stringMatching(/^keyvStore: unknown option 'namespace'; known here: /)
    expect(() => keyvStore(unknown)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN', message }),
    )
    expect(() => keyvStore(null as never)).toThrow(optionInvalid(/'options' is null/))
  })

  it('refuse a namespace that is too long to be emptied', () => {
    const store = open()
    expect(() => new Keyv({ store, namespace: 'n'.repeat(507) })).toThrow(
      optionInvalid(/'namespace' is 'nnn.*512 bytes/),
    )
    expect(() => new Keyv({ store, namespace: 'n'.repeat(506) })).not.toThrow()
  })

  it('have the deadlines of a cache for defaults', () => {
    const store = inProcessStore()
    expect(resolveStoreOptions({ store }, [], 'here')).toEqual({
      store,
      readDeadlineMs: 100,
      writeDeadlineMs: 250,
    })
    const given = { store, readDeadline: 2, writeDeadline: '3s' }
    expect(resolveStoreOptions(given, [], 'here')).toMatchObject({
      readDeadlineMs: 2_000,
      writeDeadlineMs: 3_000,
    })
  })

  it('are not kept, frozen or written to', () => {
    const options = Object.freeze({ store: inProcessStore() })
    expect(() => opened.push(keyvStore(options))).not.toThrow()
  })
})

describe('what is translated', () => {
  it('texts are UTF-8 under prefix, namespace and key', async () => {
    const store = inProcessStore()
    const keyv = new Keyv({ store: open({ store, prefix: 'shop' }), namespace: 'users' })
    await keyv.set('42', 'Änn')
    const [bytes] = await store.getMany(['shop:users:42'])
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual({ value: 'Änn' })
  })

  it('ttl is milliseconds; none and 0 are for ever; what is over replaces and goes', async () => {
    const clock = fakeClock()
    const adapter = open({ store: inProcessStore({ clock }) })
    await adapter.setMany([
      { key: 'short', value: 'v', ttl: 1_000 },
      { key: 'none', value: 'v' },
      { key: 'zero', value: 'v', ttl: 0 },
    ])
    await adapter.set('over', 'old')
    await adapter.set('over', 'new', -5)
    expect(await adapter.get('over')).not.toBe('old')
    await clock.advance(999)
    expect(await adapter.hasMany(['short', 'none', 'zero', 'over'])).toEqual([
      ...[true, true, true, false],
    ])
    await clock.advance(100_000_000)
    expect(await adapter.hasMany(['short', 'none', 'zero'])).toEqual([false, true, true])
  })

  it('no store is given a ttl that its contract does not know', async () => {
    const ttls: number[] = []
    const inner = inProcessStore()
    const setMany: typeof inner.setMany = (writes) => {
      ttls.push(...writes.map(({ ttlMs }) => ttlMs))
      return inner.setMany(writes)
    }
    const adapter = open({ store: storeWith(inner, { setMany }) })
    for (const ttl of [-5, 0.2, 7.5, undefined, 0]) await adapter.set('a', 'v', ttl)
    expect(ttls).toEqual([1, 1, 8, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  it('keys of every kind come back, each with its own value', async () => {
    const adapter = open()
    const keyv = new Keyv({ store: adapter, namespace: '{odd}:é' })
    const keys = [...ODD_NAMES, ...LONE_SURROGATES, 'k'.repeat(5_000), 'a:b:c']
    expect(await keyv.setMany(keys.map((key) => ({ key, value: `of ${key}` })))).toEqual(
      keys.map(() => true),
    )
    expect(await keyv.getMany(keys)).toEqual(keys.map((key) => `of ${key}`))
    const listed = (await all(adapter.iterator())).map(([key]) => key)
    expect(listed.sort()).toEqual(
      keys
        .filter((key) => key.length < 1_000)
        .map((key) => `{odd}:é:${key}`)
        .sort(),
    )
    await keyv.clear()
    expect(await keyv.getMany(keys)).toEqual(keys.map(() => undefined))
  })

  it('a namespace is emptied and listed alone; none means all under the prefix', async () => {
    const data = inProcessStore()
    const ours = open({ store: data.peer() })
    await ours.setMany(['a:1', 'a:2', 'ab:1', 'c'].map((key) => ({ key, value: key })))
    await open({ store: data.peer(), prefix: 'other' }).set('a:1', 'elsewhere')
    const keys = async (namespace?: string) =>
      (await all(ours.iterator(namespace))).map(([key]) => key).sort()
    expect(await keys('a')).toEqual(['a:1', 'a:2'])
    ours.namespace = 'a'
    expect(await keys()).toEqual(['a:1', 'a:2'])
    await ours.clear()
    ours.namespace = undefined
    expect(await keys()).toEqual(['ab:1', 'c'])
    await ours.clear()
    expect(await keys()).toEqual([])
    expect(data.entryCount).toBe(1)
  })

  it('a clear takes as many slices as there are pages', async () => {
    const slices: number[] = []
    const inner = inProcessStore()
    const deleteMany: typeof inner.deleteMany = (names, ...rest) => {
      slices.push(names.length)
      return inner.deleteMany(names, ...rest)
    }
    const adapter = open({ store: storeWith(inner, { deleteMany }), writeDeadline: '10s' })
    const entries = Array.from({ length: 2_500 }, (_, i) => ({ key: `k${i}`, value: 'v' }))
    await adapter.setMany(entries)
    await adapter.clear()
    expect([slices, inner.entryCount]).toEqual([[1_000, 1_000, 500], 0])
  })

  it('deletes tell whether there was any', async () => {
    const adapter = open()
    await adapter.set('a', 'v')
    expect(await adapter.deleteMany(['a', 'b'])).toBe(true)
    expect(await adapter.deleteMany(['a', 'b'])).toBe(false)
    expect(await adapter.deleteMany([])).toBe(false)
    expect(await adapter.delete('a')).toBe(false)
  })

  it.each([
    ['an object', { value: 1 }, 'VALUE_UNSUPPORTED'],
    ['bytes', Buffer.from('v'), 'VALUE_UNSUPPORTED'],
    ['half a character', 'a\ud800', 'VALUE_UNSUPPORTED'],
  ])('%s is no value', async (_, value, code) => {
    const adapter = open()
    await expect(adapter.set('a', value)).rejects.toMatchObject({ code })
    expect(await adapter.has('a')).toBe(false)
  })

  it('a ttl that is none is refused', async () => {
    const adapter = open()
    await expect(adapter.set('a', 'v', '5s' as never)).rejects.toEqual(
      optionInvalid(/keyvStore: option 'ttl' is '5s'; the range is milliseconds/),
    )
  })
})

describe('a store that fails', () => {
  it('is nothing found, and an error told, where it is read', async () => {
    const { store, adapter, errors } = failing()
    const keyv = new Keyv({ store: adapter })
    const told: unknown[] = []
    keyv.on('error', (error) => told.push(error))
    await keyv.set('a', 'v')
    store.inject({ kind: 'throw' }, { ops: ['getMany'], times: 5 })
    expect(await keyv.get('a')).toBeUndefined()
    expect(await keyv.getMany(['a', 'b'])).toEqual([undefined, undefined])
    expect(await keyv.getRaw('a')).toBeUndefined()
    expect(await keyv.has('a')).toBe(false)
    expect(await keyv.has(['a'])).toEqual([false])
    expect(told).toEqual(errors)
    expect(errors).toHaveLength(5)
    expect(errors[0]).toMatchObject({ code: 'STORE_FAILED' })
  })

  it('is false and an error told, once, where it is written', async () => {
    const { store, adapter, errors } = failing()
    const keyv = new Keyv({ store: adapter })
    const told: unknown[] = []
    keyv.on('error', (error) => told.push(error))
    store.inject({ kind: 'throw' }, { ops: ['setMany', 'deleteMany'], times: 4 })
    expect(await keyv.set('a', 'v')).toBe(false)
    expect(await keyv.setMany([{ key: 'a', value: 1 }])).toEqual([false])
    expect(await keyv.delete('a')).toBe(false)
    expect(await keyv.delete(['a'])).toBe(false)
    expect(told).toHaveLength(4)
    expect(errors).toEqual([])
  })

  it('throws where both are told to', async () => {
    const { store, adapter, errors } = failing({ throwOnErrors: true })
    const keyv = new Keyv({ store: adapter, throwOnErrors: true })
    store.inject({ kind: 'throw' }, { ops: ['getMany', 'setMany'], times: 3 })
    const failed = { code: 'STORE_FAILED' }
    await expect(keyv.get('a')).rejects.toMatchObject(failed)
    await expect(keyv.getMany(['a'])).rejects.toMatchObject(failed)
    await expect(keyv.set('a', 'v')).rejects.toMatchObject(failed)
    expect(errors).toHaveLength(2)
  })

  it('harms nobody who does not listen', async () => {
    const store = faultyStore(inProcessStore(), { seed: 7 })
    const adapter = open({ store })
    store.inject({ kind: 'throw' }, { ops: ['getMany'] })
    expect(await adapter.get('a')).toBeUndefined()
  })

  it('ends an iteration with an error: it does not look complete', async () => {
    const { store, adapter } = failing()
    await adapter.set('a', 'v')
    store.inject({ kind: 'throw' }, { ops: ['getMany'], times: 1 })
    await expect(all(adapter.iterator())).rejects.toMatchObject({ code: 'STORE_FAILED' })
    store.inject({ kind: 'throw' }, { ops: ['scan'], times: 1 })
    await expect(all(adapter.iterator())).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it('settles by its deadline where it says nothing', async () => {
    const { store, adapter, errors } = failing({ readDeadline: '20ms', writeDeadline: '20ms' })
    await adapter.set('a', 'v')
    store.inject({ kind: 'hang' })
    expect(await adapter.get('a')).toBeUndefined()
    expect(errors).toMatchObject([{ code: 'STORE_TIMEOUT' }])
    // The breaker has opened: nothing is sent from here on.
    await expect(adapter.set('a', 'w')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(adapter.clear()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    store.heal()
  })

  it('is told of on the diagnostics channel', async () => {
    const messages: unknown[] = []
    const listener = (message: unknown) => messages.push(message)
    subscribe('cachewright', listener)
    const { store, adapter } = failing({ readDeadline: '20ms' })
    await adapter.set('a', 'v')
    store.inject({ kind: 'hang' }, { times: 1 })
    await adapter.get('a')
    unsubscribe('cachewright', listener)
    expect(messages).toMatchObject([
      { name: 'store-down', cause: { code: 'STORE_UNAVAILABLE' } },
      { name: 'store-error', op: 'read', error: { code: 'STORE_TIMEOUT' } },
    ])
    store.heal()
  })

  it('that is there in part answers in part', async () => {
    const inner = inProcessStore()
    const getMany: typeof inner.getMany = async (names) => {
      const values = await inner.getMany(names)
      const away = new CacheError('STORE_UNAVAILABLE', 'a node is away')
      throw new PartialFailure([values[0], away], away)
    }
    const adapter = open({ store: storeWith(inner, { getMany }) })
    const errors: unknown[] = []
    adapter.on('error', (error) => errors.push(error))
    await adapter.setMany(['a', 'b'].map((key) => ({ key, value: key })))
    expect(await adapter.getMany(['a', 'b'])).toEqual(['a', undefined])
    expect(errors).toMatchObject([{ code: 'STORE_UNAVAILABLE' }])
  })

  it('that was disconnected stays so', async () => {
    const { adapter, errors } = failing()
    await adapter.disconnect()
    await adapter.disconnect()
    expect(await adapter.get('a')).toBeUndefined()
    expect(errors).toMatchObject([{ code: 'STORE_UNAVAILABLE' }])
  })
})
