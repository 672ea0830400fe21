/** What `createCache` refuses, and that it leaves nothing open when it does. */
import { describe, expect, it } from 'vitest'
import { createCache } from '../../src/index.js'
import { fakeClock, inProcessStore } from '../../src/testing/index.js'
import { trackedCache } from './tracked-cache.js'

const create = (options: unknown) => () => createCache(options as object)

describe('createCache', () => {
  it.each([
    ['an unknown option', { tll: 5 }, "unknown option 'tll'"],
    [
      'memory that is no object',
      { memory: true },
      'createCache, memory: options must be an object',
    ],
    ['an unknown memory option', { memory: { maxSize: 5 } }, "memory: unknown option 'maxSize'"],
    ['a store that is none', { store: 'redis' }, "option 'store' is 'redis'"],
    ['a store that is null', { store: null }, "option 'store' is null"],
    ['namespaces that are no object', { namespaces: 'users' }, "option 'namespaces' is 'users'"],
    ['a namespace name', { namespaces: { 'a:b': {} } }, "namespace 'a:b' must be"],
    ['an unknown namespace option', { namespaces: { a: { prefix: 'x' } } }, "namespace 'a'"],
    ['a bad namespace option', { namespaces: { a: { ttl: -1 } } }, "namespace 'a': option 'ttl'"],
    [
      'a schema that is none',
      { namespaces: { a: { schema: {} } } },
      "option 'schema' is an object",
    ],
  ])('refuses %s', (_, options, says) => {
    expect(create(options)).toThrow(says)
  })

  it.each([
    ['memory', { memory: null }],
    ['clock', { clock: 42 }],
    ['clock', { clock: {} }],
    ['random', { random: 5 }],
    ['codec', { codec: {} }],
    ['namespaces', { namespaces: [] }],
  ])('refuses %s that is none: %o', (name, options) => {
    expect(create(options)).toThrow(`option '${name}'`)
  })

  it('does not take null for no argument', () => {
    expect(create(null)).toThrow('options must be an object')
  })

  it('opens no store when it throws', () => {
    const store = inProcessStore()
    let opened = 0
    store.open = () => {
      opened++
    }
    expect(create({ store, namespaces: { a: { ttl: -1 } } })).toThrow("option 'ttl'")
    expect(create({ store, memory: { maxBytes: 1 } })).toThrow("option 'maxBytes'")
    expect(opened).toBe(0)
  })

  it('takes a frozen object, all the way down', () => {
    const namespaces = Object.freeze({ users: Object.freeze({ ttl: 5 }) })
    const memory = Object.freeze({ maxEntries: 5 })
    const { cache } = trackedCache(Object.freeze({ memory, namespaces }))
    expect(cache.stats().memory.maxEntries).toBe(5)
    expect(namespaces).toEqual({ users: { ttl: 5 } })
  })

  it('makes inner namespaces from the defaults of outer ones, in whatever order', async () => {
    const clock = fakeClock()
    const { cache } = trackedCache({ namespaces: { 'a.b': {}, a: { ttl: 7 } } }, clock)
    await cache.namespace('a.b').set('k', 1)
    expect(await cache.namespace('a.b').ttl('k')).toBe(7)
  })
})
