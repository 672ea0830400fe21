/**
 * What every `Store` must do, as tests for whichever framework runs them.
 *
 * Takes `describe` and `it` by structure and asserts with node:assert. Chooses by
 * `store.abilities`. Each test has a store of its own, opened here and closed by `dispose`, and
 * keys under a prefix of its own, so a server may be shared. Waits only for a store's own expiry,
 * polling, never without end.
 */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Store } from '../core/contracts.js'
import { isCacheError } from '../core/errors.js'
import {
  asText,
  type Bench,
  type Case,
  MINUTE_MS,
  opened,
  put,
  scanned,
  text,
} from './store-suite-bench.js'
import { defineLeases } from './store-suite-leases.js'
import { defineVerbs } from './store-suite-verbs.js'

/** A test framework, as far as the suite needs one: node:test, vitest, jest and mocha fit. */
export interface TestFramework {
  describe(name: string, define: () => void): unknown
  it(name: string, run: () => Promise<void>): unknown
}

export interface StoreUnderTest {
  /** Not opened yet. */
  readonly store: Store
  /** Closes the store and whatever was made for it. */
  dispose(): Promise<void>
}

export interface StoreSuiteOptions {
  readonly name: string
  /** Called for each test. Where the store declares `shared`, each sees the same data. */
  create(): Promise<StoreUnderTest>
  readonly test: TestFramework
}

const ODD_NAMES = [
  'line\nbreak\r\n',
  'nul\0byte',
  'emoji 🧊é',
  '__proto__',
  'constructor',
  'star*',
  'what?',
  '[a-z]',
  'back\\slash',
  '{tag}',
  ' space ',
  '$5',
  'x'.repeat(1_900),
]

/** Defines the tests. */
export function storeSuite({ name, create, test }: StoreSuiteOptions): void {
  test.describe(`store: ${name}`, () => {
    const withStore: Case = (title, run) => test.it(title, () => runOn(create, run))
    defineReadsAndWrites(withStore)
    defineOverwritesAndDeletes(withStore)
    defineManyAtOnce(withStore)
    defineOddKeys(withStore)
    defineVerbs(withStore)
    defineLeases(withStore)
    defineLifeCycle(withStore, create)
  })
}

async function runOn(
  create: StoreSuiteOptions['create'],
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const { store, dispose } = await create()
  try {
    await opened(store)
    const prefix = `suite:${randomBytes(6).toString('hex')}:`
    await run({ store, key: (name) => prefix + name })
  } finally {
    await dispose()
  }
}

function defineReadsAndWrites(it: Case): void {
  it('answers in the order of the keys, undefined where there is none', async ({ store, key }) => {
    await put(store, key('a'), 'A')
    await put(store, key('c'), 'C')
    const values = await store.getMany([key('c'), key('b'), key('a'), key('c')])
    deepEqual(values.map(asText), ['C', undefined, 'A', 'C'])
    deepEqual((await store.getMany([key('b')])).map(asText), [undefined])
  })
  it('keeps all 256 byte values, no bytes, and a megabyte', async ({ store, key }) => {
    const all = Uint8Array.from({ length: 512 }, (_, i) => i & 255)
    const large = new Uint8Array(randomBytes(1_048_576))
    const parts = { all, large, view: all.subarray(10, 300), none: new Uint8Array(0) }
    const names = Object.keys(parts).map(key)
    const writes = Object.values(parts).map((bytes, i) => ({
      key: names[i]!,
      bytes,
      ttlMs: MINUTE_MS,
    }))
    await store.setMany(writes)
    const read = await store.getMany(names)
    for (const [i, { bytes }] of writes.entries()) ok(Buffer.from(bytes).equals(read[i]!), names[i])
  })
  it('keeps the UTF-8 of a string, alone and beside bytes', async ({ store, key }) => {
    const text = 'F\u0000\u007f{"name":"Zoë 🦊"}'
    const bytes = Uint8Array.of(0, 255, 128)
    const write = (name: string, value: Uint8Array | string) => {
      return { key: key(name), bytes: value, ttlMs: MINUTE_MS }
    }
    await store.setMany([write('alone', text)])
    await store.setMany([write('text', text), write('bytes', bytes), write('empty', '')])
    const read = await store.getMany([key('alone'), key('text'), key('bytes'), key('empty')])
    const expected = [Buffer.from(text), Buffer.from(text), Buffer.from(bytes), Buffer.alloc(0)]
    deepEqual(
      read.map((each) => Buffer.from(each!)),
      expected,
    )
  })
}

function defineOverwritesAndDeletes(it: Case): void {
  it('overwrites, also by a shorter value; the last write of one call wins', async (bench) => {
    const { store, key } = bench
    await put(store, key('a'), 'a long value')
    await put(store, key('a'), 'short')
    equal(await text(bench, 'a'), 'short')
    const twice = ['first', 'second'].map((value) => ({
      key: key('b'),
      bytes: Buffer.from(value),
      ttlMs: MINUTE_MS,
    }))
    await store.setMany(twice)
    equal(await text(bench, 'b'), 'second')
  })
}

function defineManyAtOnce(it: Case): void {
  it('writes, reads and deletes 5 000 keys in one call each', async ({ store, key }) => {
    const keys = Array.from({ length: 5_000 }, (_, i) => key(`n${i}`))
    await store.setMany(keys.map((k) => ({ key: k, bytes: Buffer.from(k), ttlMs: MINUTE_MS })))
    deepEqual((await store.getMany(keys)).map(asText), keys)
    equal(await store.deleteMany([...keys, key('absent')]), 5_000)
    ok((await store.getMany(keys)).every((value) => value === undefined))
  })
  it('counts what it deleted, a key named twice once', async ({ store, key }) => {
    await put(store, key('a'), 'A')
    await put(store, key('b'), 'B')
    equal(await store.deleteMany([key('a'), key('a'), key('none')]), 1)
    deepEqual((await store.getMany([key('a'), key('b')])).map(asText), [undefined, 'B'])
  })
  it('deletes those alone that a limit tells, and as many as it likes', async ({ store, key }) => {
    const only = { offset: 2, now: Buffer.from('55') }
    const values = { older: 'F:54 x', same: 'F:55 x', newer: 'F:56 x', short: 'F:5', empty: '' }
    for (const [name, value] of Object.entries(values)) await put(store, key(name), value)
    const names = Object.keys(values).map(key)
    equal(await store.deleteMany([...names, key('absent')], 0, only), 4)
    const left = await store.getMany(names)
    deepEqual(left.map(asText), [undefined, undefined, 'F:56 x', undefined, undefined])
    const many = Array.from({ length: 2_500 }, (_, i) => key(`n${i}`))
    const bytes = (i: number) => (i % 2 === 0 ? 'F:5' : 'F:6')
    await store.setMany(many.map((k, i) => ({ key: k, bytes: bytes(i), ttlMs: MINUTE_MS })))
    equal(await store.deleteMany(many, 0, only), 1_250)
    deepEqual((await store.getMany(many)).filter((value) => value !== undefined).length, 1_250)
  })
  it('takes empty lists', async ({ store }) => {
    deepEqual(await store.getMany([]), [])
    equal(await store.setMany([]), undefined)
    equal(await store.deleteMany([]), 0)
  })
  it('answers ping', ({ store }) => store.ping())
}

function defineOddKeys(it: Case): void {
  it('keeps odd keys apart', async ({ store, key }) => {
    const keys = ODD_NAMES.map(key)
    await store.setMany(keys.map((k) => ({ key: k, bytes: Buffer.from(k), ttlMs: MINUTE_MS })))
    deepEqual((await store.getMany(keys)).map(asText), keys)
    deepEqual((await scanned(store, key(''))).sort(), [...keys].sort())
    equal(await store.deleteMany(keys), keys.length)
  })
}

function defineLifeCycle(it: Case, create: StoreSuiteOptions['create']): void {
  it('shows its writes to another store on the same data, where shared', async ({ store, key }) => {
    if (!store.abilities.shared) return
    await put(store, key('a'), 'A')
    await runOn(create, async ({ store: other }) => {
      deepEqual((await other.getMany([key('a')])).map(asText), ['A'])
      equal(await other.deleteMany([key('a')]), 1)
    })
    deepEqual((await store.getMany([key('a')])).map(asText), [undefined])
  })
  it('rejects every call after close, which may come twice', async ({ store, key }) => {
    await put(store, key('a'), 'A')
    await store.close()
    await store.close()
    store.reconnect()
    const calls: Record<string, () => Promise<unknown>> = {
      getMany: () => store.getMany([key('a')]),
      setMany: () => put(store, key('a'), 'B'),
      deleteMany: () => store.deleteMany([key('a')]),
      patch: () => store.patch(key('a'), 0, Buffer.from('x'), MINUTE_MS),
      increment: () => store.increment(key('n'), 1, Uint8Array.of(1, 2), MINUTE_MS),
      scan: () => scanned(store, key('')),
      ping: () => store.ping(),
    }
    for (const [op, call] of Object.entries(calls)) {
      await rejects(call(), (error) => isCacheError(error, 'STORE_UNAVAILABLE'), op)
    }
  })
}
