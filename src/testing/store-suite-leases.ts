/** The tests of the store suite for the right to fill a key, where the store grants it. */
import { deepEqual, equal } from 'node:assert/strict'
import type { Expiry, LeaseRequest, Store } from '../core/contracts.js'
import { type Case, MINUTE_MS, put, text, until } from './store-suite-bench.js'

/** Byte 0 of a value tells until when it is fresh: '5' and below are past. */
const EXPIRY: Expiry = { offset: 0, now: Buffer.from('5') }

type Leasing = Required<Pick<Store, 'leaseMany' | 'fillMany'>>

/** Defines the tests; each is empty where the store grants no rights. */
export function defineLeases(it: Case): void {
  const leased: Case = (title, run) =>
    it(title, async (bench) => {
      if (bench.store.leaseMany !== undefined) await run(bench)
    })

  leased('grants the right to fill what is absent, to one at a time', async ({ store, key }) => {
    const first = await lease(store, { key: key('k'), token: 'a' })
    deepEqual(first, { bytes: undefined, isLeased: true })
    equal((await lease(store, { key: key('k'), token: 'b' })).isLeased, false)
  })

  leased('answers what is fresh and grants nothing', async ({ store, key }) => {
    await put(store, key('k'), '6 fresh')
    const { bytes, isLeased } = await lease(store, { key: key('k'), token: 'a' })
    deepEqual([Buffer.from(bytes!).toString(), isLeased], ['6 fresh', false])
  })

  leased('answers what is past its ttl and grants the right', async ({ store, key }) => {
    await put(store, key('k'), '5 stale')
    const { bytes, isLeased } = await lease(store, { key: key('k'), token: 'a' })
    deepEqual([Buffer.from(bytes!).toString(), isLeased], ['5 stale', true])
  })

  leased('fills with the right, and only once', async (bench) => {
    const { store, key } = bench
    await lease(store, { key: key('k'), token: 'a' })
    deepEqual(await fill(store, key('k'), 'b', 'not this'), [false])
    deepEqual(await fill(store, key('k'), 'a', 'first'), [true])
    deepEqual(await fill(store, key('k'), 'a', 'second'), [false])
    equal(await text(bench, 'k'), 'first')
  })

  leased('refuses a fill after a write, a delete, a patch and a count', async (bench) => {
    const { store, key } = bench
    const ends: readonly ((name: string) => Promise<unknown>)[] = [
      (name) => put(store, key(name), 'newer'),
      (name) => store.deleteMany([key(name)]),
      (name) => store.patch(key(name), 0, Buffer.from('x'), MINUTE_MS),
      (name) => store.increment(key(name), 1, Buffer.from('hh'), MINUTE_MS),
    ]
    for (const [i, end] of ends.entries()) {
      const name = `k${i}`
      await lease(store, { key: key(name), token: 'a' })
      await end(name)
      deepEqual(await fill(store, key(name), 'a', 'older'), [false])
      equal((await lease(store, { key: key(name), token: 'b', how: 'take' })).isLeased, true)
    }
    equal(await text(bench, 'k0'), 'newer')
    equal(await text(bench, 'k1'), undefined)
  })

  defineMoreLeases(leased)
}

function defineMoreLeases(leased: Case): void {
  leased('lets a newer load take it, or replace an older one of its own', async (bench) => {
    const { store, key } = bench
    await lease(store, { key: key('k'), token: 'a' })
    equal((await lease(store, { key: key('k'), token: 'b', replaces: 'x' })).isLeased, false)
    equal((await lease(store, { key: key('k'), token: 'b', replaces: 'a' })).isLeased, true)
    deepEqual(await fill(store, key('k'), 'a', 'older'), [false])
    equal((await lease(store, { key: key('k'), token: 'c', how: 'take' })).isLeased, true)
    deepEqual(await fill(store, key('k'), 'b', 'older'), [false])
    deepEqual(await fill(store, key('k'), 'c', 'newest'), [true])
    equal(await text(bench, 'k'), 'newest')
  })

  defineRenewal(leased)
}

function defineRenewal(leased: Case): void {
  leased('lets its holder renew it, and nobody else', async ({ store, key }) => {
    equal((await lease(store, { key: key('k'), token: 'a', how: 'renew' })).isLeased, false)
    await lease(store, { key: key('k'), token: 'a' })
    // Somebody asks for it, which ends nothing.
    equal((await lease(store, { key: key('k'), token: 'b' })).isLeased, false)
    equal((await lease(store, { key: key('k'), token: 'b', how: 'renew' })).isLeased, false)
    const renewed = await lease(store, { key: key('k'), token: 'a', how: 'renew', leaseMs: 20 })
    equal(renewed.isLeased, true)
    await until(async () => (await lease(store, { key: key('k'), token: 'c' })).isLeased)
    equal((await lease(store, { key: key('k'), token: 'a', how: 'renew' })).isLeased, false)
    deepEqual(await fill(store, key('k'), 'c', 'value'), [true])
  })

  leased('takes for none what is said to be unusable, and nothing else', async (bench) => {
    const { store, key } = bench
    await put(store, key('k'), '6 unusable')
    const asked = { key: key('k'), unusable: Buffer.from('6 unus') }
    equal((await lease(store, { ...asked, token: 'a' })).isLeased, true)
    equal((await lease(store, { ...asked, token: 'b' })).isLeased, false)
    deepEqual(await fill(store, key('k'), 'a', '6 newer'), [true])
    const { bytes, isLeased } = await lease(store, { ...asked, token: 'b' })
    deepEqual([Buffer.from(bytes!).toString(), isLeased], ['6 newer', false])
  })

  defineEnds(leased)
}

function defineEnds(leased: Case): void {
  leased('grants nothing when it is too late, and still answers', async ({ store, key }) => {
    if (store.log === undefined) return
    await put(store, key('k1'), '6 fresh')
    const requests = ['k0', 'k1'].map((name) => request({ key: key(name), token: 'a' }))
    const leasing = store as Leasing
    const late = await leasing.leaseMany(requests, EXPIRY, Date.now() - MINUTE_MS)
    deepEqual(
      late.map(({ bytes, isLeased }) => [bytes && Buffer.from(bytes).toString(), isLeased]),
      [
        [undefined, false],
        ['6 fresh', false],
      ],
    )
    const inTime = await leasing.leaseMany(requests, EXPIRY, Date.now() + MINUTE_MS)
    equal(inTime[0]!.isLeased, true)
  })

  leased('grants rights in name alone while it holds off', async (bench) => {
    const { store, key } = bench
    await store.deleteMany([key('k')], MINUTE_MS)
    equal((await lease(store, { key: key('k'), token: 'a' })).isLeased, true)
    equal((await lease(store, { key: key('k'), token: 'b', how: 'take' })).isLeased, true)
    equal((await lease(store, { key: key('k'), token: 'a', how: 'renew' })).isLeased, false)
    deepEqual(await fill(store, key('k'), 'a', 'lagging'), [false])
    deepEqual(await fill(store, key('k'), 'b', 'lagging'), [false])
    await store.deleteMany([key('k')], 20)
    await until(async () => {
      await lease(store, { key: key('k'), token: 'c' })
      return (await fill(store, key('k'), 'c', 'value'))[0] === true
    })
    equal(await text(bench, 'k'), 'value')
    const write = { key: key('k'), bytes: 'set', ttlMs: MINUTE_MS, holdOffMs: MINUTE_MS }
    await store.setMany([write])
    await lease(store, { key: key('k'), token: 'd', how: 'take' })
    deepEqual(await fill(store, key('k'), 'd', 'lagging'), [false])
    equal(await text(bench, 'k'), 'set')
  })

  defineReturns(leased)
}

function defineReturns(leased: Case): void {
  leased('lets rights go on where a limit tells what to delete', async (bench) => {
    const { store, key } = bench
    await put(store, key('k'), '5 stale')
    await lease(store, { key: key('k'), token: 'a' })
    equal(await store.deleteMany([key('k')], 0, EXPIRY), 1)
    deepEqual(await fill(store, key('k'), 'a', '6 new'), [true])
    equal(await store.deleteMany([key('k')], 0, EXPIRY), 0)
    equal(await text(bench, 'k'), '6 new')
  })

  leased('takes the right back, and ends it by itself', async (bench) => {
    const { store, key } = bench
    await lease(store, { key: key('k'), token: 'a' })
    deepEqual(await fill(store, key('k'), 'a', undefined), [true])
    equal(await text(bench, 'k'), undefined)
    equal((await lease(store, { key: key('k'), token: 'b', leaseMs: 20 })).isLeased, true)
    await until(async () => (await lease(store, { key: key('k'), token: 'c' })).isLeased)
    deepEqual(await fill(store, key('k'), 'b', 'late'), [false])
  })

  defineBatches(leased)
}

function defineBatches(leased: Case): void {
  leased('does many at once, each for itself', async ({ store, key }) => {
    await put(store, key('k1'), '6 fresh')
    const names = ['k0', 'k1', 'k2']
    const requests = names.map((name) => request({ key: key(name), token: `t${name}` }))
    const answers = await (store as Leasing).leaseMany(requests, EXPIRY)
    deepEqual(
      answers.map(({ isLeased }) => isLeased),
      [true, false, true],
    )
    const fills = names.map((name) => filling(key(name), `t${name}`, name))
    deepEqual(await (store as Leasing).fillMany(fills), [true, false, true])
  })
}

type Asked = Pick<LeaseRequest, 'key' | 'token'> & Partial<LeaseRequest>

function request(asked: Asked): LeaseRequest {
  return {
    leaseMs: MINUTE_MS,
    how: 'ask' as const,
    replaces: undefined,
    unusable: undefined,
    ...asked,
  }
}

async function lease(store: Store, asked: Asked) {
  const [answer] = await (store as Leasing).leaseMany([request(asked)], EXPIRY)
  return answer!
}

function filling(key: string, token: string, value: string | undefined) {
  const write = value === undefined ? undefined : { key, bytes: value, ttlMs: MINUTE_MS }
  return { key, token, write }
}

function fill(store: Store, key: string, token: string, value: string | undefined) {
  return (store as Leasing).fillMany([filling(key, token, value)])
}
