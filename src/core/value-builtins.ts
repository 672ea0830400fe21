/**
 * Copies of the built-in classes that a cache keeps as themselves. All of them stay mutable when
 * frozen.
 */

/** The walk of which the copy is a part (core/value.ts). */
export interface CopyContext {
  /** Estimated bytes so far. */
  bytes: number
  /** Notes that `copy` stands for `value`, before its parts are copied: they may point back. */
  remember<T extends object>(value: object, copy: T): T
  /** Copies a part, naming the step in a refusal. */
  copyStep(step: string | number, value: unknown): unknown
}

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

function copyView(value: ArrayBufferView, walk: CopyContext): ArrayBufferView {
  const bytes = value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)
  const Kind = value.constructor as new (buffer: ArrayBufferLike) => ArrayBufferView
  return counted(value, new Kind(bytes), walk)
}

const ERROR_KINDS: ReadonlyMap<string, new (message: string) => Error> = new Map<
  string,
  new (
    message: string,
  ) => Error
>([
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
])

function copyError(value: Error, walk: CopyContext): Error {
  const Kind = ERROR_KINDS.get(value.name) ?? Error
  const copy = walk.remember(value, new Kind(value.message))
  copy.name = value.name
  if (value.stack !== undefined) copy.stack = value.stack
  if (value.cause !== undefined) copy.cause = walk.copyStep('cause', value.cause)
  return copy
}

function counted<T extends ArrayBufferView | ArrayBuffer>(
  value: object,
  copy: T,
  walk: CopyContext,
): T {
  walk.bytes += copy.byteLength
  return walk.remember(value, copy)
}
