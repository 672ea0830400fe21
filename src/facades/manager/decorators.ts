/** Decorators for classes and their methods, in both forms that TypeScript compiles. */
import { cachedMethodOf } from '../../patterns/cached-method.js'
import { readClassOptions } from '../../patterns/cached-options.js'
import { type CachedDecorator, cached, cachedClass } from '../../patterns/index.js'
import { NO_NULL } from '../face-answers.js'
import type { CacheManager } from './cache-manager.js'
import { check } from './cache-manager-config.js'
import { cacheManager } from './cache-manager-factory.js'

export interface CacheClassOptions {
  namespace?: string | undefined
  /** Seconds, for methods that do not say. */
  defaultTTL?: number | undefined
  /** Default: the manager of the process. */
  manager?: CacheManager | undefined
}

export interface CacheMethodOptions {
  /** Seconds. */
  ttl?: number | undefined
  tags?: string[] | undefined
  /** Of the arguments. Default: class, method and arguments as text. */
  // biome-ignore lint/suspicious/noExplicitAny: methods of any shape, as the document types it
  keyGenerator?: ((...args: any[]) => string) | undefined
}

const OF_NO_CLASS = readClassOptions({ cache: () => cacheManager.core })

/** What the methods have that `CacheMethod` decorates. Throws OPTION_INVALID or _UNKNOWN. */
export function CacheClass(options: CacheClassOptions = {}): ReturnType<typeof cachedClass> {
  check.known(options, ['namespace', 'defaultTTL', 'manager'])
  const { namespace, defaultTTL, manager = cacheManager } = options
  check.ttl('defaultTTL', defaultTTL)
  return cachedClass({ cache: () => manager.core, namespace, ttl: defaultTTL })
}

/** Caches the answers of a method; without `CacheClass`, with the manager of the process. */
export function CacheMethod(
  options: CacheMethodOptions = {},
): CachedDecorator<unknown, unknown, never[]> {
  check.known(options, ['ttl', 'tags', 'keyGenerator'])
  const { ttl, tags, keyGenerator: key } = options
  const decorate = cached<unknown, never[]>({ ...NO_NULL, ttl, tags, key }) as (
    ...form: unknown[]
  ) => unknown
  const decorated = (...form: unknown[]): unknown => {
    const made = decorate(...form)
    const method = typeof made === 'function' ? made : (made as PropertyDescriptor).value
    cachedMethodOf(method)?.adopt(OF_NO_CLASS)
    return made
  }
  return decorated as CachedDecorator<unknown, unknown, never[]>
}
