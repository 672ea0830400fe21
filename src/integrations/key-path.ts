/**
 * Names in the store for the keys of libraries that join their namespaces by colons themselves:
 * `prefix:namespace:key`, in one piece.
 *
 * Each part between colons is written as core/key.ts writes a key, so whatever lies below a
 * namespace has a name that begins with the namespace's own. A name that would be longer than
 * 1.5 KiB keeps the first parts that fit into 512 bytes, and has the hash of the rest (`~h…`): a
 * space within those 512 bytes can therefore be emptied with its longest keys. No two keys share a
 * name; hashed ones cannot be read back.
 */
import { CacheError } from '../core/errors.js'
import { decodeKey, encodeKey, hashKey } from '../core/key.js'
import { invalidOption } from '../core/option-reading.js'

const MAX_NAME_BYTES = 1_536
const MAX_SPACE_BYTES = 512
/** Three bytes a UTF-16 unit at the most. */
const SURELY_SHORT_CHARS = 340
const ODD = /[~{}\ud800-\udfff]/

/** The name of `key` in a space that `checkSpace` has let pass. Throws KEY_INVALID. */
export function nameOf(space: string, key: unknown): string {
  if (typeof key !== 'string') {
    const got = key === null ? 'null' : typeof key
    throw new CacheError('KEY_INVALID', `a key must be a string, not ${got}`)
  }
  const path = `${space}:${key}`
  if (path.length <= SURELY_SHORT_CHARS && !ODD.test(path)) return path
  const parts = path.split(':')
  const name = joined(parts)
  return Buffer.byteLength(name) <= MAX_NAME_BYTES ? name : shortened(parts)
}

/** What the names of all keys in the space begin with, and no others. */
export function namesIn(space: string): string {
  return `${joined(space.split(':'))}:`
}

/** Space and key of a name, joined by a colon; `undefined` where a part of it is hashed. */
export function pathOf(name: string): string | undefined {
  const parts = name.split(':').map(decodeKey)
  return parts.includes(undefined) ? undefined : parts.join(':')
}

/** Throws OPTION_INVALID, as of option `name` with the value `shown`, unless `space` can be one. */
export function checkSpace(
  space: unknown,
  where: string,
  name: string,
  shown: unknown,
): asserts space is string {
  const isText = typeof space === 'string' && space !== ''
  if (isText && Buffer.byteLength(namesIn(space)) <= MAX_SPACE_BYTES) return
  const range = `a string that is not empty and takes at most ${MAX_SPACE_BYTES} bytes in the store`
  throw invalidOption(where, name, shown, range)
}

function shortened(parts: readonly string[]): string {
  let kept = 0
  let bytes = 0
  // Ends within 512 turns: every part takes a byte at least, its colon.
  while (kept < parts.length - 1) {
    bytes += Buffer.byteLength(encodeKey(parts[kept]!, 'hash')) + 1
    if (bytes > MAX_SPACE_BYTES) break
    kept++
  }
  return `${joined(parts.slice(0, kept))}:${hashKey(parts.slice(kept).join(':'))}`
}

function joined(parts: readonly string[]): string {
  return parts.map((part) => encodeKey(part, 'hash')).join(':')
}
