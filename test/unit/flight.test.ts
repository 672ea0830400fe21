import { describe, expect, it } from 'vitest'
import type { Found } from '../../src/core/entry.js'
import { Flight, type FlightKind, Flights } from '../../src/core/flight.js'
import { Holds } from '../../src/core/holds.js'

const owner = {}
const flight = (storeKey = 'k', kind: FlightKind = 'shared') =>
  new Flight(owner, storeKey, 1, kind, 0)
const found = (value: unknown): Found => ({ state: 'fresh', tier: 'loader', value, copied: false })

describe('a flight', () => {
  it('has one answer: the first', async () => {
    const one = flight()
    one.succeed(found(1))
    one.fail(new Error('late'))
    one.succeed(found(2))
    expect(await one.answer).toMatchObject({ value: 1 })
  })

  it('lets a stale entry stand in for those who wait, and goes on for those who come', async () => {
    const one = flight()
    const before = one.answer
    one.letStandIn({
      tier: 'memory',
      state: 'stale',
      value: 'stale',
      copied: false,
      exclusive: false,
      freshUntilMs: 0,
      deadAtMs: 10,
    })
    const after = one.answer
    one.succeed(found('new'))
    expect([await before, await after]).toMatchObject([{ value: 'stale' }, { value: 'new' }])
  })

  it('that fails in the background is no unhandled rejection', () => {
    flight('k', 'eager').fail(new Error('nobody waits'))
  })

  it('knows what it waits for, over any number of steps, also in rings', async () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((key) => flight(key)) as [
      Flight,
      Flight,
      Flight,
      Flight,
    ]
    a.awaits(b, b.answer)
    b.awaits(c, c.answer)
    c.awaits(b, b.answer)
    expect([a.dependsOn(a), a.dependsOn(c), a.dependsOn(d), c.dependsOn(a)]).toEqual([
      true,
      true,
      false,
      false,
    ])
    b.succeed(found(1))
    await b.answer
    expect([a.dependsOn(c), c.dependsOn(b)]).toEqual([false, false])
  })
})

describe('the table of flights', () => {
  it('holds one for each key, and an older one is superseded', () => {
    const flights = new Flights()
    const [older, newer] = [flight(), flight()]
    flights.begin(older)
    flights.begin(newer)
    expect([older.superseded, newer.superseded]).toEqual([true, false])
    expect(flights.get('k')).toBe(newer)
    flights.end(older)
    expect(flights.get('k')).toBe(newer)
    flights.end(newer)
    expect([flights.get('k'), flights.size]).toEqual([undefined, 0])
  })

  it('frees the key of a late one, which a newer one supersedes', () => {
    const flights = new Flights()
    const [late, newer] = [flight(), flight()]
    flights.begin(late)
    flights.release(late)
    expect([flights.get('k'), late.superseded]).toEqual([undefined, false])
    flights.begin(newer)
    expect(late.superseded).toBe(true)
    flights.end(late)
    expect(flights.get('k')).toBe(newer)
  })

  it('does not free the key of another', () => {
    const flights = new Flights()
    const [older, newer] = [flight(), flight()]
    flights.begin(older)
    flights.begin(newer)
    flights.release(older)
    expect(flights.get('k')).toBe(newer)
  })

  it('lists no more than a thousand late ones: the oldest is superseded', () => {
    const flights = new Flights()
    const late = Array.from({ length: 1_001 }, (_, i) => flight(`k${i}`))
    for (const each of late) {
      flights.begin(each)
      flights.release(each)
    }
    expect(late.map((each) => each.superseded).indexOf(false)).toBe(1)
    expect(late[1_000]!.superseded).toBe(false)
  })
})

describe('holds', () => {
  it('last until their moment', () => {
    const holds = new Holds()
    holds.hold('k', 100)
    expect([holds.isHeld('k', 99), holds.isHeld('k', 100), holds.isHeld('other', 1)]).toEqual([
      true,
      false,
      false,
    ])
    holds.hold('k', 200)
    holds.release('k')
    expect(holds.isHeld('k', 150)).toBe(false)
  })

  it('let the oldest go when there are too many', () => {
    const holds = new Holds()
    for (let i = 0; i < 10_001; i++) holds.hold(`k${i}`, 100)
    expect([holds.isHeld('k0', 1), holds.isHeld('k1', 1), holds.isHeld('k10000', 1)]).toEqual([
      false,
      true,
      true,
    ])
  })
})
