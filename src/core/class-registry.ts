/**
 * Classes of a user that a cache brings back as themselves: how an instance becomes plain data, and
 * how that becomes one again.
 *
 * A registry belongs to a codec, and what it stores to the namespaces that use this. How an
 * instance is copied for a reader is the class's own and the same for all: it is noted beside, by
 * prototype.
 */
import { invalidOption } from './option-reading.js'

export interface ClassRules<T extends object, P = unknown> {
  /**
   * Stands in the store for the class, in place of its name in the code: 1 to 64 letters, digits
   * and `_ . -`. Another layout deserves another name.
   */
  name: string
  /** What is kept: anything that a cache can keep, but not the instance itself. */
  toPlain(instance: T): P
  /** Another instance, the same. It is given a copy that nobody else has. */
  fromPlain(plain: P): T
}

export type AnyRules = ClassRules<object>

/** Where a walk looks for what it meets. */
export interface KnownClasses {
  of(value: object): AnyRules | undefined
}

const MAX_CLASSES = 1_000
const NAME = /^[\w.-]{1,64}$/
const NAME_RANGE = '1 to 64 letters, digits and _ . -, unlike those before'

const copiedBy = new WeakMap<object, AnyRules>()
/** Most processes register none: then no reader pays for the look. */
let isAnyRegistered = false

/** All classes of all registries: for values that were admitted before. */
export const CLASSES_TO_COPY: KnownClasses = {
  of(value) {
    return isAnyRegistered ? copiedBy.get(Object.getPrototypeOf(value) as object) : undefined
  },
}

/** msgpack with classes of a user's own: `codec: msgpack().register(Money, …)`. */
export class MsgpackCodec implements KnownClasses {
  readonly #byPrototype = new Map<object, AnyRules>()
  readonly #byName = new Map<string, AnyRules>()

  /**
   * Instances of exactly this class come back as such; those of subclasses as plain data. Before
   * the first value is written or read. At most 1 000 classes. Throws OPTION_INVALID.
   */
  register<T extends object, P>(
    Class: abstract new (...args: never[]) => T,
    rules: ClassRules<T, P>,
  ): this {
    const where = 'register'
    if (typeof Class !== 'function') throw invalidOption(where, 'Class', Class, 'a class')
    const { name, toPlain, fromPlain } = rules
    if (!NAME.test(String(name)) || this.#byName.has(name)) {
      throw invalidOption(where, 'name', name, NAME_RANGE)
    }
    for (const [option, value] of Object.entries({ toPlain, fromPlain })) {
      if (typeof value !== 'function') throw invalidOption(where, option, value, 'a function')
    }
    if (this.#byName.size >= MAX_CLASSES) {
      throw invalidOption(where, 'name', name, `no more than ${MAX_CLASSES} classes`)
    }
    const own = Object.freeze({ name, toPlain, fromPlain }) as unknown as AnyRules
    const prototype = Class.prototype as object
    this.#byName.set(name, own)
    this.#byPrototype.set(prototype, own)
    copiedBy.set(prototype, own)
    isAnyRegistered = true
    return this
  }

  of(value: object): AnyRules | undefined {
    return this.#byPrototype.get(Object.getPrototypeOf(value) as object)
  }

  named(name: string): AnyRules | undefined {
    return this.#byName.get(name)
  }
}

/** The default codec, to which classes can be added. */
export function msgpack(): MsgpackCodec {
  return new MsgpackCodec()
}
