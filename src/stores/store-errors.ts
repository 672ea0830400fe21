/**
 * Errors of calls to a store, worded alike for all of them. Which failure means more than that each
 * store reads from the words of its server.
 */
import { CacheError, type CacheErrorCode } from '../core/errors.js'

export interface FailedCall {
  readonly op: string
  readonly cause: unknown
  readonly key?: string | undefined
  /** Default: STORE_FAILED. */
  readonly code?: CacheErrorCode | undefined
  /** Default: what the cause says. */
  readonly reason?: string | undefined
}

/** A call that found nowhere to go, and why. It was not sent. */
export function storeAway(
  store: string,
  op: string,
  cause: unknown,
  reason = reasonOf(cause),
): CacheError {
  const message = `${store} ${op}: the store is away: ${reason}`
  return new CacheError('STORE_UNAVAILABLE', message, { op, cause })
}

/** A call that was sent and failed. It may have happened. */
export function storeFailed(store: string, call: FailedCall): CacheError {
  const { op, cause, key, code = 'STORE_FAILED', reason = reasonOf(cause) } = call
  const details = key === undefined ? { op, cause } : { op, cause, key }
  return new CacheError(code, `${store} ${op}: ${reason}`, details)
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
