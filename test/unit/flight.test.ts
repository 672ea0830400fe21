import { describe, expect, it } from 'vitest'
import type { Found } from '../../src/core/entry.js'
import { Flight, type FlightKind, Flights } from '../../src/core/flight.js'
import { Holds } from '../../src/core/holds.js'

const owner = {}
const flight = (storeKey = 'k', kind: FlightKind = 'shared') =>
  new Flight({ owner, storeKey, born: 1, since: 1, kind, beganMs: 0 })
const found = (value: unknown): Found => ({
  state: 'fresh',
  tier: 'loader',
  value,
  copied: true,
  exclusive: true,
  tags: [],
})
const stale = (value: unknown): Found => ({
  tier: 'memory',
  state: 'stale',
  value,
  copied: false,
  exclusive: false,
  freshUntilMs: 0,
  deadAtMs: 10,
  born: 1,
  tags: undefined,
  knownAtMs: 0,
})

/** A caller and all that it was told. */
function caller() {
  const told: unknown[] = []
  const onFound = (answer: Found) => void told.push(answer.value)
  const onFailed = (error: unknown) => void told.push(error)
  const onElsewhere = () => void told.push('elsewhere')
  return { told, onFound, onFailed, onElsewhere }
}

describe('a flight', () => {
  it('has one answer: the first', () => {
    const one = flight()
    const [a, b] = [caller(), caller()]
    one.join(a)
    one.join(b)
    one.succeed(found(1))
    one.fail(new Error('late'))
    one.succeed(found(2))
    expect([a.told, b.told]).toEqual([[1], [1]])
  })

  it('that fails tells all of the error', () => {
    const one = flight()
    const [a, b] = [caller(), caller()]
    one.join(a)
    one.join(b)
    const boom = new Error('boom')
    one.fail(boom)
    expect([a.told, b.told]).toEqual([[boom], [boom]])
  })

  it('lets a stale entry stand in for those who wait, and goes on for those who come', () => {
    const one = flight()
    const [before, after] = [caller(), caller()]
    one.join(before)
    one.succeed(stale('stale'))
    one.join(after)
    one.succeed(found('new'))
    expect([before.told, after.told]).toEqual([['stale'], ['new']])
  })

  it('gives a value away only where one caller waits for it', () => {
    const exclusiveFor = (count: number) => {
      const one = flight()
      const seen: boolean[] = []
      const onFound = (answer: Found) => void seen.push(answer.exclusive)
      for (let i = 0; i < count; i++) one.join({ ...caller(), onFound })
      one.succeed(found({}))
      return seen
    }
    expect([exclusiveFor(1), exclusiveFor(2)]).toEqual([[true], [false, false]])
  })

  it('knows what it waits for, over any number of steps, also in rings and twice', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((key) => flight(key)) as [
      Flight,
      Flight,
      Flight,
      Flight,
    ]
    a.awaits(b)
    b.awaits(c)
    b.awaits(c)
    c.awaits(b)
    const known = () => [a.dependsOn(a), a.dependsOn(c), a.dependsOn(d), c.dependsOn(a)]
    expect(known()).toEqual([true, true, false, false])
    b.forgets(c)
    b.forgets(d)
    expect(known()).toEqual([true, true, false, false])
    b.forgets(c)
    expect(known()).toEqual([true, false, false, false])
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
