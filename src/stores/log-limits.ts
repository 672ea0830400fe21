/**
 * What bounds the invalidation log, wherever it lies: how much it keeps before the oldest goes, and
 * how far a lost one is jumped over. Who keeps to them are the scripts, functions and statements of
 * each store.
 */

export interface LogLimits {
  readonly maxRecords: number
  /** Of all payloads. */
  readonly maxBytes: number
  readonly maxTags: number
  readonly maxPrefixes: number
  /** The most records that one answer carries. */
  readonly maxRead: number
}

export const LOG_LIMITS: LogLimits = {
  maxRecords: 100_000,
  maxBytes: 32 * 1_024 ** 2,
  maxTags: 100_000,
  maxPrefixes: 1_000,
  maxRead: 1_000,
}

/** Members whose lease ended this long ago are forgotten. */
export const FORGET_MS = 600_000
/** More records than can have been lost. */
export const LOST_AT_MOST = 1_000_000
