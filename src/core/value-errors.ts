/**
 * Copies of errors: the nearest built-in class, and own properties in their order.
 *
 * Kept are the enumerable ones (`code`, `status`) and, hidden as they are, message, name, stack,
 * cause and the errors of an AggregateError. A name or message that a class has on its prototype
 * becomes a hidden one of the copy, since the class does not come back.
 *
 * Client libraries hang requests, sockets and functions on their errors. Such a property is left
 * out as a whole, where a record would be refused: nobody who caches an error means them. A cause
 * and the errors are parts like any other.
 */
import { bareError, ERROR_CLASSES, type ErrorClass } from './bare-error.js'
import { type CopyContext, LEFT_OUT } from './copy-context.js'

const CLASS_OF = new Map<unknown, ErrorClass>(
  [...ERROR_CLASSES, Error].map((kind) => [kind.prototype, kind]),
)

/** Kept though hidden. */
const HIDDEN: ReadonlySet<string> = new Set(['message', 'name', 'stack', 'cause', 'errors'])
const REQUIRED: ReadonlySet<string> = new Set(['cause', 'errors'])
const INHERITED = ['name', 'message', 'stack'] as const

export function copyError(value: Error, walk: CopyContext): Error {
  const copy = walk.remember(value, bareError(nearestClass(value)))
  for (const name of Object.getOwnPropertyNames(value)) {
    const enumerable = Object.prototype.propertyIsEnumerable.call(value, name)
    if (!enumerable && !HIDDEN.has(name)) continue
    const given: unknown = Reflect.get(value, name)
    const part = REQUIRED.has(name)
      ? walk.copyStep(name, given)
      : walk.copyUnlessRefused(name, given)
    if (part !== LEFT_OUT) define(copy, name, part, enumerable)
  }
  for (const name of INHERITED) {
    const given: unknown = value[name]
    if (typeof given === 'string' && given !== copy[name]) define(copy, name, given, false)
  }
  return copy
}

function nearestClass(value: Error): ErrorClass | undefined {
  let prototype: unknown = Object.getPrototypeOf(value)
  while (prototype !== null && !CLASS_OF.has(prototype)) {
    prototype = Object.getPrototypeOf(prototype)
  }
  return CLASS_OF.get(prototype)
}

function define(copy: Error, name: string, value: unknown, enumerable: boolean): void {
  const property = { value, enumerable, configurable: true, writable: true }
  Object.defineProperty(copy, name, property)
}
