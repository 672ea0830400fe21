/**
 * Every option as one row: what kind it is, its range, its default, where it may stand.
 *
 * The rows are the truth for validation, for resolving and for docs/options.md (a test compares). To
 * add an option, add a row and its field in options.ts.
 */
import { durationMs, showDuration, showSize, sizeBytes } from './duration.js'
import { CacheError } from './errors.js'

export type OptionScope = 'cache' | 'memory' | 'namespace' | 'call'
export type OptionKind =
  | 'duration'
  | 'size'
  | 'count'
  | 'ratio'
  | 'choice'
  | 'flag'
  | 'text'
  | 'other'

export interface OptionRow {
  readonly name: string
  readonly kind: OptionKind
  readonly scopes: readonly OptionScope[]
  /** Inclusive; milliseconds for a duration, bytes for a size. */
  readonly min?: number
  readonly max?: number
  /** `Infinity` is a value of its own, outside of min and max. */
  readonly infinite?: boolean
  readonly choices?: readonly string[]
  /** What a person would write; docs show it. */
  readonly default: string
  readonly says: string
}

const DAY_MS = 86_400_000
const EVERYWHERE: readonly OptionScope[] = ['cache', 'namespace', 'call']
const TEN_YEARS_MS = 3_650 * DAY_MS
const HOUR_MS = 3_600_000
/** A year. A bare number above it is a day or an hour in milliseconds far more often than it is meant. */
const MAX_SECONDS = 31_536_000

export const OPTION_TABLE: readonly OptionRow[] = [
  {
    name: 'prefix',
    kind: 'text',
    scopes: ['cache'],
    default: 'cw',
    says: 'what every key in the store begins with: letters, digits and _ . -, at most 64',
  },
  {
    name: 'store',
    kind: 'other',
    scopes: ['cache'],
    default: 'none: memory alone',
    says: 'the tier behind memory',
  },
  {
    name: 'memory',
    kind: 'other',
    scopes: ['cache'],
    default: '{}',
    says: 'the tier in the process; false for none',
  },
  {
    name: 'namespaces',
    kind: 'other',
    scopes: ['cache'],
    default: '{}',
    says: 'namespaces with defaults of their own, by name',
  },
  {
    name: 'codec',
    kind: 'other',
    scopes: ['cache'],
    default: 'JSON for plain data, msgpack for the rest',
    says: 'entries to bytes and back',
  },
  {
    name: 'readDeadline',
    kind: 'duration',
    scopes: ['cache'],
    min: 1,
    max: 60_000,
    default: '100ms',
    says: 'how long a read of the store may take before it counts as a miss',
  },
  {
    name: 'writeDeadline',
    kind: 'duration',
    scopes: ['cache'],
    min: 1,
    max: 60_000,
    default: '250ms',
    says: 'how long a write to the store may take before it counts as failed',
  },
  {
    name: 'longKeys',
    kind: 'choice',
    scopes: ['cache'],
    choices: ['hash', 'refuse'],
    default: 'hash',
    says: 'what becomes of keys over 1 KiB',
  },
  {
    name: 'clock',
    kind: 'other',
    scopes: ['cache'],
    default: 'the system clock',
    says: 'time, for tests',
  },
  {
    name: 'random',
    kind: 'other',
    scopes: ['cache'],
    default: 'Math.random',
    says: 'numbers in [0, 1), for tests',
  },
  {
    name: 'maxBytes',
    kind: 'size',
    scopes: ['memory'],
    min: 1_024,
    max: 2 ** 40,
    default: '64mb',
    says: 'estimated bytes of keys and values in memory',
  },
  {
    name: 'maxEntries',
    kind: 'count',
    scopes: ['memory'],
    min: 1,
    max: 2 ** 24,
    default: '50000',
    says: 'entries in memory',
  },
  {
    name: 'values',
    kind: 'choice',
    scopes: ['memory'],
    choices: ['frozen', 'cloned', 'shared'],
    default: 'frozen',
    says: 'how memory hands values out',
  },
  {
    name: 'schema',
    kind: 'other',
    scopes: ['namespace'],
    default: 'none',
    says: 'a Standard Schema that values from the store must pass',
  },
  {
    name: 'ttl',
    kind: 'duration',
    scopes: EVERYWHERE,
    min: 1,
    max: TEN_YEARS_MS,
    infinite: true,
    default: '10m',
    says: 'how long an entry is fresh',
  },
  {
    name: 'grace',
    kind: 'duration',
    scopes: EVERYWHERE,
    min: 0,
    max: 30 * DAY_MS,
    default: '0',
    says: 'how long past its ttl an entry may be handed out stale, when the loader fails or is slow',
  },
  {
    name: 'negativeTtl',
    kind: 'duration',
    scopes: EVERYWHERE,
    min: 1,
    max: TEN_YEARS_MS,
    infinite: true,
    default: 'ttl',
    says: 'the ttl of null',
  },
  {
    name: 'jitter',
    kind: 'ratio',
    scopes: EVERYWHERE,
    min: 0,
    max: 0.9,
    default: '0',
    says: 'the part of ttl by which it may be cut at random, so that entries do not expire together',
  },
  {
    name: 'eager',
    kind: 'other',
    scopes: EVERYWHERE,
    default: 'false',
    says: 'refresh before expiry: a fraction of ttl in (0, 1), or { beta } for XFetch, 0 < beta ≤ 100',
  },
  {
    name: 'softTimeout',
    kind: 'duration',
    scopes: EVERYWHERE,
    min: 0,
    max: HOUR_MS,
    infinite: true,
    default: '200ms',
    says: 'how long a load may take before a stale value is handed out in its place',
  },
  {
    name: 'hardTimeout',
    kind: 'duration',
    scopes: EVERYWHERE,
    min: 1,
    max: 24 * HOUR_MS,
    infinite: true,
    default: '60s',
    says: 'how long a load may take before its callers get LOADER_TIMEOUT',
  },
  {
    name: 'retryAfter',
    kind: 'duration',
    scopes: EVERYWHERE,
    min: 0,
    max: HOUR_MS,
    default: '1s',
    says: 'how long after a failed load a stale value is handed out without a new try',
  },
  {
    name: 'tags',
    kind: 'other',
    scopes: EVERYWHERE,
    default: '[]',
    says: 'names under which entries can be invalidated together',
  },
  {
    name: 'fresh',
    kind: 'flag',
    scopes: ['call'],
    default: 'false',
    says: 'load now, whatever is cached',
  },
  {
    name: 'signal',
    kind: 'other',
    scopes: ['call'],
    default: 'none',
    says: 'an AbortSignal that ends the wait of this caller',
  },
]

const ROWS = new Map(OPTION_TABLE.map((row) => [row.name, row]))

/** Refuses names that are no option of the scope. `where` begins the message: `createCache`, `get`. */
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
    throw new CacheError(
      'OPTION_UNKNOWN',
      `${where}: unknown option '${name}'; known here: ${known.join(', ')}`,
    )
  }
}

/** The value of an option in the core's unit, `undefined` where it is not given. */
export function readOption(options: object, name: string, where: string): unknown {
  const value = (options as Record<string, unknown>)[name]
  if (value === undefined) return undefined
  const row = ROWS.get(name)!
  const parsed = parse(row, value)
  if (parsed === undefined) throw invalidOption(where, name, value, range(row), hint(row, value))
  return parsed
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

function parse(row: OptionRow, value: unknown): unknown {
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

function within(row: OptionRow, value: number | undefined): number | undefined {
  if (value === undefined) return undefined
  if (value === Number.POSITIVE_INFINITY) return row.infinite === true ? value : undefined
  return value >= row.min! && value <= row.max! ? value : undefined
}

/** The range of a row as messages and docs show it. */
export function range(row: OptionRow): string {
  const infinite = row.infinite === true ? ' or Infinity' : ''
  switch (row.kind) {
    case 'duration':
      return `${showDuration(row.min!)} to ${showDuration(row.max!)}${infinite}, as seconds or as '250ms', '5s', '10m', '1h', '7d'`
    case 'size':
      return `${showSize(row.min!)} to ${showSize(row.max!)}, as bytes or as '512kb', '128mb', '1gb'`
    case 'count':
      return `a whole number from ${row.min} to ${row.max}`
    case 'ratio':
      return `${row.min} to ${row.max}`
    case 'choice':
      return row.choices!.map((choice) => `'${choice}'`).join(' | ')
    case 'flag':
      return 'true | false'
    default:
      return row.says
  }
}

/** A number of seconds that only makes sense as milliseconds deserves to be told so. */
function hint(row: OptionRow, value: unknown): string {
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
