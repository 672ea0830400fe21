/** Which keys are asked for most and least: by a cache, and by its sampler against exact counts. */
import { describe, expect, it } from 'vitest'
import type { HotKeySettings } from '../../src/core/hot-key-options.js'
import { type CacheOptions, createCache, type RootCache } from '../../src/index.js'
import { KeySampler } from '../../src/observe/index.js'
import { fakeClock } from '../../src/testing/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { optionInvalid } from '../support/option-invalid.js'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

const EACH = { sampleEvery: 1, capacity: 100 } as const
const SETTINGS: HotKeySettings = { capacity: 1_000, sampleEvery: 64, halfLifeMs: 60_000 }

/** Keys with their look-ups, which are exact. */
function told(found: readonly { key: string; count: number }[]): [string, number][] {
  return found.map(({ key, count }) => [key, count])
}

async function ask(cache: Pick<RootCache<never>, 'get'>, key: string, times: number) {
  for (let i = 0; i < times; i++) await cache.get(key)
}

/** Ranks by Zipf's law, and how often each was drawn. */
function zipfStream(keys: number, length: number, seed: number) {
  const random = seededRandom(seed)
  const sums: number[] = []
  for (let i = 0, sum = 0; i < keys; i++) {
    sum += 1 / (i + 1)
    sums.push(sum)
  }
  const counts = new Array<number>(keys).fill(0)
  const ranks = Array.from({ length }, () => {
    const wanted = random() * sums.at(-1)!
    let low = 0
    let high = keys - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < wanted) low = middle + 1
      else high = middle
    }
    counts[low]!++
    return low
  })
  return { ranks, counts }
}

/** As the engine does: counts down from one sample to the next. */
function feed(sampler: KeySampler, keys: Iterable<string>): void {
  let left = sampler.drawGap()
  let { every } = sampler
  for (const key of keys) {
    if (--left >= 0) continue
    sampler.sample('', key, every)
    left = sampler.drawGap()
    every = sampler.every
  }
}

describe('hotKeys of a cache', () => {
  it('counts hits, misses and callers that share a load: each look-up once', async () => {
    const { cache } = trackedCache({ hotKeys: EACH, grace: '1h' })
    await cache.getOrSet('set', () => 1)
    await ask(cache, 'set', 3)
    await cache.getMany(['set', 'none', 'set'])
    await cache.getOrSetMany(['set', 'other'], () => [2])
    await Promise.all([1, 2, 3].map(() => cache.getOrSet('stampede', async () => 1)))
    await cache.has('none')
    cache.peek('set')
    expect(told(cache.hotKeys(10))).toEqual([
      ['set', 7],
      ['stampede', 3],
      ['none', 2],
      ['other', 1],
    ])
    const { memoryHits, misses, shared } = cache.stats().total
    expect(cache.keyTraffic().lookups).toBe(memoryHits + misses + shared)
  })

  it('counts a stale answer as one look-up', async () => {
    const { cache, clock } = trackedCache({ hotKeys: EACH, ttl: 1, grace: '1h' })
    await cache.getOrSet('k', () => 1)
    await clock.advance(2_000)
    const failing = () => Promise.reject(new Error('down'))
    expect(await cache.getOrSet('k', failing)).toBe(1)
    expect(cache.keyFrequency('k').count).toBe(2)
  })

  it('counts what the store answers, and what memory copies', async () => {
    const { cache } = trackedWithStore({ hotKeys: EACH, memory: { values: 'cloned' } })
    await cache.set('k', { a: 1 })
    await ask(cache, 'k', 2)
    cache.memory.resize({ maxEntries: 1 })
    await cache.set('other', 1)
    await cache.getMany(['k', 'other'])
    expect(told(cache.hotKeys(1))).toEqual([['k', 3]])
  })

  it('tells namespaces apart, by name and as a whole', async () => {
    const { cache } = trackedCache({ hotKeys: EACH })
    await ask(cache, 'k', 1)
    await ask(cache.namespace('a'), 'k', 2)
    await ask(cache.namespace('a.b'), 'k', 3)
    await cache.namespace('a').set('held', 1)
    expect(cache.hotKeys(2)).toEqual([
      { namespace: 'a.b', key: 'k', count: 3, error: 0 },
      { namespace: 'a', key: 'k', count: 2, error: 0 },
    ])
    expect(told(cache.hotKeys(5, ''))).toEqual([['k', 1]])
    expect(cache.hotKeys(5, 'none')).toEqual([])
    expect(cache.keyFrequency('k', 'a').count).toBe(2)
    expect(cache.keyTraffic('a')).toEqual({
      ...{ lookups: 2, error: 0, keysCounted: 1, keysInMemory: 1 },
    })
    expect(cache.keyTraffic('none').keysInMemory).toBe(0)
    expect(cache.keyTraffic()).toMatchObject({ lookups: 6, keysCounted: 3, keysInMemory: 1 })
  })

  it('finds the cold ones in memory: never asked for, then asked for least', async () => {
    const { cache } = trackedCache({ hotKeys: EACH })
    const users = cache.namespace('users')
    for (const key of ['often', 'never', 'once', 'twice']) await users.set(key, 1)
    await ask(users, 'often', 5)
    await ask(users, 'twice', 2)
    await ask(users, 'once', 1)
    await ask(users, 'absent', 1)
    await cache.set('elsewhere', 1)
    const cold = [
      ['never', 0],
      ['once', 1],
      ['twice', 2],
      ['often', 5],
    ]
    expect(told(cache.coldKeys(10, 'users'))).toEqual(cold)
    expect(told(cache.coldKeys(2, 'users'))).toEqual(cold.slice(0, 2))
    expect(cache.coldKeys(0)).toEqual([])
    expect(told(cache.coldKeys(2)).map(([key]) => key)).toEqual(
      expect.arrayContaining(['never', 'elsewhere']),
    )
  })

  it('fades: what is hot now goes before what was hot', async () => {
    const { cache, clock } = trackedCache({ hotKeys: { ...EACH, halfLife: '10s' } })
    await ask(cache, 'then', 8)
    await clock.advance(20_000)
    await ask(cache, 'now', 3)
    expect(told(cache.hotKeys(2))).toEqual([
      ['now', 3],
      ['then', 2],
    ])
    await clock.advance(60_000)
    expect(cache.hotKeys(2)).toEqual([])
    // Far enough for the weights to be taken back.
    await clock.advance(3_600_000)
    await ask(cache, 'now', 2)
    expect(told(cache.hotKeys(2))).toEqual([['now', 2]])
    expect(cache.keyTraffic().lookups).toBe(2)
  })

  it('takes any name for a key, and names too long for their namespace alone', async () => {
    const { cache } = trackedCache({ hotKeys: EACH })
    const names = ['__proto__', 'constructor', 'toString', 'a:b', '\u0000', 'ü💥']
    for (const name of names) await ask(cache.namespace('hasOwnProperty'), name, 2)
    await ask(cache.namespace('hasOwnProperty'), 'x'.repeat(1_025), 2)
    expect(cache.hotKeys(20, 'hasOwnProperty').map(({ key }) => key)).toEqual(names)
    expect(cache.keyTraffic('hasOwnProperty').lookups).toBe(2 * names.length + 2)
    expect(cache.keyFrequency('valueOf', '__proto__').count).toBe(0)
  })
})

describe('the events hit and miss', () => {
  it.each([false, EACH, { sampleEvery: 7 }])('are the same with hotKeys: %j', async (hotKeys) => {
    const { cache } = trackedCache({ hotKeys, random: seededRandom(1) })
    const heard: string[] = []
    await cache.set('k', 1)
    await ask(cache, 'k', 20)
    const leave = [
      cache.on('hit', ({ key, namespace, tier }) => heard.push(`${tier} ${namespace}/${key}`)),
      cache.on('miss', ({ key, reason }) => heard.push(`${reason} ${key}`)),
    ]
    await cache.get('k')
    await cache.getMany(['none', 'k'])
    await cache.namespace('late').getOrSet('k', () => 1)
    await cache.namespace('late').get('k')
    for (const each of leave) each()
    await ask(cache, 'k', 20)
    expect(heard).toEqual(['memory /k', 'memory /k', 'absent none', 'absent k', 'memory late/k'])
    if (hotKeys === EACH) expect(told(cache.hotKeys(1))).toEqual([['k', 42]])
  })
})

describe('the sampler', () => {
  it.each([1, 2, 3])(
    'finds the ten hottest of a Zipf stream, within its error: seed %i',
    (seed) => {
      const { ranks, counts } = zipfStream(5_000, 200_000, seed)
      const sampler = new KeySampler(
        { ...SETTINGS, sampleEvery: 16 },
        fakeClock(),
        seededRandom(seed),
      )
      feed(
        sampler,
        ranks.map((at) => `k${at}`),
      )
      const found = new Set(sampler.hottest(12).map(({ key }) => key))
      const hottest = Array.from({ length: 10 }, (_, at) => `k${at}`)
      expect(hottest.filter((key) => found.has(key)).length).toBeGreaterThanOrEqual(9)
      const outside = counts.filter((count, at) => {
        const told = sampler.frequencyOf('', `k${at}`)
        return Math.abs(told.count - count) > told.error
      })
      expect(outside.length).toBeLessThanOrEqual(counts.length / 100)
      const { lookups, error } = sampler.traffic()
      expect(Math.abs(lookups - ranks.length)).toBeLessThanOrEqual(error)
    },
  )

  it('does not fall into step with a loop', () => {
    const sampler = new KeySampler(SETTINGS, fakeClock(), seededRandom(4))
    feed(
      sampler,
      Array.from({ length: 64 * 4_000 }, (_, at) => `k${at % 64}`),
    )
    const counts = Array.from({ length: 64 }, (_, at) => sampler.frequencyOf('', `k${at}`))
    for (const { count, error } of counts) expect(Math.abs(count - 4_000)).toBeLessThan(2 * error)
    expect(counts.every(({ count }) => count > 0)).toBe(true)
  })

  it('counts each of a few, fewer of many, and each again when they are few', async () => {
    const clock = fakeClock()
    const settings = { capacity: 1_000, sampleEvery: 1_024, halfLifeMs: 86_400_000 }
    const sampler = new KeySampler(settings, clock, seededRandom(5))
    const few = async (key: string) => {
      for (let n = 0; n < 100; n++) {
        feed(sampler, [key])
        await clock.advance(200)
      }
    }
    await few('first')
    expect(sampler.frequencyOf('', 'first')).toMatchObject({ count: 100, error: 0 })
    const hundred = Array.from({ length: 100 }, (_, n) => `k${n % 10}`)
    for (let ms = 0; ms < 500; ms++) {
      feed(sampler, hundred)
      await clock.advance(1)
    }
    expect(Math.abs(sampler.every - 10)).toBeLessThan(5)
    const { count, error } = sampler.frequencyOf('', 'k3')
    expect(error).toBeLessThan(1_000)
    expect(Math.abs(count - 5_000)).toBeLessThanOrEqual(error)
    await few('last')
    expect(sampler.every).toBe(1)
    const last = sampler.frequencyOf('', 'last')
    expect(Math.abs(last.count - 100)).toBeLessThanOrEqual(last.error)
  })

  it.each([0, 1, 0.999_999_999, Number.NaN])('lives with a random that says %d', (says) => {
    const sampler = new KeySampler(SETTINGS, fakeClock(), () => says)
    for (let n = 0; n < 200; n++) sampler.sample('', 'k', sampler.every)
    expect(sampler.every).toBe(64)
    const gap = sampler.drawGap()
    expect(Number.isInteger(gap) && gap >= 0 && gap <= 2 ** 30).toBe(true)
  })
})

describe('the option hotKeys', () => {
  it('is off unless it is said, and then its verbs say what turns it on', () => {
    const { cache } = trackedCache()
    const off = optionInvalid(/hotKeys: true of createCache/)
    for (const run of [
      () => cache.hotKeys(1),
      () => cache.coldKeys(1),
      () => cache.keyFrequency('k'),
      () => cache.keyTraffic(),
    ]) {
      expect(run).toThrow(off)
    }
    expect(() => trackedCache({ hotKeys: false }).cache.hotKeys(1)).toThrow(off)
    expect(trackedCache({ hotKeys: true }).cache.hotKeys(1)).toEqual([])
  })

  it.each<[unknown, RegExp]>([
    ['yes', /'hotKeys' is 'yes'; the range is true \| false/],
    [[], /'hotKeys' is an array/],
    [null, /'hotKeys' is null/],
    [{ capacity: 9 }, /'capacity' is 9; the range is a whole number from 10 to 10000/],
    [{ capacity: 10_001 }, /'capacity'/],
    [{ sampleEvery: 0 }, /'sampleEvery' is 0; the range is a whole number from 1 to 65536/],
    [{ sampleEvery: 1.5 }, /'sampleEvery'/],
    [{ halfLife: '1ms' }, /'halfLife' is '1ms'; the range is 1s to 1d/],
  ])('is refused as %j', (hotKeys, message) => {
    const options = { hotKeys } as CacheOptions<never>
    expect(() => createCache(options)).toThrow(optionInvalid(message))
  })

  it('knows its names, and limits', () => {
    const wrong = { hotKeys: { every: 2 } } as unknown as CacheOptions<never>
    expect(() => createCache(wrong)).toThrow(
      /hotKeys: unknown option 'every'; known here: capacity/,
    )
    const { cache } = trackedCache({ hotKeys: true })
    for (const limit of [-1, 1.5, Number.NaN, 2 ** 24 + 1]) {
      expect(() => cache.hotKeys(limit)).toThrow(optionInvalid(/hotKeys: option 'limit'/))
      expect(() => cache.coldKeys(limit)).toThrow(optionInvalid(/coldKeys: option 'limit'/))
    }
  })
})
