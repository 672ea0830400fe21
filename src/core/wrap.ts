/** Functions with cached answers: a key out of the arguments, then `getOrSet`. */
import type { Cache, WrapOptions, Wrapped } from './api.js'
import { CacheError } from './errors.js'
import { invalidOption } from './option-reading.js'
import { type CallOptions, checkCall, DEFAULT_POLICY, resolvePolicy } from './options.js'

export function wrap<A extends unknown[], T>(
  cache: Cache,
  fn: (...args: A) => T | PromiseLike<T>,
  options: WrapOptions<A> = {},
): Wrapped<A, T> {
  if (typeof fn !== 'function') throw invalidOption('wrap', 'fn', fn, 'a function')
  const { key, ...call } = options
  resolvePolicy(DEFAULT_POLICY, call, 'call', 'wrap')
  checkCall(call, 'wrap')
  // The name keeps functions apart that are wrapped on one cache; those without one share it.
  const keyOf = key ?? ((...args: A) => `${fn.name}(${argumentsKey(args)})`)
  const callOptions: CallOptions | undefined = Object.keys(call).length === 0 ? undefined : call
  const wrapped = (...args: A): Promise<T> => {
    try {
      return cache.getOrSet<T>(keyOf(...args), () => fn(...args), callOptions)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return Object.assign(wrapped, {
    invalidate: async (...args: A) => cache.delete(keyOf(...args)),
    keyOf,
  })
}

/** Text that differs where the arguments do; the order of properties does not matter. */
function argumentsKey(args: readonly unknown[]): string {
  return args.map((value) => keyPart(value, 0)).join(',')
}

const MAX_DEPTH = 16

function keyPart(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw badArgument('nested too deeply')
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return value === null ? 'null' : objectPart(value, depth)
    default:
      throw badArgument(`a ${typeof value}`)
  }
}

function objectPart(value: object, depth: number): string {
  if (Array.isArray(value)) return `[${value.map((part) => keyPart(part, depth + 1)).join(',')}]`
  if (value instanceof Date) return `Date(${value.getTime()})`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw badArgument(`an instance of ${value.constructor?.name ?? 'a class'}`)
  const record = value as Record<string, unknown>
  const parts = Object.keys(record)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${keyPart(record[name], depth + 1)}`)
  return `{${parts.join(',')}}`
}

function badArgument(what: string): CacheError {
  return new CacheError(
    'KEY_INVALID',
    `wrap cannot make a key out of ${what}; give it the option 'key'`,
  )
}
