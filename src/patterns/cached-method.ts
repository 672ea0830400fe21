/**
 * A method whose answers are cached: `wrap` with the instance as first argument, which goes to the
 * method and to `key` and `tags`, and not into the key.
 *
 * Instances of a class share the answers, and a load: it runs on the instance that was asked first.
 * There is one wrapped function for each cache that the method is asked on.
 */
import type { Cache, Wrapped } from '../core/api.js'
import { argumentsKey } from '../core/argument-key.js'
import { invalidOption } from '../core/option-reading.js'
import { CACHE_RANGE, type CachedSettings, isCache } from './cached-options.js'
import { MethodNames } from './method-names.js'

export type Method = (this: unknown, ...args: unknown[]) => unknown
type OnInstance = Wrapped<[self: unknown, ...args: unknown[]], unknown>

const METHODS = new WeakMap<object, CachedMethod>()

/** That behind a function which `cached` has put into a class. */
export function cachedMethodOf(decorated: unknown): CachedMethod | undefined {
  return typeof decorated === 'function' ? METHODS.get(decorated) : undefined
}

export class CachedMethod {
  /** What stands in the class in place of the method. Never throws: it rejects. */
  readonly decorated: Method
  readonly #method: Method
  readonly #name: string
  readonly #isPrivate: boolean
  readonly #own: CachedSettings
  #ofClass: CachedSettings | undefined
  #byCache = new WeakMap<Cache, OnInstance>()

  constructor(method: Method, name: string, isPrivate: boolean, settings: CachedSettings) {
    this.#method = method
    this.#name = name
    this.#isPrivate = isPrivate
    this.#own = settings
    this.decorated = decorate(this, method)
    METHODS.set(this.decorated, this)
  }

  /** Has the settings of its class from now on. */
  adopt(settings: CachedSettings): void {
    this.#ofClass = settings
    this.#byCache = new WeakMap()
  }

  /** Throws OPTION_INVALID where there is no cache, and what the function throws that gives it. */
  on(self: unknown): OnInstance {
    const source = this.#own.source ?? this.#ofClass?.source
    const cache = typeof source === 'function' ? source(self as never) : source
    const known = cache === undefined ? undefined : this.#byCache.get(cache)
    if (known !== undefined) return known
    if (!isCache(cache)) {
      const more = `; pass cached('${this.#name}') one, or its class by cachedClass`
      throw invalidOption('cached', 'cache', cache, CACHE_RANGE, more)
    }
    const wrapped = this.#wrapOn(cache)
    this.#byCache.set(cache, wrapped)
    return wrapped
  }

  #wrapOn(cache: Cache): OnInstance {
    const own = this.#own
    // The namespace of the class lies under the cache of the class.
    const outer = own.source === undefined ? this.#ofClass?.namespace : undefined
    const namespace = own.namespace ?? outer
    const method = this.#method
    return (namespace === undefined ? cache : cache.namespace(namespace)).wrap(
      (self: unknown, ...args: unknown[]) => method.apply(self, args),
      {
        ...given(this.#ofClass?.call),
        ...given(own.call),
        key: this.#keys(namespace !== undefined),
        tags: this.#tags(),
      },
    )
  }

  #keys(isNamespaced: boolean): (self: unknown, ...args: unknown[]) => string {
    const { key } = this.#own
    if (key !== undefined) return (self, ...args) => key.apply(self, args)
    const [name, isPrivate, decorated] = [this.#name, this.#isPrivate, this.decorated]
    const names = new MethodNames({ name, isPrivate, decorated }, isNamespaced)
    return (self, ...args) => `${names.nameOn(self)}(${argumentsKey(args, name)})`
  }

  /** Those of class and method together. */
  #tags(): readonly string[] | ((self: unknown, ...args: unknown[]) => readonly string[]) {
    const ofClass = (this.#ofClass?.tags ?? []) as readonly string[]
    const own = this.#own.tags ?? []
    if (typeof own !== 'function') return [...ofClass, ...own]
    return (self, ...args) => {
      const added = own.apply(self, args)
      // What is no list is refused where the tags are read.
      return Array.isArray(added) ? [...ofClass, ...added] : added
    }
  }
}

function decorate(cached: CachedMethod, method: Method): Method {
  const decorated = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    try {
      return cached.on(this)(this, ...args)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  const { name, length } = method
  return Object.defineProperties(decorated, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true },
  })
}

/** An `undefined` does not erase what the class says. */
function given(options: object | undefined): object {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries)
}
