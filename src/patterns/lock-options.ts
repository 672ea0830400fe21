/** The options of `lock()`: checked and resolved once, never written to. */
import type { Duration } from '../core/duration.js'
import { OptionCheck } from '../core/option-check.js'

export interface LockOptions {
  /**
   * Seconds or '500ms': for how long the lock is held after its process was last heard of; renewed
   * at each third of it. 200 ms to 1 h. Default: 10 s.
   */
  ttl?: Duration | undefined
  /** For how long to wait for it; 0 tries once. 0 to 1 h. Default: 10 s. */
  wait?: Duration | undefined
  /** Leaves the wait: the call rejects with its reason. It does not reach what has begun. */
  signal?: AbortSignal | undefined
}

export interface ResolvedLockOptions {
  readonly ttlMs: number
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
}

const NAMES: readonly (keyof LockOptions)[] = ['ttl', 'wait', 'signal']
const LEAST_TTL_MS = 200
const HOUR_MS = 3_600_000
const DEFAULT_MS = 10_000

const check = new OptionCheck('lock')

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveLockOptions(options: LockOptions): ResolvedLockOptions {
  check.known(options, NAMES)
  const { ttl, wait, signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw check.invalid('signal', signal, 'an AbortSignal')
  }
  return {
    ttlMs: check.duration('ttl', ttl, LEAST_TTL_MS, HOUR_MS) ?? DEFAULT_MS,
    waitMs: check.duration('wait', wait, 0, HOUR_MS) ?? DEFAULT_MS,
    signal,
  }
}
