/** What can be done with the answers of a decorated method from outside. */
import type { Answers } from '../core/api.js'
import { invalidOption } from '../core/option-reading.js'
import { type CachedMethod, cachedMethodOf } from './cached-method.js'

type AsyncMethod = (...args: never[]) => Promise<unknown>

/** The names of the methods of `S` that answer with a promise. */
export type AsyncMethodName<S> = {
  [N in keyof S]: S[N] extends AsyncMethod ? N : never
}[keyof S]

/** `Answers` with the arguments and the answer of a method. */
export type AnswersOf<F> = F extends (...args: infer A) => Promise<infer T> ? Answers<A, T> : never

/**
 * The answers of a method that `cached` decorates: `invalidate`, `refresh` and `keyOf`, with its
 * arguments. `self` is an instance, or the class for static methods, or its prototype for all
 * instances of that class; `key` and `tags` get it as `this`.
 *
 * ```ts
 * await answersOf(service, 'getUser').invalidate('42')
 * ```
 *
 * Throws OPTION_INVALID where the method is not decorated.
 */
export function answersOf<S extends object, N extends AsyncMethodName<S>>(
  self: S,
  method: N,
): AnswersOf<S[N]>
/** By the function itself, which is how private methods are named: `this.#load`. */
export function answersOf<A extends unknown[], T>(
  self: object,
  method: (...args: A) => Promise<T>,
): Answers<A, T>
export function answersOf(self: object, method: unknown): Answers<unknown[], unknown> {
  const isFunction = typeof method === 'function'
  const cached = cachedMethodOf(isFunction ? method : propertyOf(self, method as PropertyKey))
  if (cached !== undefined) return answers(self, cached)
  const name = isFunction ? method.name : method
  throw invalidOption('answersOf', 'method', name, 'a method that cached decorates')
}

/** Of nothing, nothing. */
function propertyOf(self: unknown, name: PropertyKey): unknown {
  return self === undefined || self === null ? undefined : (self as never)[name]
}

function answers(self: object, cached: CachedMethod): Answers<unknown[], unknown> {
  return {
    invalidate: async (...args) => cached.on(self).invalidate(self, ...args),
    refresh: async (...args) => cached.on(self).refresh(self, ...args),
    keyOf: (...args) => cached.on(self).keyOf(self, ...args),
  }
}
