/** The public face of the memory tier of a cache. */
import type { MemoryOptions } from './memory-options.js'

/** A key that memory holds. */
export interface CachedKey {
  /** '' for the cache itself. */
  readonly namespace: string
  readonly key: string
}

/** The tier in the process, as a whole. Without one there are no keys, and bounds mean nothing. */
export interface MemoryControl {
  /**
   * At most `limit` keys (0 to 16 777 216), those first that the policy holds dearest: for warmers
   * and dashboards. Of one namespace, or of all. 0 round trips; looks at every entry, about 50 ms
   * for a million.
   */
  hottest(limit: number, namespace?: string): readonly CachedKey[]
  /** As `hottest`, those first that would leave first. */
  coldest(limit: number, namespace?: string): readonly CachedKey[]
  /**
   * The keys whose entries have one of these tags and would be handed out, of all namespaces. 0
   * round trips; looks at every entry.
   */
  tagged(tags: readonly string[]): readonly CachedKey[]
  /**
   * Other bounds from now on, with the ranges of the options of `memory`; what is left out stays.
   * Where they are lower, entries leave bit by bit within the next seconds, so that no call waits.
   * Throws OPTION_UNKNOWN or OPTION_INVALID.
   */
  resize(bounds: Pick<MemoryOptions, 'maxBytes' | 'maxEntries'>): void
}
