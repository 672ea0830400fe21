import { CacheError, isCacheError } from './errors.js'

/** Whatever a store rejected with, as one of the errors that the engine knows. */
export function asStoreError(error: unknown): CacheError {
  return isCacheError(error)
    ? error
    : new CacheError('STORE_FAILED', 'a call to the store failed', { cause: error })
}
