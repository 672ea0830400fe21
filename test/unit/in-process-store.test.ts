import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/contracts.js'
import { isCacheError } from '../../src/core/errors.js'
import { inProcessStore, storeSuite } from '../../src/testing/index.js'

const shared = inProcessStore()
storeSuite({
  name: 'in process',
  create: async () => {
    const store = shared.peer()
    return { store, dispose: () => store.close() }
  },
  test: { describe, it },
})

const bytes = (text: string) => Buffer.from(text)
const listener = { onUp: () => {}, onDown: () => {} }

/** A clock that stands still until told. */
function handClock(): Clock & { nowMs: number } {
  return {
    nowMs: 1_000,
    monotonicMs() {
      return this.nowMs
    },
    ceilingMs() {
      return this.nowMs
    },
    wallMs() {
      return this.nowMs
    },
    setTimer: () => ({ cancel: () => {} }),
    defer: (run) => queueMicrotask(run),
  }
}

describe('the in-process store', () => {
  const clock = handClock()
  let store = inProcessStore({ clock, maxEntries: 3 })
  store.open(listener)
  afterEach(() => {
    store = inProcessStore({ clock, maxEntries: 3 })
    store.open(listener)
  })

  it('expires by its clock, at the deadline exactly', async () => {
    await store.setMany([{ key: 'a', bytes: bytes('A'), ttlMs: 100 }])
    clock.nowMs += 99
    expect(await store.getMany(['a'])).toEqual([Uint8Array.from(bytes('A'))])
    clock.nowMs += 1
    expect(await store.getMany(['a'])).toEqual([undefined])
    expect(store.entryCount).toBe(0)
  })

  it('is bounded: dead entries go first, then the one written longest ago', async () => {
    const write = (key: string, ttlMs: number) => store.setMany([{ key, bytes: bytes(key), ttlMs }])
    await write('a', 1_000)
    await write('dead', 10)
    await write('b', 1_000)
    clock.nowMs += 10
    await write('c', 1_000)
    expect((await store.getMany(['a', 'b', 'c'])).every((value) => value !== undefined)).toBe(true)
    await write('a', 1_000)
    await write('d', 1_000)
    const left = await store.getMany(['a', 'b', 'c', 'd'])
    expect(left.map((value) => value !== undefined)).toEqual([true, false, true, true])
  })

  it('copies bytes in and out', async () => {
    const written = Uint8Array.of(1, 2, 3)
    await store.setMany([{ key: 'a', bytes: written, ttlMs: 1_000 }])
    written[0] = 9
    const [read] = await store.getMany(['a'])
    expect([...read!]).toEqual([1, 2, 3])
    read![0] = 9
    expect([...(await store.getMany(['a']))[0]!]).toEqual([1, 2, 3])
  })

  it('refuses options it does not know', () => {
    expect(() => inProcessStore({ maxEntries: 0 })).toThrow(/maxEntries.*1 to/)
    try {
      inProcessStore({ size: 1 } as object)
      expect.unreachable()
    } catch (error) {
      expect(isCacheError(error, 'OPTION_UNKNOWN')).toBe(true)
    }
  })
})
