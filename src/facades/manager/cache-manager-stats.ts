/** The figures of a manager, tier by tier. */
import { countsOf, type FaceCounts, hitsOf, percentOf } from '../face-answers.js'
import { type CoreCache, isStoreThere } from '../face-core.js'

export interface CacheManagerStats {
  adapter: 'redis' | 'database' | 'unknown'
  /** Memory. Rates are percent. */
  l1: { entries: number; hits: number; requests: number; hitRate: number }
  l2: {
    healthy: boolean
    /** Of one ping, ms; 0 where there is no answer. */
    latency: number
    stats: FaceCounts
  }
  combined: {
    /** Of the servers, where they tell it, or of memory. */
    totalEntries: number
    hitRate: number
    /** Bytes of memory, estimated. */
    memoryUsage: number
  }
}

/** One ping, and a question to each server. Never rejects. */
export async function managerStats(cache: CoreCache): Promise<CacheManagerStats> {
  const { store } = await cache.health()
  const stats = cache.stats()
  const { total, memory } = stats
  const hits = hitsOf(total)
  const requests = hits + total.misses + total.shared
  const l1Hits = total.memoryHits + total.memoryStaleHits
  const l2Hits = hits - l1Hits
  const l2Rate = percentOf(l2Hits, l2Hits + total.misses)
  const stored = (store?.servers ?? [])
    .filter(({ role }) => role !== 'replica')
    .reduce((sum, { keys = 0 }) => sum + keys, 0)
  return {
    adapter: adapterOf(cache),
    l1: { entries: memory.entries, hits: l1Hits, requests, hitRate: percentOf(l1Hits, requests) },
    l2: {
      healthy: isStoreThere(stats),
      latency: store?.pingMs ?? 0,
      stats: { ...countsOf(total), hits: l2Hits, hitRate: l2Rate },
    },
    combined: {
      totalEntries: Math.max(memory.entries, stored),
      hitRate: percentOf(hits, requests),
      memoryUsage: memory.bytes,
    },
  }
}

export function adapterOf(cache: CoreCache): CacheManagerStats['adapter'] {
  const { store } = cache.stats()
  if (store === undefined) return 'unknown'
  if (store.name.startsWith('redis')) return 'redis'
  return ['postgres', 'sqlite'].includes(store.name) ? 'database' : 'unknown'
}
