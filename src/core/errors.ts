/**
 * The errors of the package: one class, told apart by a stable `code`.
 *
 * A code is part of the public interface: it is never renamed and never reused. Each has a row
 * here and a paragraph in docs/errors.md; a test holds the two lists against each other.
 * Guard with `isCacheError(error, code)`, which also knows an error of a second installed copy.
 * What a loader throws is never wrapped: it reaches the caller as it was thrown.
 */

/**
 * Every code with what it says in one line; `retryable` says if the same call may succeed later.
 */
export const ERROR_CODES = {
  OPTION_UNKNOWN: { retryable: false, says: 'an option that does not exist' },
  OPTION_INVALID: { retryable: false, says: 'an option outside its range or of the wrong kind' },
  ENVIRONMENT_INVALID: { retryable: false, says: 'an environment variable that cannot be read' },
  KEY_INVALID: { retryable: false, says: 'a key that is not a string' },
  KEY_TOO_LONG: { retryable: false, says: 'a key over 1 KiB where long keys are refused' },
  NAMESPACE_INVALID: {
    retryable: false,
    says: 'a namespace name with a character it may not hold',
  },
  VALUE_UNSUPPORTED: { retryable: false, says: 'a value no tier can keep; the path is named' },
  VALUE_UNREADABLE: {
    retryable: false,
    says: 'bytes that do not become a value again; the reason is named',
  },
  VALUE_NOT_A_NUMBER: { retryable: false, says: 'increment on something that is not a number' },
  LOADER_TIMEOUT: { retryable: true, says: 'a loader ran past its hard timeout' },
  LOADER_RECURSION: { retryable: false, says: 'a loader asked for the key it is loading' },
  LOADER_RESULT: { retryable: false, says: 'a bulk loader answered in a shape that fits no keys' },
  LOCK_TIMEOUT: { retryable: true, says: 'a lock was not free for as long as its caller waits' },
  LOCK_LOST: { retryable: true, says: 'a lock could not be renewed while its holder worked' },
  WRITER_TIMEOUT: { retryable: true, says: 'a writer ran past its timeout; it may have written' },
  WRITE_QUEUE_FULL: {
    retryable: true,
    says: 'too many writes wait; nothing was written',
  },
  STORE_TIMEOUT: { retryable: true, says: 'the store did not answer within its deadline' },
  STORE_UNAVAILABLE: { retryable: true, says: 'the store is away; the call was not sent' },
  STORE_FAILED: { retryable: true, says: 'the store answered with an error' },
  CLIENT_MISSING: { retryable: false, says: 'no client library for the store is installed' },
  CLIENT_UNSUPPORTED: { retryable: false, says: 'a client object of no known shape' },
} as const satisfies Record<string, { retryable: boolean; says: string }>

export type CacheErrorCode = keyof typeof ERROR_CODES

export interface CacheErrorDetails {
  /** The verb or store call in which it happened. */
  op?: string
  /** The key, cut to 64 characters: enough to find it, too little to leak a document. */
  key?: string
  cause?: unknown
}

const BRAND = Symbol.for('cachewright.error')
const KEY_SHOWN_CHARS = 64

export class CacheError extends Error {
  override readonly name = 'CacheError'
  readonly code: CacheErrorCode
  readonly op: string | undefined
  readonly key: string | undefined
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean
  readonly [BRAND] = true

  constructor(code: CacheErrorCode, message: string, details: CacheErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.op = details.op
    this.key = details.key === undefined ? undefined : redactKey(details.key)
    this.retryable = ERROR_CODES[code].retryable
  }
}

/** Whether `error` is ours, and of `code` where one is given. */
export function isCacheError(error: unknown, code?: CacheErrorCode): error is CacheError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
  return code === undefined || (error as CacheError).code === code
}

/** A key as it may stand in a message or a log line. */
export function redactKey(key: string): string {
  return key.length <= KEY_SHOWN_CHARS ? key : `${key.slice(0, KEY_SHOWN_CHARS)}…`
}
