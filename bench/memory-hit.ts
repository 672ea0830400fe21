/**
 * A memory hit against lru-cache: through `get`, through a namespace, through `getOrSet`, by
 * `peek`.
 *
 * Entries of the cache have its default ttl, those of lru-cache have none. Each subject writes
 * its loop out: a callback in it would cost as much as the hit. The loader of `getOrSet` is a
 * closure over its key, made for each call, as callers write it.
 */
import { type Cache, createCache } from '../src/index.js'
import type { Bench } from './harness/bench.js'
import {
  awaitedLru,
  filledLru,
  hitSubject,
  type Loop,
  MAX_ENTRIES,
  type Rows,
} from './harness/hit-loops.js'
import type { Row } from './harness/rows.js'

async function filledCache(rows: Rows, namespace?: string): Promise<Cache<Row>> {
  const root = createCache({ memory: { maxEntries: MAX_ENTRIES } })
  const cache = (namespace === undefined ? root : root.namespace(namespace)) as Cache<Row>
  for (const [key, row] of rows) await cache.set(key, row)
  return cache
}

export const subjects = {
  'lru-cache': awaitedLru,
  'lru-cache, sync': hitSubject(async (rows) => {
    const lru = filledLru(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += lru.get(key)!.id
      return sum
    }
    return { loop, peek: (key) => lru.peek(key) }
  }),
  get: hitSubject(async (rows) => {
    const cache = await filledCache(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await cache.get(key))!.id
      return sum
    }
    return { loop, peek: (key) => cache.peek(key) }
  }),
  'namespace get': hitSubject(async (rows) => {
    const cache = await filledCache(rows, 'users')
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await cache.get(key))!.id
      return sum
    }
    return { loop, peek: (key) => cache.peek(key) }
  }),
  getOrSet: hitSubject(async (rows) => {
    const cache = await filledCache(rows)
    const byKey = new Map(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await cache.getOrSet(key, () => byKey.get(key)!)).id
      return sum
    }
    return { loop, peek: (key) => cache.peek(key) }
  }),
  peek: hitSubject(async (rows) => {
    const cache = await filledCache(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += cache.peek(key)!.id
      return sum
    }
    return { loop, peek: (key) => cache.peek(key) }
  }),
}

export const bench: Bench = {
  name: 'memory-hit',
  says:
    '`await cache.get(key)` against `await Promise.resolve(lruCache.get(key))`, `peek` against ' +
    '`lruCache.get`; one hot key, and Zipf over 10 000; entries with a ttl, those of lru-cache ' +
    'without.',
  async run(lab) {
    const rows = []
    for (const demand of ['hot', 'zipf']) {
      const awaited = await lab.compare({
        case: `awaited, ${demand}`,
        params: { demand },
        bare: ['lru-cache'],
        ours: [
          { subject: 'get', target: 0.8 },
          { subject: 'namespace get', target: 0.8 },
          { subject: 'getOrSet', target: 0.72 },
        ],
      })
      const peeked = await lab.compare({
        case: `synchronous, ${demand}`,
        params: { demand },
        bare: ['lru-cache, sync'],
        ours: [{ subject: 'peek', target: 0.8 }],
      })
      rows.push(...awaited, ...peeked)
    }
    return rows
  },
}
