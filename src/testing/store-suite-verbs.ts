/**
 * Cases of the store suite: life times, patch, increment, scan.
 */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { isCacheError } from '../core/errors.js'
import {
  asText,
  type Case,
  FOREVER_MS,
  MINUTE_MS,
  put,
  scanned,
  text,
  until,
} from './store-suite-bench.js'

/** Bytes 0 and 1 stand for version and kind, as in an envelope. */
const HEAD = Uint8Array.of(0xc5, 0x02, 0x00, 0xff, 0x31, 0x0a)
const OTHER_HEAD = Uint8Array.of(0xc5, 0x03, 0x00, 0xff, 0x31, 0x0a)

export function defineVerbs(it: Case): void {
  defineLifeTimes(it)
  definePatch(it)
  defineIncrement(it)
  defineCounterCare(it)
  defineCounterRaces(it)
  defineScan(it)
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
  it('refuses a write that comes too late, where it keeps a log', async (bench) => {
    const { store, key } = bench
    if (store.log === undefined) return
    const write = (value: string) => [{ key: key('k'), bytes: value, ttlMs: MINUTE_MS }]
    await store.setMany(write('in time'), Date.now() + MINUTE_MS)
    await rejects(store.setMany(write('late'), Date.now() - MINUTE_MS))
    equal(await text(bench, 'k'), 'in time')
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
}

function defineCounterCare(it: Case): void {
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
}

function defineCounterRaces(it: Case): void {
  it('counts anew where the entry is past its ttl and only kept as stale', async ({
    store,
    key,
  }) => {
    const at = (...moment: number[]) => [{ offset: 2, now: Uint8Array.from(moment) }]
    const head = Buffer.concat([HEAD.subarray(0, 2), Buffer.from([0, 200, 3])])
    await store.increment(key('n'), 5, head, MINUTE_MS)
    equal(await store.increment(key('n'), 1, head, MINUTE_MS, at(0, 200, 2)), 6)
    equal(await store.increment(key('n'), 1, head, MINUTE_MS, at(0, 199, 255)), 7)
    equal(await store.increment(key('n'), 1, head, MINUTE_MS, at(0, 200, 3)), 1)
    equal(await store.increment(key('n'), 2, head, MINUTE_MS, at(1, 0, 0)), 2)
    const both = [...at(0, 0, 0), { offset: 3, now: Uint8Array.of(200, 3) }]
    equal(await store.increment(key('n'), 7, head, MINUTE_MS, both), 7)
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

function isNoNumber(error: unknown): boolean {
  return isCacheError(error, 'VALUE_NOT_A_NUMBER')
}
