/** Health for an endpoint. */

import { countsOf } from '../face-answers.js'
import type { CacheManager } from './cache-manager.js'

export interface CacheHealthReport {
  /** `degraded`: the store is away, memory and fallbacks serve. */
  status: 'healthy' | 'degraded'
  adapter: 'redis' | 'database' | 'unknown'
  /** The rate is percent. */
  stats: { hits: number; misses: number; hitRate: number }
  /** ISO 8601. */
  timestamp: string
}

/** One ping of the store with each call of what it answers, which never rejects. */
export function createCacheHealthCheck(manager: CacheManager): () => Promise<CacheHealthReport> {
  return async () => {
    const isHealthy = await manager.isHealthy()
    const { hits, misses, hitRate } = countsOf(manager.core.stats().total)
    return {
      status: isHealthy ? 'healthy' : 'degraded',
      adapter: manager.getAdapterType(),
      stats: { hits, misses, hitRate },
      timestamp: new Date().toISOString(),
    }
  }
}
