/**
 * Every option as one row: what kind it is, its range, its default, where it may stand.
 *
 * The rows are the truth for validation, for resolving and for docs/options.md (a test compares).
 * To add an option, add a row and its field in options.ts.
 */
/** `call` is `getOrSet` and its kin; `get` and `set` take less. */
export type OptionScope =
  | 'cache'
  | 'memory'
  | 'namespace'
  | 'call'
  | 'get'
  | 'set'
  | 'delete'
  | 'invalidate'
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
const EVERYWHERE_AND_SET: readonly OptionScope[] = [...EVERYWHERE, 'set']
const TEN_YEARS_MS = 3_650 * DAY_MS
const HOUR_MS = 3_600_000

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
    name: 'staleIfDown',
    kind: 'duration',
    scopes: ['cache'],
    min: 0,
    max: 24 * HOUR_MS,
    infinite: true,
    default: '2s',
    says: 'how long memory serves what it has while other processes are not heard of',
  },
  {
    name: 'maxRefreshes',
    kind: 'count',
    scopes: ['cache'],
    min: 1,
    max: 10_000,
    default: '50',
    says: 'how many refreshes run in the background at once',
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
    scopes: EVERYWHERE_AND_SET,
    min: 1,
    max: TEN_YEARS_MS,
    infinite: true,
    default: '10m',
    says: 'how long an entry is fresh',
  },
  {
    name: 'grace',
    kind: 'duration',
    scopes: EVERYWHERE_AND_SET,
    min: 0,
    max: 30 * DAY_MS,
    default: '0',
    says: 'how long past its ttl an entry may be handed out stale: the loader fails or is slow',
  },
  {
    name: 'negativeTtl',
    kind: 'duration',
    scopes: EVERYWHERE_AND_SET,
    min: 1,
    max: TEN_YEARS_MS,
    infinite: true,
    default: 'ttl',
    says: 'the ttl of null',
  },
  {
    name: 'jitter',
    kind: 'ratio',
    scopes: EVERYWHERE_AND_SET,
    min: 0,
    max: 0.9,
    default: '0',
    says: 'the part of ttl by which it may be cut at random: entries do not expire together',
  },
  {
    name: 'eager',
    kind: 'other',
    scopes: EVERYWHERE_AND_SET,
    default: 'false',
    says: 'refresh before expiry: a fraction of ttl in (0, 1), or { beta } for XFetch, at most 100',
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
    scopes: EVERYWHERE_AND_SET,
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
    name: 'after',
    kind: 'other',
    scopes: ['call', 'get'],
    default: 'none',
    says: 'the token of an invalidation: nothing older than that is handed out',
  },
  {
    name: 'until',
    kind: 'choice',
    scopes: ['delete', 'invalidate'],
    choices: ['sent', 'applied'],
    default: 'sent',
    says: 'when to resolve: once others hear of it soon, or once no process can serve it any more',
  },
  {
    name: 'mode',
    kind: 'choice',
    scopes: ['invalidate'],
    choices: ['hard', 'soft'],
    default: 'hard',
    says: 'whether it is gone, or stale and handed out while it is refreshed',
  },
  {
    name: 'signal',
    kind: 'other',
    scopes: ['call', 'get'],
    default: 'none',
    says: 'an AbortSignal that ends the wait of this caller',
  },
]
