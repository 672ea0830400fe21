/** The decorator for classes, in both forms: it tells the decorated methods what they lack. */
import { CacheError } from '../core/errors.js'
import { cachedMethodOf } from './cached-method.js'
import { type CachedClassOptions, readClassOptions } from './cached-options.js'

/**
 * Cache, namespace and defaults for the methods of a class that `cached` decorates. It changes
 * nothing else: methods without `cached` are not cached, those of a base class and private ones
 * keep what they have.
 *
 * ```ts
 * @cachedClass({ cache, namespace: 'users', ttl: '1h' }) class UserService { … }
 * ```
 *
 * Throws OPTION_UNKNOWN, OPTION_INVALID (also for what is no class, or has no such method) or
 * NAMESPACE_INVALID.
 */
export function cachedClass(
  options: CachedClassOptions,
): (target: abstract new (...args: never[]) => unknown, context?: { kind: 'class' }) => void {
  const settings = readClassOptions(options)
  return (target, context) => {
    // Of the form with a descriptor, a method has a name in place of a context.
    const isClass = context === undefined || context.kind === 'class'
    if (typeof target !== 'function' || !isClass) throw refusal('it is for classes')
    const methods = [target, target.prototype as object].flatMap(methodsOf)
    if (methods.length === 0) {
      throw refusal(`${target.name || 'the class'} has no method that cached decorates`)
    }
    for (const method of methods) method.adopt(settings)
  }
}

function methodsOf(home: object) {
  const descriptors = Object.values(Object.getOwnPropertyDescriptors(home))
  return descriptors.map(({ value }) => cachedMethodOf(value)).filter((each) => each !== undefined)
}

function refusal(reason: string): CacheError {
  return new CacheError('OPTION_INVALID', `cachedClass: ${reason}`)
}
