/** Write-through and write-around over a real Redis, as two processes see them. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import { writeAround, writeThrough } from '../../src/patterns/index.js'
import { PATIENT } from '../support/patient.js'
import { REDIS_PLACES } from '../support/places.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until } from '../support/watched-store.js'

const [{ start }] = REDIS_PLACES as [(typeof REDIS_PLACES)[number]]
/** No answer may be late for the reason that the machine is busy. */

describe.each(Object.entries({ writeThrough, writeAround }))('%s over Redis', (name, pattern) => {
  let server: Awaited<ReturnType<typeof start>>
  let caches: Cache[] = []
  let runs = 0
  const unhandled = collectUnhandled()
  beforeAll(async () => {
    server = await start()
  })
  afterEach(async () => {
    for (const cache of caches) await cache.close()
    caches = []
    expect(unhandled.take()).toEqual([])
  })
  afterAll(() => server?.stop())

  /** Two caches as two processes would have them, over one table. */
  async function twoProcesses() {
    const prefix = `p${name}${++runs}`
    const rows = new Map([['1', 'old']])
    const loads: { answer: string; send: () => void }[] = []
    const load = (id: string) => {
      const answer = rows.get(id) as string
      return new Promise<string>((resolve) => {
        loads.push({ answer, send: () => resolve(answer) })
      })
    }
    const open = async (write: (id: string, value: string) => Promise<void>) => {
      const cache = createCache({ prefix, store: server.store(), ttl: '1h', ...PATIENT })
      caches.push(cache)
      await until(() => cache.stats().coherence.state === 'leased', 'leased')
      return { cache, users: pattern(cache, { load, write }) }
    }
    return {
      rows,
      loads,
      open,
      write: async (id: string, value: string) => void rows.set(id, value),
    }
  }

  it('a slow load elsewhere that straddles a write does not bring the old row back', async () => {
    const { loads, open, write } = await twoProcesses()
    const [ours, theirs] = [await open(write), await open(write)]
    const reading = theirs.users.get('1')
    await until(() => loads.length === 1, 'the load')
    expect(await ours.users.set('1', 'new')).toBe('new')
    loads[0]!.send()
    expect(await reading).toBe('old')
    // By a way around memory, so that this is what the store has.
    const stored = createCache({
      prefix: `p${name}${runs}`,
      store: server.store(),
      ttl: '1h',
      ...PATIENT,
    })
    caches.push(stored)
    await until(() => stored.stats().coherence.state === 'leased', 'leased')
    const expected = name === 'writeThrough' ? 'new' : undefined
    expect(await stored.get('1')).toBe(expected)
    await until(async () => (await theirs.cache.get('1')) === expected, 'the news')
    expect(await ours.cache.get('1')).toBe(expected)
  })

  it('a writer that has written and then fails: the old row leaves every process', async () => {
    const { rows, loads, open } = await twoProcesses()
    const boom = new Error('boom')
    const failing = async (id: string, value: string) => {
      rows.set(id, value)
      throw boom
    }
    const [ours, theirs] = [await open(failing), await open(failing)]
    const first = theirs.users.get('1')
    await until(() => loads.length === 1, 'the load')
    loads[0]!.send()
    expect(await first).toBe('old')
    await until(async () => (await ours.cache.get('1')) === 'old', 'the value, in both')
    await expect(ours.users.set('1', 'new')).rejects.toBe(boom)
    expect(await ours.cache.get('1')).toBeUndefined()
    await until(async () => (await theirs.cache.get('1')) === undefined, 'the news')
    const later = theirs.users.get('1')
    await until(() => loads.length === 2, 'a load')
    loads[1]!.send()
    expect(await later).toBe('new')
  })
})
