/**
 * Functions with cached answers: a key out of the arguments, then `getOrSet`.
 *
 * `this` is not passed on: callers share one answer, whatever they call it on. Methods have the
 * decorators of `cachewright/patterns`.
 */
import type { Cache, Loader, WrapOptions, Wrapped } from './api.js'
import { argumentsKey } from './argument-key.js'
import { invalidOption } from './option-reading.js'
import { type CallOptions, checkCall, DEFAULT_POLICY, resolvePolicy } from './options.js'

export function wrap<A extends unknown[], T>(
  cache: Cache,
  fn: (this: void, ...args: A) => T | PromiseLike<T>,
  options: WrapOptions<A> = {},
): Wrapped<A, T> {
  if (typeof fn !== 'function') throw invalidOption('wrap', 'fn', fn, 'a function')
  const callOptions = checkWrapOptions(options, 'wrap')
  // The name keeps functions apart that are wrapped on one cache; those without one share it.
  const { name } = fn
  const keyOf = options.key ?? ((...args: A) => `${name}(${argumentsKey(args, name)})`)
  const loaderFor = loaders(fn, options.tags)
  const wrapped = (...args: A): Promise<T> => {
    try {
      return cache.getOrSet<T>(keyOf(...args), loaderFor(args), callOptions)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  // Wrapped again, on another cache, it has the key of the function.
  Object.defineProperty(wrapped, 'name', { value: name, configurable: true })
  return Object.assign(wrapped, {
    invalidate: async (...args: A) => cache.delete(keyOf(...args)),
    refresh: async (...args: A) => cache.refresh<T>(keyOf(...args), loaderFor(args), callOptions),
    keyOf,
  })
}

/** Options of `wrap`, as those of its calls; `undefined` where there are none. */
export function checkWrapOptions(
  options: Omit<CallOptions, 'tags'> & { readonly key?: unknown; readonly tags?: unknown },
  where: string,
): CallOptions | undefined {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(where, 'options', options, 'an object')
  }
  const { key, tags, ...rest } = options
  if (key !== undefined && typeof key !== 'function') {
    throw invalidOption(where, 'key', key, 'a function of the arguments')
  }
  // Those that are a function of the arguments are asked for with each load.
  const isList = tags !== undefined && typeof tags !== 'function'
  const call = isList ? { ...rest, tags: tags as readonly string[] } : rest
  resolvePolicy(DEFAULT_POLICY, call, 'call', where)
  checkCall(call, where)
  return Object.keys(call).length === 0 ? undefined : call
}

function loaders<A extends unknown[], T>(
  fn: (this: void, ...args: A) => T | PromiseLike<T>,
  tags: WrapOptions<A>['tags'],
): (args: A) => Loader<T> {
  if (typeof tags !== 'function') return (args) => () => fn(...args)
  return (args) => (context) => {
    const added: unknown = tags(...args)
    // Spread, a string would be a tag for each of its letters.
    if (!Array.isArray(added)) throw invalidOption('wrap', 'tags', added, 'a list of strings')
    context.tag(...(added as string[]))
    return fn(...args)
  }
}
