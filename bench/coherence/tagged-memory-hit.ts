/**
 * A hit in memory that other processes may invalidate, with tags and without, against the bare
 * look-up of bench/memory-hit.
 */
import type { Row } from '../harness/bench.js'
import { cacheOn } from '../harness/clients.js'
import { awaitedLru, hitSubject, type Loop, MAX_ENTRIES } from '../harness/hit-loops.js'
import type { Lab } from '../harness/lab.js'
import type { Row as Value } from '../harness/rows.js'

const SEED_KEYS = 1_000
const TARGET = 0.7

function coherentGet(tags: readonly string[]) {
  return hitSubject(async (rows, setting) => {
    const { cache } = await cacheOn('node-redis', setting, {
      memory: { maxEntries: MAX_ENTRIES },
      // Each has its own: what one sets would take the key from the memory of the others.
      prefix: `hits-${process.pid}`,
    })
    for (let from = 0; from < rows.length; from += SEED_KEYS)
      await cache.setMany(rows.slice(from, from + SEED_KEYS), { tags: [...tags] })
    const loop: Loop = async (keys) => {
      let sum = 0
      for (const key of keys) sum += (await cache.get<Value>(key))!.id
      return sum
    }
    return {
      loop,
      peek: (key) => cache.peek<Value>(key),
      misses: () => {
        const { total } = cache.stats()
        return total.storeHits + total.misses
      },
      close: () => cache.close(),
    }
  })
}

export const taggedMemoryHitSubjects = {
  'lru-cache': awaitedLru,
  'get, two tags': coherentGet(['team:7', 'city:Bern']),
  'get, no tags': coherentGet([]),
}

export async function taggedMemoryHitRows(lab: Lab): Promise<Row[]> {
  const rows: Row[] = []
  for (const demand of ['hot', 'zipf']) {
    const compared = await lab.compare({
      case: `a coherent memory hit, ${demand}`,
      params: { demand },
      bare: ['lru-cache'],
      ours: [{ subject: 'get, two tags', target: TARGET }, { subject: 'get, no tags' }],
    })
    rows.push(...compared)
  }
  return rows
}
