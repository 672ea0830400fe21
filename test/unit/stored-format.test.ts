/** How entries are to be written: what falls through from scope to scope, and what is refused. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isCacheError } from '../../src/core/errors.js'
import {
  type CompressionOptions,
  DEFAULT_FORMAT,
  type FormatOptions,
  resolveCallFormat,
  resolveFormat,
} from '../../src/core/stored-format.js'
import { record, trackedCache, trackedPair, trackedWithStore } from './tracked-cache.js'

const encryptionKeys = [{ id: 'k', key: randomBytes(32) }]
const SECRET = { token: 'secret', roles: ['a', 'b'] }
const over = (...scopes: FormatOptions[]) =>
  scopes.reduce((above, options) => resolveFormat(above, options, 'test'), DEFAULT_FORMAT)

describe('a format', () => {
  it('is msgpack, neither compressed nor sealed', () => {
    expect(over({})).toBe(DEFAULT_FORMAT)
    expect(DEFAULT_FORMAT).toEqual({
      codec: 'msgpack',
      compression: undefined,
      isEncrypted: false,
    })
  })

  it('is compressed field by field', () => {
    const auto = { algorithm: 'auto', thresholdBytes: 1_024, usesDictionary: false }
    expect(over({ compress: true }).compression).toMatchObject(auto)
    const wide = { algorithm: 'zstd', threshold: '2kb', dictionary: true } as const
    const { compression } = over({ compress: wide }, { compress: { threshold: 512 } })
    expect(compression).toMatchObject({
      algorithm: 'zstd',
      thresholdBytes: 512,
      usesDictionary: true,
    })
    expect(over({ compress: wide }, { compress: 'gzip' }).compression).toMatchObject({
      algorithm: 'gzip',
      thresholdBytes: 2_048,
    })
    expect(over({ compress: wide }, { compress: false }).compression).toBeUndefined()
    expect(over({ compress: wide }, { compress: true }).compression).toEqual(
      over({ compress: wide }).compression,
    )
    const target = over({ compress: { performanceTarget: 0.5 } }).compression
    expect(target).toMatchObject({ algorithm: 'auto', performanceTargetMs: 0.5 })
  })

  it('is not compressed where a namespace turns encryption on, unless that says so', () => {
    expect(over({ compress: 'gzip' }, { encrypt: true }).compression).toBeUndefined()
    expect(over({ compress: 'gzip' }, { encrypt: true, compress: true }).compression).toBeDefined()
    expect(over({ compress: 'gzip', encrypt: true }, { codec: 'json' }).compression).toBeDefined()
    expect(over({ encrypt: true }, { compress: 'gzip' }).compression).toBeDefined()
    expect(over({ encrypt: true }, { encrypt: false }).isEncrypted).toBe(false)
  })

  it('of a call is compressed or not', () => {
    const call = (above: FormatOptions, compress: unknown) =>
      resolveCallFormat(over(above), compress, 'set').compression
    expect(call({}, true)).toMatchObject({ algorithm: 'auto' })
    expect(call({ compress: 'gzip' }, false)).toBeUndefined()
    expect(call({ compress: 'gzip' }, undefined)).toMatchObject({ algorithm: 'gzip' })
    expect(() => call({ encrypt: true }, true)).toThrowError(/set: option 'compress' is true/)
    expect(() => call({}, 'gzip')).toThrowError(/'compress' is 'gzip'; the range is true \| false/)
  })

  it.each<[string, unknown]>([
    ['codec', { codec: 'xml' }],
    ['codec', { codec: { name: 'a', encode: () => '' } }],
    ['codec', { codec: { name: 'a b', encode: () => '', decode: () => 1 } }],
    ['codec', { codec: null }],
    ['compress', { compress: 'rar' }],
    ['compress', { compress: 6 }],
    ['compress', { compress: null }],
    ['algorithm', { compress: { algorithm: 'rar' } }],
    ['threshold', { compress: { threshold: 63 } }],
    ['threshold', { compress: { threshold: '2gb' } }],
    ['threshold', { compress: { threshold: 'much' } }],
    ['performanceTarget', { compress: { performanceTarget: 0 } }],
    ['performanceTarget', { compress: { performanceTarget: '1ms' } }],
    ['dictionary', { compress: { dictionary: 'yes' } }],
    ['encrypt', { encrypt: 'yes' }],
    ['dictionary', { encrypt: true, compress: { dictionary: true } }],
  ])('refuses a wrong %s', (name, options) => {
    try {
      over(options as FormatOptions)
      expect.unreachable()
    } catch (error) {
      expect(isCacheError(error, 'OPTION_INVALID')).toBe(true)
      expect((error as Error).message).toContain(`option '${name}' is`)
    }
  })

  it('refuses fields that there are not', () => {
    const compress = { level: 9 } as CompressionOptions
    expect(() => over({ compress })).toThrowError(/unknown option 'level'; known here: algorithm/)
  })
})

describe('a cache', () => {
  it('refuses to encrypt without a key, wherever that is asked for', () => {
    const message = /'encrypt' is true; the range is false where the cache has no encryptionKeys/
    expect(() => trackedCache({ encrypt: true })).toThrowError(message)
    expect(() => trackedCache({ namespaces: { s: { encrypt: true } } })).toThrowError(message)
    const { cache } = trackedCache()
    expect(() => cache.namespace('s', { encrypt: true })).toThrowError(message)
  })

  it('compresses by call what its namespace does not, and the other way round', async () => {
    const { cache, clock, data } = trackedWithStore({ namespaces: { c: { compress: 'gzip' } } })
    await clock.settle()
    const value = 'text '.repeat(1_000)
    await cache.set('plain', value)
    await cache.set('small', value, { compress: true })
    await cache.namespace('c').set('plain', value, { compress: false })
    await cache.namespace('c').set('small', value)
    const keys = ['cw::plain', 'cw::small', 'cw:c:plain', 'cw:c:small']
    const sizes = (await data.getMany(keys)).map((bytes) => bytes!.length < 1_000)
    expect(sizes).toEqual([false, true, false, true])
  })

  it('tells and counts what was tampered with, and loads anew', async () => {
    const namespaces = { s: { encrypt: true } }
    const { a, b, data } = await trackedPair({ encryptionKeys, namespaces })
    const [mine, others] = [a.cache.namespace('s'), b.cache.namespace('s')]
    await mine.set('k', SECRET)
    await mine.set('l', SECRET)
    const [bytes] = await data.getMany(['cw:s:k'])
    expect(Buffer.from(bytes!).includes('secret')).toBe(false)
    await data.setMany([{ key: 'cw:s:l', bytes: bytes!, ttlMs: 60_000 }])
    const events = record(b.cache, 'entry-refused')
    expect(await others.get('k')).toEqual(SECRET)
    expect(await others.get('l')).toBeUndefined()
    expect(events).toEqual([['entry-refused', { namespace: 's', key: 'l', reason: 'tampered' }]])
    expect(b.cache.stats().namespaces.s).toMatchObject({ tampered: 1, missUndecodable: 1 })
    expect(await others.getOrSet('l', () => 'loaded')).toBe('loaded')
  })

  it('keeps no counters where it encrypts', async () => {
    const { cache } = trackedCache({ encryptionKeys, namespaces: { s: { encrypt: true } } })
    await expect(cache.namespace('s').increment('n')).rejects.toMatchObject({
      code: 'VALUE_UNSUPPORTED',
    })
    expect(await cache.increment('n')).toBe(1)
  })

  it('counts by whatever codec', async () => {
    const own = {
      name: 'own',
      encode: JSON.stringify,
      decode: (b: Uint8Array) => JSON.parse(`${b}`),
    }
    for (const codec of ['json', own] as const) {
      const { cache } = trackedWithStore({ codec })
      await cache.set('n', 41)
      expect(await cache.increment('n')).toBe(42)
    }
  })
})
