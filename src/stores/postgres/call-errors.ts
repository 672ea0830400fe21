/** What a failed call means: the one place that reads the database's errors. */
import { CacheError } from '../../core/errors.js'
import { NOT_A_NUMBER } from './counter-function.js'

/** A call that found no connection, and why there is none. It was not sent. */
export function awayError(op: string, cause: unknown): CacheError {
  const message = `postgres ${op}: the store is away: ${reasonOf(cause)}`
  return new CacheError('STORE_UNAVAILABLE', message, { op, cause })
}

/** A call that was sent and failed: by the server's word, or because no answer will come. */
export function failedError(op: string, cause: unknown, key?: string): CacheError {
  const reason = reasonOf(cause)
  const code = reason.startsWith(NOT_A_NUMBER) ? 'VALUE_NOT_A_NUMBER' : 'STORE_FAILED'
  const details = key === undefined ? { op, cause } : { op, cause, key }
  return new CacheError(code, `postgres ${op}: ${reason}`, details)
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

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  // Several addresses of one name were tried: the errors say why, the whole says nothing.
  const [first] = cause instanceof AggregateError ? (cause.errors as unknown[]) : []
  return cause.message === '' && first !== undefined ? reasonOf(first) : cause.message
}
