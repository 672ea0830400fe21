/**
 * What a failed call means: the one place that reads a client's error or a server's error reply.
 */
import type { CacheError } from '../../core/errors.js'
import { reasonOf, storeAway, storeFailed } from '../store-errors.js'

/** First word of the error reply by which the INCREMENT script refuses. */
export const NOT_A_NUMBER = 'NOTANUMBER'

/** A call that found no connection, and why there is none. It was not sent. */
export function awayError(op: string, cause: unknown): CacheError {
  return storeAway('redis', op, cause)
}

/** A call that was sent and failed: by an error reply, or because no reply will come. */
export function failedError(op: string, cause: unknown, key?: string): CacheError {
  const reason = reasonOf(cause)
  const isNoNumber = reason.startsWith(NOT_A_NUMBER) || reason.startsWith('WRONGTYPE')
  const code = op === 'increment' && isNoNumber ? 'VALUE_NOT_A_NUMBER' : undefined
  return storeFailed('redis', { op, cause, key, code })
}

/** Whether the server refused the command to its user: an answer all the same. */
export function isForbidden(cause: unknown): boolean {
  return reasonOf(cause).startsWith('NOPERM')
}

export function isUnknownCommand(cause: unknown): boolean {
  return reasonOf(cause).startsWith('ERR unknown command')
}

/** Whether the server does not know the script. */
export function isUnknownScript(cause: unknown): boolean {
  return reasonOf(cause).startsWith('NOSCRIPT')
}
