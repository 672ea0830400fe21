/**
 * An error of a built-in class without properties of its own, to be given those of another.
 *
 * No stack is taken: it comes with the properties, and would be two thirds of the time.
 */
export type ErrorClass = abstract new (...args: never[]) => Error

/** What comes back as itself, but for Error. The places are on the wire: new ones come last. */
export const ERROR_CLASSES: readonly ErrorClass[] = [
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
]

export function bareError(Kind: ErrorClass = Error): Error {
  const { stackTraceLimit } = Error
  // Not assigned: where somebody has frozen Error, it is no more than slow.
  Reflect.set(Error, 'stackTraceLimit', 0)
  try {
    const bare: Error = Reflect.construct(Kind, Kind === Error ? [] : [[]])
    for (const name of Object.getOwnPropertyNames(bare)) Reflect.deleteProperty(bare, name)
    return bare
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}
