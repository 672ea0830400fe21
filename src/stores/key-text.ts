/**
 * Keys as `text`, which holds no U+0000: that one is written `\0`, and a backslash twice. What a
 * key begins with is what its text begins with.
 */
export function textOf(key: string): string {
  if (!key.includes('\\') && !key.includes('\0')) return key
  return key.replace(/[\\\0]/g, (unit) => (unit === '\\' ? '\\\\' : '\\0'))
}

export function keyOf(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\[\\0]/g, (pair) => (pair === '\\0' ? '\0' : '\\'))
}

/** Above every text that begins with `prefix`, by bytes; `undefined` where nothing is. */
export function endOfPrefix(prefix: string): string | undefined {
  const points = [...prefix]
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const next = last.codePointAt(0)! + 1
    // Surrogates are no characters of their own.
    if (next <= 0x10ffff) {
      return points.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next)
    }
  }
  return undefined
}
