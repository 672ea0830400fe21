/**
 * Reading options by their rows: names are checked, values parsed into the core's units, and what
 * is wrong is refused with a message that names option, value and range.
 */
import { durationMs, showDuration, showSize, sizeBytes } from './duration.js'
import { CacheError } from './errors.js'
import type { OptionRange, OptionScope } from './option-row.js'
import { OPTION_TABLE } from './option-table.js'

/**
 * A year. A bare number above it is a day or an hour in milliseconds far more often than it is
 * meant.
 */
const MAX_SECONDS = 31_536_000

const ROWS = new Map(OPTION_TABLE.map((row) => [row.name, row]))

/**
 * Refuses names that are no option of the scope. `where` begins the message: `createCache`, `get`.
 */
export function checkNames(options: object, scope: OptionScope, where: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new CacheError(
      'OPTION_INVALID',
      `${where}: options must be an object, not ${show(options)}`,
    )
  }
  for (const name of Object.keys(options)) {
    if (ROWS.get(name)?.scopes.includes(scope) === true) continue
    const known = OPTION_TABLE.filter((row) => row.scopes.includes(scope)).map((row) => row.name)
    throw unknownOption(where, name, known)
  }
}

/** As `checkNames`, for options that have no rows in the table. */
export function checkKnown(options: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw unknownOption(where, name, known)
  }
}

function unknownOption(where: string, name: string, known: readonly string[]): CacheError {
  const message = `${where}: unknown option '${name}'; known here: ${known.join(', ')}`
  return new CacheError('OPTION_UNKNOWN', message)
}

/** The value of an option in the core's unit, `undefined` where it is not given. */
export function readOption(options: object, name: string, where: string): unknown {
  return readValue(ROWS.get(name)!, (options as Record<string, unknown>)[name], where)
}

/** As `readOption`, for a value whose row is not in the table. */
export function readValue(row: OptionRange, value: unknown, where: string): unknown {
  if (value === undefined) return undefined
  const parsed = parse(row, value)
  if (parsed !== undefined) return parsed
  throw invalidOption(where, row.name, value, range(row), hint(row, value))
}

/** The error for a value outside its range; also for options that are checked elsewhere. */
export function invalidOption(
  where: string,
  name: string,
  value: unknown,
  allowed: string,
  more = '',
): CacheError {
  return new CacheError(
    'OPTION_INVALID',
    `${where}: option '${name}' is ${show(value)}; the range is ${allowed}${more}`,
  )
}

function parse(row: OptionRange, value: unknown): unknown {
  switch (row.kind) {
    case 'duration':
      if (typeof value === 'number' && Number.isFinite(value) && value > MAX_SECONDS)
        return undefined
      return within(row, durationMs(value))
    case 'size':
      return within(row, sizeBytes(value))
    case 'count':
      return typeof value === 'number' && Number.isInteger(value) ? within(row, value) : undefined
    case 'ratio':
      return typeof value === 'number' ? within(row, value) : undefined
    case 'choice':
      return row.choices!.includes(value as string) ? value : undefined
    case 'flag':
      return typeof value === 'boolean' ? value : undefined
    case 'text':
      return typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : undefined
    default:
      return value
  }
}

function within(row: OptionRange, value: number | undefined): number | undefined {
  if (value === undefined) return undefined
  if (value === Number.POSITIVE_INFINITY) return row.infinite === true ? value : undefined
  return value >= row.min! && value <= row.max! ? value : undefined
}

const DURATION_FORMS = "as seconds or as '250ms', '5s', '10m', '1h', '7d'"
const SIZE_FORMS = "as bytes or as '512kb', '128mb', '1gb'"

/** The range of a row as messages and docs show it. */
export function range(row: OptionRange): string {
  const infinite = row.infinite === true ? ' or Infinity' : ''
  switch (row.kind) {
    case 'duration':
      return `${showDuration(row.min!)} to ${showDuration(row.max!)}${infinite}, ${DURATION_FORMS}`
    case 'size':
      return `${showSize(row.min!)} to ${showSize(row.max!)}, ${SIZE_FORMS}`
    case 'count':
      return `a whole number from ${row.min} to ${row.max}`
    case 'ratio':
      return `${row.min} to ${row.max}`
    case 'choice':
      return row.choices!.map((choice) => `'${choice}'`).join(' | ')
    case 'flag':
      return 'true | false'
    default:
      return row.says!
  }
}

/** A number of seconds that only makes sense as milliseconds deserves to be told so. */
function hint(row: OptionRange, value: unknown): string {
  if (row.kind !== 'duration' || typeof value !== 'number' || !(value > 0) || value > row.max!)
    return ''
  const longer = row.max! / 1_000 > MAX_SECONDS ? `; more than a year takes a unit, as '400d'` : ''
  return `. Numbers are seconds: if milliseconds are meant, write '${value}ms'${longer}`
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 64)}'`
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}
