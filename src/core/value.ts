/**
 * Values on their way into the cache: copied, checked and weighed in one walk.
 *
 * The cache keeps its own copy, so it never freezes or watches an object that it did not make. The
 * copy is what a store would give back: own enumerable properties; an instance of an unknown class
 * as plain data (its `toJSON` answer where it has one); Date, Map, Set, RegExp, URL, Error, buffers
 * and typed arrays as themselves; cycles and shared references kept. Functions, symbols, promises
 * and weak collections are refused by path.
 *
 * Objects without mutable insides (`plain`) are frozen and handed out by reference. A Date or a Map
 * stays mutable when frozen, so a value that holds one is copied for each reader.
 */
import { CLASSES_TO_COPY, type KnownClasses } from './class-registry.js'
import type { ValueForm } from './contracts.js'
import { CopyWalk } from './copy-walk.js'
import { OBJECT_BYTES, SLOT_BYTES, STRING_BYTES } from './value-weights.js'

export interface Admitted {
  readonly value: unknown
  /** Frozen throughout: may be handed out by reference. */
  readonly plain: boolean
  readonly form: ValueForm
  /** Estimated bytes on the heap. */
  readonly weightBytes: number
  /** It held an instance that is plain data now. */
  readonly isFlattened: boolean
}

/** What a namespace asks of its values beyond what all do. */
export interface AdmissionRules {
  /** Instances of these are kept as such. */
  readonly classes?: KnownClasses | undefined
  /** As JSON has it: properties that are undefined are none, and -0 is 0. */
  readonly isJson?: boolean
}

/** Copies, checks, weighs and by default freezes. Throws VALUE_UNSUPPORTED with the path. */
export function admit(value: unknown, freezing = true, rules: AdmissionRules = {}): Admitted {
  const walk = new CopyWalk(freezing, rules.classes, rules.isJson)
  const copy = walk.copyFrom(value)
  return {
    value: copy,
    plain: walk.plain,
    form: walk.graph ? 'graph' : walk.text ? 'text' : 'tree',
    weightBytes: walk.bytes,
    isFlattened: walk.isFlattened,
  }
}

/**
 * A copy that shares nothing mutable with `value`, unfrozen. For values that were admitted before.
 */
export function cloneValue<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  return new CopyWalk(false, CLASSES_TO_COPY).copyFrom(value) as T
}

/** Freezes a tree that nobody else holds (a decoded one) and weighs it. */
export function freezeOwned(value: unknown): number {
  if (typeof value === 'string') return STRING_BYTES + value.length
  if (typeof value !== 'object' || value === null) return SLOT_BYTES
  let bytes = OBJECT_BYTES
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) bytes += SLOT_BYTES + freezeOwned(value[i])
  } else {
    for (const name in value) {
      bytes += SLOT_BYTES + freezeOwned((value as Record<string, unknown>)[name])
    }
  }
  Object.freeze(value)
  return bytes
}
