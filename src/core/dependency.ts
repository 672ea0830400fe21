/**
 * Dependencies, as tags: an entry that depends on another carries a tag that stands for that key,
 * and every invalidation of the key invalidates the tag as well. It also takes over the tags that
 * the other carries itself, so that what invalidates the one invalidates both, over any number of
 * steps. All of it together is at most 64 tags; a ring of dependencies is nothing special.
 */
import { decodeKey, encodeKey, isLongKey } from './key.js'
import { invalidOption } from './option-reading.js'

/** No tag that a person would write begins like that. */
const MARK = '\0of:'

/** A key of the same namespace, or of another; '' is the cache itself. */
export type DependencyRef = string | Dependency

export interface Dependency {
  readonly namespace: string
  readonly key: string
}

/** The tag of a key: well-formed, whatever the key is. */
export function dependencyTag({ namespace, key }: Dependency): string {
  return `${MARK}${namespace}:${encodeKey(key, 'hash')}`
}

export function isDependencyTag(tag: string): boolean {
  return tag.startsWith(MARK)
}

/** The key that a tag stands for, if it stands for one. */
export function dependencyOf(tag: string): Dependency | undefined {
  if (!isDependencyTag(tag)) return undefined
  const colon = tag.indexOf(':', MARK.length)
  const key = decodeKey(tag.slice(colon + 1))
  return key === undefined ? undefined : { namespace: tag.slice(MARK.length, colon), key }
}

const RANGE = 'keys of at most 900 bytes, or { namespace, key }, in namespaces with `dependents`'
const MAX_KEY_BYTES = 900

/** A key of the same namespace, or one of another. Throws OPTION_INVALID. */
export function readDependency(ref: DependencyRef, namespace: string, where: string): Dependency {
  const given = typeof ref === 'string' ? { namespace, key: ref } : ref
  const isRecord = typeof given === 'object' && given !== null
  const isText = isRecord && typeof given.key === 'string' && typeof given.namespace === 'string'
  if (isText && !isLongKey(given.key) && Buffer.byteLength(given.key) <= MAX_KEY_BYTES) return given
  throw dependencyError(ref, where)
}

export function dependencyError(ref: unknown, where: string): Error {
  return invalidOption(where, 'dependsOn', ref, RANGE)
}
