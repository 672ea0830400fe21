/**
 * Copies of the built-in classes that a cache keeps as themselves. All of them stay mutable when
 * frozen.
 */
import type { CopyContext } from './copy-context.js'
import { copyError } from './value-errors.js'

/** A copy of `value` where it is an instance of a known built-in class, else `undefined`. */
export function copyBuiltin(value: object, walk: CopyContext): object | undefined {
  if (value instanceof Date) return walk.remember(value, new Date(value.getTime()))
  if (value instanceof Map) return copyMap(value, walk)
  if (value instanceof Set) return copySet(value, walk)
  if (Buffer.isBuffer(value)) return counted(value, Buffer.from(value), walk)
  if (ArrayBuffer.isView(value)) return copyView(value, walk)
  if (value instanceof ArrayBuffer) return counted(value, value.slice(0), walk)
  if (value instanceof RegExp) return walk.remember(value, new RegExp(value.source, value.flags))
  if (value instanceof URL) return walk.remember(value, new URL(value.href))
  if (value instanceof Error) return copyError(value, walk)
  return undefined
}

const KEPT: readonly (abstract new (...args: never[]) => object)[] = [
  Date,
  Map,
  Set,
  ArrayBuffer,
  RegExp,
  URL,
  Error,
  Number,
  String,
  Boolean,
]

/** Whether it comes back as what it is, or as the primitive in it. */
export function isBuiltin(value: object): boolean {
  return ArrayBuffer.isView(value) || KEPT.some((kind) => value instanceof kind)
}

const MEMBER_BYTES = 32

function copyMap(value: Map<unknown, unknown>, walk: CopyContext): Map<unknown, unknown> {
  const copy = walk.remember(value, new Map<unknown, unknown>())
  for (const [key, part] of value) {
    const step = typeof key === 'string' || typeof key === 'number' ? key : '(key)'
    copy.set(walk.copyStep(step, key), walk.copyStep(step, part))
    walk.bytes += MEMBER_BYTES
  }
  return copy
}

function copySet(value: Set<unknown>, walk: CopyContext): Set<unknown> {
  const copy = walk.remember(value, new Set<unknown>())
  for (const part of value) {
    copy.add(walk.copyStep('(member)', part))
    walk.bytes += MEMBER_BYTES
  }
  return copy
}

/** Which class of typed arrays it is, whatever a subclass calls itself; `undefined` for others. */
const arrayNameOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get as (this: ArrayBufferView) => string | undefined

/** Of the built-in class and over bytes of its own, as a store gives it back. */
function copyView(value: ArrayBufferView, walk: CopyContext): ArrayBufferView {
  // A slice of the buffer itself would be a SharedArrayBuffer where that is one.
  const { buffer } = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
  const name = arrayNameOf.call(value) ?? 'DataView'
  return counted(value, Reflect.construct(Reflect.get(globalThis, name), [buffer]), walk)
}

function counted<T extends ArrayBufferView | ArrayBuffer>(
  value: object,
  copy: T,
  walk: CopyContext,
): T {
  walk.bytes += copy.byteLength
  return walk.remember(value, copy)
}

/** What no tier can bring back, by the name that the message gives it. */
const REFUSED: readonly (readonly [abstract new (...args: never[]) => object, string])[] = [
  [Promise, 'a promise (is an await missing?)'],
  [WeakMap, 'a WeakMap'],
  [WeakSet, 'a WeakSet'],
  [WeakRef, 'a WeakRef'],
  [SharedArrayBuffer, 'a SharedArrayBuffer'],
]

export function refusedName(value: object): string | undefined {
  return REFUSED.find(([kind]) => value instanceof kind)?.[1]
}
