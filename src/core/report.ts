/** What a cache tells of itself: its counts and its health. */
import type { CacheHealth, CacheStats, MemoryStats, StoreStats } from './api.js'
import type { LearnedSizeClass } from './codec.js'
import { addCounters, type CounterSnapshot, Counters, snapshotCounters } from './counters.js'
import type { Engine } from './engine.js'
import { NO_HEALTH } from './store-health.js'

export function statsOf(engine: Engine): CacheStats {
  const total = new Counters()
  const namespaces: Record<string, CounterSnapshot> = Object.create(null) as Record<
    string,
    CounterSnapshot
  >
  const compression = Object.create(null) as Record<string, readonly LearnedSizeClass[]>
  for (const space of engine.spaces()) {
    addCounters(total, space.counters)
    const learned = space.codec.learned()
    if (learned.length > 0) compression[space.name] = learned
    namespaces[space.name] = snapshotCounters(space.counters)
  }
  addCounters(total, engine.storeCounters)
  return {
    total: snapshotCounters(total),
    namespaces,
    memory: memoryStats(engine),
    store: storeStats(engine),
    coherence: engine.coherence.stats(),
    latencies: engine.observer.latencies(),
    compression,
  }
}

/** With one ping of the store, and a question to each of its servers. Never rejects. */
export async function healthOf(engine: Engine): Promise<CacheHealth> {
  const { clock, store } = engine
  const startMs = clock.monotonicMs()
  const pingMs = await store?.ping().then(
    () => clock.monotonicMs() - startMs,
    () => undefined,
  )
  const told = pingMs === undefined ? undefined : await store?.health().catch(() => undefined)
  const stats = storeStats(engine)
  const coherence = engine.coherence.stats()
  const isAway = store !== undefined && pingMs === undefined
  return {
    status: isAway || coherence.state === 'lapsed' ? 'degraded' : 'ok',
    store: stats && { ...stats, pingMs, ...(told ?? NO_HEALTH) },
    memory: memoryStats(engine),
    coherence,
  }
}

function memoryStats({ memory }: Engine): MemoryStats {
  const { entryCount, byteCount, maxEntries, maxBytes } = memory
  return { entries: entryCount, bytes: byteCount, maxEntries, maxBytes }
}

function storeStats({ store, outages, unconfirmed }: Engine): StoreStats | undefined {
  if (store === undefined) return undefined
  return { name: store.name, breaker: store.breakerState, outages, unconfirmed: unconfirmed.count }
}
