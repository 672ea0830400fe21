/** Several processes, each with a cache of its own, before one store that keeps a log. */
import type { CacheOptions } from '../../src/index.js'
import { fakeClock, inProcessStore } from '../../src/testing/index.js'
import { type TrackedWithStore, trackedWithStore } from './tracked-cache.js'

export type Process = TrackedWithStore<Record<never, never>>

/** Two at the least. */
export async function trackedProcesses(count: number, options: CacheOptions = {}) {
  const clock = fakeClock()
  const data = inProcessStore({ clock, log: true })
  data.open({ onUp: () => {}, onDown: () => {} })
  const all = Array.from({ length: Math.max(2, count) }, () =>
    trackedWithStore({ ttl: '1h', ...options }, clock, data),
  ) as [Process, Process, ...Process[]]
  await clock.settle()
  const [{ cache: first }, { cache: second }, ...others] = all
  const caches = [first, second, ...others.map(({ cache }) => cache)] as const
  return { all, caches, clock, data }
}
