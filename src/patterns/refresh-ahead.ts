/**
 * Refresh-ahead: read-through whose entries are loaded anew before they expire, if somebody still
 * asks for them. The engine does it (`eager`); this gives it the words of the field.
 */
import type { Cache } from '../core/api.js'
import { durationMs } from '../core/duration.js'
import { invalidOption } from '../core/option-reading.js'
import { readPattern } from './pattern-options.js'
import { type ReadThrough, type ReadThroughOptions, readingThrough } from './read-through.js'

export interface RefreshAheadOptions<I, T, V = unknown>
  extends Omit<ReadThroughOptions<I, T, V>, 'eager'> {
  /**
   * The part of the ttl after which the next read starts a load in the background. More than 0,
   * less than 1. Default 0.8.
   */
  threshold?: number | undefined
}

const DEFAULT_THRESHOLD = 0.8

/**
 * Reads through `cache`, ahead of expiry: the first `get` or `getMany` past the threshold is
 * answered with what is cached and starts a load, at most `maxRefreshes` of the cache at once. What
 * nobody asks for is never loaded. Needs the memory tier. Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function refreshAhead<V, I, T extends V>(
  cache: Cache<V>,
  options: RefreshAheadOptions<I, T, V>,
): ReadThrough<I, T> {
  const where = 'refreshAhead'
  const parts = readPattern(where, cache, options, ['load', 'loadMany', 'threshold'])
  const { threshold = DEFAULT_THRESHOLD, ttl } = options
  const isPart = typeof threshold === 'number' && threshold > 0 && threshold < 1
  if (!isPart) throw invalidOption(where, 'threshold', threshold, 'a part of ttl in (0, 1)')
  if (parts.entry.eager !== undefined) {
    throw invalidOption(where, 'eager', parts.entry.eager, "none here: 'threshold' says it")
  }
  if (ttl !== undefined && durationMs(ttl) === Number.POSITIVE_INFINITY) {
    throw invalidOption(where, 'ttl', ttl, 'finite: what never expires is never refreshed')
  }
  const entry = Object.freeze({ ...parts.entry, eager: threshold })
  return Object.freeze(readingThrough({ ...parts, entry }, options))
}
