/** What is known of the keys of a namespace, in the shape of the document. */
import type { FlatNamespace } from '../../patterns/index.js'
import { hitsOf, percentOf } from '../face-answers.js'
import type { CoreCache } from '../face-core.js'

export interface AccessPattern {
  /** `prefix:first-part:*`; the first one is of the whole namespace. */
  pattern: string
  /** Keys that are counted. */
  keys: number
  /** Look-ups of late, estimated. */
  totalAccesses: number
  /** Of them, for each key. */
  avgAccessFrequency: number
}

export interface KeyAnalytics {
  namespace: string
  /** In memory. */
  totalKeys: number
  /** Percent, since the start. */
  hitRate: number
  /** That of the whole namespace, then those that are asked for most. */
  accessPatterns: [AccessPattern, ...AccessPattern[]]
}

const COUNTED = 1_000
const SHOWN = 20

export function keyAnalyticsOf(core: CoreCache, { name, prefix }: FlatNamespace): KeyAnalytics {
  const { lookups, keysInMemory, keysCounted } = core.keyTraffic(prefix)
  const counters = core.stats().namespaces[prefix]
  const hits = counters === undefined ? 0 : hitsOf(counters)
  const keys = Math.max(keysInMemory, keysCounted)
  return {
    namespace: name,
    totalKeys: keysInMemory,
    hitRate: percentOf(hits, hits + (counters?.misses ?? 0)),
    accessPatterns: [patternOf(`${prefix}:*`, keys, lookups), ...parts(core, prefix)],
  }
}

function parts(core: CoreCache, prefix: string): AccessPattern[] {
  const byPattern = new Map<string, AccessPattern>()
  for (const { key, count } of core.hotKeys(COUNTED, prefix)) {
    const colon = key.indexOf(':')
    if (colon < 0) continue
    const pattern = `${prefix}:${key.slice(0, colon)}:*`
    const { keys = 0, totalAccesses = 0 } = byPattern.get(pattern) ?? {}
    byPattern.set(pattern, patternOf(pattern, keys + 1, totalAccesses + count))
  }
  const sorted = [...byPattern.values()].sort((a, b) => b.totalAccesses - a.totalAccesses)
  return sorted.slice(0, SHOWN)
}

function patternOf(pattern: string, keys: number, totalAccesses: number): AccessPattern {
  const avgAccessFrequency = keys === 0 ? 0 : totalAccesses / keys
  return { pattern, keys, totalAccesses, avgAccessFrequency }
}
