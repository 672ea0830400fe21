/**
 * A value is the same wherever it comes from: from the loader, from memory in each of its modes,
 * from the store. The judge (test/support/same-value.ts) knows nothing of how it is kept.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CacheOptions } from '../../src/index.js'
import { EXTREME_VALUES } from '../support/extreme-values.js'
import { changeOf, differenceOf } from '../support/same-value.js'
import { type Structured, structuredValues } from '../support/structured-values.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

const RUNS = { numRuns: 1_000 }

/** Checks one value of many under a key of its own. */
type Check = (structured: Structured, key: string) => Promise<void>

async function checkAny(check: Check): Promise<void> {
  let run = 0
  const property = fc.asyncProperty(structuredValues, (given) => check(given, `k${++run}`))
  await fc.assert(property, RUNS)
}

const extremes = Object.entries(EXTREME_VALUES).map(
  ([name, make]) => [name, (): Structured => ({ value: make(), twin: make() })] as const,
)

/** That each answer is what was given, and that this was left as it was. */
function expectSame(answers: Readonly<Record<string, unknown>>, { value, twin }: Structured): void {
  for (const [from, answer] of Object.entries(answers)) {
    expect([from, differenceOf(answer, value)]).toEqual([from, undefined])
  }
  expect(changeOf(value, twin)).toBeUndefined()
}

function neverLoads(): never {
  throw new Error('it was to be found')
}

describe.each(['frozen', 'cloned', 'shared'] as const)('values (%s)', (values) => {
  const options: CacheOptions = { memory: { values, maxBytes: 2 ** 30 } }
  /** What was given itself, not a copy. */
  const isItself = values === 'shared'

  const fromMemory = (): Check => {
    const { cache } = trackedCache(options)
    return async (given, key) => {
      await cache.set(key, given.value)
      const [read, again] = [await cache.get(key), cache.peek(key)]
      if (isItself)
        expect([Object.is(read, given.value), Object.is(again, read)]).toEqual([true, true])
      else expectSame({ read, again }, given)
    }
  }

  it('are the same from memory', () => checkAny(fromMemory()))

  const fromEverywhere = (): Check => {
    const writer = trackedWithStore(options)
    const reader = trackedWithStore(options, writer.clock, writer.data)
    return async (given, key) => {
      const loaded = await writer.cache.getOrSet(key, () => given.value)
      const remembered = await writer.cache.getOrSet(key, neverLoads)
      await writer.clock.settle()
      const stored = await reader.cache.getOrSet(key, neverLoads)
      const rememberedThere = await reader.cache.getOrSet(key, neverLoads)
      expectSame({ stored, rememberedThere }, given)
      if (isItself)
        for (const one of [loaded, remembered]) expect(Object.is(one, given.value)).toBe(true)
      else expectSame({ loaded, remembered }, given)
      expect(writer.cache.stats().total.storeErrors).toBe(0)
    }
  }

  it('are the same from loader, memory and store', () => checkAny(fromEverywhere()))
  it.each(extremes)('are the same from loader, memory and store: %s', (_, make) =>
    fromEverywhere()(make(), 'k'),
  )
})

const FORMATS: Readonly<Record<string, CacheOptions>> = {
  msgpack: {},
  compressed: { compress: { algorithm: 'gzip', threshold: 64 } },
  sealed: { encrypt: true, encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 7) }] },
}

describe.each(Object.entries(FORMATS))('values without memory (%s)', (_, format) => {
  const fromStore = (): Check => {
    const { cache } = trackedWithStore({ memory: false, ...format })
    return async (given, key) => {
      expect(await cache.set(key, given.value)).toBe(true)
      const [read, again] = await Promise.all([cache.get(key), cache.get(key)])
      expectSame({ read, again }, given)
      const loaded = await cache.getOrSet(`${key}:loaded`, () => given.value)
      expectSame({ loaded }, given)
    }
  }

  it('are the same from the store', () => checkAny(fromStore()))
  it.each(extremes)('are the same from the store: %s', (_, make) => fromStore()(make(), 'k'))
})
