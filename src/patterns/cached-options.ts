/** What `cached` and `cachedClass` are told: types, and the check that is made once. */
import type { Cache, WrapOptions } from '../core/api.js'
import { checkNamespace } from '../core/key.js'
import { invalidOption } from '../core/option-reading.js'
import { type CallOptions, checkCall, DEFAULT_POLICY, resolvePolicy } from '../core/options.js'
import { checkWrapOptions } from '../core/wrap.js'

/**
 * A cache or a namespace of one, or a function that gives it: asked with each call, for caches that
 * are made later, or that the instance holds.
 */
export type CacheSource<V = unknown, This = unknown> = Cache<V> | ((self: This) => Cache<V>)

/** Options of a method; they stand above those of its class. `this` is the instance. */
export interface CachedOptions<This = unknown, A extends unknown[] = never[]>
  extends Omit<WrapOptions<A>, 'key' | 'tags'> {
  /** The key of a call. Default: class, method and arguments as text; nothing of the instance. */
  key?: ((this: This, ...args: A) => string) | undefined
  /** A list, or a function that names them by the arguments; those of the class are added. */
  tags?: readonly string[] | ((this: This, ...args: A) => readonly string[]) | undefined
  /** Answers lie in the namespace of that name, under the cache. Default: in the cache itself. */
  namespace?: string | undefined
}

/** Options of a class: what its methods have where they say nothing. */
export interface CachedClassOptions extends CallOptions {
  /** Where the answers of methods lie that name no cache themselves. */
  cache: CacheSource<unknown, never>
  /** Their namespace under it. Default: none. Methods that name a cache stay out of it. */
  namespace?: string | undefined
}

type AnyList = readonly unknown[]

/** What is left of either, checked. */
export interface CachedSettings {
  readonly source: CacheSource<unknown, never> | undefined
  readonly namespace: string | undefined
  /** Options of each call, without tags. */
  readonly call: Omit<CallOptions, 'tags'>
  readonly key: ((...args: AnyList) => string) | undefined
  readonly tags: readonly string[] | ((...args: AnyList) => readonly string[]) | undefined
}

/** Throws OPTION_UNKNOWN, OPTION_INVALID or NAMESPACE_INVALID. */
export function readCachedOptions(
  source: CacheSource<unknown, never> | undefined,
  options: CachedOptions<unknown>,
): CachedSettings {
  const where = 'cached'
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(where, 'options', options, 'an object')
  }
  const { namespace, ...wrapOptions } = options
  if (namespace !== undefined) checkNamespace(namespace)
  checkWrapOptions(wrapOptions, where)
  const { key, tags, ...call } = wrapOptions
  return Object.freeze({ source, namespace, call, key, tags } as CachedSettings)
}

/** Throws OPTION_UNKNOWN, OPTION_INVALID or NAMESPACE_INVALID. */
export function readClassOptions(options: CachedClassOptions): CachedSettings {
  const where = 'cachedClass'
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(where, 'options', options, 'an object')
  }
  const { cache: source, namespace, ...callOptions } = options
  if (!isCache(source) && typeof source !== 'function') {
    throw invalidOption(where, 'cache', source, CACHE_RANGE)
  }
  if (namespace !== undefined) checkNamespace(namespace)
  resolvePolicy(DEFAULT_POLICY, callOptions, 'call', where)
  checkCall(callOptions, where)
  const { tags, ...call } = callOptions
  return Object.freeze({ source, namespace, call, key: undefined, tags })
}

export const CACHE_RANGE = 'a cache, a namespace of one, or a function that gives it'

export function isCache(given: unknown): given is Cache {
  if (typeof given !== 'object' || given === null) return false
  const { wrap, namespace } = given as Partial<Cache>
  return typeof wrap === 'function' && typeof namespace === 'function'
}
