/**
 * One walk through a value that copies it: what value.ts admits, and what a reader gets a copy of.
 *
 * The branch comes first for what there is most of: leaves, records, lists. Paths are made only of
 * a refusal, from the innermost step outwards.
 */
import { isBoxedPrimitive } from 'node:util/types'
import type { AnyRules, KnownClasses } from './class-registry.js'
import { type CopyContext, LEFT_OUT } from './copy-context.js'
import { CacheError } from './errors.js'
import { roomyRecord } from './roomy-record.js'
import { showPath } from './show-path.js'
import { isTextOnly, isTextOnlyName } from './text-only.js'
import { copyBuiltin, refusedName } from './value-builtins.js'
import { BUILTIN_BYTES, OBJECT_BYTES, SLOT_BYTES, STRING_BYTES } from './value-weights.js'

const MAX_DEPTH = 1_000
/** A sparse array may claim four thousand million slots; walking them would be a hang. */
const MAX_ARRAY_SLOTS = 2 ** 24
/** Copied in vain together: the same may hang on many errors, and be refused for each of them. */
const MAX_LEFT_OUT_BYTES = 2 ** 20

const ObjectPrototype = Object.prototype
const { freeze, getPrototypeOf } = Object

/** Thrown inside a walk, with the path from the innermost step outwards. */
class Refusal {
  readonly what: string
  readonly path: (string | number)[] = []
  constructor(what: string) {
    this.what = what
  }
}

/** Where a walk was when it came to a part that may be left out. */
interface Start {
  readonly bytes: number
  readonly depth: number
  /** How many it had met; `undefined` where it did not count. */
  readonly met: number | undefined
}

export class CopyWalk implements CopyContext {
  plain = true
  graph = false
  text = false
  isFlattened = false
  bytes = 0
  readonly #freezing: boolean
  readonly #classes: KnownClasses | undefined
  readonly #isJson: boolean
  #depth = 0
  /** The names of the object before, by place. */
  readonly #knownNames: string[] = []
  /** Originals to copies; made at the second object, since most values are flat. */
  #seen: Map<object, object> | undefined
  #first: object | undefined
  #firstCopy: object | undefined
  /** Originals met since a part began that may be left out. */
  #met: object[] | undefined
  #leftOutBytes = 0

  constructor(freezing: boolean, classes?: KnownClasses, isJson = false) {
    this.#freezing = freezing
    this.#classes = classes
    this.#isJson = isJson
  }

  copyFrom(value: unknown): unknown {
    try {
      return this.copy(value)
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      const at = showPath(refusal.path.reverse())
      throw new CacheError('VALUE_UNSUPPORTED', `a cache cannot keep ${refusal.what}, at ${at}`)
    }
  }

  copy(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        this.bytes += STRING_BYTES + value.length
        if (isTextOnly(value)) this.text = true
        return value
      case 'number':
        this.bytes += SLOT_BYTES
        return Number.isFinite(value) && !Object.is(value, -0) ? value : this.#oddNumber(value)
      case 'boolean':
        this.bytes += SLOT_BYTES
        return value
      case 'undefined':
      case 'bigint':
        this.bytes += SLOT_BYTES
        this.graph = true
        return value
      case 'object':
        return value === null ? value : this.#object(value)
      default:
        throw new Refusal(`a ${typeof value}`)
    }
  }

  #oddNumber(value: number): number {
    if (this.#isJson && value === 0) return 0
    this.graph = true
    return value
  }

  copyStep(step: string | number, value: unknown): unknown {
    try {
      // Past `copy`: what is nested a thousand levels deep has little stack for each.
      return typeof value === 'object' && value !== null ? this.#object(value) : this.copy(value)
    } catch (refusal) {
      if (refusal instanceof Refusal) refusal.path.push(step)
      throw refusal
    }
  }

  copyUnlessRefused(step: string, value: unknown): unknown {
    if (typeof value === 'function' || typeof value === 'symbol') return LEFT_OUT
    if (typeof value !== 'object' || value === null) return this.copy(value)
    const start: Start = { bytes: this.bytes, depth: this.#depth, met: this.#met?.length }
    this.#met ??= []
    try {
      const copy = this.#object(value)
      if (start.met === undefined) this.#met = undefined
      return copy
    } catch (refusal) {
      this.#leaveOut(step, refusal, start)
      return LEFT_OUT
    }
  }

  /** Forgets what was met since the start: those copies are half done, and nobody may get them. */
  #leaveOut(step: string, refusal: unknown, { bytes, depth, met }: Start): void {
    if (!(refusal instanceof Refusal)) throw refusal
    this.#leftOutBytes += this.bytes - bytes
    if (this.#leftOutBytes > MAX_LEFT_OUT_BYTES) {
      refusal.path.push(step)
      throw refusal
    }
    for (const original of this.#met!.splice(met ?? 0)) this.#seen?.delete(original)
    if (met === undefined) this.#met = undefined
    this.bytes = bytes
    this.#depth = depth
  }

  remember<T extends object>(value: object, copy: T): T {
    if (this.#met !== undefined) this.#met.push(value)
    if (this.#seen !== undefined) this.#seen.set(value, copy)
    else if (this.#first === undefined) {
      this.#first = value
      this.#firstCopy = copy
    } else {
      this.#seen = new Map<object, object>([[this.#first, this.#firstCopy!]])
      this.#seen.set(value, copy)
    }
    return copy
  }

  #object(value: object): unknown {
    const known = this.#seen === undefined ? this.#onlyKnown(value) : this.#seen.get(value)
    if (known !== undefined) {
      this.graph = true
      return known
    }
    if (this.#depth === MAX_DEPTH)
      throw new Refusal(`something nested deeper than ${MAX_DEPTH} levels`)
    this.#depth++
    const prototype: unknown = getPrototypeOf(value)
    let copy: unknown
    if (Array.isArray(value)) copy = this.#array(value)
    else if (prototype === ObjectPrototype || prototype === null) copy = this.#record(value)
    else copy = this.#special(value)
    this.#depth--
    return copy
  }

  #onlyKnown(value: object): object | undefined {
    return this.#first === value ? this.#firstCopy : undefined
  }

  #record(value: object): object {
    // Filled property by property: a frozen spread takes 250 ns, this 80 (bench/value-copy).
    const names = Object.keys(value)
    const copy = roomyRecord(names.length)
    this.remember(value, copy)
    this.bytes += OBJECT_BYTES + SLOT_BYTES * names.length
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      const part = (value as Record<string, unknown>)[name]
      if (part === undefined && this.#isJson) continue
      const own = isLeaf(part) ? this.copy(part) : this.copyStep(name, part)
      if (name !== this.#knownNames[i]) this.#checkName(name, i)
      if (name === '__proto__') define(copy, name, own)
      else copy[name] = own
    }
    return this.#freezing ? freeze(copy) : copy
  }

  /** Notes what only JSON keeps; rows of one shape are looked at once. */
  #checkName(name: string, index: number): void {
    this.#knownNames[index] = name
    if (isTextOnlyName(name)) this.text = true
  }

  #array(value: readonly unknown[]): unknown[] {
    if (value.length > MAX_ARRAY_SLOTS) throw new Refusal(`an array of ${value.length} slots`)
    const copy: unknown[] = []
    this.remember(value, copy)
    this.bytes += OBJECT_BYTES + SLOT_BYTES * value.length
    for (let i = 0; i < value.length; i++) {
      const part = value[i]
      if (part === undefined && !(i in value)) {
        this.#sparse(value, copy, i)
        break
      }
      copy.push(this.copyStep(i, part))
    }
    return this.#freezing ? (freeze(copy) as unknown[]) : copy
  }

  /** From the first hole on: a few bytes can stand for millions, and to walk them takes seconds. */
  #sparse(value: readonly unknown[], copy: unknown[], from: number): void {
    this.graph = true
    // Setting `length` would make room for all of them.
    copy[value.length - 1] = undefined
    delete copy[value.length - 1]
    for (const key of Object.keys(value)) {
      const index = Number(key)
      // What somebody has added by name comes after all that has a place.
      if (!Number.isInteger(index)) break
      if (index > from) copy[index] = this.copyStep(index, value[index])
    }
  }

  /** Everything that is neither a plain object nor an array. */
  #special(value: object): unknown {
    const rules = this.#classes?.of(value)
    if (rules !== undefined) return this.#instance(value, rules)
    const builtin = copyBuiltin(value, this)
    if (builtin !== undefined) {
      this.plain = false
      this.graph = true
      this.bytes += BUILTIN_BYTES
      return builtin
    }
    const refused = refusedName(value)
    if (refused !== undefined) throw new Refusal(refused)
    // As JSON does: a record of its own properties would be empty, or have a name per letter.
    if (isBoxedPrimitive(value)) return this.copy(value.valueOf())
    this.isFlattened = true
    const toJson = (value as { toJSON?: unknown }).toJSON
    if (typeof toJson === 'function') {
      const answer: unknown = toJson.call(value)
      if (answer !== value) return this.copy(answer)
    }
    return this.#record(value)
  }

  /** One that holds itself runs into the bound on depth. */
  #instance(value: object, rules: AnyRules): unknown {
    const plain = this.copy(rules.toPlain(value))
    this.plain = false
    this.graph = true
    this.bytes += BUILTIN_BYTES
    return this.remember(value, rules.fromPlain(plain))
  }
}

/** Whether copying it can refuse nothing: its step need not be known. */
function isLeaf(part: unknown): boolean {
  return typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean'
}

/** Assignment to `__proto__` would set the prototype. */
function define(copy: object, name: string, value: unknown): void {
  const property = { value, enumerable: true, configurable: true, writable: true }
  Object.defineProperty(copy, name, property)
}
