import { describe, expect, it } from 'vitest'
import { abortable } from '../../src/core/abortable.js'
import { gate, stateOf, trackedCache, trackedWithStore } from './tracked-cache.js'

describe('a wait that can be left', () => {
  it('is the work itself where nobody can leave', () => {
    const work = Promise.resolve(1)
    expect(abortable(work, undefined)).toBe(work)
  })

  it('ends with the work, either way', async () => {
    const { signal } = new AbortController()
    expect(await abortable(Promise.resolve(1), signal)).toBe(1)
    await expect(abortable(Promise.reject(new Error('boom')), signal)).rejects.toThrow('boom')
  })

  it('ends with the reason of the signal, whatever that is, and the work goes on', async () => {
    for (const reason of [new Error('gone'), 'a text', { any: 'thing' }]) {
      const leaving = new AbortController()
      const work = gate<number>()
      const wait = abortable(work.promise, leaving.signal)
      leaving.abort(reason)
      await expect(wait.catch((error) => [error])).resolves.toEqual([reason])
      expect(await stateOf(work.promise)).toBe('pending')
      work.fail(new Error('later: nobody waits'))
    }
  })

  it('ends at once where the signal came first', async () => {
    const reason = new Error('gone')
    const work = Promise.reject(new Error('nobody waits for this'))
    await expect(abortable(work, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('a load that fails after its only caller has left', () => {
  it('is no unhandled rejection', async () => {
    for (const { cache, clock } of [trackedCache(), trackedWithStore()]) {
      const leaving = new AbortController()
      const open = gate<string>()
      const call = cache.getOrSet('k', () => open.promise, { signal: leaving.signal })
      const many = cache.getOrSetMany(['a', 'b'], () => open.promise as never, {
        signal: leaving.signal,
      })
      const outcomes = Promise.allSettled([call, many])
      await clock.settle()
      leaving.abort(new Error('gone'))
      await outcomes
      open.fail(new Error('boom'))
      await clock.settle()
      expect(cache.stats().total.loadFailures).toBe(3)
    }
  })
})
