/** Health and figures of the cache, in the shapes of the document. */
import type { CacheHealth } from '../../index.js'
import { countsOf, type FaceCounts, percentOf } from '../face-answers.js'
import { type CoreCache, isStoreThere } from '../face-core.js'

export interface CacheHealthStatus {
  /** `degraded`: Redis is away, memory and loaders serve. */
  status: 'healthy' | 'degraded'
  cluster: {
    /** `none`: no server is configured. */
    status: 'connected' | 'disconnected' | 'none'
    nodes: { name: string; role: string; latencyMs: number }[]
  }
  memory: { entries: number; bytes: number; maxEntries: number; maxBytes: number }
  /** Of one ping, ms; `null` where there is no answer. */
  latency: number | null
  /** What somebody should look at. */
  warnings: readonly string[]
}

export interface CacheMetrics extends FaceCounts {
  /** Percent. */
  errorRate: number
  /** Of a read of the store, ms. */
  responseTime: { p50: number; p99: number; max: number }
  connections: {
    /** Of all clients of its servers, where they tell it. */
    active: number
    breaker: 'closed' | 'open' | 'none'
  }
  /** Bytes. */
  memory: { used: number; redisUsed: number }
}

export async function healthStatusOf(cache: CoreCache): Promise<CacheHealthStatus> {
  const health = await cache.health()
  const { store, memory } = health
  return {
    status: health.status === 'ok' ? 'healthy' : 'degraded',
    cluster: { status: connectionOf(cache), nodes: nodesOf(store) },
    memory: { ...memory },
    latency: store?.pingMs ?? null,
    warnings: store?.warnings ?? [],
  }
}

export async function metricsOf(cache: CoreCache): Promise<CacheMetrics> {
  const { store } = await cache.health()
  const { total, memory, latencies } = cache.stats()
  const counts = countsOf(total)
  const calls = Object.values(latencies).reduce((sum, { count }) => sum + count, 0)
  const { p50Ms: p50, p99Ms: p99, maxMs: max } = latencies.read
  const sumOf = (figure: 'clients' | 'usedBytes') =>
    (store?.servers ?? []).reduce((sum, server) => sum + (server[figure] ?? 0), 0)
  return {
    ...counts,
    errorRate: percentOf(counts.errors, calls),
    responseTime: { p50, p99, max },
    connections: { active: sumOf('clients'), breaker: store?.breaker ?? 'none' },
    memory: { used: memory.bytes, redisUsed: sumOf('usedBytes') },
  }
}

function connectionOf(cache: CoreCache): CacheHealthStatus['cluster']['status'] {
  const stats = cache.stats()
  if (stats.store === undefined) return 'none'
  return isStoreThere(stats) ? 'connected' : 'disconnected'
}

function nodesOf(store: CacheHealth['store']): CacheHealthStatus['cluster']['nodes'] {
  return (store?.servers ?? []).map(({ name, role = 'primary', latencyMs }) => {
    return { name, role, latencyMs }
  })
}
