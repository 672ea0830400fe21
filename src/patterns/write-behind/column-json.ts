/**
 * What columns hold, as JSON: the database makes of each text or number what the column's type
 * takes, so no types are named here.
 */

/** Throws what a value throws, and TypeError for one that no column holds. */
export function columnJson(columns: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(columns, replace)
}

/** `this` has the value itself; `made` is what its `toJSON` has made of it. */
function replace(this: Readonly<Record<string, unknown>>, name: string, made: unknown): unknown {
  const value = this[name]
  // Of an invalid one this throws, where `toJSON` would say null.
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (typeof value === 'bigint') return String(value)
  // JSON would say null; types of numbers know these words.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  const odd = nameOfOdd(value)
  if (odd !== undefined) throw new TypeError(`column value '${name}' is ${odd}`)
  return made
}

/** What JSON would leave out, or take for an empty object. */
function nameOfOdd(value: unknown): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (value instanceof Map) return 'a Map'
  if (value instanceof Set) return 'a Set'
  if (value instanceof Promise) return 'a promise: what a column holds is needed at once'
  return undefined
}
