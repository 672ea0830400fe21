/**
 * How much a table may hold: options that all SQL stores have, with the same ranges and defaults.
 * Who keeps a table within them is the sweeper of each store.
 */
import { type Size, sizeBytes } from '../core/duration.js'
import type { OptionCheck } from '../core/option-check.js'

export interface TableBounds {
  readonly maxEntries: number
  /** Of keys and values. */
  readonly maxBytes: number
}

interface BoundsOptions {
  readonly maxEntries?: number | undefined
  readonly maxBytes?: Size | undefined
}

const DEFAULT_MAX_ENTRIES = 1_000_000
const MIN_ENTRIES = 1_000
const MAX_ENTRIES = 1_000_000_000
const MIB = 1_024 ** 2
const DEFAULT_MAX_BYTES = 1_024 * MIB
const MIN_BYTES = MIB
const MAX_BYTES = MIB * MIB

/** Throws OPTION_INVALID. */
export function resolveTableBounds(check: OptionCheck, options: BoundsOptions): TableBounds {
  const { maxEntries, maxBytes = DEFAULT_MAX_BYTES } = options
  const entries = check.whole('maxEntries', maxEntries, MIN_ENTRIES, MAX_ENTRIES)
  const bytes = sizeBytes(maxBytes)
  if (bytes === undefined || bytes < MIN_BYTES || bytes > MAX_BYTES) {
    throw check.invalid('maxBytes', maxBytes, "1 MiB to 1 TiB, as bytes or as '512mb', '2gb'")
  }
  return { maxEntries: entries ?? DEFAULT_MAX_ENTRIES, maxBytes: bytes }
}
