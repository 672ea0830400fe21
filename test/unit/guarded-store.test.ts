/** A store behind its guard: it cannot hang, it cannot flood, and it is told of once. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { TimedCall } from '../../src/core/contracts.js'
import { GuardedStore } from '../../src/core/guarded-store.js'
import {
  type FakeClock,
  type FaultyStore,
  fakeClock,
  faultyStore,
  inProcessStore,
  type StoreOp,
} from '../../src/testing/index.js'

const write = { key: 'k', bytes: Buffer.from('v'), ttlMs: 60_000 }

let clock: FakeClock
let store: FaultyStore
let guarded: GuardedStore
let told: string[]
let timed: [TimedCall, number, boolean][]

function make(): void {
  clock = fakeClock({ monotonicMs: 0 })
  told = []
  timed = []
  store = faultyStore(inProcessStore({ clock }), { clock })
  guard()
}

function guard(): void {
  guarded = new GuardedStore({
    store,
    clock,
    random: () => 0,
    readDeadlineMs: 100,
    writeDeadlineMs: 250,
    observer: {
      timed: (call, elapsedMs, failed) => timed.push([call, elapsedMs, failed]),
      latencies: () => expect.fail('nobody asked'),
    },
    onFailure: (op, error) => told.push(`${op} ${error.code}`),
    onDown: () => told.push('down'),
    onConnection: () => {},
    onUp: (downForMs) => told.push(`up after ${downForMs}`),
  })
  guarded.open()
}

beforeEach(make)

const calls: [string, TimedCall, StoreOp, number, () => Promise<unknown>][] = [
  ['getMany', 'read', 'getMany', 100, () => guarded.getMany(['k'])],
  ['setMany', 'write', 'setMany', 250, () => guarded.setMany([write])],
  ['deleteMany', 'delete', 'deleteMany', 250, () => guarded.deleteMany(['k'])],
  ['patch', 'write', 'patch', 250, () => guarded.patch('k', 0, Buffer.from('w'), 1_000)],
  [
    'increment',
    'write',
    'increment',
    250,
    () => guarded.increment('n', 1, Buffer.from('FF'), 1_000),
  ],
  ['ping', 'other', 'ping', 100, () => guarded.ping()],
  ['scan', 'other', 'scan', 250, () => guarded.scan('').next()],
]

describe.each(calls)('%s', (_, op, storeOp, deadlineMs, call) => {
  it('passes through and is timed', async () => {
    await call()
    expect(told).toEqual([])
    expect(timed).toEqual([[op, 0, false]])
  })

  it('becomes STORE_FAILED where the store rejects', async () => {
    await clock.settle()
    const cause = new Error('boom')
    store.inject({ kind: 'throw', error: cause }, { ops: [storeOp] })
    await expect(call()).rejects.toMatchObject({ code: 'STORE_FAILED', cause, op })
    expect(told).toEqual([`${op} STORE_FAILED`])
    expect(timed).toEqual([[op, 0, true]])
  })

  it('becomes STORE_TIMEOUT at its deadline, and not before', async () => {
    await clock.settle()
    store.inject({ kind: 'hang' }, { ops: [storeOp] })
    const outcome = call().catch((error) => error)
    await clock.advance(deadlineMs - 1)
    expect(told).toEqual([])
    await clock.advance(1)
    expect(await outcome).toMatchObject({ code: 'STORE_TIMEOUT', op })
    expect(told).toEqual(['down', `${op} STORE_TIMEOUT`])
    expect(timed).toEqual([[op, deadlineMs, true]])
  })

  it('is refused without being sent while the store is away', async () => {
    await clock.settle()
    store.announceDown()
    store.inject({ kind: 'hang' }, { ops: [storeOp] })
    await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(store.held).toBe(0)
  })
})

describe('health', () => {
  beforeEach(() => clock.settle())

  it('is lost at once in silence, and found again by a probe within half a second', async () => {
    store.inject({ kind: 'hang' })
    const lost = guarded.getMany(['k']).catch(() => {})
    await clock.advance(100)
    await lost
    expect(guarded.breakerState).toBe('open')
    store.heal()
    await clock.advance(500)
    expect(guarded.breakerState).toBe('closed')
    expect(told.at(-1)).toMatch(/^up after /)
    expect(await guarded.getMany(['k'])).toEqual([undefined])
  })

  it('is found at once when the store says that it is back', async () => {
    store.announceDown()
    store.announceUp()
    await clock.settle()
    expect(guarded.breakerState).toBe('closed')
  })

  it('is not lost by one slow call among answered ones', async () => {
    store.inject({ kind: 'hang' }, { times: 1 })
    const slow = guarded.getMany(['k']).catch((error) => error)
    await clock.advance(50)
    await guarded.getMany(['k'])
    await clock.advance(50)
    expect(await slow).toMatchObject({ code: 'STORE_TIMEOUT' })
    expect(guarded.breakerState).toBe('closed')
  })

  it('is lost after five failures in a row', async () => {
    store.inject({ kind: 'throw' })
    for (let i = 0; i < 4; i++) await guarded.getMany(['k']).catch(() => {})
    expect(guarded.breakerState).toBe('closed')
    await guarded.getMany(['k']).catch(() => {})
    expect(guarded.breakerState).toBe('open')
  })

  it('is not judged by the mistake of a caller', async () => {
    await guarded.setMany([write])
    for (let i = 0; i < 10; i++) {
      const count = guarded.increment('k', 1, Buffer.from('XX'), 1_000)
      await expect(count).rejects.toMatchObject({ code: 'VALUE_NOT_A_NUMBER' })
    }
    expect([guarded.breakerState, told]).toEqual(['closed', []])
  })

  it('probes are neither timed nor counted', async () => {
    store.announceDown()
    store.inject({ kind: 'throw' }, { ops: ['ping'] })
    await clock.advance(5_000)
    expect([timed, told]).toEqual([[], ['down']])
  })

  it('asks for a new connection where probes meet silence', async () => {
    store.announceDown()
    store.inject({ kind: 'hang' }, { ops: ['ping'] })
    await clock.advance(5_000)
    expect(store.reconnects).toBeGreaterThan(2)
    store.heal()
    await clock.advance(600)
    expect(guarded.breakerState).toBe('closed')
  })
})

describe('a late answer', () => {
  beforeEach(() => clock.settle())

  it('of a success changes nothing for its caller', async () => {
    store.inject({ kind: 'delay', delayMs: 150 }, { ops: ['getMany'], times: 1 })
    const late = guarded.getMany(['k']).catch((error) => error)
    await clock.advance(200)
    expect(await late).toMatchObject({ code: 'STORE_TIMEOUT' })
    expect(timed).toHaveLength(1)
  })

  it('of a failure is not told twice', async () => {
    store.inject({ kind: 'hang' }, { ops: ['getMany'], times: 1 })
    const late = guarded.getMany(['k']).catch((error) => error)
    await clock.advance(100)
    await late
    await guarded.close()
    await clock.settle()
    expect(told).toEqual(['down', 'read STORE_TIMEOUT'])
  })
})

describe('the first connection', () => {
  function withoutUp(): void {
    store.open = () => {}
    guard()
  }

  it('is waited for within the deadline', async () => {
    const early = guarded.setMany([write])
    await early
    expect(await guarded.getMany(['k'])).toEqual([Uint8Array.from(Buffer.from('v'))])
  })

  it('is not waited for longer than the deadline, and is no outage for a second', async () => {
    withoutUp()
    const read = () => guarded.getMany(['k']).catch((error) => error)
    const early = read()
    await clock.advance(100)
    expect(await early).toMatchObject({ code: 'STORE_TIMEOUT' })
    expect(guarded.breakerState).toBe('closed')
    await clock.advance(900)
    const late = read()
    await clock.advance(100)
    expect(await late).toMatchObject({ code: 'STORE_TIMEOUT' })
    expect(guarded.breakerState).toBe('open')
    expect(await read()).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('lets no write through that its caller has given up', async () => {
    let up = () => {}
    const open = store.open.bind(store)
    store.open = (listener) => open({ ...listener, onUp: () => (up = () => listener.onUp()) })
    guard()
    await clock.settle()
    const givenUp = guarded.setMany([write]).catch((error) => error)
    await clock.advance(250)
    expect(await givenUp).toMatchObject({ code: 'STORE_TIMEOUT' })
    up()
    expect(await guarded.getMany(['k'])).toEqual([undefined])
  })

  it('is not waited for once it has failed', async () => {
    store.open = (listener) => listener.onDown(new Error('refused'))
    guard()
    await expect(guarded.getMany(['k'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(told).toEqual(['down'])
  })
})

describe('scan', () => {
  it('gives pages and closes what it walks when its caller stops', async () => {
    await clock.settle()
    let closed = 0
    store.scan = async function* () {
      try {
        yield ['a']
        yield ['b']
      } finally {
        closed++
      }
    }
    for await (const page of guarded.scan('')) {
      expect(page).toEqual(['a'])
      break
    }
    await clock.settle()
    expect(closed).toBe(1)
  })

  it('fails at the page that does not come', async () => {
    await clock.settle()
    store.scan = async function* () {
      yield ['a']
      await new Promise(() => {})
    }
    const pages = guarded.scan('')
    expect((await pages.next()).value).toEqual(['a'])
    const second = pages.next().catch((error) => error)
    await clock.advance(250)
    expect(await second).toMatchObject({ code: 'STORE_TIMEOUT' })
  })
})

describe('a store that breaks the contract', () => {
  it('by throwing instead of rejecting has failed', async () => {
    await clock.settle()
    store.getMany = () => {
      throw new Error('thrown')
    }
    await expect(guarded.getMany(['k'])).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

describe('close', () => {
  it('refuses every call after it, and keeps no timer past its last deadline', async () => {
    await clock.settle()
    await guarded.getMany(['k'])
    await guarded.close()
    for (const [, , , , call] of calls)
      await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await clock.advance(250)
    expect(clock.pendingTimers).toBe(0)
  })
})
