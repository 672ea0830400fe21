/**
 * What a store tells of its servers, for whoever looks at them. It steers nothing; a field is there
 * where the server tells it.
 */
export interface StoreHealth {
  readonly servers: readonly ServerHealth[]
  /** What somebody should look at, in plain words. */
  readonly warnings: readonly string[]
}

export interface ServerHealth {
  /** As it is known here: an address, a path; '' where there is but one. */
  readonly name: string
  /** How long this question took. */
  readonly latencyMs: number
  readonly role?: 'primary' | 'replica' | undefined
  /** Of the server, or of the cache's tables in a database. */
  readonly usedBytes?: number | undefined
  /** What it may use; absent for no limit. */
  readonly maxBytes?: number | undefined
  readonly clients?: number | undefined
  /** Of everybody, where the server counts no other way; in a database an estimate. */
  readonly keys?: number | undefined
  readonly replicas?: number | undefined
  /** By how much the slowest replica is behind. */
  readonly replicationLagBytes?: number | undefined
}

export const NO_HEALTH: StoreHealth = Object.freeze({ servers: [], warnings: [] })

/** From this share on, memory is nearly full. */
const NEARLY_FULL = 0.9

/** Warns where the one server of a store has used most of what it may use. */
export function fullness({ usedBytes, maxBytes }: ServerHealth): readonly string[] {
  if (usedBytes === undefined || maxBytes === undefined) return []
  if (usedBytes < maxBytes * NEARLY_FULL) return []
  const percent = Math.floor((100 * usedBytes) / maxBytes)
  return [`the store: ${percent} % of what it may use is used`]
}
