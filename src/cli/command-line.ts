/**
 * The words after a command, read by what that command knows. Messages name command, option, value
 * and range.
 */
import { parseArgs } from 'node:util'
import { OptionCheck } from '../core/option-check.js'
import { UsageError } from './usage-error.js'

const KINDS = {
  all: 'boolean',
  deadline: 'string',
  drain: 'string',
  every: 'string',
  json: 'boolean',
  limit: 'string',
  queue: 'string',
} as const

export type OptionName = keyof typeof KINDS

interface Range {
  readonly min: number
  readonly max: number
  readonly byDefault: number
}

const NUMBER = /^\d+(\.\d+)?$/

export class CommandLine {
  /** The path that was given. */
  readonly module: string
  /** Each once, in their order. */
  readonly keys: readonly string[]
  readonly #command: string
  readonly #check: OptionCheck
  readonly #values: Readonly<Partial<Record<OptionName, string | boolean>>>

  /** Throws UsageError for what `known` does not hold, and where no module is named. */
  constructor(command: string, args: readonly string[], known: readonly OptionName[]) {
    this.#command = command
    this.#check = new OptionCheck(command)
    const { values, positionals } = this.#parse(args, known)
    this.#values = values
    const [module, ...keys] = positionals
    if (module === undefined) throw this.wrong('needs the path of a module')
    this.module = module
    this.keys = [...new Set(keys)]
  }

  wrong(says: string): UsageError {
    return new UsageError(`${this.#command}: ${says}`)
  }

  /** Throws UsageError where anything follows the module. */
  refuseKeys(): void {
    const [first] = this.keys
    if (first !== undefined) throw this.wrong(`takes one module, and nothing after it: '${first}'`)
  }

  flag(name: OptionName): boolean {
    return this.#values[name] === true
  }

  text(name: OptionName): string | undefined {
    return this.#values[name] as string | undefined
  }

  /** Throws OPTION_INVALID. */
  durationMs(name: OptionName, { min, max, byDefault }: Range): number {
    return this.#check.duration(`--${name}`, this.#number(name), min, max) ?? byDefault
  }

  /** Throws OPTION_INVALID. */
  whole(name: OptionName, { min, max, byDefault }: Range): number {
    // What is no number is refused by its range.
    const given = this.#number(name) as number | undefined
    return this.#check.whole(`--${name}`, given, min, max) ?? byDefault
  }

  #number(name: OptionName): string | number | undefined {
    const text = this.text(name)
    return text !== undefined && NUMBER.test(text) ? Number(text) : text
  }

  #parse(args: readonly string[], known: readonly OptionName[]) {
    const options = Object.fromEntries(known.map((name) => [name, { type: KINDS[name] }]))
    try {
      return parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
    } catch (error) {
      // The first sentence says what; advice follows.
      const [says] = (error as Error).message.split(/\.?\n|\. /)
      const names = [...known, 'help'].map((name) => `--${name}`).join(', ')
      throw this.wrong(`${says}; known here: ${names}`)
    }
  }
}
