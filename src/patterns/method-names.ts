/**
 * The names under which the answers of one method lie.
 *
 * The class of the instance counts, not only the one that declares the method: an inherited method
 * may answer by what a subclass overrides, a table's name for one. The one that declares it counts
 * as well: `super.find()` in an override of `find` is another function.
 *
 * Classes are told apart by name alone. One without a name is refused unless it has a namespace.
 */
import { CacheError } from '../core/errors.js'

export interface NamedMethod {
  readonly name: string
  readonly isPrivate: boolean
  /** What stands in the class in place of the method. */
  readonly decorated: unknown
}

export class MethodNames {
  readonly #method: NamedMethod
  readonly #isNamespaced: boolean
  readonly #byHome = new WeakMap<object, string>()

  constructor(method: NamedMethod, isNamespaced: boolean) {
    this.#method = method
    this.#isNamespaced = isNamespaced
  }

  /** Throws KEY_INVALID where class or method cannot be told. */
  nameOn(self: unknown): string {
    const home = homeOf(self)
    const known = home === undefined ? undefined : this.#byHome.get(home)
    if (known !== undefined) return known
    const declaring = home === undefined ? undefined : this.#declaringHome(home)
    if (home === undefined || declaring === undefined) throw this.#lost()
    const name = this.#fullName(home, declaring)
    this.#byHome.set(home, name)
    return name
  }

  /** A private method is no property: which class declares it cannot be asked. */
  #declaringHome(home: object): object | undefined {
    const { name, isPrivate, decorated } = this.#method
    if (isPrivate) return home
    for (let at: object | null = home; at !== null; at = Object.getPrototypeOf(at)) {
      if (Object.getOwnPropertyDescriptor(at, name)?.value === decorated) return at
    }
    return undefined
  }

  #fullName(home: object, declaring: object): string {
    const names = (home === declaring ? [home] : [home, declaring]).map(classNameOf)
    if (names.includes('') && !this.#isNamespaced) throw this.#nameless()
    const kind = typeof home === 'function' ? 'static ' : ''
    return `${kind}${names.join(':')}.${this.#method.name}`
  }

  #lost(): CacheError {
    const { name } = this.#method
    const reason = `'${name}' was called on nothing that has it, or another decorator lies over it`
    const help = "call it on its instance, put cached above the others, or pass the option 'key'"
    return new CacheError('KEY_INVALID', `cached: ${reason}: ${help}`)
  }

  #nameless(): CacheError {
    const reason = `the class of '${this.#method.name}' has no name`
    return new CacheError('KEY_INVALID', `cached: ${reason}: pass the option 'namespace' or 'key'`)
  }
}

/** What the class keeps its methods in: its prototype, of static ones the class itself. */
function homeOf(self: unknown): object | undefined {
  if (typeof self === 'function') return self
  if (typeof self !== 'object' || self === null) return undefined
  // A prototype may stand for its instances, to name their answers.
  const isPrototype = Object.hasOwn(self, 'constructor') && self.constructor?.prototype === self
  return isPrototype ? self : (Object.getPrototypeOf(self) ?? undefined)
}

function classNameOf(home: object): string {
  const owner: unknown = typeof home === 'function' ? home : home.constructor
  const name = typeof owner === 'function' ? (owner.name as unknown) : undefined
  return typeof name === 'string' ? name : ''
}
