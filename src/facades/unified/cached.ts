/** The decorator for methods, in both forms. */
import { checkNamespace } from '../../core/key.js'
import { type CachedDecorator, cached } from '../../patterns/index.js'
import { NO_NULL } from '../face-answers.js'
import { FaceOptionCheck } from '../face-options.js'
import { cache } from './cache-middleware.js'
import { type CacheNamespace, lifeIn } from './cache-namespace.js'
import type { UnifiedCacheManager } from './unified-cache-manager.js'

export interface CachedOptions {
  namespace: CacheNamespace | string
  /** The instance, then the arguments. Default: class, method and arguments as text. */
  // biome-ignore lint/suspicious/noExplicitAny: methods of any shape, as the document types it
  keyGenerator?: ((self: any, ...args: any[]) => string) | undefined
  /** Seconds. Default: that of the namespace. */
  ttl?: number | undefined
  /** Default: the cache of the process. */
  cache?: UnifiedCacheManager | undefined
}

const check = new FaceOptionCheck('Cached')

/**
 * Caches the answers of a method. Throws, where the class is defined, OPTION_UNKNOWN,
 * OPTION_INVALID or NAMESPACE_INVALID.
 */
export function Cached(options: CachedOptions): CachedDecorator<unknown, unknown, never[]> {
  check.known(options, ['namespace', 'keyGenerator', 'ttl', 'cache'])
  const { namespace, keyGenerator, ttl, cache: manager = cache } = options
  if (namespace !== '') checkNamespace(namespace)
  check.ttl('ttl', ttl)
  if (keyGenerator !== undefined && typeof keyGenerator !== 'function') {
    throw check.invalid('keyGenerator', keyGenerator, 'a function of the instance and arguments')
  }
  const key =
    keyGenerator &&
    function (this: unknown, ...args: never[]): string {
      return keyGenerator(this, ...args)
    }
  const source = () => (namespace === '' ? manager.core : manager.core.namespace(namespace))
  return cached<unknown, unknown, never[]>(source, { ...NO_NULL, ...lifeIn(namespace, ttl), key })
}
