/** What a failed call means: the one place that reads the database's errors. */
import type { CacheError } from '../../core/errors.js'
import { reasonOf, storeAway, storeFailed } from '../store-errors.js'
import { NOT_A_NUMBER } from './counter-function.js'

/** A call that found no connection, and why there is none. It was not sent. */
export function awayError(op: string, cause: unknown): CacheError {
  return storeAway('postgres', op, cause, deepReasonOf(cause))
}

/** A call that was sent and failed: by the server's word, or because no answer will come. */
export function failedError(op: string, cause: unknown, key?: string): CacheError {
  const reason = deepReasonOf(cause)
  const code = reason.startsWith(NOT_A_NUMBER) ? 'VALUE_NOT_A_NUMBER' : undefined
  return storeFailed('postgres', { op, cause, key, code, reason })
}

/**
 * Whether the way to the server is gone, rather than one call refused: no SQLSTATE at all, or one
 * of the classes 08 (connection) and 57P (the server goes down).
 */
export function isLost(cause: unknown): boolean {
  const code = (cause as { code?: unknown } | undefined)?.code
  const isState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)
  return !isState || code.startsWith('08') || code.startsWith('57P')
}

/** Several addresses of one name were tried: the errors say why, the whole says nothing. */
function deepReasonOf(cause: unknown): string {
  const [first] = cause instanceof AggregateError ? (cause.errors as unknown[]) : []
  const isSilent = cause instanceof Error && cause.message === '' && first !== undefined
  return isSilent ? deepReasonOf(first) : reasonOf(cause)
}
