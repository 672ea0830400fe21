import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Flight } from '../../src/core/flight.js'
import { runInLoadScope, runningFlights } from '../../src/core/load-scope.js'

const flight = (storeKey: string) =>
  new Flight({ owner: {}, storeKey, born: 1, since: 1, kind: 'shared', beganMs: 0 })
const inScope = <T>(flights: readonly Flight[], run: () => T | PromiseLike<T>): Promise<T> =>
  new Promise((onValue, onError) => runInLoadScope({ flights, run, onValue, onError }))
const running = () => runningFlights().all.map((each) => each.storeKey)

/** A linter takes the literal for a mistake. */
const withThen = <T>(then: T) => Object.defineProperty({}, 'then', { value: then }) as { then: T }

describe('the load scope', () => {
  it('is empty outside of loads', () => expect(running()).toEqual([]))

  it('holds the running load, over every wait', async () => {
    await inScope([flight('a')], async () => {
      expect(running()).toEqual(['a'])
      await turn()
      expect(running()).toEqual(['a'])
    })
    expect(running()).toEqual([])
  })

  it('holds loads within loads, the innermost first, and all keys of a bulk load', async () => {
    await inScope([flight('a')], () =>
      inScope([flight('b'), flight('c')], async () => {
        await turn()
        expect(running()).toEqual(['b', 'c', 'a'])
      }),
    )
  })

  it('tells the innermost load from those around it', async () => {
    await inScope([flight('a')], () =>
      inScope([flight('b'), flight('c')], async () => {
        expect(runningFlights().own.map((each) => each.storeKey)).toEqual(['b', 'c'])
      }),
    )
    expect(runningFlights()).toEqual({ own: [], all: [] })
  })

  it('keeps loads apart that run at one time', async () => {
    const run = (key: string) =>
      inScope([flight(key)], async () => {
        for (let i = 0; i < 3; i++) {
          await turn()
          expect(running()).toEqual([key])
        }
      })
    await Promise.all([run('a'), run('b'), run('c')])
  })

  it('lets go of what a load left running when it ended', async () => {
    let seen: string[] | undefined
    let left: Promise<void> | undefined
    const other = inScope([flight('other')], () => turn().then(() => turn()))
    await inScope([flight('a')], async () => {
      left = turn().then(() => {
        seen = running()
      })
    })
    await Promise.all([left, other])
    expect(seen).toEqual([])
  })

  it('passes on what a load answers, throws or rejects', async () => {
    const boom = new Error('boom')
    expect(await inScope([], () => 5)).toBe(5)
    await expect(inScope([], () => Promise.reject(boom))).rejects.toBe(boom)
    const thrown = inScope([], () => {
      throw boom
    })
    await expect(thrown).rejects.toBe(boom)
    expect(running()).toEqual([])
  })

  it('answers at once where the load does', () => {
    const heard: unknown[] = []
    const hear = (what: unknown) => heard.push(what, running())
    const heardBy = { flights: [flight('a')], onValue: hear, onError: hear }
    runInLoadScope({ ...heardBy, run: () => 5 })
    const fail = () => {
      throw 'thrown'
    }
    runInLoadScope({ ...heardBy, run: fail })
    expect(heard).toEqual([5, [], 'thrown', []])
  })

  it('takes any thenable, and what is no function for none', async () => {
    const thenable = withThen((resolve: (value: number) => void) => resolve(7))
    expect(await inScope<unknown>([], () => thenable)).toBe(7)
    const twice = withThen((resolve: (value: number) => void) => {
      resolve(1)
      resolve(2)
      throw new Error('late')
    })
    expect(await inScope<unknown>([], () => twice)).toBe(1)
    const heard: unknown[] = []
    const hear = (what: unknown) => heard.push(what)
    const odd = [null, undefined, 0, withThen(5)]
    const heardBy = { flights: [], onValue: hear, onError: hear }
    for (const value of odd) runInLoadScope<unknown>({ ...heardBy, run: () => value })
    expect(heard).toEqual(odd)
    expect(running()).toEqual([])
  })

  it('takes an answer that cannot even be asked for a failure', async () => {
    const boom = new Error('boom')
    const trap = Object.defineProperty({}, 'then', {
      get: () => {
        throw boom
      },
    })
    const heard: unknown[] = []
    const hear = (what: unknown) => heard.push(what)
    const heardBy = { flights: [flight('a')], onValue: hear, onError: hear }
    runInLoadScope<unknown>({ ...heardBy, run: () => trap })
    await turn()
    expect(heard).toEqual([boom])
    expect(running()).toEqual([])
  })
})
