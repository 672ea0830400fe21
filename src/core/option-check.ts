/**
 * Options that have no rows in the table, those of a store for one: each value is handed back as it
 * is, or refused by its name and range. What is `undefined` passes: the default is the caller's.
 *
 * No message shows a password. All of it throws OPTION_INVALID, and `known` OPTION_UNKNOWN.
 */
import { CacheError } from './errors.js'
import { checkKnown, invalidOption, readValue } from './option-reading.js'

const IDENTIFIER = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const MAX_PORT = 65_535

export class OptionCheck {
  readonly #where: string

  /** `where` begins each message: `redis`. */
  constructor(where: string) {
    this.#where = where
  }

  /** The error for a value that is checked elsewhere. */
  invalid(name: string, value: unknown, allowed: string): CacheError {
    return invalidOption(this.#where, name, value, allowed)
  }

  /** Refuses what is no object, and names that are no option. */
  known(options: object, names: readonly string[]): void {
    if (typeof options !== 'object' || options === null) {
      throw this.invalid('options', options, 'an object')
    }
    checkKnown(options, names, this.#where)
  }

  /** Refuses `option` beside others; `given` may name itself. */
  alone(option: string, given: readonly string[]): void {
    const others = given.filter((name) => name !== option)
    if (others.length === 0) return
    const names = others.map((name) => `'${name}'`).join(', ')
    throw new CacheError('OPTION_INVALID', `${this.#where}: option '${option}' excludes ${names}`)
  }

  flag<I extends boolean | undefined>(name: string, input: I): I {
    if (input === undefined || typeof input === 'boolean') return input
    throw this.invalid(name, input, 'true | false')
  }

  whole<I extends number | undefined>(name: string, input: I, min: number, max: number): I {
    if (input === undefined) return input
    if (Number.isInteger(input) && input >= min && input <= max) return input
    throw this.invalid(name, input, `a whole number from ${min} to ${max}`)
  }

  /** Milliseconds, `undefined` where it is not given. */
  duration(name: string, input: unknown, min: number, max: number): number | undefined {
    return readValue({ name, kind: 'duration', min, max }, input, this.#where) as number | undefined
  }

  /** As `duration`, where `Infinity` is a value too. */
  endless(name: string, input: unknown, min: number, max: number): number | undefined {
    const row = { name, kind: 'duration', min, max, infinite: true } as const
    return readValue(row, input, this.#where) as number | undefined
  }

  port<I extends number | undefined>(name: string, input: I): I {
    return this.whole(name, input, 1, MAX_PORT)
  }

  text<I extends string | undefined>(name: string, input: I): I {
    if (input === undefined || (typeof input === 'string' && input !== '')) return input
    throw this.invalid(name, input, 'a string that is not empty')
  }

  /** May be empty. */
  password<I extends string | undefined>(input: I): I {
    if (input === undefined || typeof input === 'string') return input
    throw this.invalid('password', `a ${typeof input}`, 'a string')
  }

  /** A name that becomes part of a statement. */
  identifier<I extends string | undefined>(name: string, input: I, maxLength: number): I {
    if (input === undefined) return input
    const isShort = typeof input === 'string' && input.length <= maxLength
    if (isShort && IDENTIFIER.test(input)) return input
    const range = `1 to ${maxLength} letters, digits and _, not beginning with a digit`
    throw this.invalid(name, input, range)
  }

  tls<I extends boolean | object | undefined>(input: I): I {
    if (input === undefined || typeof input === 'boolean') return input
    if (typeof input === 'object' && input !== null) return input
    throw this.invalid('tls', input, 'true | false | an object for tls.connect')
  }
}
