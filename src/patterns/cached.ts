/**
 * The decorator for methods, in both forms that TypeScript compiles: the standard one, called with
 * (method, context), and that of `experimentalDecorators`, called with (target, name, descriptor).
 */
import { CacheError } from '../core/errors.js'
import { invalidOption } from '../core/option-reading.js'
import { CachedMethod, type Method } from './cached-method.js'
import {
  type CachedOptions,
  type CachedSettings,
  type CacheSource,
  isCache,
  readCachedOptions,
} from './cached-options.js'

/** What of the context of the standard form is looked at. */
export interface MethodContext<This> {
  readonly kind: 'method'
  readonly name: string | symbol
  readonly private: boolean
  readonly access: { has(object: This): boolean }
}

/**
 * For methods that answer with a promise, of what the cache may hold, and whose arguments begin
 * with those that `key` and `tags` take.
 */
export interface CachedDecorator<V, This, A extends unknown[]> {
  <F extends (...args: [...A, ...never[]]) => Promise<V>>(
    method: F,
    context: MethodContext<This>,
  ): F
  <F extends (...args: [...A, ...never[]]) => Promise<V>>(
    target: This,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): TypedPropertyDescriptor<F>
}

/**
 * Caches the answers of a method on the cache of its class, which `cachedClass` names.
 *
 * ```ts
 * @cached({ ttl: '30m', tags: ['users'] }) async getUser(id: string) { … }
 * ```
 *
 * Instances share the answers: the key is made of class, method and arguments. Throws, where the
 * class is defined, OPTION_UNKNOWN, OPTION_INVALID (also for what is no method) or
 * NAMESPACE_INVALID. A call rejects with OPTION_INVALID where there is no cache, KEY_INVALID where
 * no key can be made, and what the method throws, untouched. Round trips as `getOrSet`.
 */
export function cached<This = unknown, A extends unknown[] = never[]>(
  options?: CachedOptions<This, A>,
): CachedDecorator<unknown, NoInfer<This>, A>
/** As above, on the given cache. */
export function cached<V = unknown, This = unknown, A extends unknown[] = never[]>(
  cache: CacheSource<V, This>,
  options?: CachedOptions<This, A>,
): CachedDecorator<NoInfer<V>, NoInfer<This>, A>
export function cached(first?: unknown, second?: unknown): unknown {
  const settings = readArguments(first, second)
  return (target: unknown, context: unknown, descriptor?: unknown): unknown => {
    if (isContext(context)) {
      if (context.kind !== 'method') {
        const article = context.kind === 'accessor' ? 'an' : 'a'
        throw notMethod(context.name, `${article} ${context.kind}`)
      }
      return replace(target as Method, context.name, context.private === true, settings)
    }
    const { value, get, set } = (descriptor ?? {}) as PropertyDescriptor
    if (typeof value !== 'function') {
      throw notMethod(context, legacyKind(context, descriptor, get ?? set))
    }
    return { ...(descriptor as object), value: replace(value, context, false, settings) }
  }
}

function readArguments(first: unknown, second: unknown): CachedSettings {
  const isSource = isCache(first) || typeof first === 'function'
  if (isSource) return readCachedOptions(first as CacheSource<unknown, never>, second ?? {})
  // So it is where a decorator is not called: (prototype, name, descriptor).
  if (second !== undefined) {
    throw invalidOption('cached', 'cache', first, 'a cache, a namespace of one, or a function')
  }
  return readCachedOptions(undefined, first ?? {})
}

function isContext(context: unknown): context is { kind: string; name: unknown; private: unknown } {
  return typeof context === 'object' && context !== null && 'kind' in context
}

function replace(
  method: Method,
  name: unknown,
  isPrivate: boolean,
  settings: CachedSettings,
): Method {
  if (typeof name !== 'string') throw notMethod(name, 'named by a symbol')
  if (isPrivate && settings.key === undefined && settings.namespace === undefined) {
    const reason = 'is private, so that its class cannot be told'
    throw refusal(name, `${reason}: pass the option 'namespace', one for each class, or 'key'`)
  }
  return new CachedMethod(method, name, isPrivate, settings).decorated
}

function legacyKind(name: unknown, descriptor: unknown, accessor: unknown): string {
  if (name === undefined) return 'a class, which takes cachedClass'
  if (typeof descriptor === 'number') return 'a parameter'
  return accessor === undefined ? 'a field' : 'an accessor'
}

function notMethod(name: unknown, what: string): CacheError {
  return refusal(name, `is ${what}: it is for methods with a name; functions take cache.wrap`)
}

function refusal(name: unknown, reason: string): CacheError {
  return new CacheError('OPTION_INVALID', `cached: '${String(name)}' ${reason}`)
}
