/** What JSON keeps of plain data and msgpack does not. */

/** Names that msgpackr takes for its own business in a plain object. */
const TEXT_NAMES: ReadonlySet<string> = new Set(['__proto__', '__keys__', 'constructor', 'toJSON'])
const BYTE_ORDER_MARK = 0xfeff

/**
 * Whether UTF-8 decoders would change it: a lone surrogate, or a mark that they take for theirs.
 */
export function isTextOnly(text: string): boolean {
  return text.charCodeAt(0) === BYTE_ORDER_MARK || !text.isWellFormed()
}

export function isTextOnlyName(name: string): boolean {
  return TEXT_NAMES.has(name) || isTextOnly(name)
}
