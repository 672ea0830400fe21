/**
 * A memory hit against lru-cache: through `get`, through a namespace, through `getOrSet`, by
 * `peek`.
 *
 * Entries of the cache have its default ttl, those of lru-cache have none. Each subject writes
 * its loop out: a callback in it would cost as much as the hit. The loader of `getOrSet` is a
 * closure over its key, made for each call, as callers write it.
 */
import { LRUCache } from 'lru-cache'
import { type Cache, createCache } from '../src/index.js'
import type { Bench, Setting, StartSubject } from './harness/bench.js'
import { zipf } from './harness/demand.js'
import { makeRow, type Row } from './harness/rows.js'
import { digest, timed } from './harness/timed.js'

const KEYS = 10_000
const MAX_ENTRIES = 50_000

/** One round of hits over `keys`; sums the ids of what came back. */
type Loop = (keys: readonly string[]) => Promise<number>
type Peek = (key: string) => Row | undefined

function subject(make: (rows: readonly [string, Row][]) => Promise<[Loop, Peek]>): StartSubject {
  return async (setting) => {
    const count = setting.tiny ? 100 : KEYS
    const rows = Array.from(
      { length: count },
      (_, id) => [`user:${id}`, makeRow('100 B', id)] as [string, Row],
    )
    const [loop, peek] = await make(rows)
    const content = digest(rows.map(([key]) => peek(key)))
    const keys = demand(setting, rows)
    return {
      run: () => timed(keys.length, content, () => loop(keys)),
      stop: async () => {},
    }
  }
}

function demand(setting: Setting, rows: readonly [string, Row][]): string[] {
  const calls = setting.tiny ? 1_000 : 1_000_000
  if (setting.params.demand === 'hot') return new Array<string>(calls).fill(rows[7]![0])
  return zipf(rows.length, calls).map((at) => rows[at]![0])
}

function filledLru(rows: readonly [string, Row][]): LRUCache<string, Row> {
  const lru = new LRUCache<string, Row>({ max: MAX_ENTRIES })
  for (const [key, row] of rows) lru.set(key, row)
  return lru
}

async function filledCache(
  rows: readonly [string, Row][],
  namespace?: string,
): Promise<Cache<Row>> {
  const root = createCache({ memory: { maxEntries: MAX_ENTRIES } })
  const cache = (namespace === undefined ? root : root.namespace(namespace)) as Cache<Row>
  for (const [key, row] of rows) await cache.set(key, row)
  return cache
}

export const subjects = {
  'lru-cache': subject(async (rows) => {
    const lru = filledLru(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await Promise.resolve(lru.get(key)))!.id
      return sum
    }
    return [loop, (key) => lru.peek(key)]
  }),
  'lru-cache, sync': subject(async (rows) => {
    const lru = filledLru(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += lru.get(key)!.id
      return sum
    }
    return [loop, (key) => lru.peek(key)]
  }),
  get: subject(async (rows) => {
    const cache = await filledCache(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await cache.get(key))!.id
      return sum
    }
    return [loop, (key) => cache.peek(key)]
  }),
  'namespace get': subject(async (rows) => {
    const cache = await filledCache(rows, 'users')
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await cache.get(key))!.id
      return sum
    }
    return [loop, (key) => cache.peek(key)]
  }),
  getOrSet: subject(async (rows) => {
    const cache = await filledCache(rows)
    const byKey = new Map(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await cache.getOrSet(key, () => byKey.get(key)!)).id
      return sum
    }
    return [loop, (key) => cache.peek(key)]
  }),
  peek: subject(async (rows) => {
    const cache = await filledCache(rows)
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += cache.peek(key)!.id
      return sum
    }
    return [loop, (key) => cache.peek(key)]
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
