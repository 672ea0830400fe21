/**
 * Whether a value came back as it was given: the judge of the tests of fidelity, which knows
 * nothing of the code that copies and encodes.
 *
 * Stricter than Node's `isDeepStrictEqual`: what is one object there must be one here and the other
 * way round, -0 is not 0 wherever it stands, names and members have an order, holes are no
 * `undefined`, errors have all of their own properties, views their very bytes. An invalid Date is
 * the same as another. Three things may differ, as docs/values.md says: an object without a
 * prototype becomes a plain one, an instance of a subclass one of the built-in class, and
 * `lastIndex` of a pattern is not kept.
 */

const BUILTINS: ReadonlySet<object> = new Set<object>(
  [
    ...[Object, Array, Map, Set, Date, RegExp, URL, Buffer, ArrayBuffer, DataView],
    ...[Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError],
    ...[URIError, Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array],
    ...[Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array],
    // From Node 24 on.
    ...('Float16Array' in globalThis ? [Reflect.get(globalThis, 'Float16Array')] : []),
  ].map((kind: { prototype: object }) => kind.prototype),
)

/** Where and how `kept` differs from what was given; `undefined` where it does not. */
export function differenceOf(kept: unknown, given: unknown): string | undefined {
  return new Comparison(Object.getPrototypeOf).differenceOf(kept, given)
}

/** The same for two values that were given: they may be of classes that do not come back. */
export function changeOf(given: unknown, twin: unknown): string | undefined {
  return new Comparison(keptPrototype).differenceOf(given, twin)
}

class Difference extends Error {}

/** As text only where it leads to a difference: there are millions that do not. */
type Step = { readonly name: string } | { readonly member: number }

function showStep(step: Step): string {
  return 'name' in step ? `[${JSON.stringify(step.name)}]` : `.member(${step.member})`
}

class Comparison {
  readonly #classOf: (value: object) => object | null
  /** The steps to the difference. */
  readonly #path: Step[] = []
  readonly #givenOf = new Map<object, object>()
  readonly #keptOf = new Map<object, object>()

  constructor(classOf: (value: object) => object | null) {
    this.#classOf = classOf
  }

  differenceOf(kept: unknown, given: unknown): string | undefined {
    try {
      this.#compare(kept, given)
    } catch (difference) {
      if (!(difference instanceof Difference)) throw difference
      return `value${this.#path.map(showStep).join('')}: ${difference.message}`
    }
    return undefined
  }

  #compare(kept: unknown, given: unknown): void {
    if (!isObject(kept) || !isObject(given)) this.#equal('value', kept, given)
    else if (this.#givenOf.has(kept) || this.#keptOf.has(given)) {
      const isSameOne = this.#givenOf.get(kept) === given && this.#keptOf.get(given) === kept
      this.#equal('the same object as before', isSameOne, true)
    } else {
      this.#givenOf.set(kept, given)
      this.#keptOf.set(given, kept)
      this.#compareObjects(kept, given)
    }
  }

  #compareObjects(kept: object, given: object): void {
    const [prototype, other] = [this.#classOf(kept), keptPrototype(given)]
    this.#equal('class', nameOf(prototype), nameOf(other))
    this.#equal('of the very prototype', prototype === other, true)
    this.#equal('content', contentOf(kept), contentOf(given))
    this.#compareMembers(membersOf(kept), membersOf(given))
    this.#compareOwn(kept, given)
  }

  #compareOwn(kept: object, given: object): void {
    // The elements of a view are its bytes, which were compared.
    if (ArrayBuffer.isView(kept)) return
    const [names, others] = [Object.getOwnPropertyNames(kept), Object.getOwnPropertyNames(given)]
    const areSame = names.length === others.length && names.every((name, at) => name === others[at])
    if (!areSame) this.#equal('names', JSON.stringify(names), JSON.stringify(others))
    for (const name of names) {
      const [one, other] = [propertyOf(kept, name), propertyOf(given, name)]
      if (kept instanceof RegExp && name === 'lastIndex') continue
      this.#within({ name }, () => {
        this.#equal('enumerable', one.enumerable, other.enumerable)
        this.#compare(one.value, other.value)
      })
    }
  }

  #compareMembers(kept: readonly unknown[], given: readonly unknown[]): void {
    this.#equal('number of members', kept.length, given.length)
    kept.forEach((part, at) => {
      this.#within({ member: at }, () => this.#compare(part, given[at]))
    })
  }

  #within(step: Step, compare: () => void): void {
    this.#path.push(step)
    compare()
    this.#path.pop()
  }

  #equal(what: string, kept: unknown, given: unknown): void {
    if (!Object.is(kept, given)) {
      throw new Difference(`${what} is ${show(kept)}, was given as ${show(given)}`)
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** The built-in class nearest to what was given. */
function keptPrototype(given: object): object {
  let prototype: object | null = Object.getPrototypeOf(given)
  while (prototype !== null && !BUILTINS.has(prototype))
    prototype = Object.getPrototypeOf(prototype)
  return prototype ?? Object.prototype
}

function nameOf(prototype: object | null): string {
  return prototype === null ? 'none' : String(prototype.constructor?.name)
}

/** What an object holds that is no property: as text. */
function contentOf(value: object): string {
  if (ArrayBuffer.isView(value)) return hex(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer) return hex(value, 0, value.byteLength)
  if (value instanceof Date) return String(value.getTime())
  if (value instanceof RegExp || value instanceof URL) return String(value)
  return ''
}

function hex(buffer: ArrayBufferLike, start: number, length: number): string {
  return Buffer.from(buffer, start, length).toString('hex')
}

function membersOf(value: object): readonly unknown[] {
  if (value instanceof Map) {
    const members: unknown[] = []
    for (const [key, held] of value) members.push(key, held)
    return members
  }
  return value instanceof Set ? [...value] : []
}

function propertyOf(value: object, name: string): { enumerable: boolean; value: unknown } {
  const enumerable = Object.prototype.propertyIsEnumerable.call(value, name)
  return { enumerable, value: Reflect.get(value, name) }
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  return isObject(value) ? nameOf(Object.getPrototypeOf(value)) : `${typeof value} ${String(value)}`
}
