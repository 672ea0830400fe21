/**
 * What is counted, per namespace. Plain fields: an increment costs 1 ns on the hit path, where a
 * metrics library takes 70. Watchers read them (observe/); the engine alone writes them.
 */
export class Counters {
  memoryHits = 0
  storeHits = 0
  /** Stale values handed out, by the tier they came from. */
  memoryStaleHits = 0
  storeStaleHits = 0

  /** Misses, by reason; their sum is `misses` in a snapshot. */
  missAbsent = 0
  missExpired = 0
  missForced = 0
  missStoreTimeout = 0
  missStoreUnavailable = 0
  missStoreFailed = 0
  missUndecodable = 0
  missSchema = 0
  missInvalidated = 0

  loads = 0
  loadFailures = 0
  loadTimeouts = 0
  eagerRefreshes = 0
  /** Lookups that found nothing fresh and shared the load which another had begun: no miss. */
  shared = 0
  /** Loads that were left to another process, at first. */
  loadsAwaited = 0
  /** Loads whose answer was kept. */
  fills = 0
  /** Fills refused because the key was invalidated while they were under way. */
  fillsFenced = 0
  /** Fills that no tier could keep: unsupported value, too heavy, loader said skip. */
  fillsSkipped = 0

  sets = 0
  deletes = 0
  evictions = 0
  expirations = 0

  /** Entries in memory that were not trusted: invalidated by tag or prefix, or without a lease. */
  memoryInvalidated = 0
  memoryLapsed = 0

  /** Entries that were sealed and changed since, or moved from another key. */
  tampered = 0

  /** Snapshots for a warm restart that could not be written or read. */
  snapshotErrors = 0

  storeErrors = 0
  deadlineHits = 0
  bytesRead = 0
  bytesWritten = 0
}

export type CounterName = keyof Counters
export type CounterSnapshot = Readonly<Record<CounterName, number>> & {
  /** Lookups that found nothing fresh, whatever the reason. */
  readonly misses: number
  /** Fresh answers from a tier out of all lookups (hits, misses, shared), 0 to 1; 0 for none. */
  readonly hitRatio: number
}

/** A copy with the sums that people ask for first. */
export function snapshotCounters(counters: Counters): CounterSnapshot {
  const misses =
    counters.missAbsent +
    counters.missExpired +
    counters.missForced +
    counters.missStoreTimeout +
    counters.missStoreUnavailable +
    counters.missStoreFailed +
    counters.missUndecodable +
    counters.missSchema +
    counters.missInvalidated
  const hits = counters.memoryHits + counters.storeHits
  const lookups = hits + misses + counters.shared
  return { ...counters, misses, hitRatio: lookups === 0 ? 0 : hits / lookups }
}

/** Adds `from` to `into`, field by field. */
export function addCounters(into: Counters, from: Counters): void {
  for (const name of Object.keys(from) as CounterName[]) into[name] += from[name]
}
