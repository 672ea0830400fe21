/**
 * A memory hit while look-ups are sampled for `hotKeys`, against the same cache without: what the
 * count of hot keys costs with its defaults, and when each look-up is counted.
 */
import { type Cache, type CacheOptions, createCache } from '../src/index.js'
import type { Bench } from './harness/bench.js'
import { hitSubject, type Loop, MAX_ENTRIES } from './harness/hit-loops.js'
import type { Row } from './harness/rows.js'

function subject(hotKeys: CacheOptions['hotKeys']) {
  return hitSubject(async (rows) => {
    const cache = createCache({ memory: { maxEntries: MAX_ENTRIES }, hotKeys }) as Cache<Row>
    for (const [key, row] of rows) await cache.set(key, row)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await cache.get(key))!.id
      return sum
    }
    return { loop, peek: (key) => cache.peek(key) }
  })
}

export const subjects = {
  off: subject(false),
  on: subject(true),
  'on, each look-up': subject({ sampleEvery: 1 }),
}

export const bench: Bench = {
  name: 'hot-keys',
  says:
    '`await cache.get(key)` from memory with `hotKeys` on, against the same with it off; one hot ' +
    'key, and Zipf over 10 000.',
  async run(lab) {
    const rows = []
    for (const demand of ['hot', 'zipf']) {
      const compared = await lab.compare({
        case: `a memory hit, ${demand}`,
        params: { demand },
        bare: ['off'],
        ours: [{ subject: 'on', target: 0.98 }, { subject: 'on, each look-up' }],
      })
      rows.push(...compared)
    }
    return rows
  },
}
