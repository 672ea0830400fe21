/** The decorator for methods, in both forms. */
import { type CachedDecorator, cached } from '../../patterns/index.js'
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

/** Caches the answers of a method. Throws, where the class is defined, OPTION_INVALID. */
export function Cached(options: CachedOptions): CachedDecorator<unknown, unknown, never[]> {
  const { namespace, keyGenerator, ttl, cache: manager = cache } = options
  const key =
    keyGenerator &&
    function (this: unknown, ...args: never[]): string {
      return keyGenerator(this, ...args)
    }
  const source = () => (namespace === '' ? manager.core : manager.core.namespace(namespace))
  return cached<unknown, unknown, never[]>(source, { ...lifeIn(namespace, ttl), key })
}
