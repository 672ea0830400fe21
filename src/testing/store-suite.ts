/**
 * What every `Store` must do, as tests for whichever framework runs them.
 *
 * Takes `describe` and `it` by structure and asserts with node:assert. Chooses by `store.abilities`. Each
 * test has a store of its own, opened here and closed by `dispose`, and keys under a prefix of its own, so a
 * server may be shared. Waits only for a store's own expiry, polling within `LIMIT_MS`.
 */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Store } from '../core/contracts.js'
import { isCacheError } from '../core/errors.js'

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

/** A store that is up, and a maker of keys that no other test uses. */
interface Bench {
  readonly store: Store
  key(name: string): string
}

type Case = (name: string, run: (bench: Bench) => Promise<void>) => void

const LIMIT_MS = 5_000
const POLL_MS = 10
const MINUTE_MS = 60_000
const FOREVER_MS = Number.POSITIVE_INFINITY
/** Bytes 0 and 1 stand for version and kind, as in an envelope. */
const HEAD = Uint8Array.of(0xc5, 0x02, 0x00, 0xff, 0x31, 0x0a)
const OTHER_HEAD = Uint8Array.of(0xc5, 0x03, 0x00, 0xff, 0x31, 0x0a)
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
    defineOddKeys(withStore)
    defineLifeTimes(withStore)
    definePatch(withStore)
    defineIncrement(withStore)
    defineScan(withStore)
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

function defineLifeTimes(it: Case): void {
  it('forgets after the ttl and not what lives on', async ({ store, key }) => {
    await store.setMany([
      { key: key('short'), bytes: Buffer.from('s'), ttlMs: 30.5 },
      { key: key('shortest'), bytes: Buffer.from('s'), ttlMs: 0.01 },
      { key: key('long'), bytes: Buffer.from('l'), ttlMs: MINUTE_MS },
      { key: key('endless'), bytes: Buffer.from('e'), ttlMs: FOREVER_MS },
      { key: key('eons'), bytes: Buffer.from('x'), ttlMs: 1e300 },
    ])
    await until(async () => (await store.getMany([key('short')]))[0] === undefined)
    await until(async () => (await store.getMany([key('shortest')]))[0] === undefined)
    const rest = await store.getMany([key('long'), key('endless'), key('eons')])
    deepEqual(rest.map(asText), ['l', 'e', 'x'])
  })
  it('gives an overwritten key the new ttl', async (bench) => {
    const { store, key } = bench
    await put(store, key('a'), 'first', 30)
    await put(store, key('a'), 'second', FOREVER_MS)
    await put(store, key('clock'), 'c', 60)
    await until(async () => (await store.getMany([key('clock')]))[0] === undefined)
    equal(await text(bench, 'a'), 'second')
  })
}

function definePatch(it: Case): void {
  it('patches what is there', async (bench) => {
    const { store, key } = bench
    await put(store, key('a'), 'abcdef')
    equal(await store.patch(key('a'), 2, Buffer.from('XY'), MINUTE_MS), true)
    equal(await text(bench, 'a'), 'abXYef')
    equal(await store.patch(key('a'), 4, Uint8Array.of(0, 255), MINUTE_MS), true)
    deepEqual([...(await store.getMany([key('a')]))[0]!.subarray(4)], [0, 255])
  })
  it('does not make what is absent, nor lengthen what is short', async (bench) => {
    const { store, key } = bench
    equal(await store.patch(key('none'), 0, Buffer.from('x'), MINUTE_MS), false)
    equal(await text(bench, 'none'), undefined)
    await put(store, key('a'), 'abc')
    equal(await store.patch(key('a'), 2, Buffer.from('XY'), MINUTE_MS), false)
    equal(await text(bench, 'a'), 'abc')
  })
  it('gives the new life time, shorter or endless', async (bench) => {
    const { store, key } = bench
    await put(store, key('shorter'), 'abc', FOREVER_MS)
    await put(store, key('endless'), 'abc', 500)
    equal(await store.patch(key('endless'), 0, Buffer.from('X'), FOREVER_MS), true)
    equal(await store.patch(key('shorter'), 0, Buffer.from('X'), 20), true)
    await put(store, key('clock'), 'c', 600)
    await until(async () => (await text(bench, 'shorter')) === undefined)
    await until(async () => (await text(bench, 'clock')) === undefined)
    equal(await text(bench, 'endless'), 'Xbc')
  })
}

function defineIncrement(it: Case): void {
  it('counts from nothing, down, in fractions and far', async (bench) => {
    const { store, key } = bench
    equal(await store.increment(key('n'), 5, HEAD, MINUTE_MS), 5)
    equal(await store.increment(key('n'), -7, HEAD, MINUTE_MS), -2)
    equal(await store.increment(key('n'), 2, HEAD, MINUTE_MS), 0)
    const steps = [0.1, 0.2, 1e-9, 123_456_789.125, 2 ** 53, 1, 1e21, -1e21, 1e300, -1e300]
    let expected = 0
    for (const by of steps) {
      expected += by
      equal(await store.increment(key('n'), by, HEAD, MINUTE_MS), expected)
      const bytes = (await store.getMany([key('n')]))[0]!
      deepEqual([...bytes.subarray(0, HEAD.length)], [...HEAD])
      equal(JSON.parse(asText(bytes.subarray(HEAD.length))!), expected)
    }
  })
  it('writes whole numbers without an exponent up to 2^53', async ({ store, key }) => {
    await store.increment(key('n'), 2 ** 53 - 1, HEAD, MINUTE_MS)
    const bytes = (await store.getMany([key('n')]))[0]!
    equal(asText(bytes.subarray(HEAD.length)), '9007199254740991')
  })
  it('keeps the head that is stored', async ({ store, key }) => {
    const later = Uint8Array.from(HEAD).fill(9, 2)
    await store.increment(key('n'), 1, HEAD, MINUTE_MS)
    equal(await store.increment(key('n'), 1, later, MINUTE_MS), 2)
    const bytes = (await store.getMany([key('n')]))[0]!
    deepEqual([...bytes.subarray(0, HEAD.length)], [...HEAD])
  })
  it('refuses what is no counter and leaves it alone', async ({ store, key }) => {
    for (const tail of ['', 'x', '1x', '0x1f', ' 1', '1 ', '1.', '.5', '1e', '--1', 'inf', 'nan']) {
      const before = Buffer.concat([HEAD, Buffer.from(tail)])
      await store.setMany([{ key: key('n'), bytes: before, ttlMs: MINUTE_MS }])
      await rejects(store.increment(key('n'), 1, HEAD, MINUTE_MS), isNoNumber, tail)
      ok(before.equals((await store.getMany([key('n')]))[0]!))
    }
    await put(store, key('empty'), '')
    await rejects(store.increment(key('empty'), 1, HEAD, MINUTE_MS), isNoNumber)
    await store.increment(key('other'), 1, OTHER_HEAD, MINUTE_MS)
    await rejects(store.increment(key('other'), 1, HEAD, MINUTE_MS), isNoNumber)
  })
  it('keeps the life time of a counter', async (bench) => {
    const { store, key } = bench
    await store.increment(key('short'), 1, HEAD, 300)
    await store.increment(key('endless'), 1, HEAD, FOREVER_MS)
    await store.increment(key('short'), 1, HEAD, MINUTE_MS)
    await store.increment(key('endless'), 1, HEAD, 20)
    await until(async () => (await text(bench, 'short')) === undefined)
    ok((await text(bench, 'endless')) !== undefined)
  })
  it('loses no count among many at once, where it is atomic', async ({ store, key }) => {
    if (!store.abilities.atomic) return
    const calls = Array.from({ length: 200 }, () => store.increment(key('n'), 1, HEAD, MINUTE_MS))
    const seen = await Promise.all(calls)
    deepEqual(
      seen.sort((a, b) => a - b),
      seen.map((_, i) => i + 1),
    )
  })
}

function defineScan(it: Case): void {
  it('finds every key of a prefix and no neighbour', async ({ store, key }) => {
    const prefixes = ['a*', 'a?', 'a[b]', 'a\\', 'a\\*', 'a', 'a^', 'ab-', 'é']
    const decoys = ['abc', 'ax', 'ab', 'aab]', 'A*', 'b']
    const names = [...prefixes.flatMap((prefix) => [prefix, `${prefix}:1`]), ...decoys]
    for (const name of names) await put(store, key(name), name)
    for (const prefix of prefixes) {
      const expected = names.filter((name) => name.startsWith(prefix)).map(key)
      deepEqual((await scanned(store, key(prefix))).sort(), [...new Set(expected)].sort(), prefix)
    }
    deepEqual(await scanned(store, key('nobody')), [])
  })
  it('finds thousands of keys in pages', async ({ store, key }) => {
    const keys = Array.from({ length: 3_500 }, (_, i) => key(`p:${i}`))
    await store.setMany(keys.map((k) => ({ key: k, bytes: Buffer.from('v'), ttlMs: MINUTE_MS })))
    deepEqual((await scanned(store, key('p:'))).sort(), [...keys].sort())
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
      increment: () => store.increment(key('n'), 1, HEAD, MINUTE_MS),
      scan: () => scanned(store, key('')),
      ping: () => store.ping(),
    }
    for (const [op, call] of Object.entries(calls)) {
      await rejects(call(), (error) => isCacheError(error, 'STORE_UNAVAILABLE'), op)
    }
  })
}

function isNoNumber(error: unknown): boolean {
  return isCacheError(error, 'VALUE_NOT_A_NUMBER')
}

function put(store: Store, key: string, value: string, ttlMs = MINUTE_MS): Promise<void> {
  return store.setMany([{ key, bytes: Buffer.from(value), ttlMs }])
}

async function text({ store, key }: Bench, name: string): Promise<string | undefined> {
  return asText((await store.getMany([key(name)]))[0])
}

function asText(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

/** All keys of a prefix, each once: a store may name one twice. */
async function scanned(store: Store, prefix: string): Promise<string[]> {
  const keys = new Set<string>()
  for await (const page of store.scan(prefix)) for (const key of page) keys.add(key)
  return [...keys]
}

/** Opens the store and resolves once it is up. */
function opened(store: Store): Promise<void> {
  return new Promise((resolve, reject) => {
    let lastCause: unknown
    const timer = setTimeout(() => {
      reject(new Error(`not up within ${LIMIT_MS} ms: ${String(lastCause)}`))
    }, LIMIT_MS)
    store.open({
      onUp: () => {
        clearTimeout(timer)
        resolve()
      },
      onDown: (cause) => {
        lastCause = cause
      },
    })
  })
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS
  while (!(await holds())) {
    ok(performance.now() < limit, `did not come about within ${LIMIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
