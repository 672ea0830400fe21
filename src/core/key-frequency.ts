/**
 * How often keys are asked for: what a cache tells of it, and what the core asks of who counts.
 *
 * Look-ups are what `stats()` counts as such: fresh hits, misses, and callers that share a load. A
 * look-up counts less the longer ago it was: half after each half-life.
 */

export interface KeyFrequency {
  /** '' for the cache itself. */
  readonly namespace: string
  readonly key: string
  /** Look-ups of late, estimated to the nearest whole one. */
  readonly count: number
  /**
   * How far `count` may lie from the truth, in 99 of 100 cases; always, where each look-up is
   * counted.
   */
  readonly error: number
}

/** The look-ups of a namespace, or of all. */
export interface KeyTraffic {
  /** Of late, estimated as `count` is. */
  readonly lookups: number
  /** As that of `KeyFrequency`. */
  readonly error: number
  /** Keys with a counter of their own. */
  readonly keysCounted: number
  /** Keys that memory holds. */
  readonly keysInMemory: number
}

/**
 * What `hotKeys: true` counts. With the option off, each of these throws OPTION_INVALID. 0 round
 * trips; what this process is asked, not what others are.
 */
export interface KeyFrequencies {
  /**
   * At most `limit` keys (0 to 16 777 216), those first that were asked for most of late, also ones
   * that are never found. Of one namespace, or of all. Looks at every counter.
   */
  hotKeys(limit: number, namespace?: string): readonly KeyFrequency[]
  /**
   * At most `limit` keys that memory holds, those first that were asked for least: those without a
   * counter, in the order of `memory.coldest`, then the others. Looks at every entry, as that does.
   */
  coldKeys(limit: number, namespace?: string): readonly KeyFrequency[]
  /** Of one key, in memory or not. Its namespace by default is the cache itself. */
  keyFrequency(key: string, namespace?: string): KeyFrequency
  /** Of one namespace, or of all. */
  keyTraffic(namespace?: string): KeyTraffic
}

/** Counts some of the look-ups, in the middle of them: quick, bounded, and it never throws. */
export interface LookupSampler {
  /** How many look-ups are to be passed over before the next is counted. */
  drawGap(): number
  /** How many look-ups a sample stands for whose gap is drawn now. */
  readonly every: number
  /** `every`: as it was when the gap before it was drawn. */
  sample(namespace: string, key: string, every: number): void
  /** At most `limit` of the counted keys, those first that were asked for most. */
  hottest(limit: number, namespace?: string): KeyFrequency[]
  /** Whether the key has a counter. */
  counts(namespace: string, key: string): boolean
  frequencyOf(namespace: string, key: string): KeyFrequency
  traffic(namespace?: string): Omit<KeyTraffic, 'keysInMemory'>
}
