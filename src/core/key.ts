/**
 * Keys: what a caller may use, and the name under which the store knows it.
 *
 * A store name is `prefix:namespace:key`; the cache itself is the namespace ''. A namespace holds
 * no colon, so no two keys share a name. A key is written as it is unless that would be ambiguous
 * or lossy:
 *
 *   ~e…   escaped: it begins with `~`, holds a brace (Redis Cluster would read a hash tag) or
 *         a lone surrogate (UTF-8 has no bytes for one: two such keys would become the same)
 *   ~h…   SHA-256 in base64url: longer than 1 KiB in UTF-8 (1.5 KiB once escaped), where
 *         `longKeys: 'hash'`
 *
 * The format is part of the data in the store: test/golden holds it.
 */
import { createHash } from 'node:crypto'
import { CacheError, redactKey } from './errors.js'

export const MAX_KEY_BYTES = 1_024
const MAX_ESCAPED_BYTES = 1_536
const MAX_NAMESPACE_CHARS = 64
const NAMESPACE = /^[\w@/+=-]+(?:\.[\w@/+=-]+)*$/
const NEEDS_ESCAPE =
  /[\\{}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const ESCAPED = /\\u([0-9a-f]{4})/g

export type LongKeys = 'hash' | 'refuse'

/** The part of a store name after `prefix:namespace:`. Throws KEY_INVALID or KEY_TOO_LONG. */
export function encodeKey(key: string, longKeys: LongKeys): string {
  if (typeof key !== 'string') throw invalidKey(key)
  // Three bytes a UTF-16 unit at the most: short keys need no count.
  if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES) {
    if (longKeys === 'hash') return hashKey(key)
    throw tooLong(key)
  }
  if (isPlain(key)) return key
  const escaped = `~e${key.replace(NEEDS_ESCAPE, escapeUnit)}`
  // Escaping can make six bytes of one: a store is promised names below 2 KiB.
  if (escaped.length * 3 <= MAX_ESCAPED_BYTES) return escaped
  if (Buffer.byteLength(escaped) <= MAX_ESCAPED_BYTES) return escaped
  if (longKeys === 'hash') return hashKey(key)
  throw tooLong(key)
}

/** Whether the store knows the key by its hash alone. */
export function isLongKey(key: string): boolean {
  return encodeKey(key, 'hash').startsWith('~h')
}

const ODD = /^~|[{}\ud800-\udfff]/
const ODD_ALSO_IN_PAIRS = /^~|[{}]/

/** Whether a key can stand as it is. Surrogates may, in pairs. */
function isPlain(key: string): boolean {
  return !ODD.test(key) || (key.isWellFormed() && !ODD_ALSO_IN_PAIRS.test(key))
}

/** The key behind an encoded name; `undefined` for a hashed one, which cannot be read back. */
export function decodeKey(name: string): string | undefined {
  if (name.startsWith('~h')) return undefined
  if (!name.startsWith('~e')) return name
  const toUnit = (_: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))
  return name.slice(2).replace(ESCAPED, toUnit)
}

/** Throws NAMESPACE_INVALID unless `name` can be a namespace. */
export function checkNamespace(name: unknown): asserts name is string {
  const isText = typeof name === 'string'
  if (isText && name.length <= MAX_NAMESPACE_CHARS && NAMESPACE.test(name)) return
  const kind = 'characters out of letters, digits and _ - @ / + =, in parts joined by dots'
  const range = `1 to ${MAX_NAMESPACE_CHARS} ${kind}`
  const shown = isText ? `'${name.slice(0, MAX_NAMESPACE_CHARS)}'` : typeof name
  throw new CacheError('NAMESPACE_INVALID', `namespace ${shown} must be ${range}`)
}

/** Stands for a key, or a part of a name, that is too long to be written. */
export function hashKey(key: string): string {
  return `~h${createHash('sha256').update(key, 'utf16le').digest('base64url')}`
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function tooLong(key: string): CacheError {
  const bytes = Buffer.byteLength(key)
  const range = `0 to ${MAX_KEY_BYTES} bytes (or longKeys: 'hash')`
  const message = `key '${redactKey(key)}' takes ${bytes} bytes; the range is ${range}`
  return new CacheError('KEY_TOO_LONG', message, { key })
}

function invalidKey(key: unknown): CacheError {
  const got = key === null ? 'null' : typeof key
  return new CacheError('KEY_INVALID', `a key must be a string, not ${got}`)
}
