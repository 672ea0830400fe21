/**
 * Stores under Keyv, on real servers: Keyv's own suite for storage adapters, the libraries that are
 * built on Keyv, and servers that go away.
 *
 * The suite lists sqlite3 and @vitest/coverage-v8 among its dependencies and imports neither; they
 * serve its authors. The first is a native build, so `overrides` in package.json puts a small
 * package in the place of both. The last test holds the suite to it.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  keyvApiTests,
  keyvIteratorTests,
  keyvNamespaceTest,
  keyvValueTests,
} from '@keyv/test-suite'
import { createCache } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { Keyv } from 'keyv'
import * as vitest from 'vitest'
import { type KeyvStoreOptions, keyvStore } from '../../src/integrations/keyv/index.js'
import { PATIENT } from '../support/patient.js'
import { KINDS_OF_PLACES, PLACES, type PlaceServer } from '../support/places.js'
import { sideBySide } from '../support/side-by-side.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until } from '../support/watched-store.js'

const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } = vitest

/** Every test opens connections of its own: a slow machine takes its time with them. */
const unhandled = collectUnhandled()

sideBySide(KINDS_OF_PLACES, 'Keyv over $name', ({ start }) => {
  let server: Pick<PlaceServer, 'store' | 'stop'>
  const ends: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
    expect(unhandled.take()).toEqual([])
  })

  function open(options: Partial<KeyvStoreOptions> = {}) {
    const made = keyvStore({ store: server.store(), ...PATIENT, ...options })
    ends.push(() => made.disconnect())
    return made
  }

  describe('@keyv/test-suite, api', () => keyvApiTests(vitest, Keyv, open))
  describe('@keyv/test-suite, values', () => keyvValueTests(vitest, Keyv, open))
  describe('@keyv/test-suite, namespaces', () => keyvNamespaceTest(vitest, Keyv, open))
  describe('@keyv/test-suite, iterator', () => keyvIteratorTests(vitest, Keyv, open))

  it('empties a namespace of many pages, and nothing beside it', async () => {
    const [many, few] = ['many', 'few'].map((namespace) => new Keyv({ store: open(), namespace }))
    const entries = Array.from({ length: 3_000 }, (_, i) => ({ key: `k${i}`, value: i }))
    expect(new Set(await many!.setMany(entries))).toEqual(new Set([true]))
    await many!.set('k'.repeat(3_000), 'long')
    await many!.set('{brace}:\ud800', 'odd')
    await few!.set('k1', 'stays')
    await many!.clear()
    const left: unknown[] = []
    for await (const each of many!.iterator!(undefined)) left.push(each)
    expect(left).toEqual([])
    expect(await many!.has(['k1', 'k'.repeat(3_000), '{brace}:\ud800'])).toEqual([
      ...[false, false, false],
    ])
    expect(await few!.get('k1')).toBe('stays')
  })

  it('serves cache-manager', async () => {
    const cache = createCache({ stores: [new Keyv({ store: open({ prefix: 'manager' }) })] })
    ends.push(() => cache.disconnect())
    await cache.mset([
      { key: 'a', value: { n: 1 }, ttl: 60_000 },
      { key: 'b', value: [2] },
    ])
    expect(await cache.mget(['a', 'b', 'c'])).toEqual([{ n: 1 }, [2], undefined])
    expect(await cache.ttl('a')).toBeGreaterThan(Date.now())
    expect(await cache.wrap('c', async () => 'loaded', 60_000)).toBe('loaded')
    expect(await cache.wrap('c', () => expect.unreachable())).toBe('loaded')
    await cache.del('a')
    expect(await cache.get('a')).toBeUndefined()
    await cache.clear()
    expect(await cache.get('b')).toBeUndefined()
  })

  it('serves cacheable, as what two of them share', async () => {
    const [here, there] = ['x', 'x'].map((namespace) => {
      const cache = new Cacheable({ secondary: open({ prefix: 'cacheable' }), namespace })
      ends.push(() => cache.disconnect())
      return cache
    })
    await here!.setMany([
      { key: 'a', value: { n: 1 }, ttl: '1h' },
      { key: 'b', value: 2 },
    ])
    expect(await there!.getMany(['a', 'b', 'c'])).toEqual([{ n: 1 }, 2, undefined])
    expect(await there!.getOrSet('a', () => expect.unreachable())).toEqual({ n: 1 })
    await here!.clear()
    expect(await new Keyv({ store: open({ prefix: 'cacheable' }) }).get('x:a')).toBeUndefined()
  })
})

sideBySide(PLACES, 'Keyv while $name is away', ({ start }) => {
  let server: PlaceServer
  let keyv: Keyv
  let codes: unknown[]
  beforeEach(async () => {
    server = await start()
    keyv = new Keyv({ store: keyvStore({ store: server.store() }) })
    codes = []
    keyv.on('error', (error) => codes.push(error.code))
    // Postgres makes its tables first.
    await until(() => keyv.set('a', 'old'), 'a value is stored')
    codes = []
  })
  afterEach(async () => {
    server.thaw()
    await keyv.disconnect()
    await server.stop()
    expect(unhandled.take()).toEqual([])
  })

  /** Each settles, with default deadlines, and tells of it once. */
  async function findsNothing(): Promise<void> {
    const calls: [call: () => Promise<unknown>, answer: unknown][] = [
      [() => keyv.get('a'), undefined],
      [() => keyv.getMany(['a', 'b']), [undefined, undefined]],
      [() => keyv.has('a'), false],
      [() => keyv.set('a', 'new'), false],
      [() => keyv.delete('a'), false],
      [() => keyv.delete(['a', 'b']), false],
      [() => keyv.clear(), undefined],
    ]
    for (const [i, [call, answer]] of calls.entries()) {
      expect(await call()).toEqual(answer)
      expect(codes).toHaveLength(i + 1)
    }
  }

  const comesBack = () =>
    until(async () => (await keyv.set('b', 'v')) && (await keyv.get('b')) === 'v', 'it is back')

  it('killed: every call settles, and it is used again when it is back', async () => {
    await server.kill()
    await findsNothing()
    expect(codes.every((code) => /^STORE_(UNAVAILABLE|FAILED|TIMEOUT)$/.test(String(code)))).toBe(
      true,
    )
    await server.restart()
    await comesBack()
  })

  it('frozen: the first call runs into its deadline, no other waits', async () => {
    server.freeze()
    await findsNothing()
    expect(codes).toEqual(['STORE_TIMEOUT', ...Array(6).fill('STORE_UNAVAILABLE')])
    server.thaw()
    await comesBack()
    expect(await keyv.get('a')).toBe('old')
  })

  it('cache-manager loads, and cacheable goes on with its memory', async () => {
    const manager = createCache({ stores: [keyv] })
    const cacheable = new Cacheable({ secondary: keyv })
    cacheable.on('error', () => {})
    await cacheable.set('held', 'in memory')
    await server.kill()
    expect(await manager.wrap('a', async () => 'loaded')).toBe('loaded')
    expect(await cacheable.get('held')).toBe('in memory')
    expect(await cacheable.get('a')).toBeUndefined()
  })
})

it('the suite imports nothing of what stands in for its dependencies', () => {
  const suite = readFileSync(fileURLToPath(import.meta.resolve('@keyv/test-suite')), 'utf8')
  const imported = [...suite.matchAll(/\bfrom "([^"]+)"/g)].map(([, name]) => name)
  expect(imported.sort()).toEqual(['bignumber.js', 'buffer', 'json-bigint', 'keyv', 'timekeeper'])
})
